"""The API of MegaFon's PBX as it is called in its new and old way, and what its edge lets in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from pydantic import ValidationError

from connector.domain.calls import CallEnded, CallRecorded
from connector.domain.effects import Delete, Dial
from connector.domain.provider import Outgoing, Source
from connector.domain.request import Reply, Request
from connector.domain.telephony import Found
from connector.domain.values import File, Receipt
from connector.errors import ConnectorError, PermanentError, Refused, TransientError
from connector.providers.megafon import inbound, outbound, setup
from connector.providers.megafon.history import MOST, history
from connector.providers.megafon.settings import MegafonSettings
from tests.contract.providers.recorded import Wire

RAW = {
    "account": "vats",
    "provider": "megafon",
    "portal": "main",
    "crm_token": "crm-token",
    "api_key": "pbx-key",
    "api_url": "https://vats1.megapbx.ru/",
}
BEGAN = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROW = {
    "uid": "u1",
    "type": "in",
    "status": "success",
    "client": "79001112233",
    "user": "ivanov",
    "diversion": "78001234567",
    "start": "2026-01-15T12:00:00Z",
    "wait": 11,
    "duration": 64,
    "record": "https://vats1.megapbx.ru/r/u1.mp3",
}


def account(**changes: Any) -> MegafonSettings:
    return MegafonSettings.model_validate(RAW | changes)


def saying(*answers: Any) -> Wire:
    waiting = list(answers)
    return Wire(lambda _: reply(waiting.pop(0)))


def reply(answer: Any) -> Reply:
    return answer if isinstance(answer, Reply) else Reply(body=json.dumps(answer).encode())


def dial(wire: Wire, line: str = "", **changes: Any) -> Receipt:
    command = Dial(account="vats", extension="701", phone="+79005556677", call="b24-1", line=line)
    return outbound.dial(Outgoing(command=command), account(**changes), wire)


def test_a_click_orders_a_call_and_learns_its_id():
    wire = saying({"callid": "28187487-edcf"}, {})
    assert dial(wire, line="+78001234567") == Receipt(ids=("28187487-edcf",))
    assert dial(wire, show_phone=False) == Receipt()
    first, second = wire.seen
    assert (first.method, first.path) == ("POST", "/crmapi/v1/makecall")
    assert first.header("x-api-key") == "pbx-key"
    told = {"phone": "79005556677", "user": "701", "show_phone": True}
    assert json.loads(first.body) == told | {"clid": "78001234567"}
    assert json.loads(second.body) == told | {"show_phone": False}


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        (Reply(body=b"28187487-edcf-4d23\n"), ("28187487-edcf-4d23",)),
        ({"uuid": "28187487-edcf"}, ("28187487-edcf",)),
        ({"result": "ok"}, ()),
    ],
)
def test_the_old_way_tells_the_id_in_several_forms(answer: Any, ids: tuple[str, ...]):
    wire = saying(answer)
    assert dial(wire, api="old").ids == ids
    assert wire.seen[0].path == "/sys/crm_api.wcgp"
    form = {name: values[0] for name, values in parse_qs(wire.seen[0].body.decode()).items()}
    assert form == {"cmd": "makeCall", "token": "pbx-key", "phone": "79005556677", "user": "701"}


@pytest.mark.parametrize(
    ("answer", "cause", "kind"),
    [
        (Reply(status=401, body=b'{"error": "Invalid token"}'), "megafon.auth", PermanentError),
        (Reply(status=400, body=b'{"error": "User not found"}'), "megafon.no_employee", PermanentError),
        (Reply(status=400, body=b'{"error": "Wrong phone"}'), "megafon.refused", PermanentError),
        ({"error": "Empty token"}, "megafon.auth", PermanentError),
        (Reply(status=301), "megafon.address", PermanentError),
        (Reply(status=404), "megafon.address", PermanentError),
        (Reply(status=429), "megafon.busy", TransientError),
        (Reply(status=503), "megafon.down", TransientError),
        (Reply(body=b"OK!"), "megafon.unclear", TransientError),
    ],
)
def test_a_refused_call_is_told_in_words(answer: Any, cause: str, kind: type[ConnectorError]):
    with pytest.raises(kind) as refusal:
        dial(saying(answer))
    assert refusal.value.cause == cause


def test_a_refusal_that_quotes_our_key_does_not_get_into_the_log():
    with pytest.raises(PermanentError) as refusal:
        dial(saying(Reply(status=401, body=b'{"error": "no such token pbx-key"}')), api="old")
    assert "pbx-key" not in f"{refusal.value} {refusal.value.detail}"


def test_nothing_but_a_call_is_dialled():
    with pytest.raises(PermanentError):
        outbound.dial(Outgoing(command=Delete(account="v", conversation="1", message_ids=())), account(), saying())


def test_a_recording_lies_at_the_address_that_came_with_the_call():
    file = inbound.recording_file("a/../b", "https://vats1.megapbx.ru/r/1.mp3")
    wire = saying()
    assert outbound.recording(file, account(), wire) == Source(
        url="https://vats1.megapbx.ru/r/1.mp3", name="megafon-ab.mp3", mime="audio/mpeg"
    )
    assert wire.seen == []
    with pytest.raises(PermanentError):
        outbound.recording(File(ref="file:///etc/passwd"), account(), wire)


def read(wire: Wire, since: datetime = BEGAN, until: datetime = BEGAN + HOUR, **changes: Any) -> list[Any]:
    return list(history(since, until, account(**changes), wire))


def test_history_tells_finished_calls_with_extensions_for_logins():
    people = [{"login": "ivanov", "ext": "701"}, {"login": "petrova", "ext": ""}]
    missed = {**ROW, "uid": "u2", "status": "missed", "user": "petrova", "duration": 0, "record": ""}
    wire = saying(
        {"items": people[:1], "info": {"next": 1}}, {"items": people[1:], "info": {}}, [ROW, missed, "odd", {}]
    )
    ended, recorded, lost = read(wire)
    assert ended == CallEnded(
        account="vats",
        call="u1",
        at=BEGAN + timedelta(seconds=75),
        direction="incoming",
        client="79001112233",
        line="78001234567",
        employee="701",
        talk=64,
        started_at=BEGAN,
        answered_at=BEGAN + timedelta(seconds=11),
        past=True,
    )
    assert isinstance(recorded, CallRecorded)
    assert recorded.recording.ref == "https://vats1.megapbx.ru/r/u1.mp3"
    assert (lost.cause, lost.employee, lost.talk, lost.past) == ("missed", "petrova", 0, True)
    assert [seen.query for seen in wire.seen[:2]] == ["", "start=1"]
    assert wire.seen[2].query == f"start=20260115T120000Z&end=20260115T130000Z&type=all&limit={MOST}"


def test_history_without_a_list_of_employees_keeps_logins():
    ended, _ = read(saying(Reply(status=501), [ROW]))
    assert ended.employee == "ivanov"


def test_a_full_answer_is_asked_for_in_halves_and_days_one_by_one():
    full = [{**ROW, "uid": f"u{number}", "record": ""} for number in range(MOST)]
    wire = saying([], full, [full[0]], [full[1]], [full[2]])
    assert [event.call for event in read(wire, until=BEGAN + timedelta(hours=30))] == ["u0", "u1", "u2"]
    spans = [parse_qs(seen.query) for seen in wire.seen[1:]]
    assert [span["start"][0][:11] for span in spans] == ["20260115T12", "20260115T12", "20260116T00", "20260116T12"]
    assert spans[3]["end"] == ["20260116T180000Z"]


def test_the_old_way_tells_history_as_a_table():
    table = (
        "UID,type,client,account,via,start,wait,duration,record\n"
        "u1,in,79001112233,ivanov,78001234567,2026-01-15T12:00:00Z,11,64,https://vats1.megapbx.ru/r/u1.mp3\n"
        "u2,missed,79001112233,petrova,78001234567,20260115T121000Z,20,0,\n"
        "u3,out,79005556677,ivanov,78001234567,20260115T122000Z,9,0,\n"
        "short,row\n"
    )
    wire = saying([{"name": "ivanov", "ext": "701"}], Reply(body=table.encode()))
    first, recorded, second, third = read(wire, api="old")
    assert (first.direction, first.talk, first.employee) == ("incoming", 64, "701")
    assert recorded.recording.name == "megafon-u1.mp3"
    assert (second.direction, second.cause, second.employee) == ("incoming", "missed", "petrova")
    assert (third.direction, third.cause, third.client) == ("outgoing", "missed", "79005556677")


@pytest.mark.parametrize("answer", [{"error": "Empty token"}, Reply(body=b"<html>")])
def test_the_old_way_may_answer_with_something_else(answer: Any):
    with pytest.raises(ConnectorError):
        read(saying([], answer), api="old")


def test_the_check_tells_of_key_people_and_the_address():
    people = {"items": [{"login": "ivanov", "ext": "701"}, {"login": "boss"}]}
    findings = setup.check(account(), "https://c.example/hooks/vats", saying(people))
    assert [finding.state for finding in findings] == ["ok", "ok", "ok"]
    assert "1 of 2" in findings[1].what.en
    assert "https://c.example/hooks/vats" in findings[2].what.ru
    assert [finding.state for finding in setup.check(account(), "x", saying([]))] == ["ok", "warn", "ok"]
    assert setup.check(account(), "x", saying(Reply(status=401)))[0].state == "bad"


def request(told: dict[str, str], headers: dict[str, str] | None = None) -> Request:
    form = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
    return Request(method="POST", path="/hooks/vats", headers=form, body=urlencode(told).encode(), received_at=BEGAN)


def test_the_token_may_come_as_a_header():
    for name in ("x-crm-token", "x-api-key"):
        inbound.verify(request({"cmd": "event"}, {name: "crm-token"}), account())
        with pytest.raises(Refused):
            inbound.verify(request({"cmd": "event"}, {name: "pbx-key"}), account())


def test_a_wrong_token_in_the_body_is_not_mended_by_a_header():
    with pytest.raises(Refused):
        inbound.verify(request({"crm_token": "wrong"}, {"x-crm-token": "crm-token"}), account())


def test_only_contact_asks_whom_to_ring():
    asked = request({"cmd": "contact", "phone": "79001112233", "callid": "c"})
    assert inbound.asks(asked, account()) == "79001112233"
    assert inbound.asks(request({"cmd": "event", "phone": "79001112233"}), account()) == ""


def test_the_answer_is_the_name_and_whom_to_ring():
    def answer(found: Found | None) -> Any:
        return json.loads(inbound.tells(found, account()).body)

    known = Found(phone="+79001112233", name='Иван "Ко"', extension="701")
    assert answer(known) == {"contact_name": 'Иван "Ко"', "responsible": "701"}
    assert answer(Found(phone="+79001112233", name="Иван")) == {"contact_name": "Иван"}
    assert answer(None) == {}


def test_each_employee_at_whom_it_rings_is_told_of_and_a_repeat_is_not():
    told = {"cmd": "event", "type": "INCOMING", "callid": "c", "user": "ivanov", "ext": "701"}
    keys = [
        inbound.dedupe_key(request(told | more), account())
        for more in ({}, {}, {"user": "petrova"}, {"type": "ACCEPTED"}, {"cmd": "history"}, {"cmd": "dance"})
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


def test_a_recording_that_comes_later_is_something_new():
    told = {"cmd": "history", "callid": "c", "type": "in", "status": "Success"}
    first, second = (inbound.dedupe_key(request(told | more), account()) for more in ({}, {"link": "https://x/1.mp3"}))
    assert first != second


def test_a_call_without_an_id_is_parked_not_guessed():
    with pytest.raises(ValueError, match="callid"):
        inbound.parse(request({"cmd": "event", "type": "INCOMING"}), account())


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("20260115T120000Z", BEGAN),
        ("2026-01-15T12:00:00Z", BEGAN),
        ("2026-01-15 12:00:00", BEGAN),
        ("2026-01-15T15:00:00+03:00", BEGAN),
        ("yesterday", None),
        ("20261315T120000Z", None),
        ("", None),
    ],
)
def test_times_are_read_as_utc(text: str, meant: datetime | None):
    assert inbound.moment(text) == meant


@pytest.mark.parametrize("wrong", [{"api_url": "http://vats1.megapbx.ru"}, {"api_url": ""}, {"api": "soap"}, {"x": 1}])
def test_settings_that_cannot_be_right_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        account(**wrong)
