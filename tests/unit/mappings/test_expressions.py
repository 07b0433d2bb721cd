"""Expressions read plain data and give plain data; what is wrong is said in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mappings.expressions import Context, Expression, ExpressionError, parse

SCOPE: dict[str, Any] = {
    "event": {
        "channel": "telegram",
        "text": "Хочу Возврат",
        "n": 5,
        "none": None,
        "empty": "",
        "client": {"phone": None, "first_name": "Анна"},
        "files": [{"name": "a.pdf"}, {"name": "b.pdf"}],
        "at": datetime(2026, 3, 1, 10, tzinfo=UTC),
        "items": 3,
    },
    "record": {"Номер заказа": "A-17", "_id": 9},
    "found": {"company": None},
    "facts": {"vip": False},
}


def value(text: str, *, bare: bool = True, context: Context | None = None) -> Any:
    return parse(text, bare=bare, context=context)(SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.channel == 'telegram'", True),
        ("event.channel in ['telegram', 'webchat']", True),
        ("event.channel not in ('a', 'b', 'c', 'd')", True),
        ("event.client in ('a', 'b', 'c', 'd')", False),
        ("'возврат' in event.text | lower and event.n > 3", True),
        ("not event.text", False),
        ("event.n == 1 or event.n", 5),
        ("1 < event.n <= 5", True),
        ("1 < event.n < 5", False),
        ("'vip' if facts.vip", None),
        ("'vip' if facts.vip else 'usual'", "usual"),
        ("event.files[0].name", "a.pdf"),
        ("event.files[-1].name", "b.pdf"),
        ("event.files[7].name", None),
        ("event.text[:4]", "Хочу"),
        ("event.files[1:]", [{"name": "b.pdf"}]),
        ("event.items", 3),
        ("record['Номер заказа']", "A-17"),
        ("record['_id']", 9),
        ("event[facts.vip | default('channel') if false else 'channel']", "telegram"),
        ("[event.n, {'a': event.channel}]", [5, {"a": "telegram"}]),
        ("event.n + 1", 6),
        ("event.n / 2 - 1.5 * 2 // 1 % 2", 1.5),
        ("-event.n", -5),
        ("event.channel + '!'", "telegram!"),
        ("[1] + [2]", [1, 2]),
        ("event.channel ~ event.none ~ event.n ~ true ~ 2.50", "telegram5true2.5"),
        ("event.at ~ ''", "2026-03-01T10:00:00+00:00"),
        ("event.none + 2", 2),
        ("{{ event.n }}", 5),
        ("  {{ event.n == 5 }} ", True),
    ],
)
def test_an_expression_gives_its_value(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("event.none.a.b", None),
        ("found.company.typeId == 'VIP'", False),
        ("found.company['typeId']", None),
        ("event.none in 'abc'", False),
        ("'a' in event.none", False),
        ("event.none[3]", None),
        ("event.unknown | default('x')", "x"),
        ("unknown | default('x')", "x"),
        ("unknown.deep.path | default", ""),
        ("event.none | default('x')", "x"),
        ("event.empty | default('x')", "x"),
        ("facts.vip | default('x')", False),
        ("event.files[7].name | default('x')", "x"),
        ("found.company.typeId | default('x')", "x"),
        ("event.none | default(event.unknown | default(event.n))", 5),
        ("event.unknown is defined", False),
        ("unknown.a is not defined", True),
        ("event.none is defined", True),
        ("event.none is none and event.empty is empty and event.n is not empty", True),
        ("event.unknown if event.unknown is defined else 'x'", "x"),
    ],
)
def test_nothing_is_nothing_and_what_is_missing_can_be_expected(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "said", "mend"),
    [
        ("event.chanel", "Unknown field `chanel` in `event`", "Did you mean channel?"),
        ("evnt.channel", "Unknown name `evnt`", "Did you mean event?"),
        ("event.client.nick", "Unknown field `nick` in `event.client`", "Known: first_name, phone"),
        ("event.text.lower", "`event.text` is a text and has no `lower`", "fields"),
        ("event.n < 'a'", "Cannot compare a number with a text", "| number"),
        ("event.none > 1", "Cannot compare nothing with a number", "| default(0)"),
        ("1 in 'abc'", "`in` cannot look for a number in a text", "list"),
        ("event.text + 1", "`+` does not go with a text and a number", "~"),
        ("event.text * 2", "`*` does not go with a text and a number", "number"),
        ("true + 1", "`+` does not go with true or false and a number", "number"),
        ("event.n / 0", "Division by zero", "if b else 0"),
        ("-event.text", "is not a number", "| number"),
        ("event.files ~ ''", "A text is needed, but this is a list", "| join"),
        ("event.client ~ ''", "A text is needed, but this is a set of fields", "| dump"),
        ("999999 * 9999999999", "beyond 10^15", "texts"),
        ("event.text['a':'b']", "A part can be taken", "whole numbers"),
    ],
)
def test_what_is_wrong_with_the_data_is_said(text: str, said: str, mend: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    assert said in caught.value.said[0]
    assert mend in caught.value.mend[0]
    assert all(caught.value.said + caught.value.mend)


@pytest.mark.parametrize(
    ("text", "said", "mend", "offset"),
    [
        ("event.text | loer", "Unknown filter `loer`", "Did you mean lower?", 13),
        ("event.text | truncate(5)", "Unknown filter `truncate`", "Did you mean cut?", 13),
        ("event.n is withn('1')", "Unknown test `withn`", "Did you mean within?", 11),
        ("evnt.text", "Unknown name `evnt`", "Did you mean event?", 0),
        ("event.text | cut('a')", "`cut`: `length` is a text, but a whole number is needed", "cut(length=100)", 13),
        ("event.text | cut(1, 2)", "`cut`: too many arguments", "It is written cut(length=100)", 13),
        ("event.text | cut(size=1)", "`cut` has no argument `size`", "length", 13),
        ("event.text | cut(1, length=1)", "`cut`: `length` is given twice", "cut", 13),
        ("event.text | contains", "`contains`: `part` is missing", "contains(part)", 13),
        ("event.n ==", "its end is missing", "Check quotes", 0),
        ("event.n event", "`event` does not belong there", "Check quotes", 0),
        ("'abc", "does not belong there", "Check quotes", 0),
        ("event.text.upper()", "Nothing can be called", "Use a filter", 0),
        ("2 ** 8", "`**` is not part of the language", "Multiply", 0),
        ("event.text[::2]", "A step is not used", "[from:to]", 0),
        ("{event.n: 1}", "must be texts in quotes", "{'name': value}", 0),
        ("event | cut(*event)", "* and ** are not used", "one by one", 8),
        ("", "The braces are empty", "for example", 0),
        ("a {{ event.n }}", "cannot be read", "", 0),
        ("{{ event.n }} and {{ event.n }}", "One expression is expected", "without braces", 0),
    ],
)
def test_what_is_wrong_with_the_text_is_said_before_use(text: str, said: str, mend: str, offset: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, bare=True, context=Context(names=frozenset({"event", "facts"})))
    assert said in caught.value.said[0]
    assert mend in caught.value.mend[0]
    assert all(caught.value.said + caught.value.mend)
    assert caught.value.offset == offset or not offset


def test_one_pair_of_braces_gives_the_value_and_more_give_text() -> None:
    assert value("{{ event.files | length }}", bare=False) == 2
    assert value("{{ event.client }}\n", bare=False) == {"phone": None, "first_name": "Анна"}
    assert value("№ {{ event.n }}", bare=False) == "№ 5"
    assert value("{{ event.n }}{{ event.none }}\n{{ event.channel }}\n", bare=False) == "5\ntelegram\n"
    assert value("just {text} }}", bare=False) == "just {text} }}"
    assert value("{{ '{{ x }}' ~ '{% y %}' }}", bare=False) == "{{ x }}{% y %}"


@pytest.mark.parametrize(
    "text", ["{% if event %}1{% endif %}", "{# note #}", "{{- event }}", "{{ event -}}", "{{ event"]
)
def test_statements_comments_and_half_braces_are_faults(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text, bare=False)


@pytest.mark.parametrize(
    ("literal", "expected"),
    [(r"'\d+\b'", r"\d+\b"), (r"'a\nb\t'", "a\nb\t"), (r"'it\'s'", "it's"), (r"'\\'", "\\"), (r'"\"я\""', '"я"')],
)
def test_backslashes_stay_for_patterns(literal: str, expected: str) -> None:
    assert value(literal) == expected


def test_the_paths_that_are_read_are_known() -> None:
    made = parse(
        "event.client.phone and event['text'] and event.files[0].name and event.extra | default(facts.x) "
        "and event[facts.key] and record.a is defined",
        bare=True,
    )
    assert made.names == {
        "event.client.phone",
        "event.text",
        "event.files",
        "event.extra",
        "facts.x",
        "event",
        "facts.key",
        "record.a",
    }
    assert made.optional == {"event.extra", "record.a"}
    assert parse("just text", bare=False).literal
    assert not made.literal


def test_what_was_seen_is_short_and_plain() -> None:
    made = parse("event.long ~ event.at ~ event.list ~ event.gone | default('')", bare=True)
    scope = {"event": {"long": "я" * 500, "at": SCOPE["event"]["at"], "list": list(range(9000))}}
    seen = made.saw(scope)
    assert set(seen) == {"event.long", "event.at", "event.list"}
    assert all(len(words) <= 200 for words in seen.values())
    assert seen["event.at"] == "2026-03-01T10:00:00+00:00"
    assert parse("event.client", bare=True).saw(SCOPE) == {"event.client": {"phone": None, "first_name": "Анна"}}


def test_both_functions_of_an_expression_mean_the_same() -> None:
    for text in ("event.channel in ['telegram']", "1 < event.n <= 5", "event.files[0].name", "event.text | lower"):
        made = parse(text, bare=True)
        assert made(SCOPE) == careful(made)(SCOPE)


def careful(made: Expression) -> Any:
    return made._compiler.function(careful=True)
