from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.providers.table.values import Shaper, Unfit, exact, number
from tests.contract.sources.table.shelf import Shelf, csv


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,50", 1234.5),
        ("1\u00a0234,50", 1234.5),
        ("1\u202f234\u202f567", 1234567),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1,234,567", 1234567),
        ("0,10", 0.1),
        ("-5", -5),
        ("\u22125", -5),
        ("1'000", 1000),
        (",5", 0.5),
        ("1e3", 1000),
        ("007", 7),
        ("12345678901234567,89", "12345678901234567.89"),
        ("0.1234567890123456789", "0.1234567890123456789"),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: Any):
    found = number(text, "")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["", "abc", "1,2,3", "1.2.3", "12 kg", "1-2", "nan", "inf", "--5", "1,23.45.6"])
def test_what_is_no_number_is_none(text: str):
    with pytest.raises(ValueError, match=r".*"):
        number(text, "")


def test_the_sign_before_the_fraction_may_be_told():
    assert number("1,234", "") == 1.234
    assert number("1,234", ".") == 1234
    assert number("1.234", ",") == 1234
    with pytest.raises(ValueError, match=r"1\.5"):
        number("1.5", ",")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20))
def test_no_digit_of_a_number_is_lost(value: Decimal):
    found = exact(value)
    assert Decimal(repr(found) if isinstance(found, float) else found) == value


def shaped(shelf: Shelf, value: Any, kind: str = "", **said: Any) -> Any:
    types = {"x": kind} if kind else {}
    return Shaper(shelf.settings(types=types, **said)).shape({"x": value})["x"]


@pytest.mark.parametrize("kind", ["text", "number", "bool", "date", "datetime"])
def test_an_empty_cell_is_nothing(shelf: Shelf, kind: str):
    assert shaped(shelf, None, kind) is None


@pytest.mark.parametrize(("word", "value"), [("да", True), ("Нет", False), ("TRUE", True), ("0", False), (1, True)])
def test_yes_and_no_are_read_in_both_languages(shelf: Shelf, word: Any, value: bool):
    assert shaped(shelf, word, "bool") is value


@pytest.mark.parametrize(
    ("given_", "kind", "value"),
    [
        ("15.01.2026", "date", "2026-01-15"),
        ("15.01.2026", "datetime", "2026-01-15T00:00:00+03:00"),
        ("15.01.2026 14:59", "datetime", "2026-01-15T14:59:00+03:00"),
        ("15.01.2026  14:59:01", "datetime", "2026-01-15T14:59:01+03:00"),
        ("2026-01-15T11:00:00Z", "datetime", "2026-01-15T11:00:00+00:00"),
        ("2026-01-15", "date", "2026-01-15"),
        (datetime(2026, 1, 15, 9, 30), "datetime", "2026-01-15T09:30:00+03:00"),
        (46037, "date", "2026-01-15"),
        (46037.5, "datetime", "2026-01-15T12:00:00+03:00"),
    ],
)
def test_dates_are_read_in_the_zone_of_the_source(shelf: Shelf, given_: Any, kind: str, value: str):
    assert shaped(shelf, given_, kind, dates=["%d.%m.%Y"], timezone="Europe/Moscow") == value


def test_a_moment_knows_the_summer_time_of_its_zone(shelf: Shelf):
    said = {"dates": ["%d.%m.%Y %H:%M"], "timezone": "Europe/Berlin"}
    assert shaped(shelf, "15.01.2026 10:00", "datetime", **said) == "2026-01-15T10:00:00+01:00"
    assert shaped(shelf, "15.07.2026 10:00", "datetime", **said) == "2026-07-15T10:00:00+02:00"


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ("31.02.2026", "date", "is no date"),
        ("much", "number", "is no number"),
        ("maybe", "bool", "neither yes nor no"),
        (5, "date", "is no date"),
        ("#REF!", "number", "the error #REF!"),
        ("#N/A", "", "the error #N/A"),
    ],
)
def test_what_does_not_fit_says_what_and_where(shelf: Shelf, value: Any, kind: str, words: str):
    with pytest.raises(Unfit, match=words) as caught:
        shaped(shelf, value, kind, dates=["%d.%m.%Y"])
    assert "«x»" in caught.value.why.en
    assert "«x»" in caught.value.why.ru


def test_columns_that_are_not_declared_stay_as_they_are(shelf: Shelf):
    assert [shaped(shelf, value) for value in ("00123", "1 234,50", "да", 12, 0.1 + 0.2)] == [
        "00123",
        "1 234,50",
        "да",
        12,
        0.3,
    ]
    assert shaped(shelf, datetime(2026, 1, 15)) == "2026-01-15"
    assert shaped(shelf, date(2026, 1, 15)) == "2026-01-15"
    assert shaped(shelf, datetime(2026, 1, 15, 9, 30), timezone="Europe/Moscow") == "2026-01-15T09:30:00+03:00"


def test_text_has_no_fraction_that_nobody_wrote(shelf: Shelf):
    assert [shaped(shelf, value, "text") for value in (1001, 1001.0, "1001", True)] == ["1001", "1001", "1001", "true"]


def test_a_cell_that_does_not_fit_breaks_its_row_alone(shelf: Shelf):
    shelf.put("orders.csv", csv("number;weight", "A1;1,5", "A2;heavy", "A3;"))
    run = shelf.run(types={"weight": "number"})
    assert run.values == [{"number": "A1", "weight": 1.5}, {"number": "A3", "weight": None}]
    assert [(row.where, row.id, row.values["weight"]) for row in run.broken] == [("orders.csv:3", "A2", "heavy")]
