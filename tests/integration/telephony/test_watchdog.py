from __future__ import annotations

import json

import pytest

from connector.telephony.ongoing import open_calls
from connector.telephony.watchdog import LOST, LOST_THOUGH_HEARD, watch
from tests.integration.telephony.stage import KilledError, Stage
from tests.unit.telephony.pbx import pbx

HOURS = LOST.total_seconds()


def test_a_call_that_is_open_for_hours_with_nothing_heard_is_lost_once(stage: Stage) -> None:
    stage.story("stuck")
    heard = stage.clock()
    stage.clock.advance(HOURS - 1)
    assert watch(stage) == 0
    stage.clock.advance(1)
    assert watch(stage) == 1
    (row,) = stage.deliveries()
    assert (row["kind"], row["lane"], row["destination"]) == ("call.ended", "call.office.stuck", "portal:main")
    assert (row["event"]["cause"], row["event"]["talk"]) == ("lost", None)
    assert row["event"]["at"] == heard.isoformat().replace("+00:00", "Z")
    stage.clock.advance(HOURS)
    assert watch(stage) == 0
    assert len(stage.deliveries()) == 1


def test_a_long_call_that_is_heard_of_goes_on(stage: Stage) -> None:
    stage.story("long")
    stage.clock.advance(HOURS - 60)
    stage.journal.remember("event.call", "office.long", {"done": {}, "held": {"101": []}})
    stage.clock.advance(120)
    assert watch(stage) == 0


def test_finished_calls_and_those_of_accounts_that_are_gone_are_left_alone(stage: Stage) -> None:
    stage.story("over", finished=True)
    for key in ("removed.1", "office", "office.", ".x"):
        stage.journal.remember("call.open", key, {"at": stage.clock().isoformat(), "call_id": "x"})
    stage.clock.advance(HOURS * 2)
    assert watch(stage) == 0


def test_an_open_call_without_a_story_is_as_old_as_its_mark(stage: Stage) -> None:
    stage.journal.remember("call.open", "office.bare", {"at": "", "call_id": "x"})
    stage.clock.advance(HOURS)
    assert watch(stage) == 1


def test_killed_between_two_calls_it_goes_on_where_it_was(stage: Stage) -> None:
    for number in range(5):
        stage.story(f"c{number}")
    stage.clock.advance(HOURS)
    stage.door.dies_after = 2
    with pytest.raises(KilledError):
        watch(stage)
    stage.door.dies_after = -1
    assert watch(stage) == 3
    assert sorted(row["lane"] for row in stage.deliveries()) == [f"call.office.c{number}" for number in range(5)]


def test_open_calls_are_told_by_account(stage: Stage) -> None:
    stage.story("a")
    stage.story("b")
    stage.story("c", finished=True)
    stage.journal.remember("call.open", "office2.d", {"at": "", "call_id": "x"})
    assert [link.key for link in open_calls(stage, "office")] == ["office.a", "office.b"]
    assert len(open_calls(stage)) == 3


def test_what_the_watchdog_wrote_says_so(stage: Stage) -> None:
    stage.story("stuck")
    stage.clock.advance(HOURS)
    watch(stage)
    (row,) = stage.journal.list("envelopes")
    assert (row["method"], row["path"], row["dedupe_key"]) == ("WATCHDOG", "/watchdog/office", "watchdog:stuck")
    assert json.loads(stage.journal.show(row["trace"])["body"])[0]["call"] == "stuck"


def test_a_pbx_that_is_listened_to_is_believed_for_a_day(stage: Stage) -> None:
    stage.accounts["office"] = pbx(listens=True)
    stage.story("conference")
    stage.clock.advance(HOURS)

    def stream(state: str) -> None:
        now = stage.clock().isoformat()
        stage.journal.remember("stream", "office", {"state": state, "since": now, "heard": now, "why": ""})

    stream("connected")
    assert watch(stage) == 0
    stage.clock.advance(LOST_THOUGH_HEARD.total_seconds() - HOURS)
    stream("connected")
    assert watch(stage) == 1


@pytest.mark.parametrize("state", ["waiting", ""])
def test_a_pbx_that_is_away_is_believed_no_longer(stage: Stage, state: str) -> None:
    stage.accounts["office"] = pbx(listens=True)
    stage.story("stuck")
    stage.clock.advance(HOURS)
    if state:
        stage.journal.remember("stream", "office", {"state": state, "since": "", "heard": "", "why": ""})
    assert watch(stage) == 1
