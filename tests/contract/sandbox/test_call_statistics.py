"""``voximplant.statistic.get`` (facts/bitrix24-telephony-crm.md §1.11)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.caller import Caller
from tests.contract.sandbox.phone import finished

GET = "voximplant.statistic.get"


@pytest.fixture
def three(app: Caller) -> Caller:
    """Calls that lasted 30, 0 and 90 seconds, with the external ids a, b, c; the last one outgoing."""
    for mark, kind, seconds in (("a", 2, 30), ("b", 2, 0), ("c", 1, 90)):
        began = f"2026-03-1{seconds % 7}T10:00:00+03:00"
        finished(app, seconds, TYPE=kind, EXTERNAL_CALL_ID=mark, CALL_START_DATE=began, LINE_NUMBER="line-1")
    return app


def ids(app: Caller, **asked: Any) -> list[str]:
    return [row["EXTERNAL_CALL_ID"] for row in app.result(GET, **asked)]


def test_every_scalar_is_a_text(three: Caller) -> None:
    row = three.result(GET)[0]
    assert {name: row[name] for name in ("ID", "PORTAL_USER_ID", "CALL_TYPE", "CALL_DURATION", "CALL_FAILED_CODE")} == {
        "ID": "1",
        "PORTAL_USER_ID": "1",
        "CALL_TYPE": "2",
        "CALL_DURATION": "30",
        "CALL_FAILED_CODE": "200",
    }
    assert row["CALL_START_DATE"] == "2026-03-12T10:00:00+03:00"
    assert (row["PORTAL_NUMBER"], row["RECORD_FILE_ID"]) == ("line-1", None)
    assert "CALL_STATUS" not in row


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"EXTERNAL_CALL_ID": "b"}, ["b"]),
        ({"EXTERNAL_CALL_ID": ["a", "c"]}, ["a", "c"]),
        ({">ID": 1}, ["b", "c"]),
        ({">=CALL_DURATION": 30}, ["a", "c"]),
        ({"<CALL_DURATION": 30}, ["b"]),
        ({"><CALL_DURATION": [10, 40]}, ["a"]),
        ({"!><CALL_DURATION": [10, 40]}, ["b", "c"]),
        ({"!CALL_TYPE": 2}, ["c"]),
        ({"!=CALL_FAILED_CODE": "200"}, ["b"]),
        ({"%PHONE_NUMBER": "999123"}, ["a", "b", "c"]),
        ({"!%PHONE_NUMBER": "999123"}, []),
        ({">CALL_START_DATE": "2026-03-12T07:00:00Z"}, ["c"]),
        ({"external_call_id": "b"}, ["b"]),
        ({"EXTERNAL_ID": "nonsense"}, ["a", "b", "c"]),
        ({"@EXTERNAL_CALL_ID": ["b"]}, ["a", "b", "c"]),
    ],
)
def test_conditions_are_obeyed_and_unknown_ones_dropped_silently(
    three: Caller, filters: dict[str, Any], found: list[str]
) -> None:
    assert ids(three, FILTER=filters) == found


def test_sort_and_order_count_only_together(three: Caller) -> None:
    assert ids(three, SORT="CALL_DURATION", ORDER="DESC") == ["c", "a", "b"]
    assert ids(three, SORT="CALL_DURATION") == ["a", "b", "c"]
    assert ids(three, ORDER="DESC") == ["a", "b", "c"]
    assert ids(three, SORT="CALL_TYPE", ORDER="DESC") == ["a", "b", "c"]


def test_pages_have_fifty_rows_and_minus_one_does_not_count(app: Caller) -> None:
    for number in range(52):
        finished(app, EXTERNAL_CALL_ID=str(number))
    body = app.call(GET)[1]
    assert (len(body["result"]), body["total"], body["next"]) == (50, 52, 50)
    body = app.call(GET, start=50)[1]
    assert (len(body["result"]), "next" in body) == (2, False)
    body = app.call(GET, start=-1, FILTER={">ID": 50}, SORT="ID", ORDER="ASC")[1]
    assert ([row["ID"] for row in body["result"]], body["total"]) == (["51", "52"], 0)
