from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from connector.checkup.telephony import phone_findings
from connector.domain.calls import CallFinished
from connector.domain.provider import Finding
from connector.domain.request import Request
from connector.errors import PermanentError
from connector.journal import Envelope, JournalAway, NewDelivery
from connector.speech import Text
from connector.telephony.checkpoint import Checkpoint, keep_checkpoint
from tests.integration.telephony.stage import Stage
from tests.unit.telephony.pbx import Portal, pbx

TABLE = {"extensions": {"205": {"user": "7"}}}


class House:
    """The stage, with the parts that are looked at besides."""

    def __init__(self, stage: Stage) -> None:
        self.journal, self.accounts, self.clock, self.settings = stage.journal, stage.accounts, stage.clock, None
        self.portal = Portal([{"NUMBER": "74951234567", "NAME": "Main", "CRM_AUTO_CREATE": "Y"}])
        self.portals: dict[str, Any] = {"main": self.portal}
        self.rulebook = SimpleNamespace(current=lambda: SimpleNamespace(config=SimpleNamespace(tables=TABLE)))
        self.portal.call = self._call  # type: ignore[method-assign]

    def _call(self, method: str, params: Any = None) -> Any:
        assert method == "telephony.externalLine.get"
        if self.portal.raises is not None:
            raise self.portal.raises
        return self.portal.rows

    def found(self, code: str) -> Finding:
        findings: list[Finding] = list(phone_findings(self, "office"))  # type: ignore[arg-type]
        return next(finding for finding in findings if finding.code == code)


@pytest.fixture
def house(stage: Stage) -> House:
    return House(stage)


def test_lines_that_bitrix24_knows_are_fine(house: House) -> None:
    house.accounts["office"] = pbx(lines={"74951234567": {}})
    assert house.found("telephony.lines").state == "ok"


def test_lines_that_are_not_there_are_named_with_the_command(house: House) -> None:
    house.accounts["office"] = pbx(lines={"74951234567": {}, "78120000000": {"name": "North"}})
    found = house.found("telephony.lines")
    assert (found.state, found.mend) == ("warn", "connector portal rebind main")
    assert found.hint is not None
    assert "78120000000" in found.hint.en
    assert "74951234567" not in found.hint.en


def test_a_history_that_was_not_read_says_what_to_do_at_once(house: House) -> None:
    now, hint = house.clock(), ("Look at `cdr.url`", "Проверьте `cdr.url`")
    mark = Checkpoint(until=now).failed(now, "asterisk.no_cdr", timedelta(minutes=1), hint=hint)
    keep_checkpoint(house.journal, "office", mark)
    found = house.found("telephony.history")
    assert (found.state, found.hint) == ("warn", Text(*hint))


def test_a_history_is_green_only_once_it_was_read(house: House) -> None:
    found = house.found("telephony.history")
    assert found.state == "warn"
    assert found.hint is not None
    assert "connector clock" in found.hint.ru
    keep_checkpoint(house.journal, "office", Checkpoint(until=house.clock()))
    assert house.found("telephony.history").state == "ok"


def test_an_account_without_lines_is_a_line_of_its_name(house: House) -> None:
    assert house.found("telephony.lines").state == "warn"
    house.portal.rows = [{"NUMBER": "office"}]
    assert house.found("telephony.lines").state == "ok"


@pytest.mark.parametrize("answer", [None, {}, ["x", 1]])
def test_an_answer_that_is_no_list_of_lines_is_no_crash(house: House, answer: Any) -> None:
    house.portal.rows = answer
    assert house.found("telephony.lines").state == "warn"


def test_a_portal_without_telephony_says_what_to_do(house: House) -> None:
    hint = Text("Add the permission telephony", "Добавьте разрешение telephony")
    house.portal.raises = PermanentError("bitrix24.scope", hint=hint)
    found = house.found("telephony.lines")
    assert (found.state, found.hint) == ("bad", hint)


