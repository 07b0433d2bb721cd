"""Regular expressions of mappings find what they should, and never hold anything up."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.contexts import Context
from mappings.expressions import ExpressionError, parse
from mappings.patterns import Folded, Pattern, extract, matches, replace_all
from tests.unit.mappings.refused import refusal


@pytest.mark.parametrize(
    ("pattern", "words", "expected"),
    [
        ("возврат", "Хочу оформить ВОЗВРАТ", True),
        ("жалоб|претенз", "Это Претензия", True),
        ("жалоб|претенз", "Спасибо", False),
        (r"заказ\s*№?\s*\d+", "Где ЗАКАЗ № 17?", True),
        (r"заказ\s*№?\s*\d+", "Где заказ?", False),
        (r"^(re|fwd?):", "Fwd: hello", True),
        (r"\b(не|нет)\s+работа", "сайт НЕ работает", True),
        (r"[A-Z]{2}\d+", "ab17", True),
        (r"\d{2}\.\d{2}\.\d{4}", "до 01.03.2026", True),
        (r"[\w.+-]+@[\w-]+\.[\w.]+", "write to a@b.ru", True),
        (r"(\w+)\s+\1", "да да", True),
        (r"a(?=b)", "ab", True),
        (r"a(?!b)", "ab", False),
        (r"\.", "a", False),
        (r"[^\d\s]", "12 3", False),
        ("a|", "zzz", True),
        ("straße", "STRASSE", True),
    ],
)
def test_a_pattern_is_found_whatever_the_letters(pattern: str, words: str, expected: bool) -> None:
    assert matches(Context(), pattern)(words) is expected


def test_letters_count_when_asked() -> None:
    assert matches(Context(), "VIP", True)("VIP client")
    assert not matches(Context(), "VIP", True)("vip client")


@given(words=st.text(alphabet="abвозратжл |17", max_size=40))
@pytest.mark.parametrize("pattern", ["возврат|жал", r"воз\w+т", r"\d+ а|б1", "(ж|а)л?|17", "a?b", "(?:в|о){2}"])
def test_shortcuts_find_what_the_plain_search_finds(pattern: str, words: str) -> None:
    assert matches(Context(), pattern)(words) is bool(re.search(pattern, words, re.IGNORECASE))


def test_parts_are_taken_and_replaced() -> None:
    context = Context()
    assert extract(context, r"№\s*(\d+)")("Заказ № 17 и № 18") == "17"
    assert extract(context, r"№\s*(\d+)", 0)("Заказ № 17") == "№ 17"
    assert extract(context, r"(a)|(b)")("b") == ""
    assert extract(context, r"\d+")("none") == ""
    assert replace_all(context, r"(\d+)-(\d+)", r"\2/\1")("1-2 3-4") == "2/1 4/3"
    assert replace_all(context, r"\s+")(" a b ") == "ab"


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|a)*$",
        "(a|aa)+$",
        r"(\w+\s?)+$",
        "a*a*a*a*b",
        r"(x+x+)+y",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        "(a{1,100}){1,100}x",
        "(.*a){12}x",
        "(.*)*x",
        "(a*)*",
        "((a|b)*(c|d)*)*x",
    ],
)
def test_a_catastrophic_pattern_is_refused_before_use(pattern: str) -> None:
    begin = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        parse(f"event.text | matches('{pattern}')", bare=True)
    assert "takes too long" in caught.value.said[0]
    assert "Do not repeat" in caught.value.mend[0]
    assert caught.value.offset == 13
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\d{1,3}[ ,.])*\d+\s*(руб|₽)",
        r"(\+7|8)[\s(-]*\d{3}[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2}",
        r"(\w+\s)+конец",
        r".*возврат.*товар.*",
        r"(https?://)?(www\.)?[\w-]+(\.[\w-]+)+(/\S*)?",
        r"^\s+|\s+$",
        r"(?P<number>\d+)",
        "(a{0}){900}",
    ],
)
def test_usual_patterns_are_taken(pattern: str) -> None:
    assert Pattern(pattern, case=False)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "it is empty"),
        ("(", "`)` is missing"),
        ("a)", "`)` without `(`"),
        ("*a", "nothing before `*`"),
        ("[a", "it ends too early"),
        ("a\\\\", "it ends too early"),
        ("(?R)", "`(?R` is not used"),
        ("(?i)a", "`(?i` is not used"),
        ("(?(1)a|b)", "`(?(` is not used"),
        ("(?:abc){e<=3}", "`{` is not a count"),
        ("[[:alpha:]]", "`[` inside"),
        (r"\p{L}", r"`\p` is not used"),
        (r"\1", "invalid group reference"),
        ("a{1,99999}", "more than 1,000"),
        (r"((\b{900}){900}){900}x", "multiply to over 2,000"),
        ("((a?){900}){900}b", "multiply to over 2,000"),
        ("(" * 12 + "a" + ")" * 12, "more than 10 groups"),
        ("a" * 1_001, "longer than 1,000"),
        ("[b-a]", "bad character range"),
    ],
)
def test_a_wrong_pattern_is_refused_before_use(pattern: str, why: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(f"event.text | matches('{pattern}')", bare=True)
    assert why in caught.value.said[0]
    assert all(caught.value.said + caught.value.mend)


@pytest.mark.parametrize("text", ["'a' | extract('a', 1)", r"'a' | replace_all('a', '\1')", "'a' | extract('(a)', -1)"])
def test_a_group_that_is_not_there_is_refused_before_use(text: str) -> None:
    with pytest.raises(ExpressionError, match="has no group"):
        parse(text, bare=True)


def test_a_pattern_is_written_out_and_ten_are_enough() -> None:
    with pytest.raises(ExpressionError, match="must be written out"):
        parse("event.text | matches(event.pattern)", bare=True)
    with pytest.raises(ExpressionError, match="More than 10 patterns"):
        parse(" or ".join(["event.text | matches('a')"] * 11), bare=True)


def test_a_search_that_takes_too_long_is_an_error_not_a_stand_still() -> None:
    found = matches(Context(), r"\s+\S+\s*$")
    begin = time.process_time()
    with pytest.raises(ExpressionError, match="takes too long"):
        found(" " * 60_000 + "\n.\x00 .")
    assert time.process_time() - begin < 5


def test_a_long_text_is_looked_at_up_to_64_kb() -> None:
    long = "а" * 70_000 + " возврат 17"
    assert not matches(Context(), "возврат")(long)
    assert extract(Context(), r"\d{2}")(long) == ""


@settings(max_examples=100, deadline=2_000)
@given(pattern=st.text(alphabet="ab1.*+?|()[]{}^$\\dws,-=!:<", min_size=1, max_size=14))
def test_any_pattern_is_taken_or_refused_in_words(pattern: str) -> None:
    refused = refusal(lambda: matches(Context(), pattern)("aab 1,"))
    assert refused is None or all(refused.said + refused.mend)


def test_the_same_text_is_folded_once() -> None:
    fold = Folded()
    words = "ВОЗВРАТ".center(20)
    assert fold(words) is fold(words)
    assert fold("Другое") == "другое"
