from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.domain.calls import CallAnswered, CallEnded, CallRinging, CallStarted, LegEnded
from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.twilio import PROVIDER, inbound, signature
from connector.providers.twilio.settings import TwilioSettings

SID = "AC0123456789abcdef0123456789abcdef"
TOKEN = "12345"  # the published vector's
URL = "https://mycompany.com/myapp.php"
# facts/providers.md §5
GOLDEN = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+12349013030",
    "Digits": "1234",
    "From": "+12349013030",
    "To": "+18005551212",
}
GOLDEN_SIGNATURE = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
RAW: dict[str, Any] = {
    "account": "calls",
    "provider": "twilio",
    "portal": "main",
    "account_sid": SID,
    "auth_token": TOKEN,
    "url": URL,
    "employees": {"101": "sip:101@acme.sip.twilio.com", "102": "+1 202 555-01-02", "103": "client:anna"},
}
FORM = "application/x-www-form-urlencoded"
CALL = "CA" + "0" * 31 + "1"


def account(**changes: Any) -> TwilioSettings:
    return TwilioSettings.model_validate(RAW | changes)


def posted(fields: dict[str, str], header: str, query: str = "foo=1&bar=2", **headers: str) -> Request:
    return Request(
        method="POST",
        path="/hooks/calls",
        query=query,
        headers={"content-type": FORM, "x-twilio-signature": header, **headers},
        body=urlencode(fields).encode(),
        received_at=datetime(2026, 1, 15, 12, tzinfo=UTC),
    )


def signed(query: str = "", **fields: str) -> Request:
    """A request that Twilio signed."""
    url = URL + (f"?{query}" if query else "")
    return posted(fields, signature.sign(url, list(fields.items()), TOKEN), query)


def told(query: str = "", settings: TwilioSettings | None = None, **fields: str) -> Any:
    request = signed(query, CallSid=CALL, **fields)
    inbound.verify(request, settings or account())
    return inbound.parse(request, settings or account())[0]


def assert_refused(request: Request, settings: TwilioSettings | None = None) -> str:
    with pytest.raises(Refused) as refusal:
        signature.verify(request, settings or account())
    assert refusal.value.status == 401
    return refusal.value.cause


def test_the_golden_vector_is_made_and_accepted():
    assert signature.sign(f"{URL}?foo=1&bar=2", list(GOLDEN.items()), TOKEN) == GOLDEN_SIGNATURE
    signature.verify(posted(GOLDEN, GOLDEN_SIGNATURE), account())


@pytest.mark.parametrize("name", [*GOLDEN, "Caller2", "callsid"])
def test_one_changed_or_added_field_is_refused(name: str):
    changed = {**GOLDEN, name: GOLDEN.get(name, "") + "1"}
    assert assert_refused(posted(changed, GOLDEN_SIGNATURE)) == "twilio.signature"


@pytest.mark.parametrize(
    "header",
    [
        GOLDEN_SIGNATURE.lower(),
        GOLDEN_SIGNATURE.swapcase(),
        f" {GOLDEN_SIGNATURE}",
        f"{GOLDEN_SIGNATURE} ",
        f"{GOLDEN_SIGNATURE[:5]} {GOLDEN_SIGNATURE[5:]}",
        GOLDEN_SIGNATURE[:-1],
        "подпись",
        "\udcff",
    ],
)
def test_a_signature_that_is_not_exactly_right_is_refused(header: str):
    assert assert_refused(posted(GOLDEN, header)) == "twilio.signature"


def test_the_headers_name_may_be_written_in_any_case_but_must_be_there():
    request = posted(GOLDEN, GOLDEN_SIGNATURE)
    assert request.header("X-TWILIO-SIGNATURE") == GOLDEN_SIGNATURE
    assert assert_refused(posted(GOLDEN, "")) == "twilio.unsigned"


@pytest.mark.parametrize("query", ["", "foo=1", "bar=2&foo=1", "foo=1&bar=2&", "foo=1&bar=3"])
def test_another_query_is_refused(query: str):
    assert assert_refused(posted(GOLDEN, GOLDEN_SIGNATURE, query)) == "twilio.signature"


@given(st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=12), max_size=6))
def test_whatever_was_signed_verifies_also_in_other_alphabets(fields: dict[str, str]):
    clean = {name: value for name, value in fields.items() if max(name + value + " ") < "\ud800" or ok(name + value)}
    signature.verify(signed(**clean), account())


def ok(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def test_each_value_of_a_repeated_field_is_signed_once_and_sorted():
    fields = [("A", "2"), ("A", "1"), ("A", "2")]
    request = replace(
        posted({}, signature.sign(URL, [("A", "1"), ("A", "2")], TOKEN), ""), body=urlencode(fields).encode()
    )
    signature.verify(request, account())


@pytest.mark.parametrize(
    ("configured", "made_for"),
    [
        ("https://a.example/hooks/x", "https://a.example/hooks/x"),
        ("https://a.example/hooks/x", "https://a.example:443/hooks/x"),
        ("https://a.example:8443/hooks/x", "https://a.example:8443/hooks/x"),
        ("https://a.example:8443/hooks/x", "https://a.example/hooks/x"),
        ("http://127.0.0.1/hooks/x", "http://127.0.0.1:80/hooks/x"),
        ("http://[::1]:8000/hooks/x", "http://[::1]/hooks/x"),
    ],
)
def test_the_address_is_signed_with_or_without_its_port(configured: str, made_for: str):
    request = posted(GOLDEN, signature.sign(made_for, list(GOLDEN.items()), TOKEN), "")
    signature.verify(request, account(url=configured))


def test_a_shared_key_signs_with_sha256_and_the_token_does_not_do_instead():
    made = signature.sign(URL, list(GOLDEN.items()), "shared", "HMAC_SHA256")
    request = posted(GOLDEN, made, "", **{"x-twilio-webhooks-signature-settings": "key=k1,algorithm=HMAC_SHA256"})
    signature.verify(request, account(signing_key="shared"))
    assert assert_refused(request) == "twilio.algorithm"
    assert assert_refused(request, account(signing_key="other")) == "twilio.signature"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("", "HMAC_SHA1"),
        ("key=k1", "HMAC_SHA1"),
        ("key=k1, algorithm=HMAC_SHA256", "HMAC_SHA256"),
        ("algorithm=hmac_sha256,key=k", "HMAC_SHA256"),
        ("algorithm=", "HMAC_SHA1"),
        ("algorithm=MD5", "MD5"),
    ],
)
def test_the_algorithm_is_read_as_the_vendors_library_reads_it(header: str, name: str):
    assert signature.algorithm(header) == name


