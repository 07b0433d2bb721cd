from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connector.domain import bbcode
from connector.domain.bbcode import BREAK, KNOWN_TAGS, Node, Piece
from tests.unit.bbcode.timing import reads_in_time

TAGS = [f"[{name}]" for name in sorted(KNOWN_TAGS)] + [f"[/{name}]" for name in sorted(KNOWN_TAGS)]
MORE = [
    "[",
    "]",
    "[/",
    "=",
    "\n",
    ">>",
    "-" * 54,
    "#BR#",
    "[user=5]",
    "[url=https://a.example/]",
    "[call=1]",
    "b",
    "]]",
]
ODD = ["[timestamp=99999999999999]", "[rating=-1]", "[img]javascript:x[/img]", "<img alt=':)'>", "\x00", "\u200b", "😀"]
soup = st.lists(st.sampled_from(TAGS + MORE + ODD) | st.text(max_size=5), max_size=40).map("".join)
KNOWN = re.compile(rf"\[/?(?:{'|'.join(KNOWN_TAGS)})(?:=[^\[\]\n]*)?\]", re.IGNORECASE)


def depth(pieces: tuple[Piece, ...]) -> int:
    return max((1 + depth(piece.children) for piece in pieces if isinstance(piece, Node)), default=0)


@given(soup)
@settings(max_examples=120)
def test_any_text_can_be_shown_in_every_way(text: str):
    for render in (bbcode.plain, bbcode.markdown, bbcode.html, bbcode.clean):
        assert isinstance(render(text), str)


@given(soup.filter(lambda text: "[code" not in text.lower()))
@settings(max_examples=120)
def test_no_known_tag_is_left_in_plain_text(text: str):
    assert not KNOWN.search(bbcode.plain(text))


@given(soup)
@example(">>[attach]")
@example("-" * 54 + "\n>>[attach]\n" + "-" * 54)
def test_the_tree_stays_shallow(text: str):
    assert depth(bbcode.parse(text)) <= bbcode.MAX_DEPTH
    assert depth(bbcode.parse("[b]" * 500 + text)) <= bbcode.MAX_DEPTH


@given(st.text())
def test_escaping_twice_changes_no_more_than_once(text: str):
    once = bbcode.escape(text)
    assert bbcode.escape(once) == once
    assert once.replace(BREAK, "") == text.replace(BREAK, "")


@given(st.text(alphabet="ab[]/=#BR:f09f988a b"))
def test_escaped_client_text_is_shown_as_typed(text: str):
    assert bbcode.plain(bbcode.escape(text)).replace(BREAK, "") == text.replace(BREAK, "")


@given(soup)
def test_clean_text_holds_only_formatting(text: str):
    outside_code = re.sub(r"\[code\].*?\[/code\]", "", bbcode.clean(text), flags=re.DOTALL)
    assert set(re.findall(r"\[/?([a-z]+)", outside_code)) <= {"b", "i", "u", "s", "url", "code"}


@given(soup)
def test_html_holds_only_our_own_tags(text: str):
    tags = set(re.findall(r"</?([^\s>/]*)", bbcode.html(text)))
    assert tags <= {"b", "i", "u", "s", "a", "pre", "br", "img", "blockquote"}


@pytest.mark.parametrize(
    "piece", ["[code]", "[b]", "[[", "[/b]", ">>", "-", "<img ", "alt='", "[b ", "http://", "[a=", "\n>>"]
)
def test_a_long_hostile_text_is_read_in_time(piece: str):
    reads_in_time(bbcode.plain, piece, length=100_000, seconds=2)


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("[b]Анна Ли:[/b] [br]Здравствуйте", "Анна Ли", "Здравствуйте"),
        ("[b]Анна Ли:[/b][br]правка", "Анна Ли", "правка"),
        ("[B]A:[/B]  [BR] x", "A", "x"),
        ("[b]Итого:[/b] 5", "", "[b]Итого:[/b] 5"),
        ("просто", "", "просто"),
        ("", "", ""),
        ("[b]A: B:[/b] [br]x", "A: B", "x"),
    ],
)
def test_the_operators_signature_comes_off(text: str, name: str, rest: str):
    assert bbcode.strip_signature(text) == (name, rest)


def test_a_token_that_the_portal_would_turn_into_an_emoji_is_broken():
    assert bbcode.escape(":f09f988a:") == f":{BREAK}f09f988a:"
    assert bbcode.escape("в 10:30") == "в 10:30"
