from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connector.listening.health import NOBODY, state_in_words
from connector.speech import Text
from connector.telephony.checkpoint import Checkpoint, keep_checkpoint
from connector.telephony.health import Pbx, pbxs
from tests.integration.telephony.stage import Stage
from tests.unit.telephony.pbx import pbx


def listened(stage: Stage, **more: Any) -> Pbx:
    """The account ``office`` when the listener has just written this."""
    stage.accounts["office"] = pbx(listens=True)
    told = {"state": "connected", "since": stage.ago(minutes=5).isoformat(), "heard": stage.ago(seconds=3).isoformat()}
    stage.journal.remember("stream", "office", {**told, "why": "", **more})
    return seen(stage)


def seen(stage: Stage) -> Pbx:
    return next(one for one in pbxs(stage) if one.name == "office")


def test_a_stream_that_is_connected_is_well(stage: Stage) -> None:
    one = listened(stage)
    assert (one.state, one.problems) == ("connected", ())
    assert (one.since, one.heard) == (stage.ago(minutes=5), stage.ago(seconds=3))


@pytest.mark.parametrize(("seconds", "alarms"), [(60, 0), (61, 1)])
def test_a_stream_that_is_away_for_a_minute_is_a_problem(stage: Stage, seconds: int, alarms: int) -> None:
    one = listened(stage, state="waiting", since=stage.ago(seconds=seconds).isoformat(), why="Connection refused")
    assert len(one.problems) == alarms
    if alarms:
        assert "Connection refused" in one.problems[0].en
        assert one.problems[0].en.startswith("office: no connection with the PBX for 61 s")


def test_the_listeners_reason_may_be_in_both_languages(stage: Stage) -> None:
    one = listened(stage, state="refused", why=["The secret is wrong", "Пароль неверен"])
    assert one.why == Text("The secret is wrong", "Пароль неверен")
    assert "Пароль неверен" in one.problems[0].ru


def test_a_stream_without_a_reason_says_its_state(stage: Stage) -> None:
    assert "waits to reconnect" in listened(stage, state="waiting").problems[0].en


def test_a_pbx_that_nobody_listens_to_is_told_with_the_command(stage: Stage) -> None:
    stage.accounts["office"] = pbx(listens=True)
    one = seen(stage)
    assert one.state == NOBODY
    assert all("connector listen" in words for words in one.problems[0])


def test_a_listener_that_died_is_missed_after_two_minutes(stage: Stage) -> None:
    listened(stage)
    died = stage.clock()
    stage.clock.advance(120)
    assert seen(stage).state == "connected"
    stage.clock.advance(1)
    assert (seen(stage).state, seen(stage).since) == (NOBODY, died)


def test_a_pbx_that_calls_us_has_no_stream(stage: Stage) -> None:
    assert (seen(stage).state, seen(stage).problems) == ("", ())


@pytest.mark.parametrize("value", ["x", [], {"state": None, "since": 5, "why": {}}, {"state": "x" * 99}])
def test_what_a_listener_wrote_wrongly_is_no_crash(stage: Stage, value: Any) -> None:
    stage.accounts["office"] = pbx(listens=True)
    stage.journal.remember("stream", "office", value)
    assert len(seen(stage).state) <= 40
    assert state_in_words(seen(stage).state).en


def test_open_calls_are_counted_by_account(stage: Stage) -> None:
    stage.story("a")
    stage.story("b")
    stage.story("c", finished=True)
    assert {one.name: one.calls for one in pbxs(stage)} == {"office": 2, "plain": 0}


def test_a_history_that_cannot_be_read_for_an_hour_is_a_problem(stage: Stage) -> None:
    mark = Checkpoint(until=stage.ago(minutes=59)).failed(
        stage.clock(), "pbx.key_refused", timedelta(minutes=1), hint=("Make a new key.", "Создайте новый ключ.")
    )
    keep_checkpoint(stage.journal, "office", mark)
    assert (seen(stage).problems, seen(stage).unread) == ((), "pbx.key_refused")
    stage.clock.advance(61)
    (problem,) = seen(stage).problems
    assert "pbx.key_refused" in problem.en
    assert problem.ru.endswith("Создайте новый ключ.")


def test_a_house_without_telephony_is_not_asked(stage: Stage) -> None:
    stage.accounts.clear()
    stage.journal.close()
    assert pbxs(stage) == ()
