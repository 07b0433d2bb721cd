"""Operators' words as a visitor's browser gets them: parts with styles, and nothing that could run or leak."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.bbparts import parts, typed

TOLD: dict[str, list[dict[str, Any]]] = {
    "": [],
    "Да": [{"text": "Да"}],
    "Да, [b]есть [i]и много[/i][/b]!": [
        {"text": "Да, "},
        {"bold": True, "text": "есть "},
        {"bold": True, "italic": True, "text": "и много"},
        {"text": "!"},
    ],
    "[s]10[/s] [u]8[/u]": [{"strike": True, "text": "10"}, {"text": " "}, {"underline": True, "text": "8"}],
    "раз#BR#два[br]три\n": [{"text": "раз\nдва\nтри"}],
    "[code][b]x[/b] https://a.example[/code]": [{"code": True, "text": "[b]x[/b] https://a.example"}],
    "[url=https://a.example/?q=1]цены[/url]": [{"url": "https://a.example/?q=1", "text": "цены"}],
    "см. https://a.example/x, потом": [
        {"text": "см. "},
        {"url": "https://a.example/x", "text": "https://a.example/x"},
        {"text": ", потом"},
    ],
    "[url=javascript:alert(1)]жми[/url]": [{"text": "жми"}],
    "[url=https://p.bitrix24.ru/disk/file/7]наш[/url]": [{"text": "наш"}],
    "https://p.bitrix24.ru/pub/im.file.php?FILE_ID=9": [],
    "[img]https://a.example/1.png[/img]": [{"url": "https://a.example/1.png", "text": "https://a.example/1.png"}],
    "[call=+7 999 111-22-33]звоните[/call]": [{"url": "tel:+79991112233", "text": "звоните"}],
    ">>цитата\nответ": [{"text": "> цитата\nответ"}],
    "[user=5]Анна[/user] [disk=7]": [{"text": "Анна "}],
    "[rating=5] [like]": [{"text": " 👍"}],
    "<b onclick=alert(1)>x</b>": [{"text": "<b onclick=alert(1)>x</b>"}],
    "да <img src=x onerror=alert(1)>": [{"text": "да "}],
}


@pytest.mark.parametrize("text", TOLD)
def test_words_become_parts(text: str):
    assert parts(text) == TOLD[text]


@given(st.text(max_size=200))
def test_what_a_visitor_typed_is_shown_as_typed(text: str):
    """But for invisible breaks, and line ends at the end."""
    assert "".join(part["text"] for part in typed(text)) == text.replace("\u200b", "").rstrip("\n")


def test_tags_of_a_visitor_are_words():
    assert typed("[b]x[/b] <img> https://a.example") == [
        {"text": "[b]x[/b] <img> "},
        {"text": "https://a.example", "url": "https://a.example"},
    ]


SIGNS = [*"[]/=bius >\n:#-", "url", "code", "img", "https://a.example", "javascript:", "[url=", "data:text/html,"]


@given(st.lists(st.sampled_from(SIGNS), max_size=40).map("".join))
def test_no_text_makes_an_address_that_runs(text: str):
    for part in [*parts(text), *typed(text)]:
        assert part["text"]
        assert set(part) <= {"text", "bold", "italic", "strike", "underline", "code", "url"}
        assert part.get("url", "https:").lower().startswith(("https:", "http:", "mailto:", "tel:"))
