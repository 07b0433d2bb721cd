"""Finished calls from Mango's extended statistics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connector.domain.calls import CallEnded, CallRecorded
from connector.domain.request import Reply
from connector.errors import PermanentError, TransientError
from connector.providers.mango.history import PAGE, POLLS, history
from tests.unit.providers.mango_office import BEGAN, USERS, Mango, account


def call_row(**changes: Any) -> dict[str, Any]:
    stamp = int(BEGAN.timestamp())
    leg = {
        "call_type": "user",
        "call_abonent_id": 77,
        "call_answer_time": stamp + 14,
        "call_end_reason": 1110,
        "recording_id": ["R1"],
    }
    other = {"call_type": "user", "call_abonent_id": 78, "call_answer_time": None, "recording_id": []}
    group = {"call_type": "group", "call_abonent_id": 5, "members": [other, leg], "recording_id": ["R1", "R2"]}
    return {
        "entry_id": "MjkxMTA=",
        "context_type": 1,
        "context_status": 1,
        "caller_id": None,
        "caller_number": "79001112233",
        "called_number": "78001234567",
        "context_start_time": stamp,
        "duration": 109,
        "talk_duration": 95,
        "context_calls": [group],
    } | changes


def read(api: Mango, since: Any = BEGAN, until: Any = BEGAN + timedelta(hours=1), **changes: Any) -> Any:
    slept: list[float] = []
    events = list(history(since, until, account(**changes), api.wire, slept.append))
    return events, slept


def complete(*rows: Any) -> dict[str, Any]:
    return {"result": 1000, "status": "complete", "data": [{"list": list(rows)}]}


def test_history_tells_finished_calls_with_extensions_and_recordings():
    api = Mango(
        config__users__request=[USERS],
        stats__calls__request=[{"key": "K"}],
        stats__calls__result=[Reply(status=204), {"status": "work"}, complete(call_row(), "odd")],
    )
    (ended, first, second), slept = read(api)
    assert ended == CallEnded(
        account="office",
        call="MjkxMTA=",
        at=BEGAN + timedelta(seconds=109),
        direction="incoming",
        client="79001112233",
        line="78001234567",
        employee="101",
        talk=95,
        started_at=BEGAN,
        answered_at=BEGAN + timedelta(seconds=14),
        past=True,
    )
    assert isinstance(first, CallRecorded)
    assert [first.recording.ref, second.recording.ref] == ["R1", "R2"]
    assert len(slept) == 3
    assert api.told[1][1]["start_date"] == "15.01.2026 15:00:00"
    assert api.told[1][1]["end_date"] == "15.01.2026 16:00:00"


def test_history_of_calls_that_went_out_or_were_missed():
    stamp = int(BEGAN.timestamp())
    legs = [
        {"call_type": "user", "call_abonent_id": 77, "call_answer_time": stamp + 3},
        {"call_type": "number", "call_answer_time": stamp + 20, "call_end_reason": 1120},
    ]
    out = call_row(context_type=2, caller_id=78, called_number="79005556677", context_calls=legs)
    busy = {"call_type": "number", "call_answer_time": None, "call_end_reason": 1121}
    lost = call_row(context_type="2", caller_id="78", talk_duration=0, context_calls=[legs[0], busy])
    inner = {"call_type": "user", "call_abonent_id": 78, "call_end_reason": 1111}
    missed = call_row(talk_duration=0, context_status=0, context_calls=[inner])
    api = Mango(
        config__users__request=[USERS],
        stats__calls__request=[{"key": "K"}],
        stats__calls__result=[complete(out, lost, missed, {"entry_id": ""})],
    )
    (first, second, third), _ = read(api)
    assert (first.direction, first.client, first.employee, first.line) == ("outgoing", "79005556677", "102", "")
    assert first.answered_at == BEGAN + timedelta(seconds=20)
    assert (second.cause, second.talk, second.answered_at, second.detail) == ("busy", 0, None, "1121")
    assert (third.cause, third.employee, third.client) == ("missed", "102", "79001112233")


def test_a_long_history_is_asked_for_by_months_and_pages():
    full = complete(*[call_row(entry_id=f"e{number}", context_calls=[]) for number in range(PAGE)])
    api = Mango(
        config__users__request=[USERS],
        stats__calls__request=[{"key": "K"}] * 3,
        stats__calls__result=[full, complete(), complete()],
    )
    events, _ = read(api, since=BEGAN - timedelta(days=40))
    assert len(events) == PAGE
    asked = [told for path, told in api.told if path == "stats/calls/request"]
    assert [told["offset"] for told in asked] == [0, PAGE, 0]
    assert asked[0]["start_date"] == "06.12.2025 15:00:00"
    assert asked[2]["start_date"] == asked[0]["end_date"] == "05.01.2026 15:00:00"


@pytest.mark.parametrize("status", ["error", "cancel", "not-found", ""])
def test_statistics_that_fail_are_told(status: str):
    api = Mango(
        config__users__request=[USERS],
        stats__calls__request=[{"key": "K"}],
        stats__calls__result=[{"status": status}],
    )
    with pytest.raises(PermanentError):
        read(api)


def test_statistics_that_take_too_long_are_asked_for_later():
    api = Mango(
        config__users__request=[USERS],
        stats__calls__request=[{"key": "K"}],
        stats__calls__result=[{"status": "work"}] * POLLS,
    )
    with pytest.raises(TransientError) as later:
        read(api)
    assert later.value.retry_after == 300
