from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain import markup
from connector.domain.bbcode import BREAK
from tests.unit.bbcode.timing import reads_in_time


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**b** __b__ *i* _i_ ~~s~~", "[b]b[/b] [b]b[/b] [i]i[/i] [i]i[/i] [s]s[/s]"),
        ("**bold _and_ more**", "[b]bold [i]and[/i] more[/b]"),
        ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"),
        ("# Заголовок\nтекст  \nещё", "[b]Заголовок[/b]\nтекст\nещё"),
        ("> цитата\nответ", ">>цитата\nответ"),
        (
            "[t](https://a.example/x) <https://a.example/y>",
            "[url=https://a.example/x]t[/url] [url=https://a.example/y]https://a.example/y[/url]",
        ),
        ("[t](javascript:alert)", "t"),
        ("`a*b*` \\*не курсив\\* \\[b]", f"[code]a*b*[/code] *не курсив* [{BREAK}b]"),
        ("```py\nx[0] = '**'\n```\nдальше", "[code]x[0] = '**'[/code]\nдальше"),
        ("незакрытый ``` забор", "незакрытый ``` забор"),
        ("`[/code][b]x`", f"[code][{BREAK}/code][b]x[/code]"),
        ("[user=5]x[/user]", f"[{BREAK}user=5]x[{BREAK}/user]"),
    ],
)
def test_markdown_becomes_bbcode(source: str, expected: str):
    assert markup.from_markdown(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "<b>b</b> <strong>b</strong> <em>i</em> <u>u</u> <del>s</del>",
            "[b]b[/b] [b]b[/b] [i]i[/i] [u]u[/u] [s]s[/s]",
        ),
        ("<p>раз</p><p>два</p>", "раз\nдва"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<blockquote>q<br>r</blockquote>a", ">>q\n>>r\na"),
        ("<ul><li>раз<li>два</ul>", "• раз\n• два"),
        ('<a href="https://a.example/x">t</a> <a href="/in">r</a> <a>n</a>', "[url=https://a.example/x]t[/url] r n"),
        ("<pre>x &lt; [b]</pre>", "[code]x < [b][/code]"),
        ("<pre>не закрыт", "[code]не закрыт[/code]"),
        ("<script>alert(1)</script><style>p{}</style>ok", "ok"),
        ("<b>не закрыт <i>и", "[b]не закрыт [i]и[/i][/b]"),
        ("[b]текст[/b] &amp; &nbsp;", f"[{BREAK}b]текст[{BREAK}/b] &"),
        ("a<!-- <b> тайна -->b<!-- c", "ab<!-- c"),
        ("1 < 2 и <неизвестный>тег</неизвестный>", "1 < 2 и <неизвестный>тег"),
    ],
)
def test_html_becomes_bbcode(source: str, expected: str):
    assert markup.from_html(source) == expected


SOUP = [
    "[user=5]",
    "[/user]",
    "[send=x]",
    "[b]",
    "[code]",
    "[/code]",
    "**",
    "_",
    "~~",
    "`",
    "```",
    "\n",
    "> ",
    "](",
    "[",
    ")",
]
HTML = [
    "<b>",
    "</b>",
    "<a href='https://a.example/'>",
    "</a>",
    "<pre>",
    "</pre>",
    "<blockquote>",
    "</p>",
    "&#91;",
    "<!--",
    "<",
]


@given(st.lists(st.sampled_from(SOUP + HTML) | st.text(max_size=4), max_size=30).map("".join))
def test_no_source_breaks_the_reader_or_smuggles_a_tag(source: str):
    for result in (markup.from_markdown(source), markup.from_html(source)):
        outside_code = re.sub(r"\[code\].*?\[/code\]", "", result, flags=re.DOTALL)
        assert set(re.findall(r"\[/?([a-z]+)", outside_code)) <= {"b", "i", "u", "s", "url", "code"}


@pytest.mark.parametrize(
    "piece", ["```", "`", "**a", "[a](", "~~", "\\", "<b>", "<blockquote>", "<a href=", "_a", "> "]
)
def test_a_long_hostile_source_is_read_in_time(piece: str):
    reads_in_time(markup.from_markdown, piece, length=60_000, seconds=2)
    reads_in_time(markup.from_html, piece, length=60_000, seconds=2)
