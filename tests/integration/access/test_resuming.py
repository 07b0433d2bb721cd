"""Killed between any two lines of the journal: the next run goes on, nothing is lost, nothing is told twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from connector.journal import Journal
from tests.integration.access.world import LOGISTICS, NUMBERS, SALES, SUPPORT, World, staff
from tests.unit.access.making import row

TARGETS = (
    {"group": "Sales", "department": SALES},
    {"group": "Support", "department": SUPPORT},
    {"group": "Support", "queue": 3},
    {"group": "Sales", "workgroup": 1},
    {"group": "Leads", "workgroup": 1, "role": "moderator"},
    {"group": "Leads", "console": "integrator"},
    {"group": "Sales", "field": "UF_USR_GROUPS", "option": "Sales"},
)
BEFORE = staff(ivan=["Sales", "Leads"], petr=["Sales"], olga=["Support"], anna=["Support"])
AFTER = staff(ivan=["Support"], petr=["Sales", "Leads"], olga=["Support"], anna=["Support"], oleg=["Sales"])
IVAN = NUMBERS["ivan"]


WRITES = 19  # of the journal in the run with BEFORE


class KilledError(BaseException):
    """The process is no more."""


class Dying:
    """A journal whose process is killed before its write number ``at``."""

    def __init__(self, journal: Journal, at: int) -> None:
        self._journal, self._left = journal, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def keep_deeds(self, *given: Any, **more: Any) -> None:
        """As the journal does, while there is life."""
        if self._left == 0:
            raise KilledError
        self._left -= 1
        self._journal.keep_deeds(*given, **more)


def dies(world: World, rows: list, at: int) -> bool:
    """One run that is killed at its write ``at``; False when it came to its end before."""
    journal: Any = world.journal
    dying: Any = Dying(journal, at)
    world.journal = dying
    try:
        world.work(world.settings(*TARGETS), rows)
    except KilledError:
        return True
    finally:
        world.journal = journal
    return False


def test_killed_at_every_write_of_the_journal_the_end_is_the_same(world: World):
    for at in (0, 1, 0, 1, 2, 0, 3, 1):
        dies(world, BEFORE, at)
    world.work(world.settings(*TARGETS), BEFORE)
    for at in (0, 1, 0, 2, 1, 0, 3, 1):
        dies(world, AFTER, at)
    world.work(world.settings(*TARGETS), AFTER)
    assert world.departments(IVAN) == [LOGISTICS, SUPPORT]
    assert world.members() == {1: "A", NUMBERS["petr"]: "E", NUMBERS["oleg"]: "K"}
    assert {IVAN, NUMBERS["olga"], NUMBERS["anna"]} <= set(world.queue())
    last = world.work(world.settings(*TARGETS), AFTER)
    assert (last.grants, last.revokes, last.changes) == (0, 0, [])
    told = Counter((what, target) for what, target, _ in world.audit())
    assert told[("access.granted", f"main #{IVAN} department:{SALES}")] == 1
    assert told[("access.revoked", f"main #{IVAN} department:{SALES}")] == 1


@pytest.mark.parametrize("at", range(WRITES))
def test_one_kill_anywhere_and_one_more_run_are_as_good_as_one_run(world: World, at: int):
    assert dies(world, BEFORE, at)
    world.work(world.settings(*TARGETS), BEFORE)
    assert world.departments(IVAN) == [LOGISTICS, SALES]
    assert world.members() == {1: "A", IVAN: "E", NUMBERS["petr"]: "K"}
    assert world.journal.recall("access.console", f"main.{IVAN}") == {
        "role": "integrator",
        "by": {"staff": "integrator"},
    }
    granted = Counter(target for what, target, _ in world.audit() if what == "access.granted")
    assert len(granted) == 11
    assert set(granted.values()) == {1}


def test_every_write_of_the_journal_is_among_those_killed(world: World):
    assert not dies(world, BEFORE, WRITES)


def test_a_run_that_is_told_to_stop_goes_on_later(world: World):
    calls = iter([False, True])
    outcome = world.work(world.settings(*TARGETS), BEFORE, stop=lambda: next(calls, True))
    assert not outcome.finished
    again = world.work(world.settings(*TARGETS), BEFORE)
    assert again.finished
    assert outcome.grants + again.grants == 11


def test_an_external_id_that_a_killed_run_had_written_is_told_once(world: World):
    world.sandbox.furnish(users=[{"id": 51, "name": "One", "email": "one@acme.ru", "departments": [LOGISTICS]}])
    rows, at = [*staff(), row("one")], 0
    while dies(world, rows, at):
        at += 1
    assert at > 1
    assert world.user(51)["XML_ID"] == "guid-one"
    assert [target for what, target, _ in world.audit() if what == "access.learned"] == ["main #51"]
