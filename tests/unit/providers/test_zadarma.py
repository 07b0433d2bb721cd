"""Zadarma's API as it is called, against a small pretend one that checks every signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from connector.domain.calls import CallEnded
from connector.domain.effects import Delete, Dial
from connector.domain.provider import Outgoing, Source
from connector.domain.request import Reply, Request
from connector.domain.values import Receipt
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers.zadarma import api, inbound, outbound, setup, signature
from connector.providers.zadarma.history import PAGE, history
from connector.providers.zadarma.settings import ZadarmaSettings
from tests.contract.providers.recorded import Wire

RAW = {"account": "zd", "provider": "zadarma", "portal": "main", "key": "key", "secret": "secret"}
BEGAN = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOOK = "https://c.example/hooks/zd"
DONE = {"status": "success"}


def account(**changes: Any) -> ZadarmaSettings:
    return ZadarmaSettings.model_validate(RAW | changes)


def saying(*answers: Any) -> Wire:
    waiting = list(answers)

    def handle(request: Request) -> Reply:
        sent = request.query if request.method == "GET" else request.body.decode()
        text = request.path + sent + hashlib.md5(sent.encode()).hexdigest()
        made = hmac.new(b"secret", text.encode(), hashlib.sha1).hexdigest().encode()
        assert request.header("authorization") == f"key:{base64.b64encode(made).decode()}"
        answer = waiting.pop(0)
        return answer if isinstance(answer, Reply) else Reply(body=json.dumps(answer).encode())

    return Wire(handle)


def dial(wire: Wire, **changes: Any) -> Receipt:
    command = Dial(account="zd", extension="100", phone="+79111112233", call="b24-1")
    return outbound.dial(Outgoing(command=command), account(**changes), wire)


def test_the_published_vectors_of_both_signatures():
    posted = signature.digest(account(), "79001112233" + "78001234567" + "2025-11-03 14:05:00")
    assert posted == "ZjY3MWJiZGM5YmFkYzQ3M2M2Yzc1NWYwZjA2YTU5OGViMmZiMzM2Mw=="
    sent = signature.query({"to": "79001112233", "from": "100", "format": "json"})
    assert sent == "format=json&from=100&to=79001112233"
    asked = signature.authorization(account(), "/v1/request/callback/", sent)
    assert asked == "key:Y2ViZmU2OTFlMTMxMjQxZjU2MmVmOWZhZGRhYjYwZDc2OTJiNjc2NA=="


def test_a_click_orders_a_call_from_the_employee():
    wire = saying(DONE)
    assert dial(wire) == Receipt()
    assert (wire.seen[0].method, wire.seen[0].path) == ("GET", "/v1/request/callback/")
    assert wire.seen[0].query == "format=json&from=100&to=79111112233"


def test_novofon_is_asked_at_its_own_address():
    class Seen:
        url = ""

        def request(self, method: str, url: str, **options: Any) -> Any:
            self.url = url
            return saying(DONE).request(method, url, **options)

    seen = Seen()
    outbound.dial(
        Outgoing(command=Dial(account="zd", extension="100", phone="+7911", call="b24-1")),
        account(api_url="https://api.novofon.com/"),
        seen,
    )
    assert seen.url.startswith("https://api.novofon.com/v1/request/callback/?")


@pytest.mark.parametrize(
    ("answer", "cause", "kind"),
    [
        (Reply(status=401, body=b'{"status":"error","message":"Not authorized"}'), "zadarma.auth", PermanentError),
        (Reply(status=403), "zadarma.auth", PermanentError),
        ({"status": "error", "message": "Not enough money"}, "zadarma.no_money", PermanentError),
        ({"status": "error", "message": "Wrong parameters!"}, "zadarma.number", PermanentError),
        ({"status": "error", "message": "Something"}, "zadarma.refused", PermanentError),
        ({"status": "error", "message": "You have exceeded the limit"}, "zadarma.busy", TransientError),
        (Reply(status=502), "zadarma.down", TransientError),
        (Reply(status=500, body=b'{"status":"success"}'), "zadarma.down", TransientError),
        (Reply(body=b"<html>"), "zadarma.unclear", TransientError),
    ],
)
def test_a_refused_call_is_told_in_words(answer: Any, cause: str, kind: type[ConnectorError]):
    with pytest.raises(kind) as refusal:
        dial(saying(answer))
    assert refusal.value.cause == cause


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 60),
        ({"x-ratelimit-reset": "17"}, 17),
        ({"x-ratelimit-reset": str(int(BEGAN.timestamp()) + 25)}, 25),
        ({"x-ratelimit-reset": str(int(BEGAN.timestamp()) - 25)}, 1),
        ({"x-ratelimit-reset": str(int(BEGAN.timestamp()) + 9999)}, 300),
        ({"x-ratelimit-reset": "soon"}, 60),
        ({"retry-after": "9", "x-ratelimit-reset": "17"}, 9),
    ],
)
def test_a_limit_is_waited_out_as_its_headers_say(headers: dict[str, str], wait: float):
    with pytest.raises(TransientError) as limit:
        api.call(saying(Reply(status=429, headers=headers)), account(), "/v1/x/", {}, clock=lambda: BEGAN)
    assert (limit.value.retry_after, limit.value.maybe_done) == (wait, False)


def test_nothing_but_a_call_is_dialled():
    with pytest.raises(PermanentError):
        outbound.dial(Outgoing(command=Delete(account="z", conversation="1", message_ids=())), account(), saying())


def recording(ref: str, *answers: Any) -> tuple[Source, str]:
    wire = saying(*answers)
    source = outbound.recording(inbound.recording_file(ref), account(), wire)
    return source, wire.seen[0].query


def test_a_recording_is_asked_for_by_its_id_or_by_that_of_its_call():
    link = "https://api.zadarma.com/v1/pbx/record/download/abc/x.mp3"
    source, asked = recording("1768478400.4712", {**DONE, "link": link})
    assert source == Source(url=link, name="zadarma-1768478400.4712.mp3", mime="audio/mpeg")
    assert asked == "call_id=1768478400.4712&format=json"
    source, asked = recording("in_abc", {**DONE, "links": [link]})
    assert (source.url, asked) == (link, "format=json&pbx_call_id=in_abc")


@pytest.mark.parametrize(
    "answer",
    [Reply(status=404, body=b'{"status":"error","message":"Recording not found"}'), DONE, {**DONE, "links": []}],
)
def test_a_recording_that_is_not_there_yet_is_asked_for_in_a_minute(answer: Any):
    with pytest.raises(TransientError) as later:
        recording("1", answer)
    assert later.value.retry_after == 60


def test_wrong_keys_are_not_waited_for():
    with pytest.raises(PermanentError):
        recording("1", Reply(status=401))


@pytest.mark.parametrize("link", ["https://evil.example/a", "http://api.zadarma.com/a", "https://[::1/a", "file:///a"])
def test_a_recording_elsewhere_is_not_fetched(link: str):
    with pytest.raises(PermanentError):
        recording("1", {**DONE, "link": link})


def row(**changes: Any) -> dict[str, Any]:
    return {
        "call_id": "1768478400.4712",
        "sip": "12345",
        "callstart": "2026-01-15 15:00:00",
        "clid": '"Ivan" <79001112233>',
        "destination": "100",
        "disposition": "answered",
        "seconds": 64,
        "is_recorded": True,
        "pbx_call_id": "in_a",
    } | changes


def read(wire: Wire, since: datetime = BEGAN, until: datetime = BEGAN + timedelta(hours=1)) -> Any:
    slept: list[float] = []
    return list(history(since, until, account(), wire, slept.append)), slept


def test_history_tells_finished_calls_of_one_or_several_rows():
    rang = row(
        destination="101", disposition="no answer", seconds=0, is_recorded="false", callstart="2026-01-15 14:59:50"
    )
    out = row(pbx_call_id="out_b", sip="12345-100", destination="79005556677", is_recorded=False)
    missed = row(pbx_call_id="in_c", disposition="cancel", seconds=0, is_recorded=False)
    broken = row(pbx_call_id="in_d", callstart="yesterday")
    wire = saying({**DONE, "stats": [row(), rang, out, missed, broken, "odd"]})
    (first, recorded, second, third), slept = read(wire)
    assert first == CallEnded(
        account="zd",
        call="in_a",
        at=BEGAN + timedelta(seconds=64),
        direction="incoming",
        client="79001112233",
        employee="100",
        talk=64,
        started_at=BEGAN - timedelta(seconds=10),
        past=True,
    )
    assert recorded.recording.ref == "1768478400.4712"
    assert (second.direction, second.client, second.employee) == ("outgoing", "79005556677", "100")
    assert (third.cause, third.talk, third.detail) == ("cancelled", 0, "cancel")
    assert slept == []
    told = parse_qs(wire.seen[0].query)
    assert (told["start"], told["end"]) == (["2026-01-15 15:00:00"], ["2026-01-15 16:00:00"])


def test_the_talks_of_a_call_that_was_put_through_add_up():
    rows = [row(seconds=30), row(destination="101", seconds=70, callstart="2026-01-15 15:00:30", is_recorded=False)]
    (ended, _), _ = read(saying({**DONE, "stats": rows}))
    assert (ended.talk, ended.employee, ended.at) == (100, "101", BEGAN + timedelta(seconds=100))


def test_a_long_history_is_asked_for_slowly_by_months_and_pages():
    full = {**DONE, "stats": [row(pbx_call_id=f"in_{number}", is_recorded=False) for number in range(PAGE)]}
    wire = saying(full, {**DONE, "stats": []}, {**DONE, "stats": []})
    events, slept = read(wire, since=BEGAN - timedelta(days=40))
    assert (len(events), slept) == (PAGE, [21.0, 21.0])
    asked = [(parse_qs(seen.query)["start"][0], parse_qs(seen.query)["skip"][0]) for seen in wire.seen]
    assert asked == [("2025-12-06 15:00:00", "0"), ("2025-12-06 15:00:00", "1000"), ("2026-01-05 15:00:00", "0")]


ZONE = {**DONE, "unixtime": 1768478400, "datetime": "2026-01-15 15:00:00", "timezone": "UTC+3"}
ALL = dict.fromkeys(setup.WANTED, "true")


def test_the_check_tells_of_keys_zone_address_and_notifications():
    findings = setup.check(account(), HOOK, saying(ZONE, {**DONE, "url": HOOK, "notifications": ALL}))
    assert [finding.state for finding in findings] == ["ok"] * 4


def test_the_check_tells_what_is_wrong_and_how_to_mend_it():
    some = ALL | {"notify_record": "false", "notify_answer": False}
    findings = setup.check(
        account(zone="UTC"), HOOK, saying(ZONE, {**DONE, "url": "https://old", "notifications": some})
    )
    assert [finding.state for finding in findings] == ["ok", "bad", "bad", "bad"]
    hints = [finding.hint.en for finding in findings if finding.hint]
    assert "UTC+3" in hints[0]
    assert "https://old" in hints[1]
    assert "notify_answer, notify_record" in hints[2]


def test_a_check_with_wrong_keys_or_without_an_answer_about_the_hook():
    assert [finding.state for finding in setup.check(account(), HOOK, saying(Reply(status=401)))] == ["bad"]
    findings = setup.check(account(), HOOK, saying({**ZONE, "datetime": "?"}, Reply(status=404)))
    assert [finding.state for finding in findings] == ["ok", "warn"]


def test_connecting_sets_the_address_and_the_notifications():
    wire = saying(DONE, DONE, ZONE, {**DONE, "url": HOOK, "notifications": ALL})
    assert [finding.state for finding in setup.connect(account(), HOOK, wire)] == ["ok"] * 4
    assert [seen.path for seen in wire.seen[:2]] == ["/v1/pbx/callinfo/url/", "/v1/pbx/callinfo/notifications/"]
    assert parse_qs(wire.seen[0].body.decode())["url"] == [HOOK]
    assert {name: told[0] for name, told in parse_qs(wire.seen[1].body.decode()).items()} == ALL | {"format": "json"}
    refused = setup.connect(account(), HOOK, saying(Reply(status=400, body=b'{"status":"error","message":"No echo"}')))
    assert [finding.state for finding in refused] == ["bad"]
    assert refused[0].hint is not None
    assert "No echo" in refused[0].hint.en
