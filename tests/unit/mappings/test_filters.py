"""Every filter does what its documentation shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.contexts import Context
from mappings.expressions import ExpressionError, parse
from mappings.filters import FILTERS, TESTS
from mappings.names import taken_apart

TABLES = {"regions": {"77": {"code": "77", "manager": "12"}, "78": {"code": "78", "manager": "14"}}, "empty": {}}
CONTEXT = Context(tables=TABLES)
ALL = {**FILTERS, **{f"is {name}": test for name, test in TESTS.items()}}


def value(text: str, scope: dict[str, Any] | None = None, context: Context = CONTEXT) -> Any:
    return parse(text, bare=True, context=context)(scope or {"event": {"client": {}}})


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_example_of_the_documentation_is_true(name: str) -> None:
    filter_ = ALL[name]
    assert value(filter_.example) == filter_.gives
    assert filter_.signature.startswith(name)
    assert name in filter_.example
    en, ru = filter_.about
    assert en.isascii() or "…" in en
    assert ru != en


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none | lower", ""),
        ("none | split", []),
        ("none | length", 0),
        ("none | first", None),
        ("none | join", ""),
        ("none | cut", ""),
        ("none | e164", ""),
        ("none | email", ""),
        ("none | number", None),
        ("none | money", ""),
        ("none | round", None),
        ("none | date", ""),
        ("none | local", None),
        ("none | hour", None),
        ("none | plus(days=1)", None),
        ("none | parse_date", None),
        ("none | next_workday", None),
        ("none | matches('a')", False),
        ("none | extract('a')", ""),
        ("none | first_name", ""),
        ("none | lookup('regions', 'manager')", None),
        ("none is within('20:00-08:00')", False),
        ("none is workday", False),
        ("none | in_list(['', 'a'])", False),
    ],
)
def test_filters_take_nothing_for_nothing(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a b  c' | split('')", ["a", "b", "c"]),
        ("'abc' | cut(3)", "abc"),
        ("'abcd' | cut(3)", "ab…"),
        ("12 | cut(1)", "…"),
        ("'ё' | replace('ё', 'е')", "е"),
        ("'a' | in_list(['b', 'A '])", True),
        ("'o’neil mcdonald' | title", "O’neil Mcdonald"),
        ("'abc' | last", "c"),
        ("{'a': 1} | length", 1),
        ("[1, '1', 1] | unique", [1, "1"]),
        ("'1.234,50' | number", 1234.5),
        ("'1 234' | number", 1234),
        ("'1,234.5' | number", 1234.5),
        ("'1,234' | number", 1.234),
        ("'1,234' | number('en')", 1234),
        ("'1.234.567' | number", 1234567),
        ("'-5 %' | number", -5),
        ("'12 шт' | number", None),
        ("'7-8' | number", None),
        ("'9999999999999999' | number", None),
        ("2.675 | round(2)", 2.68),
        ("-2.5 | round", -3),
        ("'7' | round", 7),
        ("[none, '7', 3] | max", 7),
        ("[] | min", None),
        ("5 | min(3)", 3),
        ("1234567.5 | money | replace('\u00a0', ' ')", "1 234 567,50 ₽"),
        ("'ANNA@ACME.RU ' | email", "anna@acme.ru"),
        ("'anna@acme' | email", ""),
        ("'mailto:a@b.ru' | email", "a@b.ru"),
        ("'+1 650 253 0000' | e164", "+16502530000"),
        ("'123' | e164", ""),
        ("79001234567 | e164", "+79001234567"),
        ("'77 ' | lookup('regions', 'manager')", "12"),
        ("'99' | lookup('regions', 'manager')", None),
        ("'99' | lookup('regions', 'manager', event.client | default(1))", 1),
        ("'99' | lookup('empty', 'anything', 2)", 2),
    ],
)
def test_texts_numbers_and_tables(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("full", "expected"),
    [
        ("Иванов Иван Иванович", ("Иван", "Иванович", "Иванов")),
        ("Иван Иванович Иванов", ("Иван", "Иванович", "Иванов")),
        ("Анна Сергеевна", ("Анна", "Сергеевна", "")),
        ("Иван Иванов", ("Иван", "", "Иванов")),
        ("Иванов Иван", ("Иван", "", "Иванов")),
        ("Марина Шульц", ("Марина", "", "Шульц")),
        ("Константин Петров", ("Константин", "", "Петров")),
        ("Салтыков-Щедрин Михаил Евграфович", ("Михаил", "Евграфович", "Салтыков-Щедрин")),
        ("Алиев Гейдар Али оглы", ("Гейдар", "Али оглы", "Алиев")),
        ("Anna Maria Schulz", ("Anna", "Maria", "Schulz")),
        ("Schulz, Anna", ("Anna", "", "Schulz")),
        ("Анна", ("Анна", "", "")),
        ("  ", ("", "", "")),
        (", ", ("", "", "")),
    ],
)
def test_a_full_name_is_taken_apart(full: str, expected: tuple[str, str, str]) -> None:
    assert tuple(taken_apart(full)) == expected


@given(full=st.text(max_size=60))
def test_no_word_of_a_name_is_made_up(full: str) -> None:
    words = set(full.replace(",", " ").split())
    assert all(set(part.split()) <= words for part in taken_apart(full))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at | date", "02.03.2026"),
        ("at | date('d MMMM yyyy, EEEE')", "2 марта 2026, понедельник"),
        ("at | date(\"HH 'ч' mm\", 'UTC')", "22 ч 30"),
        ("at | hour", 1),
        ("at | hour('UTC')", 22),
        ("at | weekday", 1),
        ("at | weekday('UTC')", 7),
        ("'2026-03-01' | date", "01.03.2026"),
        ("'2026-03-01T10:00:00' | hour", 10),
        ("at is within('20:00-08:00')", True),
        ("at is within('02:00-01:00')", False),
        ("at is within('01:30-02:00')", True),
        ("at is within('00:00-01:30')", False),
        ("at is within('00:00-24:00')", True),
        ("at is within('22:00-23:00', 'UTC')", True),
        ("at is workday", True),
        ("at is workday('UTC')", False),
        ("at | plus(hours=-2) | date('dd.MM HH:mm')", "01.03 23:30"),
        ("at | plus(1) | date('dd.MM HH:mm')", "03.03 01:30"),
        ("at | plus(days=at | weekday) | date", "03.03.2026"),
        ("'2026-02-27T12:00:00+03:00' | next_workday | date('dd.MM HH:mm')", "02.03 10:00"),
        ("'2026-02-28T12:00:00+03:00' | next_workday | date('dd.MM HH:mm')", "02.03 10:00"),
        ("'2026-03-01T12:00:00+03:00' | next_workday('9:05') | date('dd.MM HH:mm')", "02.03 09:05"),
        ("'2026-03-02T12:00:00+03:00' | next_workday | date('dd.MM HH:mm')", "03.03 10:00"),
        ("'1.3.2026' | parse_date | date", "01.03.2026"),
        ("'01.03.26 7:05' | parse_date('dd.MM.yy H:mm') | hour", 7),
        ("'31.02.2026' | parse_date", None),
        ("'soon' | parse_date", None),
        ("'2026-03-01T10:00:00Z' | parse_date | hour", 13),
        ("at | parse_date | hour", 1),
    ],
)
def test_moments_follow_the_clocks_of_the_zone(text: str, expected: Any) -> None:
    assert value(text, {"at": datetime(2026, 3, 1, 22, 30, tzinfo=UTC)}) == expected


def test_country_zone_and_language_are_those_of_the_settings() -> None:
    abroad = Context(country="DE", zone="Europe/Berlin", language="en")
    assert value("'030 1234567' | e164", context=abroad) == "+49301234567"
    assert value("'2026-03-01T10:00:00Z' | date('d MMMM HH')", context=abroad) == "1 March 11"
    assert value("'1,234' | number", context=abroad) == 1234
    assert value("'089 1234567' | e164(event.country)", {"event": {"country": "DE"}}) == "+49891234567"


@pytest.mark.parametrize(
    ("text", "said", "mend"),
    [
        ("'' | date('dd', 'Europe/Moscw')", "Unknown zone `Europe/Moscw`", "Did you mean Europe/Moscow?"),
        ("'' | date('dd', '../../etc/passwd')", "Unknown zone", "Known"),
        ("'' | date('%d.%m.%Y')", "`%` in the date format", "dd day"),
        ("'' | date('DD.MM.YYYY')", "`DD` in the date format", "dd day"),
        ("'' | parse_date('MM.yyyy')", "in the date format", "dd day"),
        ("'' | parse_date('dd.dd.yyyy')", "in the date format", "dd day"),
        ("'' is within('8-20')", "`8-20` are not hours", "'20:00-08:00'"),
        ("'' | next_workday('25:00')", "`25:00` is not a time", "'10:00'"),
        ("'' | e164('XX')", "Unknown country `XX`", "Known"),
        ("'' | e164('Россия')", "Unknown country `Россия`", "two letters"),
        ("'' | money('RUBL')", "Unknown currency `RUBL`", "Did you mean RUB?"),
        ("'' | money('RUB', 'de')", "Unknown language `de`", "'ru' or 'en'"),
        ("'' | lookup('region', 'manager')", "Unknown table `region`", "Did you mean regions?"),
        ("'' | lookup('regions', 'managr')", "has no column `managr`", "Did you mean manager?"),
        ("'' | lookup(event, 'manager')", "`table` must be written out", "lookup(table, column, default)"),
        ("'' | lookup('regions', 'managr', event)", "has no column `managr`", "Did you mean manager?"),
        ("'' | plus(days=99999999999)", "too far away", "plus(days=2)"),
        ("'' | plus(days='a')", "`days` is a text, but a number is needed", "plus(days=0"),
    ],
)
def test_what_is_written_wrong_is_found_before_any_event(text: str, said: str, mend: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, bare=True, context=CONTEXT)
    assert said in caught.value.said[0]
    assert mend in caught.value.mend[0]
    assert all(caught.value.said + caught.value.mend)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("'yesterday' | date", "`yesterday` is not a moment"),
        ("5 | local", "`5` is not a moment"),
        ("[1] | lower", "A text is needed, but this is a list"),
        ("5 | first", "A list is needed, but this is a number"),
        ("'a' | round", "`a` is not a number"),
        ("'1' | e164(event.country)", "Unknown country `XX`"),
        ("event.at is within(event.country)", "`XX` are not hours"),
    ],
)
def test_what_is_wrong_with_a_value_is_said_at_use(text: str, said: str) -> None:
    made = parse(text, bare=True)
    with pytest.raises(ExpressionError, match=said):
        made({"event": {"country": "XX", "at": "2026-03-01"}})
