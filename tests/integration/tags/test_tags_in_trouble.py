"""Whose word is newer, broken exports, sources that refuse; and rows that are found by something else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.errors import PermanentError, TransientError
from connector.speech import Text
from connector.sync import tags
from connector.sync.tags.memory import TAGSYNC
from tests.integration.tags.world import World

NOBODY = Text("nobody may", "никому нельзя")


def test_newest_lets_the_later_word_count(world: World) -> None:
    now = datetime.now(UTC)
    past, future = (now - timedelta(hours=1)).isoformat(), (now + timedelta(hours=1)).isoformat()
    how = {"merge": "newest", "time": "at", "back": False}
    for record in ("older", "newer"):
        world.client(record, at=past)
        world.tag(record, "x")
    world.sync(**how)
    for record, at in (("older", past), ("newer", future)):
        world.rows[record] |= {"tags": ["x", "y"], "at": at}
        world.tag(record)
    world.sync(**how)
    assert world.tags("older") == ["y"]  # the person in Bitrix24 was later: x is gone
    assert world.tags("newer") == ["x", "y"]


def test_a_row_that_our_own_rules_have_just_written_says_nothing_of_when_its_tags_changed(world: World) -> None:
    how = {"merge": "newest", "time": "at", "back": False}
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    world.client("anna", at=past)
    world.tag("anna", "x")
    world.sync(**how)
    world.rows["anna"] |= {"tags": ["x"]}
    world.tag("anna")
    world.settled = datetime.now(UTC)
    world.sync(**how)
    assert world.tags("anna") == ["x"]


def test_a_broken_export_takes_nobodys_tags_away(world: World) -> None:
    for number in range(10):
        world.client(f"c{number}", "a")
    world.sync()
    for number in range(5):
        world.give(f"c{number}")
    outcome = world.sync()
    assert outcome.held == 5
    assert "--allow-gone" in outcome.notes[0].en
    assert world.tags("c0") == ["a"]
    assert world.sync(allow_gone=True).removed == 5
    assert world.tags("c0") == []


def test_a_source_that_refuses_is_written_the_next_time(world: World) -> None:
    world.client("anna", "a")
    world.tag("anna", "b")
    world.refuses = PermanentError("sql.not_writable", hint=NOBODY)
    outcome = world.sync()
    assert (outcome.notes, outcome.failed) == ([NOBODY], 1)
    world.refuses = TransientError("sql.away", hint=NOBODY)
    with pytest.raises(TransientError):
        world.sync()
    assert world.tags("anna") == ["a", "b"]
    world.refuses = None
    world.sync()
    assert world.source("anna") == ["a", "b"]


@pytest.mark.parametrize(
    ("find", "values", "fields"),
    [
        (
            {"by": "external", "system": "erp", "column": "code"},
            {"code": "K-1"},
            {"originatorId": "erp", "originId": "K-1"},
        ),
        (
            {"by": "phone", "column": "phone"},
            {"phone": "8 (900) 111-22-33"},
            {"fm": [{"typeId": "PHONE", "valueType": "WORK", "value": "+79001112233"}]},
        ),
        (
            {"by": "email", "column": "mail"},
            {"mail": "Anna@Acme.ru"},
            {"fm": [{"typeId": "EMAIL", "valueType": "WORK", "value": "anna@acme.ru"}]},
        ),
        ({"by": "field", "field": "sourceDescription", "column": "code"}, {"code": "x7"}, {"sourceDescription": "x7"}),
    ],
)
def test_the_row_may_be_found_by_something_else(world: World, find: dict, values: dict, fields: dict) -> None:
    number = world.client("anna", "a", fields=fields, **values)
    world.clients = {}
    world.sync(find={"entity": "contact", **find})
    world.clients = {"anna": number}
    assert world.tags("anna") == ["a"]
    looked = world.counted("crm.item.list") + world.counted("crm.duplicate.findbycomm")
    world.clients = {}
    world.sync(find={"entity": "contact", **find})
    assert world.counted("crm.item.list") + world.counted("crm.duplicate.findbycomm") - looked == 1  # its tags alone


def test_several_rows_that_are_found_are_a_problem(world: World) -> None:
    fields = {"originatorId": "erp", "originId": "K-1"}
    for record in ("anna", "double"):
        world.client(record, "a", fields=fields, code="K-1")
    world.rows = {"anna": world.rows["anna"]}
    outcome = world.sync(find={"entity": "contact", "by": "external", "system": "erp", "column": "code"})
    assert "`tags.find`" in outcome.problems[0][1].ru
    assert world.field() is None or world.values("anna") == []


@pytest.mark.parametrize("merge", ["source", "portal", "union"])
def test_what_a_person_does_between_reading_and_writing_stays(world: World, merge: str) -> None:
    class Slow(tags.Tools):
        """After the rows were read and before they are written, a person gives one another tag."""

        def recall(self, names: Any) -> Any:
            if any(kind == TAGSYNC for kind, _ in names):
                world.tag("anna", "a", "mine")
            return super().recall(names)

    world.client("anna", "a")
    world.add_options("b", "mine")
    world.sync(merge=merge)
    world.give("anna", "a", "b")
    world.tools = Slow
    world.sync(merge=merge)
    assert (world.tags("anna"), world.source("anna")) == (["a", "b", "mine"], ["a", "b", "mine"])


def test_a_tag_that_the_text_of_the_source_would_tear_apart_stays_in_the_portal(world: World) -> None:
    world.client("anna")
    world.rows["anna"]["tags"] = "a"
    world.tag("anna", "Москва, центр")
    for _ in range(3):
        world.sync(split=",")
    assert world.rows["anna"]["tags"] == "a"
    assert world.tags("anna") == ["a", "Москва, центр"]


def test_a_text_without_separator_stays_a_text_and_several_tags_are_a_problem(world: World) -> None:
    for record in ("anna", "boris"):
        world.client(record)
        world.rows[record]["tags"] = ""
    world.tag("anna", "b")
    world.tag("boris", "b", "c")
    outcome = world.sync()
    assert [world.rows[record]["tags"] for record in ("anna", "boris")] == ["b", ""]
    assert [record for record, what in outcome.problems if "tags.split" in what.ru] == ["boris"]


@pytest.mark.parametrize(("split", "borne"), [("", ["a", "x" * 300]), (",", "a," + "x" * 300)])
def test_what_is_too_long_for_a_tag_is_not_lost_in_the_source(world: World, split: str, borne: Any) -> None:
    world.client("anna")
    world.rows["anna"]["tags"] = borne
    world.tag("anna", "b")
    world.sync(split=split)
    assert "x" * 300 in world.rows["anna"]["tags"]
    assert "b" in world.rows["anna"]["tags"]


def test_options_that_the_field_does_not_take_keep_nobody_elses_tags_waiting(world: World) -> None:
    for record in ("anna", "boris"):
        world.client(record, "a")
    world.sync()
    world.give("anna", "a", "new")
    world.give("boris")
    world.sandbox.fault("fail", method="crm.contact.userfield.update", code="ERROR_CORE", status=400)
    outcome = world.sync(allow_gone=True)
    assert (world.tags("anna"), world.tags("boris")) == (["a"], [])
    assert "new" in outcome.notes[0].ru
    world.sandbox.clear_faults()
    world.sync()
    assert world.tags("anna") == ["a", "new"]
