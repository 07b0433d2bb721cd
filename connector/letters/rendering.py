"""An operator's BBCode as the two bodies of a letter: plain text, and HTML that fetches nothing from anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

from connector.domain.bbcode import Node, Visit, fold, parse
from connector.letters.charsets import settled

_CODE_ENDS = re.compile(r"(\[/?code\])", re.IGNORECASE)
_ITEM = re.compile(r"(?<!\s)\s*(?:\[list[^\[\]\n]*\]\s*)?\[\*\][ \t]*", re.IGNORECASE)
_CONTROL = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f]")
_GAPS = re.compile("(?<=\n) | (?= )")
_QUOTE = "margin:0 0 0 8px;padding:0 0 0 10px;border-left:2px solid #bbb;color:#555"
_CODE = "font-family:monospace;background:#f4f4f4;padding:8px;white-space:pre-wrap"
_LETTER = "font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:1.45;color:#222"
_QUIET = "margin-top:20px;color:#777;font-size:13px"

Link = tuple[str, str]  # (name, url)


def as_text(bbcode: str, signature: str = "", links: Sequence[Link] = ()) -> str:
    """The plain body; lines end with ``\\n``. The signature stands under ``-- `` (RFC 3676 §4.3)."""
    parts = [_plain(bbcode), *(f"{_plain_name(name)}\n{url}" for name, url in links)]
    body = "\n\n".join(part for part in parts if part.strip())
    signed = _plain(signature)
    return f"{body}\n\n-- \n{signed}\n" if signed.strip() else f"{body}\n"


def as_html(bbcode: str, signature: str = "", links: Sequence[Link] = ()) -> str:
    """The HTML body: a whole document with styles of its own elements alone."""
    parts = [_html(bbcode), *(f'<a href="{escape(url)}">{escape(_plain_name(name))}</a>' for name, url in links)]
    body = "<br>\n<br>\n".join(part for part in parts if part.strip())
    signed = _html(signature)
    under = f'<div class="signature" style="{_QUIET}">-- <br>\n{signed}</div>\n' if signed.strip() else ""
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n'
        f'<body><div style="{_LETTER}">\n<div>{body}</div>\n{under}</div></body></html>\n'
    )


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", settled(text).replace("\r\n", "\n").replace("\r", "\n"))


def _itemised(bbcode: str) -> str:
    """A list is lines with bullets: mail programs agree about these. Nothing of code is touched."""
    out: list[str] = []
    within = False
    for part in _CODE_ENDS.split(_clean(bbcode)):
        within = {"[code]": True, "[/code]": False}.get(part.lower(), within)
        out.append(part if within else _ITEM.sub("\n• ", part))
    return "".join(out)


def _plain(bbcode: str) -> str:
    return fold(parse(_itemised(bbcode)), _TEXT).strip("\n")


def _html(bbcode: str) -> str:
    return fold(parse(_itemised(bbcode).strip("\n")), _HTML, _html_words)


def _plain_name(name: str) -> str:
    return " ".join(_clean(name).split())


def _html_words(text: str) -> str:
    return _GAPS.sub("&nbsp;", escape(text)).replace("\n", "<br>\n")


def _titled(node: Node, inner: str) -> str:
    return inner if inner.strip() == node.value else f"{inner} ({node.value})"


def _quoted(_: Node, inner: str) -> str:
    return "".join(f"> {line}".rstrip() + "\n" for line in inner.split("\n"))


def _anchor(address: str, inner: str) -> str:
    return f'<a href="{escape(address)}">{inner}</a>'


def _tel(number: str) -> str:
    return "tel:" + re.sub(r"[^+\d*#]", "", number)


def _around(before: str, after: str) -> Visit:
    return lambda _, inner: f"{before}{inner}{after}"


_TEXT: Mapping[str, Visit] = MappingProxyType(
    {
        **dict.fromkeys(("b", "i", "u", "s", "code"), _around("", "")),
        "url": _titled,
        "call": lambda node, inner: inner if node.value in inner else f"{inner} {node.value}",
        "img": lambda node, _: node.value,
        "quote": _quoted,
        **dict.fromkeys(("file", "rating"), lambda *_: ""),
    }
)
# A picture is a link: whoever opens a letter of ours is not counted by anybody.
_HTML: Mapping[str, Visit] = MappingProxyType(
    {
        **{tag: _around(f"<{tag}>", f"</{tag}>") for tag in ("b", "i", "u", "s")},
        "code": lambda _, inner: f'<pre style="{_CODE}">{escape(inner)}</pre>',
        "url": lambda node, inner: _anchor(node.value, inner),
        "call": lambda node, inner: _anchor(_tel(node.value), inner),
        "img": lambda node, _: _anchor(node.value, escape(node.value)),
        "quote": _around(f'<blockquote style="{_QUOTE}">', "</blockquote>"),
        **dict.fromkeys(("file", "rating"), lambda *_: ""),
    }
)
