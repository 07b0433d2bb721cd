from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.bbcode import BREAK, plain
from connector.providers.telegram.entities import Rich, Span, from_bbcode, split, to_bbcode, units

KINDS = ["bold", "italic", "code", "text_link", "blockquote", "mention", "spoiler", "unheard_of"]
entities = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(KINDS), "offset": st.integers(-5, 40), "length": st.integers(-5, 40)}
    ),
    max_size=8,
)
chars = st.text(alphabet="abя 😀\n[]/", max_size=40)


def utf16(text: str, offset: int, length: int) -> str:
    return text.encode("utf-16-le")[offset * 2 : (offset + length) * 2].decode("utf-16-le")


@given(chars, entities)
def test_any_entities_leave_the_words_as_they_were(text: str, marks: list):
    kept = [mark for mark in marks if mark["type"] not in ("blockquote", "code")]
    assert plain(to_bbcode(text, kept)).replace(BREAK, "") == text.removesuffix("\n")


@given(chars, entities)
def test_any_entities_at_all_can_be_read(text: str, marks: list):
    assert isinstance(to_bbcode(text, marks), str)


@pytest.mark.parametrize(
    ("bbcode", "text", "entities"),
    [
        ("[b]да[/b]", "да", [{"type": "bold", "offset": 0, "length": 2}]),
        ("😀 [i]да[/i]", "😀 да", [{"type": "italic", "offset": 3, "length": 2}]),
        ("[b]😀[/b]", "😀", [{"type": "bold", "offset": 0, "length": 2}]),
        (
            "[url=https://a.example/]тут[/url]",
            "тут",
            [{"type": "text_link", "offset": 0, "length": 3, "url": "https://a.example/"}],
        ),
        ("[url]https://a.example/[/url]", "https://a.example/", []),
        ("[url=mailto:a@b.example]пишите[/url]", "пишите (a@b.example)", []),
        ("[call=112]звоните[/call]", "звоните 112", []),
        ("[code]x <b>[b][/code]", "x <b>[b]", [{"type": "pre", "offset": 0, "length": 8}]),
        (">>раз\n>>два\nтри", "раз\nдва\nтри", [{"type": "blockquote", "offset": 0, "length": 7}]),
        ("  [b] да [/b]  ", "да", [{"type": "bold", "offset": 0, "length": 2}]),
        ("[disk=5][rating=3]", "", []),
        ("a < b & c > d _ * `", "a < b & c > d _ * `", []),
    ],
)
def test_operator_text_becomes_text_with_entities(bbcode: str, text: str, entities: list):
    rich = from_bbcode(bbcode)
    assert rich.text == text
    assert rich.entities() == entities


@given(
    st.lists(st.tuples(st.sampled_from(["b", "i", "u", "s"]), st.text("ab😀 ", min_size=1, max_size=8)), max_size=12)
)
def test_what_is_bold_here_is_bold_there(parts: list):
    rich = from_bbcode("x" + "".join(f"[{tag}]{text}[/{tag}]" for tag, text in parts) + "x")
    assert rich.text == "x" + "".join(text for _, text in parts) + "x"
    marked = [utf16(rich.text, entity["offset"], entity["length"]) for entity in rich.entities()]
    assert marked == [text for _, text in parts]


spans = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 30)), max_size=6)


@given(st.text(alphabet="ab \n😀", max_size=150), spans, st.integers(2, 40))
def test_parts_fit_and_lose_nothing_but_blanks(text: str, marks: list, limit: int):
    inside = [Span(start=at, end=min(at + size, len(text)), type="bold") for at, size in marks if at < len(text)]
    parts = split(Rich(text=text, spans=tuple(inside)), limit)
    assert all(0 < units(part.text) <= limit for part in parts)
    assert "".join("".join(part.text for part in parts).split()) == "".join(text.split())
    for part in parts:
        for entity in part.entities():
            assert utf16(part.text, entity["offset"], entity["length"])
            assert entity["offset"] + entity["length"] <= units(part.text)


def test_a_long_text_is_cut_at_a_newline_before_a_space_before_a_letter():
    assert [part.text for part in split(Rich(text="аа бб\nвв гг"), 8)] == ["аа бб", "вв гг"]
    assert [part.text for part in split(Rich(text="аа бб вв"), 6)] == ["аа бб", "вв"]
    assert [part.text for part in split(Rich(text="абвгд"), 3)] == ["абв", "гд"]


def test_a_surrogate_pair_is_never_torn():
    assert [part.text for part in split(Rich(text="😀😀😀"), 3)] == ["😀", "😀", "😀"]


def test_a_link_moves_whole_to_the_next_part():
    link = Span(start=3, end=8, type="text_link", url="https://a.example/")
    first, second, third = split(Rich(text="аб вг де жз", spans=(link,)), 7)
    assert [(part.text, part.spans) for part in (first, third)] == [("аб", ()), ("жз", ())]
    assert second.entities() == [{"type": "text_link", "offset": 0, "length": 5, "url": "https://a.example/"}]


def test_a_span_longer_than_a_part_goes_on_in_the_next():
    parts = split(Rich(text="а" * 10, spans=(Span(start=0, end=10, type="bold"),)), 4)
    assert [part.entities()[0]["length"] for part in parts] == [4, 4, 2]
