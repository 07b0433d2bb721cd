from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.calls import CallRecorded, CallStarted
from connector.domain.events import Ignored
from connector.domain.request import Request
from connector.domain.values import File
from connector.errors import PermanentError, TransientError
from connector.journal import Envelope
from connector.repair import Deed, replay_envelope
from connector.speech import Text
from connector.telephony import own
from connector.telephony.checkpoint import LAG, checkpoint_of
from connector.telephony.history import APART, AT_ONCE, Report, backfill, due, has_history
from tests.integration.telephony.stage import KilledError, Stage
from tests.unit.telephony.pbx import ended

HINT = Text("Wait a minute", "Подождите минуту")


def recorded(call: str, at: Any, ref: str = "https://pbx/rec.mp3") -> CallRecorded:
    return CallRecorded(account="office", call=call, at=at, recording=File(ref=ref, name="rec.mp3"))


def test_calls_of_an_outage_are_found_and_what_is_known_is_left_alone(stage: Stage) -> None:
    stage.story("known", finished=True, records={"https://pbx/known.mp3": {}})
    stage.past.calls = [
        ended("known", at=stage.ago(hours=2)),
        recorded("known", stage.ago(hours=2)),
        ended("lost", at=stage.ago(hours=1), client="+79001234567", direction="incoming"),
        recorded("lost", stage.ago(hours=1)),
        ended("too young", at=stage.ago(minutes=1)),
    ]
    assert backfill(stage, "office") == Report(found=1)
    assert stage.kept() == [("history:lost", ["call.ended", "call.recorded"])]
    (first, second) = stage.deliveries()
    assert (first["destination"], first["lane"]) == ("portal:main", "call.office.lost")
    assert (first["event"]["past"], first["event"]["client"]) == (True, "+79001234567")
    assert second["event"]["recording"]["ref"] == "https://pbx/rec.mp3"
    assert stage.until() == stage.clock() - LAG


def test_the_next_looks_find_nothing_twice(stage: Stage) -> None:
    stage.past.calls = [ended("lost", at=stage.ago(minutes=20))]
    assert backfill(stage, "office") == Report(found=1)
    for _ in range(3):
        stage.clock.advance(600)
        assert backfill(stage, "office") == Report()
    assert len(stage.kept()) == 1


def test_a_call_that_began_before_our_eyes_and_lost_its_end_is_ended(stage: Stage) -> None:
    stage.story("half")
    stage.past.calls = []
    backfill(stage, "office")
    stage.clock.advance(3 * 3600)  # a call longer than looks overlap
    stage.past.calls = [ended("half", at=stage.clock(), lasted=3 * 3600)]
    stage.clock.advance(600)
    assert backfill(stage, "office") == Report(found=1)


def test_a_recording_that_nobody_told_of_is_found_for_a_finished_call(stage: Stage) -> None:
    stage.story("silent", finished=True)
    stage.past.calls = [ended("silent", at=stage.ago(hours=1)), recorded("silent", stage.ago(hours=1))]
    assert backfill(stage, "office") == Report(recordings=1)
    assert [kinds for _, kinds in stage.kept()] == [["call.recorded"]]
    stage.clock.advance(600)
    assert backfill(stage, "office") == Report()


def test_what_is_no_finished_call_of_the_account_is_not_kept(stage: Stage) -> None:
    at = stage.ago(hours=1)
    stage.past.calls = [
        CallStarted(account="office", call="going on", at=at),
        ended("of another", at=at, account="plain"),
        ended("", at=at),
    ]
    stage.past.calls.append(recorded("no end", at))
    assert backfill(stage, "office") == Report()
    assert stage.kept() == []


def test_unknown_things_in_a_history_are_passed_over(stage: Stage) -> None:
    def told(*_: Any) -> Any:
        yield Ignored(what="fax")
        yield ended("lost", at=stage.ago(hours=1))

    object.__setattr__(stage.accounts["office"].provider.telephony, "history", told)
    assert backfill(stage, "office").found == 1  # type: ignore[union-attr]


def test_the_first_look_asks_for_a_day_in_pieces_of_six_hours(stage: Stage) -> None:
    backfill(stage, "office")
    spans = stage.past.asked
    assert len(spans) == 4
    assert (spans[0][0], spans[-1][1]) == (stage.clock() - LAG - timedelta(hours=24), stage.clock() - LAG)


def test_killed_at_any_line_it_loses_and_doubles_nothing(stage: Stage) -> None:
    calls = [f"c{number}" for number in range(9)]
    stage.past.calls = [ended(call, at=stage.ago(hours=2 + 2 * number)) for number, call in enumerate(calls)]
    for lives in range(len(calls)):
        stage.door.dies_after = lives % 3
        before = stage.until()
        with pytest.raises(KilledError):
            backfill(stage, "office")
        stage.clock.advance(601)  # the lock of whoever died ends by itself
        after = stage.until()
        assert before is None or (after is not None and after >= before)
        if len(stage.kept()) == len(calls):
            break
    stage.door.dies_after = -1
    stage.clock.advance(601)
    backfill(stage, "office")
    assert [key for key, _ in stage.kept()] == [f"history:{call}" for call in calls]


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (TransientError("pbx.busy", hint=HINT, retry_after=300), 300),
        (TransientError("network.no_connection", hint=HINT), 120),
        (PermanentError("pbx.key_refused", hint=HINT), 600),
        (ValueError("not a date"), 600),
    ],
)
def test_a_pbx_that_refuses_is_asked_again_when_it_likes(stage: Stage, error: Exception, pause: int) -> None:
    stage.past.calls = [ended("lost", at=stage.ago(hours=1))]
    stage.past.raises = [error]
    assert backfill(stage, "office") == Report(whole=False)
    mark = checkpoint_of(stage.journal, "office")
    assert mark.until is None
    assert mark.why
    assert all(mark.hint)
    stage.clock.advance(pause - 1)
    assert not due(stage, "office")
    stage.clock.advance(1)
    assert due(stage, "office")
    assert backfill(stage, "office") == Report(found=1)
    assert checkpoint_of(stage.journal, "office").why == ""