def test_extensions_that_nobody_has_are_named(house: House) -> None:
    house.accounts["office"] = pbx()
    for key, user in {"101": 5, "102": 0, "205": 0, "#7": 0, "@installer": 0}.items():
        house.journal.remember("phone.user", f"main/{key}", {"user": user, "at": ""})
    house.journal.remember("phone.user", "other/103", {"user": 0, "at": ""})
    found = house.found("telephony.extensions")
    assert found.state == "warn"
    assert found.hint is not None
    assert found.hint.en.startswith("Nobody has these: 102.")


def test_many_such_extensions_are_counted(house: House) -> None:
    for number in range(100, 115):
        house.journal.remember("phone.user", f"main/{number}", {"user": 0, "at": ""})
    found = house.found("telephony.extensions")
    assert found.hint is not None
    assert "and 5 more" in found.hint.en


def test_a_stream_that_nobody_reads_is_bad(house: House) -> None:
    house.accounts["office"] = pbx(listens=True)
    found = house.found("telephony.stream")
    assert found.state == "bad"
    assert found.hint is not None
    assert "connector listen" in found.hint.ru


@pytest.mark.parametrize(("state", "judged"), [("connected", "ok"), ("waiting", "warn"), ("refused", "bad")])
def test_a_stream_is_green_only_while_it_is_read_and_a_refusal_says_why(house: House, state: str, judged: str) -> None:
    house.accounts["office"] = pbx(listens=True)
    now = house.clock().isoformat()
    why = ["Compare the secret", "Сверьте секрет"] if state != "connected" else ["", ""]
    house.journal.remember("stream", "office", {"state": state, "since": now, "heard": now, "why": why})
    found = house.found("telephony.stream")
    assert found.state == judged
    assert found.hint == (Text(*why) if any(why) else None)


def test_what_cannot_be_read_is_one_finding(house: House) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise JournalAway("pulled out")

    house.journal.links_like = away  # type: ignore[method-assign]
    (found,) = phone_findings(house, "office")  # type: ignore[arg-type]
    assert (found.state, found.code) == ("bad", "telephony.unseen")


def test_a_subscription_is_told_as_it_stands(house: House) -> None:
    house.accounts["office"] = pbx(renew=lambda *_: None)
    assert house.found("telephony.subscription").state == "warn"
    kept = {"id": "s1", "due_at": "", "url": "", "why": "", "hint": ["", ""], "again": ""}
    house.journal.remember("subscription", "office", kept)
    assert house.found("telephony.subscription").state == "ok"
    house.journal.remember("subscription", "office", {**kept, "why": "x", "hint": ["Make a key", "Создайте ключ"]})
    found = house.found("telephony.subscription")
    assert (found.state, found.hint) == ("bad", Text("Make a key", "Создайте ключ"))


def finished(house: House, number: int, *, off: timedelta = timedelta(), past: bool = False) -> None:
    """A call that ended a few seconds ago, by a clock that is ``off``."""
    ended = house.clock() - timedelta(seconds=5) + off
    event = CallFinished(
        portal="main", account="office", call=f"c-{number}", call_id=f"externalCall.{number}", direction="incoming",
        phone="+79001234567", name="", line="", employee="101", user=1, status="200", talk=9, wait=1, missed=False,
        started_at=ended - timedelta(seconds=10), ended_at=ended, past=past,
    )  # fmt: skip
    request = Request(method="TEST", path="", headers={}, body=b"", received_at=house.clock())
    envelope = Envelope(trace=f"trace-{number}", account="office", dedupe_key=f"c-{number}", request=request)
    house.journal.accept(envelope, [NewDelivery(destination="portal:main", event=event, lane=event.lane)])


def test_a_clock_that_most_calls_agree_with_is_fine_whatever_a_late_one_says(house: House) -> None:
    for number in range(5):
        finished(house, number, off=timedelta(hours=-3) if number == 2 else timedelta())
    finished(house, 9, off=timedelta(days=-1), past=True)
    assert house.found("telephony.clock").state == "ok"


@pytest.mark.parametrize(("hours", "said"), [(-3, "180 minutes before they do"), (2, "120 minutes after they do")])
def test_a_clock_that_is_hours_off_is_told(house: House, hours: int, said: str) -> None:
    for number in range(3):
        finished(house, number, off=timedelta(hours=hours))
    found = house.found("telephony.clock")
    assert found.state == "warn"
    assert found.hint is not None
    assert said in found.hint.en
