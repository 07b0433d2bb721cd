"""Fields of CRM items: their names, and when two values are the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connector.handlers.fields import is_empty, missing, name_of, same, wire


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ASSIGNED_BY_ID", "assignedById"),
        ("assignedById", "assignedById"),
        ("NAME", "name"),
        ("STATUS_ID", "stageId"),
        ("UTM_SOURCE", "utmSource"),
        ("PARENT_ID_1036", "parentId1036"),
        ("COMPANY_TYPE", "typeId"),
        ("UF_CRM_3_TRACK", "UF_CRM_3_TRACK"),
        ("ufCrm3Digit", "ufCrm3Digit"),
        ("phone", "PHONE"),
    ],
)
def test_both_spellings_of_a_field_are_one(written: str, name: str) -> None:
    assert name_of(written) == name


@pytest.mark.parametrize(
    ("have", "want"),
    [
        ("1", 1),
        (100, "100.00"),
        ("100.00", 100),
        ("Y", True),
        ("1", True),
        (None, False),
        ("N", False),
        (None, ""),
        (None, []),
        ("a ", "a"),
        ("a<br />\nb", "a\nb"),
        ("a\r\nb", "a\nb"),
        ([1, 2], ["2", "1"]),
        ([5], "5"),
        ("2026-08-01T03:00:00+03:00", "2026-08-01"),
        ("2026-08-01T03:00:00+03:00", date(2026, 8, 1)),
        ("2026-08-01T03:00:00+03:00", datetime(2026, 8, 1, tzinfo=UTC)),
        ("2026-08-01T03:00:00+03:00", "2026-08-01T00:00:00Z"),
        ("10|RUB", "10.00|RUB"),
    ],
)
def test_what_only_looks_different_is_the_same(have: Any, want: Any) -> None:
    assert same(have, want)


@pytest.mark.parametrize(
    ("have", "want"),
    [
        ("7", "007"),
        ("1.10", "1.1"),
        ("a", "b"),
        (1, 2),
        ("N", True),
        ([1], [1, 2]),
        (["1", "1"], ["1"]),
        (None, 5),
        ("x", ""),
        ("abc", 1),
        ("2026-08-01T03:00:00+03:00", "2026-08-02"),
        ("10|RUB", "10|USD"),
    ],
)
def test_what_is_different_is_different(have: Any, want: Any) -> None:
    assert not same(have, want)


def test_numbers_are_added_unless_they_are_there_in_any_spelling() -> None:
    have = [{"id": 1, "typeId": "PHONE", "value": "8 (900) 111-22-33"}]
    values = ["+79001112233", {"VALUE": "+79002223344", "VALUE_TYPE": "MOBILE"}, "", "+7 900 222-33-44"]
    assert missing("PHONE", have, values, "RU") == [
        {"typeId": "PHONE", "valueType": "MOBILE", "value": "+79002223344"},
    ]
    assert missing("EMAIL", [{"typeId": "EMAIL", "value": "Anna@Acme.ru"}], "anna@acme.ru", "RU") == []


def test_values_go_over_the_wire_as_the_portal_reads_them() -> None:
    assert wire([True, datetime(2026, 8, 1, tzinfo=UTC), date(2026, 8, 1)]) == [
        "Y",
        "2026-08-01T00:00:00+00:00",
        "2026-08-01",
    ]


@pytest.mark.parametrize("value", [None, "", [], 0, "N"])
def test_there_is_room_to_fill(value: Any) -> None:
    assert is_empty(value)