def test_what_was_read_before_the_refusal_is_not_asked_for_again(stage: Stage) -> None:
    real = stage.past.__call__
    asked = 0

    def half(*span: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise TransientError("pbx.busy", hint=HINT)
        return real(*span)

    object.__setattr__(stage.accounts["office"].provider.telephony, "history", half)
    backfill(stage, "office")
    assert stage.until() == stage.clock() - LAG - timedelta(hours=12)


def test_a_look_that_is_told_to_stop_goes_on_later(stage: Stage) -> None:
    stage.past.calls = [ended("lost", at=stage.ago(hours=1))]
    assert backfill(stage, "office", stop=lambda: True) == Report(whole=False)
    assert stage.until() is None
    assert due(stage, "office")
    assert backfill(stage, "office") == Report(found=1)


def test_only_one_process_looks_at_a_time(stage: Stage) -> None:
    with stage.journal.lock("history:office", ttl=60):
        assert backfill(stage, "office") is None


def test_a_stream_that_came_back_calls_for_a_look_at_once(stage: Stage) -> None:
    backfill(stage, "office")
    stage.clock.advance(60)
    assert not due(stage, "office")
    lost = {"state": "waiting", "since": stage.clock().isoformat(), "heard": "", "why": ""}
    stage.journal.remember("stream", "office", lost)
    assert not due(stage, "office")
    stage.journal.remember("stream", "office", {**lost, "state": "connected"})
    assert due(stage, "office")


def test_only_a_pbx_that_has_a_history_is_asked(stage: Stage) -> None:
    assert [has_history(stage.accounts[name]) for name in ("office", "plain")] == [True, False]


def test_what_the_history_told_is_no_sign_of_life(stage: Stage) -> None:
    stage.past.calls = [ended("lost", at=stage.ago(hours=1))]
    backfill(stage, "office")
    assert "office" not in stage.journal.arrivals().heard
    stage.clock.advance(3600)
    stage.journal.tally()
    assert stage.journal.day().rows.keys() <= {"portal:main"}
    heard = Request(method="POST", path="/hooks/office", headers={}, body=b"", received_at=stage.clock())
    stage.journal.accept(Envelope(trace="t" * 26, account="office", dedupe_key="x", request=heard), [])
    assert "office" in stage.journal.arrivals().heard
    stage.clock.advance(3600)
    stage.journal.tally()
    assert "account:office" in stage.journal.day().rows


def test_a_call_that_no_database_would_take_is_parked_and_can_be_looked_at(stage: Stage) -> None:
    stage.past.calls = [ended("bad\0id", at=stage.ago(hours=1)), ended("good", at=stage.ago(hours=1))]
    backfill(stage, "office")
    (parked,) = stage.journal.list("envelopes", state="parked")
    assert parked["cause"] == "parse.failed"
    assert [row["lane"] for row in stage.deliveries()] == ["call.office.good"]


def test_a_parked_history_is_read_again_by_a_replay(stage: Stage) -> None:
    class Parking:
        def keep(self, envelope: Any, deliveries: Any) -> bool:
            return stage.journal.accept(replace(envelope, state="parked", cause="journal.refused"), [])

    events = [ended("lost"), recorded("lost", stage.clock())]
    own.keep(Parking(), stage.accounts["office"], "history:lost", events, method=own.HISTORY, clock=stage.clock)
    (parked,) = stage.journal.list("envelopes", state="parked")
    assert replay_envelope(stage, parked["trace"], Deed(who="ops", why="mended")) == 2  # type: ignore[arg-type]
    assert [row["kind"] for row in stage.deliveries()] == ["call.ended", "call.recorded"]


def test_hundreds_of_calls_of_the_past_come_by_and_by_and_who_is_waited_for_at_once(stage: Stage) -> None:
    number = AT_ONCE + 50
    stage.past.calls = [ended(f"c-{n:03}", at=stage.ago(minutes=60)) for n in range(number)]
    stage.past.calls.append(ended("waited for", at=stage.ago(minutes=60)))
    stage.journal.remember("call.open", "office.waited for", {"at": stage.ago(minutes=62).isoformat(), "waits": "?"})
    assert backfill(stage, "office") == Report(found=number + 1)
    assert len(claimed(stage)) == AT_ONCE + 2  # the first after a pause of none
    assert "call.office.waited for" in claimed(stage)
    stage.clock.advance(APART * 50)
    assert len(claimed(stage)) == number + 1


def claimed(stage: Stage) -> set[str]:
    """The lanes that a pump would take up now."""
    lease = stage.journal.lease("portal:main", ttl=0.01)
    assert lease is not None
    lanes = {delivery.lane for delivery in stage.journal.claim(lease, lanes=500)}
    stage.journal.leave(lease, force=True)
    return lanes
