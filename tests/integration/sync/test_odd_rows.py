"""Rows that no one expects: each has its own fate, and none spoils a run, a page or a later run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from connector.domain.sources import Page, Record, SourceRole, SourceSettings, Start
from connector.sync.reading import DEEPEST, known_as
from tests.integration.sync.test_dry_runs import planned
from tests.integration.sync.world import SHIPMENTS, World


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else "bottom"


POISON: dict[str, Any] = {
    "deep": deep(900),
    "too deep": deep(DEEPEST + 1),
    "date": datetime(2026, 1, 1),
    "digits": 10**5000,
    "set": {1, 2},
}


def test_rows_that_nobody_can_keep_are_broken_and_the_rest_of_the_page_is_written(world: World):
    world.fill(30)
    for row, value in zip(world.script.rows.values(), POISON.values(), strict=False):
        row["more"] = value
    assert planned(world).counts["parked"] == len(POISON)
    run = world.run()
    assert (run.state, run.counts["created"], run.counts["parked"]) == ("done", 30 - len(POISON), len(POISON))
    parked = world.connector.journal.mirror_rows("shipments", state="parked")
    assert {row.cause for row in parked} == {"source.broken"}
    assert world.run().counts["changed"] == 0
    for row in world.script.rows.values():
        row["more"] = ""
    assert world.run().counts["created"] == len(POISON)


def test_values_that_a_rule_cannot_do_with_concern_their_rows_alone(world: World):
    world.rules(SHIPMENTS.replace("{{ record.sum }}", "{{ 100 / record.sum }}"))
    world.fill(20)
    odd: list[Any] = ["7" * 100_000, 0, None, [], {"a": [1]}, float("nan"), 10**400, "x" * 1_000_000]
    for row, value in zip(world.script.rows.values(), odd, strict=False):
        row["sum"] = value
    run = world.run()
    assert run.state == "done"
    assert run.counts["created"] + run.counts["parked"] == 20
    assert run.counts["created"] >= 20 - len(odd)
    assert run.counts["parked"] >= 5
    assert world.run().counts["changed"] == 0


ODD = [
    "a\0b",
    "c\ud800d",
    "c\ud801d",
    "ё" * 1500,
    "ё" * 1499 + "x",
    "$result[0]",
    "=1+1",
    "a|b",
    " ",
    "\u202e",
    "A",
    "a",
]


def test_records_with_odd_ids_are_each_written_once_and_known_again(world: World):
    world.script.rows = {name: {"number": f"n{place}", "sum": place} for place, name in enumerate(ODD)}
    assert planned(world).counts["created"] == len(ODD)
    run = world.run()
    assert (run.state, run.counts["created"], run.counts["parked"]) == ("done", len(ODD), 0)
    again = world.run(full=True)
    assert (again.counts["changed"], again.counts["gone"]) == (0, 0)
    del world.script.rows["ё" * 1500]
    assert world.run().counts["gone"] == 1


def test_values_with_odd_characters_are_written_and_not_written_again(world: World):
    world.script.rows = {
        name: {"number": value, "sum": value}
        for name, value in zip(
            "123456", ["a\0b", "c\ud800d", "$result[0]", "x" * 5000, "\u202e", "'\"<b>"], strict=True
        )
    }
    run = world.run()
    assert run.state == "done"
    assert run.counts["created"] + run.counts["parked"] == 6
    assert run.counts["created"] >= 5
    assert world.run(full=True).counts["changed"] == 0


def test_ids_are_told_apart_and_stay_the_same():
    assert known_as("0001") == "0001"
    names = {known_as(name) for name in [*ODD, "ё" * 200, "x" * 10_000]}
    assert len(names) == len(ODD) + 2
    assert all(len(name) <= 200 for name in names)
    assert {known_as(name) for name in names} == names


class Twice:
    """A reader that says each row twice in a page, and the whole page once more, each time with another sum."""

    def begin(self, bookmark: Any) -> Start:
        """From the beginning."""
        return Start(position=1, full=True)

    def page(self, position: int, limit: int) -> Page:
        """The page ``position`` of two."""
        sums = (position * 10, position * 10 + 1)
        names = [f"{number:06}" for number in range(1, 21)]
        rows = [Record(id=name, values={"number": name, "sum": value}) for value in sums for name in names]
        return Page(records=rows, position=position + 1, ended=position == 2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None


def test_the_last_of_several_rows_with_one_id_wins_and_makes_one_item(world: World):
    role = SourceRole(settings=SourceSettings, open=lambda desk: Twice())
    world.connector = replace(world.connector, roles={"scripted": role})
    run = world.run()
    assert (run.state, run.counts["read"], run.counts["created"]) == ("done", 80, 20)
    assert sorted(str(item["title"]) for item in world.items()) == [f"№ {number:06}: 21" for number in range(1, 21)]


def test_two_records_of_one_outside_id_make_one_item(world: World):
    world.fill(9)
    rows = world.script.rows.items()
    world.script.rows = {f"{name}{end}": {**row, "sum": 5} for name, row in rows for end in ("", "-")}
    assert world.run().state == "done"
    assert len(world.items()) == 9


def test_a_row_comes_and_goes_and_comes_back(world: World):
    world.fill(3)
    world.run()
    row = world.script.rows.pop("000002")
    assert world.run(allow_gone=True).counts["gone"] == 1
    assert "№ 000002 (gone)" in {item["title"] for item in world.items()}
    world.script.rows["000002"] = row
    back = world.run()
    assert (back.counts["updated"], back.counts["created"]) == (1, 0)
    assert "№ 000002: 2" in {item["title"] for item in world.items()}
    del world.script.rows["000002"]
    assert world.run(allow_gone=True).counts["gone"] == 1
    assert len(world.items()) == 3


def test_rows_without_an_id_that_are_mended_do_not_hold_the_brake(world: World):
    world.fill(30)
    world.script.broken, world.script.nameless = {f"{number:06}" for number in range(1, 16)}, True
    assert world.run().counts["parked"] == 15
    world.script.broken, world.script.nameless = set(), False
    assert not planned(world).braked
    run = world.run()
    assert (run.state, run.counts["created"]) == ("done", 15)
    assert world.connector.journal.mirror_counts("shipments")["parked"] == 0


def test_what_a_person_let_be_is_not_written_when_rules_change(world: World):
    world.fill(10)
    world.script.rows["000003"].pop("sum")
    world.script.broken = {"000005"}
    world.run()
    assert world.connector.journal.discard_rows("shipments", ["000003", "000005"]) == 2
    world.rules(SHIPMENTS.replace("№ {{ record.number }}:", "N {{ record.number }}:"))
    assert planned(world).counts["updated"] == 8
    run = world.run()
    assert (run.counts["updated"], run.counts["parked"], run.counts["created"]) == (8, 0, 0)
    world.script.rows["000003"]["sum"] = 3
    world.script.broken = set()
    assert world.run().counts["created"] == 2


def test_a_row_without_an_id_that_was_corrected_is_no_record_that_is_gone(world: World):
    world.fill(4)
    world.script.broken, world.script.nameless = {"000004"}, True
    world.run()
    world.script.broken, world.script.nameless = set(), False
    run = world.run(full=True)
    assert world.counts(run, "created", "gone") == (1, 0)
    assert world.connector.journal.mirror_counts("shipments")["gone"] == 0
