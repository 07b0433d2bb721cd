"""What ``connector check`` finds of an account of mail besides what its provider says, and the step to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector import settings
from connector.bootstrap import Connector, build
from connector.checkup.facts import Facts
from connector.checkup.mail import mail_findings
from connector.checkup.steps import steps
from connector.domain.mailing import QUARANTINE
from connector.domain.request import Request
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery, Settlement, Step
from connector.listening.mailboxes import Mailbox
from connector.registry import models
from connector.speech import Text
from tests.unit.checkup.test_steps import HINT, NOTHING, NOW, PORTAL, PUBLIC, said, step
from tests.unit.webhooks.mailbox import letter, stood

GIB = 1 << 30
YAML = """
portals:
  main: {url: "http://127.0.0.1:1", app: {client_id: local.1, client_secret: secret}}
accounts:
  support:
    provider: mail
    portal: main
    line: 2
    address: support@acme.ru
    pause: PAUSE
    imap: {host: 127.0.0.1, port: 1, password: secret, security: none}
    smtp: {host: 127.0.0.1, port: 1, security: none}
"""
ENV = {"CONNECTOR_SECRET_KEY": "k" * 40, "REDIS_URL": "redis://127.0.0.1:1/0"}


def built(folder: Path, pause: str = "30") -> Connector:
    path = folder / "connector.yaml"
    path.write_text(YAML.replace("PAUSE", pause), encoding="utf-8")
    return build(settings.load(path, ENV, models()))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Connector]:
    made = built(tmp_path)
    yield made
    made.journal.close()


def found(house: Connector, *, free: int = 50 * GIB) -> dict[str, Any]:
    return {one.code: one for one in mail_findings(house, "support", free=lambda folder: free)}


def listened(house: Connector, state: str, why: Any = "") -> None:
    house.journal.remember("stream", "support", stood(state, house.clock(), house.clock(), why))


def arrives(house: Connector, *, spam: str = "") -> None:
    """A letter; spam goes to quarantine."""
    now = house.clock()
    trace = new_trace(now)
    request = Request(method="STREAM", path="/listen/support", headers={}, body=b"{}", received_at=now)
    event = letter(spam=spam, conversation=trace)
    new = NewDelivery(destination="portal:main", event=event, lane=event.lane)
    house.journal.accept(Envelope(trace=trace, account="support", dedupe_key=trace, request=request), [new])
    lease = house.journal.lease("portal:main")
    assert lease is not None
    done: Any = {"state": "parked", "cause": QUARANTINE} if spam else {"state": "done"}
    settled = [Settlement(delivery=one, attempts=1, **done) for one in house.journal.claim(lease, lanes=9)]
    house.journal.step(lease, Step(settled=settled))
    house.journal.leave(lease, force=True)


def test_a_mailbox_that_nobody_reads_is_wrong_and_says_how(house: Connector) -> None:
    one = found(house)["letters.stream"]
    assert one.state == "bad"
    assert "connector listen" in one.hint.en
    assert "почтовый ящик никто не слушает" in one.hint.ru


def test_a_refusal_is_told_in_the_words_of_the_server(house: Connector) -> None:
    listened(house, "refused", ["the password is wrong", "неверный пароль"])
    one = found(house)["letters.stream"]
    assert (one.state, one.hint.ru) == ("bad", "неверный пароль")


def test_a_connection_that_was_lost_a_moment_ago_is_nobodys_trouble_yet(house: Connector) -> None:
    listened(house, "waiting", ["broken pipe", "обрыв"])
    assert found(house)["letters.stream"].state == "warn"


def test_a_mailbox_that_is_read_tells_its_folders(house: Connector) -> None:
    listened(house, "connected")
    assert found(house)["letters.folders"].state == "warn"
    house.journal.remember("stream.mark", "support/INBOX", {"uidvalidity": 1, "uid": 4711})
    one = found(house)["letters.folders"]
    assert (one.state, one.what.ru) == ("ok", "Прочитано: INBOX до письма 4711")
    assert found(house)["letters.stream"].state == "ok"


def test_before_the_first_letter_a_person_is_told_to_write_one(house: Connector) -> None:
    one = found(house)["letters.last"]
    assert one.state == "warn"
    assert "support@acme.ru" in one.hint.en
    arrives(house)
    assert found(house)["letters.last"].state == "ok"


def test_letters_in_quarantine_are_counted_and_right(house: Connector) -> None:
    arrives(house, spam="X-Spam-Flag: YES")
    one = found(house)["letters.quarantine"]
    assert (one.state, one.what.en) == ("ok", "Letters in quarantine, taken for spam: 1")


@pytest.mark.parametrize(("free", "state"), [(50 * GIB, "ok"), (GIB, "warn"), (GIB // 10, "bad")])
def test_a_disk_that_fills_up_is_told_before_letters_wait(house: Connector, free: int, state: str) -> None:
    one = found(house, free=free)["letters.room"]
    assert one.state == state
    assert (one.hint is None) == (state == "ok")


def test_a_letter_a_line_is_something_to_look_at(house: Connector, tmp_path: Path) -> None:
    assert found(house)["letters.pause"].state == "ok"
    (tmp_path / "hasty").mkdir()
    hasty = built(tmp_path / "hasty", "0")
    one = found(hasty)["letters.pause"]
    assert (one.state, one.hint.en) == ("warn", "Clients get a letter a line. Write `pause: 30` into the account.")
    hasty.journal.close()


def test_what_is_to_be_looked_at_has_a_hint(house: Connector) -> None:
    assert all(one.hint for one in found(house, free=0).values() if one.state != "ok")


BOX = Mailbox(name="support", state="connected", address="support@acme.ru")
ALL: Facts = replace(
    NOTHING,
    client_id="local.1",
    installed="active",
    account="support",
    provider=Text("Mail", "Почта"),
    box=BOX,
    line="2",
    findings=(*PUBLIC, *PORTAL, said("mail.imap"), said("letters.stream")),
    looked=True,
)


def test_a_mailbox_that_is_read_is_a_step_done() -> None:
    assert step(ALL, "account").state == "ok"
    assert [one.title.ru for one in steps(ALL) if one.code == "account"] == ["Почтовый ящик"]


def test_a_password_that_the_server_refuses_stops_the_step_with_its_hint() -> None:
    wrong = replace(said("mail.imap"), state="bad", hint=HINT)
    one = step(replace(ALL, findings=(*ALL.findings, wrong)), "account")
    assert (one.state, one.told) == ("bad", HINT)


@pytest.mark.parametrize(("heard", "state"), [(None, "wait"), (NOW, "ok")])
def test_letters_by_webhook_are_proven_by_the_first(heard: Any, state: str) -> None:
    assert step(replace(ALL, box=Mailbox(name="support"), heard=heard), "account").state == state
