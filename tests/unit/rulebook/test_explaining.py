"""What rules would make of one event: read back from the journal, and told even when a rule fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connector.domain.events import CallFinished, EventMapped, RecordChanged, dump
from connector.handlers import Rules
from connector.handlers.rules import PortalFacts
from connector.rulebook.explaining import explained, kept_events, mapped_event, recounted
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from connector.rulebook.trying import Memory
from mappings.golden import MINIMAL
from mappings.loading import load


class OneRow:
    """A journal with one delivery, as the real one shows it."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._row = {"event": event, "created_at": "2026-03-10T12:00:00+03:00"}

    def show(self, number: str) -> dict[str, Any]:
        return self._row


def rules_of(text: str) -> Rules:
    mappings = load({**contents(None), "own.yaml": text}, KINDS)
    facts = PortalFacts(name="main", language="en", connectors={})
    return Rules(public_url="", accounts={}, portals={"main": facts}, mappings=mappings)


def nobody(method: str, params: Mapping[str, Any]) -> Any:
    return []


def test_a_delivery_is_tried_by_its_number() -> None:
    kept = mapped_event({**MINIMAL["message.received"], "text": "hello"})
    (event,) = kept_events(OneRow(json.loads(dump(kept))), "7", rules_of("on: message.received\nline: 3\n"))  # type: ignore[arg-type]
    assert event == kept


def test_a_call_is_tried_by_the_number_of_its_delivery() -> None:
    at = datetime(2026, 3, 10, 9, tzinfo=UTC)
    about = {"portal": "main", "account": "office", "call": "c-1", "call_id": "externalCall.1", "line": "office"}
    told = {
        "phone": "+79001112233",
        "name": "Anna",
        "employee": "101",
        "user": 1,
        "status": "304",
        "talk": 0,
        "wait": 9,
    }
    call = CallFinished(**about, **told, direction="incoming", missed=True, started_at=at, ended_at=at)  # type: ignore[arg-type]
    rules = rules_of("on: call.finished\nwhen: event.missed\ntags: ['{{ event.client.phone }}']\n")
    (event,) = kept_events(OneRow(json.loads(dump(call))), "7", rules)  # type: ignore[arg-type]
    assert isinstance(event, EventMapped)
    assert event.about["at"] == at.isoformat()
    outcome = recounted(event, rules.mappings)  # type: ignore[arg-type]
    assert outcome is not None
    assert outcome.tags == ("+79001112233",)


def test_a_rule_that_fails_is_told_as_the_delivery_would_be_parked() -> None:
    rules = rules_of("on: message.received\nwhen: event.text * 2 > 1\nline: 3\n")
    event = mapped_event({**MINIMAL["message.received"], "text": "hello"})
    found = explained(event, rules.mappings, rules, Memory(), nobody)
    assert found.outcome is None
    assert found.tried.error is not None
    assert "own.yaml:2" in found.tried.error.hint.en


def test_a_decision_is_recounted_without_asking_anybody() -> None:
    text = "on: message.received\nwhen: found.contact.id or event.text\ncategory: complaint\n"
    mappings = load({**contents(None), "own.yaml": text}, KINDS)
    outcome = recounted(mapped_event({**MINIMAL["message.received"], "text": "hello"}), mappings)
    assert outcome is not None
    assert (outcome.category, outcome.version) == ("complaint", mappings.version)
    assert [each.file for each in outcome.reasons if each.what == "category"] == ["own.yaml"]
    record = RecordChanged(portal="main", source="orders", record="1", values={})
    assert recounted(record, mappings) is None
