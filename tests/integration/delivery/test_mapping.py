"""Rules in the pump: the CRM's lane is not the conversation's, and each delivery knows its version of the rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.domain.events import RecordChanged
from connector.errors import PermanentError, TransientError
from connector.speech import Text
from mappings.outcome import Making, Outcome
from tests.unit.handlers.walking import FakeSet

from .engine import SEND, Engine

NOTIFY = "im.notify.system.add"
AWAY = Text("away", "недоступен")
TOLD = Outcome(version="v1", makings=(Making(kind="notify", name="r", fields={"users": [1], "text": "x"}),))


@pytest.fixture
def ruled(engine: Engine) -> FakeSet:
    said = FakeSet(outcome=TOLD)
    engine.work = replace(engine.work, mappings=lambda: said)
    return said


def called(engine: Engine, method: str) -> list[Any]:
    return [params for name, params in engine.portal.calls if name == method]


def test_a_message_and_what_the_rules_want_are_two_deliveries(engine: Engine, ruled: FakeSet) -> None:
    engine.write("7", "1")
    engine.pump()
    rows = {row["kind"]: row for row in engine.deliveries("done")}
    assert rows["event.mapped"]["lane"] == "crm.shop.7"
    assert rows["event.mapped"]["trace"] == rows["message.received"]["trace"]
    assert [row["mapping"] for row in rows.values()] == ["v1", "v1"]
    assert len(called(engine, NOTIFY)) == 1


def test_rules_that_cannot_be_done_hold_up_nobody(engine: Engine, ruled: FakeSet) -> None:
    def refuse(method: str, params: Any) -> None:
        if method == NOTIFY:
            raise PermanentError("b24.no", hint=AWAY)

    engine.portal.before = refuse
    engine.write("7", "1")
    engine.write("7", "2")
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["1", "2"]
    assert {row["kind"] for row in engine.deliveries("parked")} == {"event.mapped"}
    assert {row["mapping"] for row in engine.deliveries("parked")} == {"v1"}


def test_what_waits_in_the_crm_leaves_the_conversation_alone(engine: Engine, ruled: FakeSet) -> None:
    def busy(method: str, params: Any) -> None:
        if method == NOTIFY:
            raise TransientError("b24.busy", hint=AWAY)

    engine.portal.before = busy
    for number in range(3):
        engine.write("7", str(number))
    engine.pump()
    assert engine.portal.chats["shop.7"] == ["0", "1", "2"]
    assert {row["kind"] for row in engine.deliveries("waiting")} == {"event.mapped"}


def test_the_rules_of_the_moment_count_and_others_have_none(engine: Engine, ruled: FakeSet) -> None:
    engine.write("7", "1")
    engine.pump()
    ruled.version = "v2"
    engine.put(RecordChanged(portal="main", source="shipments", record="42", values={"status": "sent"}))
    engine.pump()
    versions = {row["kind"]: row["mapping"] for row in engine.deliveries("done")}
    assert versions == {"message.received": "v1", "event.mapped": "v1", "record.changed": "v2"}


def test_a_conversation_begins_on_the_line_that_the_rules_choose(engine: Engine, ruled: FakeSet) -> None:
    ruled.chosen = 3
    engine.write("7", "1")
    engine.write("7", "2")
    engine.pump()
    ruled.chosen = 5
    engine.write("7", "3")
    engine.pump()
    assert {params["LINE"] for params in called(engine, SEND)} == {"3"}


def test_what_a_person_should_know_stands_beside_the_delivery(engine: Engine, ruled: FakeSet) -> None:
    ruled.outcome = Outcome(version="v1", makings=(Making(kind="timeline", name="night", on="deal", fields={}),))
    engine.write("7", "1")
    engine.pump()
    [row] = [row for row in engine.deliveries("done") if row["kind"] == "event.mapped"]
    assert "night" in row["flagged"]
    assert engine.journal.show(row["id"])["mapping"] == "v1"
