from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError

from connector.domain.calls import LegEnded
from connector.domain.effects import Dial
from connector.domain.provider import Outgoing
from connector.domain.request import Reply, Request
from connector.domain.telephony import Renewal
from connector.domain.values import File, Receipt
from connector.errors import ConnectorError, PermanentError, Refused, Stopped, TransientError
from connector.providers import beeline
from connector.providers.beeline import inbound, outbound, setup
from tests.contract.providers.recorded import parse_http
from tests.unit.providers.beeline_portal import HOOK, NOW, SECRET, Api, account

FIXTURES = Path(beeline.__file__).parent / "fixtures"


def recorded(name: str) -> Request:
    return parse_http((FIXTURES / f"{name}.http").read_bytes())


def dial(answer: Any, extension: str = "101", phone: str = "+79001112233") -> tuple[Receipt, Request]:
    api = Api(**{"POST abonents/9651112233/call": answer, f"POST abonents/{extension}/call": answer})
    command = Dial(account="cloud", extension=extension, phone=phone, call="b24-1")
    receipt = outbound.dial(Outgoing(command=command), account(), api.wire)
    return receipt, api.wire.seen[0]


def test_an_event_of_a_doubled_subscription_is_a_repeat():
    first = recorded("dialogue_answered__01")
    doubled = replace(first, body=first.body.replace(b"ca8a234e", b"ffffffff").replace(b"9934e180", b"00000000"))
    assert doubled.body != first.body
    assert inbound.dedupe_key(doubled, account()) == inbound.dedupe_key(first, account())


def test_being_held_twice_is_no_repeat():
    first = recorded("dialogue_answered__05")
    again = replace(first, body=first.body.replace(b"ca8a234e", b"ffffffff"))
    assert inbound.dedupe_key(again, account()) != inbound.dedupe_key(first, account())


def test_only_the_listed_networks_may_knock():
    request = replace(recorded("dialogue_answered__01"), remote="198.51.100.7")
    inbound.verify(request, account(allow_from=["198.51.100.0/24"]))
    with pytest.raises(Refused) as refusal:
        inbound.verify(request, account(allow_from=["203.0.113.0/24"]))
    assert (refusal.value.cause, refusal.value.status) == ("beeline.network", 403)


def test_a_call_without_any_id_is_kept_as_unreadable():
    body = b'<E type="x"><eventData type="CallReceivedEvent"><call/></eventData></E>'
    with pytest.raises(ValueError, match="extTrackingId"):
        inbound.parse(replace(recorded("dialogue_answered__01"), body=body), account())


def test_a_deeply_nested_body_is_read_without_harm():
    depth = 20_000
    body = b"<a>" * depth + b"</a>" * depth
    request = replace(recorded("dialogue_answered__01"), body=body)
    inbound.verify(request, account())
    (event,) = inbound.parse(request, account())
    assert event.kind == "ignored"


@pytest.mark.parametrize(
    ("personality", "party", "cause"),
    [
        ("Terminator", "localRelease", "missed"),
        ("Terminator", "remoteRelease", "cancelled"),
        ("Originator", "localRelease", "cancelled"),
        ("Originator", "remoteRelease", "missed"),
        ("Click-to-Dial", "localRelease", "cancelled"),
    ],
)
def test_who_let_go_of_an_unanswered_leg_tells_why_it_ended(personality: str, party: str, cause: str):
    body = (
        f'<E type="x"><targetId>1</targetId><eventData type="CallReleasedEvent"><call><callId>c</callId>'
        f"<personality>{personality}</personality><releasingParty>{party}</releasingParty></call></eventData></E>"
    )
    (event,) = inbound.parse(replace(recorded("dialogue_answered__01"), body=body.encode()), account())
    assert isinstance(event, LegEnded)
    assert event.cause == cause


def test_a_click_is_answered_with_the_id_of_the_call_as_bare_text():
    receipt, request = dial(Reply(body=b"5701700:1"))
    assert receipt == Receipt(ids=("5701700:1",))
    assert (request.method, request.path) == ("POST", "/apis/portal/abonents/9651112233/call")
    assert parse_qs(request.query) == {"phoneNumber": ["9001112233"]}


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ('"5701700:1"', ("5701700:1",)),
        ('{"extTrackingId": "5701700:1"}', ("5701700:1",)),
        ("", ()),
        ("null", ()),
        ("[]", ()),
        ("<html>ok</html>", ()),
        ("x" * 201, ()),
    ],
)
def test_any_success_is_a_receipt(answer: str, ids: tuple[str, ...]):
    assert dial(Reply(body=answer.encode()))[0].ids == ids


@pytest.mark.parametrize(
    ("phone", "dialled"), [("+79001112233", "9001112233"), ("+375291112233", "375291112233"), ("102", "102")]
)
def test_a_number_of_russia_is_dialled_without_its_country(phone: str, dialled: str):
    assert outbound.national(phone) == dialled


def test_an_extension_that_is_not_in_the_settings_is_given_as_it_is():
    _, request = dial(Reply(body=b"1:1"), extension="109")
    assert request.path == "/apis/portal/abonents/109/call"


def test_an_extension_cannot_lead_elsewhere_in_the_api():
    api = Api()
    command = Dial(account="cloud", extension="../records", phone="+7900", call="b24-1")
    with pytest.raises(PermanentError):
        outbound.dial(Outgoing(command=command), account(), api.wire)
    assert api.wire.seen[0].path == "/apis/portal/abonents/..%2Frecords/call"


