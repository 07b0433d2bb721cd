"""Every form that a portal posts, whole, and the events that it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from connector.domain.events import Event, dump, load
from connector.portal import connector_prefix, decode_form, dedupe_key, encode_params, mask_event, parse_event
from connector.portal.wire import encode_query

FIXTURES = Path(__file__).parent / "fixtures"
FORMS = sorted(FIXTURES.glob("*.form"))
PREFIX = connector_prefix("local.1")


def read(body: bytes) -> list[Event]:
    return parse_event(decode_form(body), "main", PREFIX)


def expected(form: Path) -> list[Event]:
    events = json.loads(form.with_suffix(".events.json").read_text())
    return [load(json.dumps(event)) for event in events]


def secrets(form: Mapping[str, Any]) -> set[str]:
    return {value for name, value in form["auth"].items() if name.endswith("_token")}


@pytest.fixture(params=FORMS, ids=[form.stem for form in FORMS])
def form(request) -> Path:
    return request.param


def test_a_form_means_its_events(form: Path):
    assert read(form.read_bytes()) == expected(form)


def test_the_events_survive_the_journal(form: Path):
    events = read(form.read_bytes())
    assert [load(dump(event)) for event in events] == events


def test_a_masked_form_means_the_same_and_holds_no_token(form: Path):
    masked = mask_event(form.read_bytes())
    assert read(masked) == expected(form)
    assert not any(secret.encode() in masked for secret in secrets(decode_form(form.read_bytes())))


def test_a_form_may_come_as_json(form: Path):
    body = json.dumps(decode_form(form.read_bytes())).encode()
    assert read(body) == expected(form)


def test_our_encoder_writes_what_the_portal_wrote(form: Path):
    decoded = decode_form(form.read_bytes())
    assert decode_form(encode_query(decoded).encode()) == decoded
    assert len(encode_params(decoded)) == form.read_bytes().count(b"&") + 1


def test_every_form_has_a_key_of_its_own():
    keys = [dedupe_key(decode_form(form.read_bytes())) for form in FORMS]
    assert len(set(keys)) == len(FORMS) >= 18


def test_a_form_posted_through_two_bindings_has_one_key(form: Path):
    decoded = decode_form(form.read_bytes())
    again = decoded | {"event_handler_id": "999", "auth": decoded["auth"] | {"access_token": "another"}}
    if "ts" in decoded or "MESSAGE" in decoded["event"].upper():
        assert dedupe_key(again) == dedupe_key(decoded)


def test_every_file_of_events_has_its_form():
    names = {path.name.removesuffix(".events.json") for path in FIXTURES.glob("*.events.json")}
    assert names == {form.stem for form in FORMS}
