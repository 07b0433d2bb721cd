from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connector.domain.request import Reply, Request
from connector.errors import Refused
from connector.providers.mailgun import setup
from tests.contract.providers.recorded import RECEIVED_AT, Wire
from tests.unit.providers.couriers import channel, form, mailgun, post, settings, signed

HOOK = "https://connector.example/hooks/support"


def verify(request: Request, **changes: Any) -> None:
    channel("mailgun").verify(request, settings("mailgun", **changes))


def test_the_golden_vector_verifies():
    # facts/providers.md §5
    signature = "2a7f38020225dcfaccf2e02f5ae4a4cac073af7f41238de578ec7a60f3c18d67"
    kind, body = form([("timestamp", "1762167900"), ("token", "tok"), ("signature", signature), ("body-mime", b"x: y")])
    request = replace(post(body, kind), received_at=RECEIVED_AT.fromtimestamp(1762167900, RECEIVED_AT.tzinfo))
    verify(request, signing_key="signing-key")
    for changed in (body.replace(b"tok", b"toK"), body.replace(b"900", b"901"), body.replace(b"2a7f", b"2A7f")):
        with pytest.raises(Refused):
            verify(replace(request, body=changed), signing_key="signing-key")


@pytest.mark.parametrize("hours", [0, 1, 4, 7.5, 11.9])
def test_a_repeat_hours_later_is_taken(hours: float):
    verify(mailgun(at=RECEIVED_AT - timedelta(hours=hours)))


@pytest.mark.parametrize("hours", [-1, 12.1, 24, 24 * 365])
def test_a_signature_of_another_day_is_refused(hours: float):
    with pytest.raises(Refused) as refusal:
        verify(mailgun(at=RECEIVED_AT - timedelta(hours=hours)))
    assert (refusal.value.status, refusal.value.cause) == (401, "mailgun.timestamp")


def test_of_duplicated_fields_the_last_ones_count():
    first, last = signed(RECEIVED_AT, "a"), signed(RECEIVED_AT, "b")
    zeros = [(name, "0") for name, _ in first]
    verify(post(*reversed(form([*zeros, *last]))))
    with pytest.raises(Refused):
        verify(post(*reversed(form([*last, *zeros]))))


@pytest.mark.parametrize("missing", ["timestamp", "token", "signature"])
def test_an_unsigned_form_is_refused(missing: str):
    kind, body = form([pair for pair in signed(RECEIVED_AT) if pair[0] != missing])
    with pytest.raises(Refused) as refusal:
        verify(post(body, kind))
    assert (refusal.value.status, refusal.value.cause) == (401, "mailgun.unsigned")


@pytest.mark.parametrize("stamp", ["١٧٦٢", "-1", "1e9", "9" * 40, " "])
def test_an_odd_time_is_refused_and_breaks_nothing(stamp: str):
    fields = [(name, stamp if name == "timestamp" else value) for name, value in signed(RECEIVED_AT)]
    kind, body = form(fields)
    with pytest.raises(Refused):
        verify(post(body, kind))


@pytest.mark.parametrize("key", ["", " ", "with space"])
def test_a_key_that_cannot_be_one_is_refused(key: str):
    with pytest.raises(ValidationError):
        settings("mailgun", signing_key=key)


class Routes:
    """The Routes API of Mailgun."""

    def __init__(self, *routes: dict[str, Any]) -> None:
        self.routes, self.forms = list(routes), list[str]()

    def handle(self, request: Request) -> Reply:
        if request.header("authorization") != "Basic YXBpOmtleS0x":
            return Reply(status=401, body=b"Forbidden")
        if request.method == "POST":
            self.forms.append(request.body.decode())
            self.routes.append({"actions": [f'forward("{HOOK}/mime")']})
            return Reply(body=b'{"message": "Route has been created"}', content_type="application/json")
        return Reply(body=json.dumps({"items": self.routes}).encode(), content_type="application/json")


def test_the_route_is_made_once_and_then_found():
    api, known = (
        Routes({"actions": ['forward("https://other.example/mime")', "stop()"]}),
        settings("mailgun", api_key="key-1"),
    )
    wire = Wire(api.handle)
    (missing,) = setup.check(known, HOOK, wire)
    assert (missing.state, missing.hint is not None) == ("bad", True)
    for _ in range(2):
        (found,) = setup.connect(known, HOOK, wire)
        assert found.state == "ok"
    (made,) = api.forms
    assert "match_recipient" in made
    assert "%2Fhooks%2Fsupport%2Fmime" in made


def test_a_wrong_key_is_told_and_without_one_nobody_is_asked():
    wire = Wire(Routes().handle)
    (wrong,) = setup.check(settings("mailgun", api_key="key-2"), HOOK, wire)
    assert (wrong.state, wrong.code) == ("bad", "mailgun.api")
    asked = len(wire.seen)
    (unseen,) = setup.connect(settings("mailgun"), HOOK, wire)
    assert (unseen.state, len(wire.seen)) == ("warn", asked)
