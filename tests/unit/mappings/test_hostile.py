"""Whatever stands in an expression, it reads plain data only, and it ends soon."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mappings
from mappings.expressions import Context, ExpressionError, parse
from mappings.filters import FILTERS, TESTS
from tests.unit.mappings.refused import refusal

SECONDS = 15.0
LONG = "a" * 65_000
SCOPE: dict[str, Any] = {
    "event": {"text": LONG, "huge": "я" * 1_000_000, "n": 5, "list": list(range(10_000)), "spaces": " " * 65_000},
}


@pytest.mark.parametrize(
    "text",
    [
        "''.__class__.__mro__",
        "event.__init__",
        "event.__class__.__base__.__subclasses__()",
        "self",
        "self._TemplateReference__context",
        "cycler.__init__.__globals__.os",
        "lipsum.__globals__['os'].popen('id')",
        "request.application",
        "event | attr('__class__')",
        "event | map(attribute='x')",
        "'{0.__class__}'.format(event)",
        "'{0.__class__}' | format(event)",
        "'%s' % event",
        "range(10**9)",
        "namespace(a=1)",
        "dict(a=1)",
        "open('/etc/passwd')",
        "import os",
        "__import__('os')",
        "event.keys()",
        "event.text.format",
        "(1).real",
        "[].append",
        "''['__class__']",
        "event['__class__']",
        "'a' * 10**9",
        "10**10**10",
        "9" * 3_999,
        "1e999",
        "0x" + "f" * 3_000,
        "(" * 1_500 + "1" + ")" * 1_500,
        "[" * 3_000,
        "-" * 3_990 + "1",
        "not " * 990 + "1",
        "1 if " * 700 + "1",
        "event" + ".a" * 1_900,
        "event" + "|lower" * 600,
        "event" + "[0]" * 1_000,
        "+".join(["1"] * 1_900),
        "x" * 4_001,
        "'" + "a" * 5_000 + "'",
        "event.text ~ event.text",
        "event.huge",
        "event.list + event.list",
        "event.text | replace('a', '" + "b" * 3_000 + "')",
        "event.text | replace_all('a', '" + "b" * 3_000 + "')",
        "[" + ",".join(["event.text"] * 300) + "] | dump",
        "event.n | round(event.list)",
        "event.n | plus(days=10)",
        "'2026-01-01T00:00:00Z' | plus(days=9999999999)",
        "'9999-12-31T23:00:00Z' | next_workday",
        "'0001-01-01T00:00:00+14:00' | local('America/New_York')",
        "event.text | date('dd', '../../etc/passwd')",
        "event.text | e164(event.text)",
        "event.n is within('99:00-08:00')",
    ],
)
def test_an_attack_is_one_clear_error(text: str) -> None:
    begin = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        parse(text, bare=True)(SCOPE)
    assert all(caught.value.said + caught.value.mend)
    assert "Traceback" not in str(caught.value)
    assert len(caught.value.said[1]) < 600
    assert time.process_time() - begin < SECONDS


@pytest.mark.parametrize(
    "text",
    [
        " or ".join(["'x' in event.huge"] * 200),
        " or ".join(["'x' in event.list"] * 200),
        "[" + ",".join(["event.huge|lower|title"] * 150) + "] | length",
        " or ".join(["event.text | matches('a+x')"] * 10),
        " or ".join(["event.spaces | matches('\\s+x')"] * 10),
        "[" + ",".join(["event.list|join"] * 200) + "] | length",
        "[" + ",".join(["event.list|unique"] * 200) + "] | length",
        "event.huge" + "|lower" * 40 + " | length",
        "event.huge | split('я') | length",
    ],
)
def test_the_costliest_expressions_end_soon(text: str) -> None:
    begin = time.process_time()
    with suppress(ExpressionError):
        parse(text, bare=True)(SCOPE)
    assert time.process_time() - begin < SECONDS


WORDS = st.sampled_from(
    [
        *FILTERS,
        *TESTS,
        "event",
        "facts",
        "not",
        "in",
        "is",
        "if",
        "else",
        "and",
        "or",
        "none",
        "true",
        "text",
        "n",
        "__class__",
    ]
)
SIGNS = st.sampled_from([*"()[]{}|.,:~+-*/%<>='\"\\ \n", "{{", "}}", "{%", "%}", "{#", "==", "**", "'a'", "1", "(a+)+"])


@settings(max_examples=100, deadline=2_000)
@given(
    text=st.one_of(st.text(max_size=60), st.lists(st.one_of(WORDS, SIGNS), max_size=25).map(" ".join)),
    bare=st.booleans(),
)
def test_any_text_is_parsed_or_refused_in_words(text: str, bare: bool) -> None:
    def use() -> None:
        made = parse(text, bare=bare)
        made.saw(SCOPE)
        made(SCOPE)

    refused = refusal(use)
    assert refused is None or all(refused.said + refused.mend)
    assert refused is None or 0 <= refused.offset <= len(text)


PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(10**16), 10**16), st.floats(), st.text(max_size=20), st.datetimes()
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=8,
)
TABLES = {"regions": {"77": {"code": "77", "manager": "12"}}}


@settings(max_examples=80, deadline=2_000)
@given(value=PLAIN, name=st.sampled_from(sorted(FILTERS)))
def test_a_filter_takes_any_value_or_refuses_it_in_words(value: Any, name: str) -> None:
    text = FILTERS[name].example
    call = text[text.rindex(" | ") :].removesuffix(" }}") if " | " in text else ""
    made = parse(f"event.value{call}", bare=True, context=Context(tables=TABLES))
    refused = refusal(lambda: made({"event": {"value": value}}))
    assert refused is None or "cannot be computed" not in refused.said[0]


OPERATORS = st.sampled_from(["==", "!=", "<", ">=", "in", "not in", "+", "-", "*", "/", "//", "%", "~", "and", "or"])


@settings(max_examples=80, deadline=2_000)
@given(one=PLAIN, other=PLAIN, sign=OPERATORS)
def test_an_operator_takes_any_values_or_refuses_them_in_words(one: Any, other: Any, sign: str) -> None:
    made = parse(f"a {sign} b", bare=True)
    refused = refusal(lambda: made({"a": one, "b": other}))
    assert refused is None or "cannot be computed" not in refused.said[0]


def test_expressions_know_no_file_no_network_no_environment() -> None:
    allowed = {
        "__future__",
        "ast",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "functools",
    }
    allowed |= {"inspect", "itertools", "json", "operator", "re", "time", "typing", "zoneinfo"}
    allowed |= {"babel", "jinja2", "mappings", "phonenumbers", "regex"}
    used = {name.partition(".")[0] for tree in trees("expressions", set()) for name in imported(tree)}
    assert used <= allowed
    called = {node.id for tree in trees("expressions", set()) for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not called & {"open", "eval", "__import__", "globals", "vars", "setattr", "delattr"}


def trees(room: str, seen: set[str]) -> Iterator[ast.Module]:
    """The module of that name and all of ``mappings`` that it leads to."""
    seen.add(room)
    tree = ast.parse((Path(mappings.__file__).parent / f"{room}.py").read_text(encoding="utf-8"))
    yield tree
    inner = [name.partition(".")[2] for name in imported(tree) if name.startswith("mappings")]
    for name in inner:
        if name not in seen:
            yield from trees(name, seen)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "mappings":
            yield from (f"mappings.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
