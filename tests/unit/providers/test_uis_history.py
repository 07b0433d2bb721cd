from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.domain.calls import CallEnded, CallRecorded
from connector.domain.values import File
from connector.errors import PermanentError
from connector.providers.uis import outbound
from tests.unit.providers.uis_portal import NOW, Api, account


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "start_time": "2026-01-15 13:00:00",
        "finish_time": "2026-01-15 13:01:00",
        "direction": "in",
        "is_lost": False,
        "talk_duration": 41,
        "wait_duration": 9,
        "total_duration": 60,
        "contact_phone_number": "79001112233",
        "virtual_phone_number": "74951234567",
        "communication_id": 77,
        "call_records": ["2e675888"],
        "last_answered_employee_id": 25,
        **changes,
    }


def past(*rows: Any) -> list[Any]:
    api = Api(get_calls_report={"data": list(rows)})
    return list(outbound.history(NOW - timedelta(hours=3), NOW, account(), api.wire))


def test_the_past_is_told_with_its_recordings():
    ended, recorded = past(row(1))
    assert isinstance(ended, CallEnded)
    assert (ended.call, ended.past, ended.talk, ended.cause, ended.employee) == ("1", True, 41, "", "101")
    assert ended.started_at == datetime(2026, 1, 15, 10, tzinfo=UTC)
    assert ended.answered_at == datetime(2026, 1, 15, 10, 0, 9, tzinfo=UTC)
    assert ended.at == datetime(2026, 1, 15, 10, 1, tzinfo=UTC)
    assert isinstance(recorded, CallRecorded)
    assert recorded.recording.ref == "https://app.uiscom.ru/system/media/talk/77/2e675888/"
    source = outbound.recording(recorded.recording, account(), Api().wire)
    assert (source.url, source.headers) == (recorded.recording.ref, {})


@pytest.mark.parametrize(
    ("changes", "cause", "detail"),
    [
        ({"is_lost": True, "talk_duration": 0}, "missed", ""),
        ({"talk_duration": 0, "finish_reason": "timeout"}, "missed", "timeout"),
        ({"direction": "out", "talk_duration": 0, "finish_reason": "no_success_subscriber_call"}, "unreachable", None),
        ({"direction": "out", "talk_duration": 0, "finish_reason": "mystery"}, "failed", "mystery"),
        ({"direction": "out", "talk_duration": 3, "finish_reason": "mystery"}, "", ""),
    ],
)
def test_why_nobody_talked_is_read_from_the_report(changes: dict[str, Any], cause: str, detail: str | None):
    ended = past(row(1, call_records=None, **changes))[0]
    assert ended.cause == cause
    assert detail is None or ended.detail == detail


def test_the_report_is_read_page_by_page_in_the_zone_of_the_cabinet():
    def report(params: dict[str, Any]) -> dict[str, Any]:
        left = outbound.PAGE + 1 - params["offset"]
        return {"data": [row(1 + params["offset"] + each) for each in range(min(left, params["limit"]))]}

    api = Api(get_calls_report=report)
    events = outbound.history(NOW - timedelta(hours=3), NOW, account(), api.wire)
    ended = [event for event in events if isinstance(event, CallEnded)]
    assert len({event.call for event in ended}) == outbound.PAGE + 1
    first, second = (json.loads(request.body)["params"] for request in api.wire.seen)
    assert (first["date_from"], first["date_till"]) == ("2026-01-15 12:00:00", "2026-01-15 15:00:00")
    assert second["offset"] == outbound.PAGE


def test_rows_that_are_no_calls_are_passed_over():
    assert past({}, {"id": 1}, "?", row(2, start_time="?")) == []


@pytest.mark.parametrize("ref", ["file:///etc/passwd", "", "record"])
def test_a_recording_that_is_no_address_is_refused(ref: str):
    with pytest.raises(PermanentError):
        outbound.recording(File(ref=ref), account(), Api().wire)
