from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from connector.domain.calls import CallEnded, CallRecorded
from connector.domain.request import Request
from connector.providers.beeline import history as past
from tests.unit.providers.beeline_portal import NOW, Api, account


def stamp(minutes: float) -> int:
    return int((NOW + timedelta(minutes=minutes)).timestamp() * 1000)


def call(minutes: float, **changes: Any) -> dict[str, Any]:
    return {
        "startDate": stamp(minutes),
        "abonent": {"userId": "9651112233@mpbx.sip.beeline.ru"},
        "direction": "INBOUND",
        "status": "RECIEVED",
        "duration": 41_000,
        "phone_from": "79001112233",
        "phone_to": "74951234567",
        **changes,
    }


def record(minutes: float, tracking: str, **changes: Any) -> dict[str, Any]:
    abonent = {"userId": "9651112233@mpbx.sip.beeline.ru"}
    return {
        "id": 1,
        "externalId": tracking,
        "date": stamp(minutes),
        "direction": "INBOUND",
        "abonent": abonent,
        **changes,
    }


def told(calls: list[Any], records: list[Any], **changes: Any) -> list[Any]:
    api = Api(**{"GET v2/statistics": calls, "GET records": records})
    return list(past.history(NOW - timedelta(hours=1), NOW, account(**changes), api.wire))


def test_a_past_call_is_known_by_its_recording():
    ended, recording = told([call(-30)], [record(-29.8, "5701687:1")])
    assert isinstance(ended, CallEnded)
    assert (ended.call, ended.past, ended.talk, ended.cause) == ("5701687:1", True, 41, "")
    assert (ended.direction, ended.client, ended.line, ended.employee) == (
        "incoming",
        "79001112233",
        "74951234567",
        "101",
    )
    assert isinstance(recording, CallRecorded)
    assert recording.recording.ref == "5701687:1/9651112233@mpbx.sip.beeline.ru"


def test_two_calls_do_not_share_a_recording():
    events = told([call(-30), call(-29.9)], [record(-29.8, "5701687:1")])
    assert [event.call for event in events] == ["5701687:1"] * 2


@pytest.mark.parametrize(
    "other",
    [
        {"date": stamp(-20)},
        {"direction": "OUTBOUND"},
        {"abonent": {"userId": "other"}},
        {"externalId": ""},
        {"date": None},
    ],
)
def test_a_recording_of_another_call_is_not_taken(other: dict[str, Any]):
    assert told([call(-30)], [record(-29.9, "5701687:1", **other)]) == []


def test_calls_without_a_recording_are_told_only_when_asked_for_and_always_alike():
    missed = call(-10, status="MISSED", duration=0)
    assert told([missed], []) == []
    (ended,) = told([missed], [], unrecorded=True)
    (again,) = told([dict(missed)], [], unrecorded=True)
    assert (ended.talk, ended.cause, ended.detail) == (0, "missed", "MISSED")
    assert ended.call == again.call
    assert ended.call.startswith("past-")


def test_an_outgoing_call_has_the_client_at_its_other_end():
    row = call(-5, direction="OUTBOUND", status="PLACED", phone_from="74951234567", phone_to="79002223344")
    (ended,) = told([row], [], unrecorded=True)
    assert (ended.direction, ended.client, ended.line) == ("outgoing", "79002223344", "74951234567")


def test_statistics_are_read_page_by_page():
    pages = [[call(-30 + each / 100) for each in range(past.PAGE)], [call(-1)], ["no more is asked for"]]

    def statistics(request: Request) -> Any:
        return pages[int(parse_qs(request.query)["page"][0])]

    api = Api(**{"GET v2/statistics": statistics, "GET records": []})
    events = list(past.history(NOW - timedelta(hours=1), NOW, account(unrecorded=True), api.wire))
    assert len(events) == past.PAGE + 1
    assert parse_qs(api.wire.seen[1].query)["dateFrom"] == ["2026-01-15T11:00:00Z"]


def test_records_are_read_by_the_last_id_and_never_for_ever():
    same = [record(-30, f"{each}:1", id=each) for each in range(past.PAGE)]
    api = Api(**{"GET v2/statistics": [], "GET records": same})
    assert list(past.history(NOW - timedelta(hours=1), NOW, account(), api.wire)) == []
    assert [parse_qs(request.query).get("id") for request in api.wire.seen[:2]] == [None, [str(past.PAGE - 1)]]
    assert len(api.wire.seen) == 3


@pytest.mark.parametrize("row", [{}, "?", {"startDate": "x"}, {"startDate": 10**15}, {"startDate": True}])
def test_rows_that_are_no_calls_are_passed_over(row: Any):
    assert told([row], [], unrecorded=True) == []
