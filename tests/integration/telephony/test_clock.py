from __future__ import annotations

from typing import Any

from connector.errors import TransientError
from connector.speech import Text
from jobs import tasks
from tests.integration.telephony.stage import Stage
from tests.unit.jobs.world import house
from tests.unit.telephony.pbx import Past, ended, pbx


def home(stage: Stage) -> Any:
    return house(**{name: getattr(stage, name) for name in ("journal", "intake", "accounts", "portals", "clock")})


def test_the_clock_reads_histories_at_their_own_pace(stage: Stage) -> None:
    stage.past.calls = [ended("lost", at=stage.ago(hours=1))]
    assert tasks.backfill(home(stage)) == 1
    asked = len(stage.past.asked)
    stage.clock.advance(60)
    assert tasks.backfill(home(stage)) == 0
    assert len(stage.past.asked) == asked
    stage.clock.advance(600)
    tasks.backfill(home(stage))
    assert len(stage.past.asked) > asked


def test_a_pbx_that_refuses_keeps_no_other_from_being_read(stage: Stage) -> None:
    other = Past(calls=[ended("lost", at=stage.ago(hours=1), account="second")])
    stage.past.raises = [TransientError("pbx.busy", hint=Text("wait", "ждите"))]
    stage.accounts["second"] = pbx("second", history=other)
    assert tasks.backfill(home(stage)) == 1


def test_the_clock_ends_calls_that_lost_their_end(stage: Stage) -> None:
    stage.story("stuck")
    assert tasks.watch_calls(home(stage)) == 0
    stage.clock.advance(4 * 3600)
    assert tasks.watch_calls(home(stage)) == 1