@pytest.mark.parametrize(
    ("reply", "kind", "cause"),
    [
        (Reply(status=401), Stopped, "beeline.token"),
        (Reply(status=403), Stopped, "beeline.token"),
        (Reply(status=404), PermanentError, "beeline.no_extension"),
        (Reply(status=400, body=b'{"errorCode": "E1", "description": "no"}'), PermanentError, "beeline.refused"),
        (Reply(status=302), PermanentError, "beeline.refused"),
        (Reply(status=429, headers={"retry-after": "5"}), TransientError, "beeline.rate"),
        (Reply(status=500), TransientError, "beeline.down"),
    ],
)
def test_a_refusal_is_taken_by_its_status(reply: Reply, kind: type[ConnectorError], cause: str):
    with pytest.raises(kind) as failure:
        dial(reply)
    assert failure.value.cause == cause
    assert failure.value.hint.en != failure.value.hint.ru
    assert "beeline-api-key" not in str(failure.value)


def test_a_recording_is_asked_for_until_it_is_there():
    file = File(ref="5701687:1/9651112233@mpbx.sip.beeline.ru")
    with pytest.raises(TransientError) as waiting:
        outbound.recording(file, account(), Api().wire)
    assert waiting.value.retry_after == outbound.NOT_READY
    path = "v2/records/5701687%3A1/9651112233%40mpbx.sip.beeline.ru"
    source = outbound.recording(file, account(), Api(**{f"GET {path}": {"id": "1"}}).wire)
    assert source.url == f"https://cloudpbx.beeline.ru/apis/portal/{path}/download"
    assert source.headers == {"X-MPBX-API-AUTH-TOKEN": "beeline-api-key-0001"}


@pytest.mark.parametrize("ref", ["", "https://evil.example/x", "a/b/c", "a b", "/"])
def test_our_key_goes_nowhere_else(ref: str):
    api = Api()
    with pytest.raises(PermanentError):
        outbound.recording(File(ref=ref), account(), api.wire)
    assert api.wire.seen == []


def test_a_renewal_subscribes_first_and_then_gives_the_former_up():
    answer = {"subscriptionId": "new", "expires": 86_400}
    api = Api(**{"PUT subscription": answer, "DELETE subscription": {}})
    renewal = setup.renew(account(pattern="101"), HOOK, api.wire, "old", lambda: NOW)
    assert renewal == Renewal(id="new", due_at=NOW + timedelta(seconds=setup.OFTEN))
    assert api.asked() == ["PUT subscription", "DELETE subscription"]
    assert json.loads(api.wire.seen[0].body) == {
        "pattern": "101",
        "expires": 86_400,
        "subscriptionType": "BASIC_CALL",
        "url": f"{HOOK}/{SECRET}",
    }
    assert parse_qs(api.wire.seen[1].query) == {"subscriptionId": ["old"]}


@pytest.mark.parametrize("answer", [Reply(status=404), Reply(status=500), Reply(status=401)])
def test_a_former_subscription_that_cannot_be_given_up_does_no_harm(answer: Reply):
    api = Api(**{"PUT subscription": {"subscriptionId": "new"}, "DELETE subscription": answer})
    assert setup.renew(account(), HOOK, api.wire, "old", lambda: NOW).id == "new"


@pytest.mark.parametrize("former", ["", "new"])
def test_without_a_former_subscription_nothing_is_given_up(former: str):
    api = Api(**{"PUT subscription": {"subscriptionId": "new", "expires": 3600}})
    renewal = setup.renew(account(), HOOK, api.wire, former, lambda: NOW)
    assert api.asked() == ["PUT subscription"]
    assert renewal.due_at == NOW + timedelta(seconds=1800)


@pytest.mark.parametrize("answer", [{}, [], Reply(body=b"ok"), Reply(status=502)])
def test_a_renewal_that_is_not_confirmed_keeps_the_former(answer: Any):
    api = Api(**{"PUT subscription": answer})
    with pytest.raises(TransientError):
        setup.renew(account(), HOOK, api.wire, "old", lambda: NOW)
    assert api.asked() == ["PUT subscription"]


def test_connecting_says_until_when_and_never_shows_the_secret():
    api = Api(**{"PUT subscription": {"subscriptionId": "new", "expires": 3600}})
    findings = setup.connect(account(), HOOK, api.wire, lambda: NOW)
    assert {finding.state for finding in findings} == {"ok"}
    assert "2026-01-15 13:00" in findings[0].what.ru
    assert SECRET not in str(findings)


def test_a_check_names_employees_that_beeline_does_not_have():
    *_, last = setup.check(account(employees={"101": "9651112233", "109": "9999999999"}), HOOK, Api().wire)
    assert last.state == "bad"
    assert "109" in last.what.ru


@pytest.mark.parametrize("look", [setup.check, setup.connect])
def test_a_key_that_is_not_accepted_is_said_so(look: Callable[..., Any]):
    refused = Reply(status=401, body=b'{"errorCode": "AUTH", "description": "bad key"}')
    (finding,) = look(account(), HOOK, Api(**{"GET abonents": refused, "PUT subscription": refused}).wire)
    assert finding.state == "bad"
    assert "bad key" in finding.hint.ru


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": ""},
        {"secret": "short"},
        {"secret": "a/b" * 10},
        {"token": ""},
        {"expires": 60},
        {"subscription": "ALL"},
        {"allow_from": ["beeline"]},
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]):
    with pytest.raises(ValidationError) as refusal:
        account(**changes)
    assert SECRET not in str(refusal.value)