@pytest.mark.parametrize(("change", "passes"), [("", True), (" ", False)])
def test_a_json_body_is_bound_by_its_hash(change: str, passes: bool):
    body = '{"CallSid": "я"}'.encode()
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    request = replace(
        posted({}, signature.sign(f"{URL}?{query}", [], TOKEN), query, **{"content-type": "application/json"}),
        body=body + change.encode(),
    )
    if passes:
        signature.verify(request, account())
    else:
        assert assert_refused(request) == "twilio.body"


def test_a_get_is_signed_by_its_address_and_has_no_body():
    request = replace(posted({}, signature.sign(f"{URL}?a=1", [], TOKEN), "a=1"), method="GET")
    signature.verify(request, account())
    assert assert_refused(replace(request, body=b"CallSid=1")) == "twilio.body"


@pytest.mark.parametrize(
    "changes",
    [
        {"auth_token": ""},
        {"auth_token": "with space"},
        {"signing_key": ""},
        {"account_sid": "AC1"},
        {"url": ""},
        {"url": "https://a.example"},
        {"url": "https://a.example/hooks/x?y=1"},
        {"url": "http://a.example/hooks/x"},
        {"url": "https://a.example:99999/hooks/x"},
        {"sip_domain": "a/b"},
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]):
    with pytest.raises(ValidationError):
        account(**changes)


@pytest.mark.parametrize(
    ("status", "sip", "cause", "detail"),
    [
        ("completed", "", "", ""),
        ("busy", "", "busy", "busy"),
        ("no-answer", "", "missed", "no-answer"),
        ("canceled", "", "cancelled", "canceled"),
        ("failed", "", "failed", "failed"),
        ("failed", "404", "invalid", "failed 404"),
        ("failed", "603", "refused", "failed 603"),
        ("failed", "999", "failed", "failed 999"),
        ("busy", "486", "busy", "busy 486"),
    ],
)
def test_why_a_call_ended_is_in_our_words_and_in_twilios(status: str, sip: str, cause: str, detail: str):
    event = told(From="+1202", To="+7900", Direction="outbound-api", CallStatus=status, SipResponseCode=sip)
    assert isinstance(event, CallEnded)
    assert (event.cause, event.detail) == (cause, detail)
    assert event.talk == (None if status == "completed" else 0)


def test_a_clicked_call_is_told_by_our_own_address():
    query = urlencode({"client": "+79001112233", "employee": "101", "line": "+1202"})
    parent = {"From": "+1202", "To": "sip:101@acme.sip.twilio.com", "Direction": "outbound-api"}
    child = {"From": "+1202", "To": "+79001112233", "Direction": "outbound-dial", "ParentCallSid": "CA" + "f" * 32}
    seen = [
        told(query, CallStatus="ringing", **parent),
        told(query, CallStatus="in-progress", **parent),
        told(query, CallStatus="ringing", **child),
        told(query, CallStatus="in-progress", **child),
        told(query, CallStatus="completed", **child),
        told(query, CallStatus="completed", CallDuration="30", **parent),
    ]
    kinds = [CallRinging, CallStarted, CallRinging, CallAnswered, LegEnded, CallEnded]
    assert [type(event) for event in seen] == kinds
    assert {(event.direction, event.client, event.line) for event in seen} == {("outgoing", "+79001112233", "+1202")}
    assert [event.employee for event in seen] == ["101", "101", "", "101", "", "101"]
    assert {event.call for event in seen[2:5]} == {"CA" + "f" * 32}


@pytest.mark.parametrize("stamp", ["", "yesterday", "Thu, 15 Jan 2026 11:59:00", "Fri, 99 Jan 9999 11:59:00 +0000"])
def test_a_time_that_cannot_be_read_is_the_time_of_receipt(stamp: str):
    event = told(From="+7900", To="+1202", Direction="inbound", CallStatus="ringing", Timestamp=stamp)
    assert event.at == datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize("sid", ["", "CA1", "../../x", "CA" + "0" * 33])
def test_what_is_no_call_is_ignored(sid: str):
    (event,) = inbound.parse(signed(CallSid=sid, CallStatus="ringing"), account())
    assert event.kind == "ignored"


def test_the_answer_is_twiml_that_does_nothing():
    assert PROVIDER.telephony is not None
    accepted = PROVIDER.telephony.accepted
    assert (accepted.status, accepted.content_type.partition(";")[0]) == (200, "text/xml")
    assert accepted.body.endswith(b"<Response/>")
