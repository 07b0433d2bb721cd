"""The judgement of a source: what it is called, and what needs a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.journal.sync_model import COUNTS, Run, SourceState
from connector.speech import Text
from connector.sync.health import STATES, Standing, standing
from connector.sync.progress import progress
from tests.unit.sync.sources import source

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HINT = Text("The file has no column number.", "В файле нет колонки number.")


def run(
    state: Any = "done", *, ago: int = 10, over: bool = True, counts: dict[str, int] | None = None, **more: Any
) -> Run:
    at = NOW - ago * MINUTE
    known: dict[str, Any] = {"id": 1, "trigger": "schedule", "who": "", "full": False, "allow_gone": False}
    known |= {"position": None, "bookmark": None, "started_at": at, "updated_at": at, "due_at": at, "attempts": 0}
    known |= {"ended_at": at + MINUTE if over else None, "total": None}
    kept = {**dict.fromkeys(COUNTS, 0), **(counts or {})}
    return Run(**{"source": "shipments", "state": state, "counts": kept, **known, **more})


def stands(*runs: Run, opened: Run | None = None, live: int = 5, every: str = "15m", **state: Any) -> Standing:
    known = {"good_at": NOW - 9 * MINUTE, **state}
    kept = SourceState(name="shipments", **known)
    return standing(source(every=every), kept, runs, opened, {"live": live, "waiting": 2, "parked": 1}, NOW)


def kinds(one: Standing) -> list[str]:
    return [alarm.kind for alarm in one.alarms]


def test_a_source_that_runs_well_is_idle_and_tells_when_it_goes_on():
    one = stands(run())
    assert (one.state, one.mark, one.alarms, one.hint) == ("idle", "good", (), None)
    assert one.next_at is not None
    assert timedelta() < one.next_at - NOW < 6 * MINUTE
    assert (one.lag, one.waiting, one.parked) == (540.0, 2, 1)


def test_a_source_that_never_ran_is_idle_and_due():
    one = stands(good_at=None)
    assert (one.state, one.next_at, one.lag) == ("idle", NOW, None)


def test_an_open_run_is_running_whatever_the_last_one_came_to():
    one = stands(run("failed", cause="sftp.login", hint=HINT), opened=run("reading", over=False, ago=1))
    assert one.state == "running"
    assert kinds(one) == ["failing"]  # it is not mended until a run is good


def test_a_failed_run_tells_its_cause_and_hint_in_both_languages():
    one = stands(run("failed", cause="table.column", hint=HINT))
    assert (one.state, one.mark, kinds(one)) == ("failing", "bad", ["failing"])
    assert one.hint == Text(
        "shipments: the last run failed (table.column). The file has no column number.",
        "shipments: последний запуск не удался (table.column). В файле нет колонки number.",
    )


def test_a_cancelled_run_tells_nothing_of_the_source():
    assert kinds(stands(run("cancelled"), run("failed", ago=30, cause="x"))) == ["failing"]
    assert stands(run("cancelled"), run()).state == "idle"


def test_a_braked_run_waits_for_a_decision_until_a_run_that_allows_it():
    braked = run("braked", full=True, counts={"read": 60}, cause="sync.brake")
    one = stands(braked)
    assert (one.state, kinds(one), one.braked) == ("braked", ["shrinking"], True)
    assert "--allow-gone" in one.problems[0].ru
    allowed = stands(braked, opened=run("reading", over=False, ago=1, allow_gone=True))
    assert (kinds(allowed), allowed.braked) == ([], False)


def test_a_run_that_reads_changes_alone_is_no_answer_to_a_brake_that_holds():
    braked, changes = run("braked", full=True, ago=40, counts={"read": 60}, cause="sync.brake"), run(counts={"read": 1})
    one = stands(changes, braked)
    assert (one.state, kinds(one), one.braked) == ("braked", ["shrinking"], True)
    whole = run(full=True, counts={"read": 70})
    assert (stands(whole, changes, braked).state, stands(changes, whole, braked).braked) == ("idle", False)


@pytest.mark.parametrize("state", ["done", "braked"])
def test_a_full_read_of_nothing_where_there_was_something_is_empty(state: Any):
    one = stands(run(state, full=True))
    assert (one.state, kinds(one)) == ("empty", ["empty"])
    assert stands(run(full=True), live=0).state == "idle"
    assert stands(run(full=True, counts={"read": 1})).state == "idle"
    assert stands(run()).state == "idle"  # nothing has changed: no full read


def test_a_source_without_a_good_run_for_long_is_late():
    one = stands(run(ago=2), good_at=NOW - 46 * MINUTE)
    assert (one.state, kinds(one)) == ("late", ["late"])
    never = stands(run("failed", ago=50, cause="x"), run("failed", ago=60, cause="x"), good_at=None)
    assert "late" in kinds(never)
    assert "60 min" in never.problems[-1].en


def test_a_run_that_is_due_with_nobody_at_it_is_stuck():
    assert kinds(stands(run(ago=40), good_at=NOW - 39 * MINUTE)) == ["stuck"]
    waiting = stands(run(), opened=run("writing", over=False, ago=20))
    assert (waiting.state, kinds(waiting)) == ("stuck", ["stuck"])
    later = run("writing", over=False, ago=20, due_at=NOW + MINUTE)
    assert stands(run(), opened=later).state == "running"  # it waits for its time


def test_a_paused_source_alarms_nobody():
    one = stands(run("failed", cause="x"), paused_at=NOW - 90 * MINUTE, paused_by="anna", good_at=NOW - 500 * MINUTE)
    assert (one.state, one.alarms, one.next_at, one.paused_by) == ("paused", (), None, "anna")


def test_what_somebody_wants_comes_before_the_schedule():
    assert stands(run(), due_at=NOW).next_at == NOW
    old = stands(run(), due_at=NOW - 30 * MINUTE).next_at
    assert old is not None
    assert old > NOW  # it was answered by the run that began since


def test_every_state_has_words_in_both_languages():
    assert all(words.en and words.ru and words.en != words.ru for _, words in STATES.values())


def test_progress_of_reading_and_of_writing():
    reading = progress(run("reading", over=False, total=1000, counts={"read": 250}), 7, NOW)
    assert (reading.done, reading.total, reading.share) == (250, 1000, 0.25)
    assert reading.left == pytest.approx(1800)
    writing = progress(run("writing", over=False, counts={"read": 9, "created": 6, "parked": 2}), 2, NOW)
    assert (writing.done, writing.total) == (8, 10)
    unknown = progress(run("reading", over=False), 0, NOW)
    assert (unknown.total, unknown.share, unknown.left) == (None, None, None)
