"""Bitrix24's BBCode: how the others see it (facts/bitrix24-openlines.md §7.4).

Operator text is parsed into a clean tree (:mod:`connector.domain.bbtree`) and rendered by a table of
functions handed to :func:`fold`, or by a provider's own walk over the tree.
"""

from __future__ import annotations

import html as _html
import re
from collections.abc import Callable, Iterable, Mapping

from connector.domain.bbtree import (
    KNOWN_TAGS,
    MAX_DEPTH,
    Kind,
    Node,
    Piece,
    Pieces,
    break_half_tag,
    parse,
    safe_url,
    words,
)
from mappings.bbcode import BREAK, escape

__all__ = [
    "BREAK",
    "KNOWN_TAGS",
    "MAX_DEPTH",
    "Kind",
    "Node",
    "Piece",
    "Pieces",
    "Visit",
    "clean",
    "escape",
    "fold",
    "html",
    "markdown",
    "parse",
    "plain",
    "safe_url",
    "strip_signature",
    "words",
]

Visit = Callable[[Node, str], str]

_SIGNATURE = re.compile(r"\[b\]([^\[\]\n]+?):\[/b\]\s*\[br\]\s*", re.IGNORECASE)
_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]<>~|])")
_MARKDOWN_LINE = re.compile(r"^(\s*)(?:([#+-])|(\d{1,9})([.)]))(?=\s|$)", re.MULTILINE)


def fold(pieces: Iterable[Piece], visit: Mapping[str, Visit], literal: Callable[[str], str] = str) -> str:
    """Render a tree: ``literal`` escapes text, ``visit[kind](node, inner)`` wraps what is inside.

    Code is never escaped on the way: its visitor gets the text as written.
    """
    return "".join(
        literal(piece) if isinstance(piece, str) else visit[piece.kind](piece, _inside(piece, visit, literal))
        for piece in pieces
    )


def plain(text: str) -> str:
    """The text without any markup: links as ``title (address)``, quotes as ``> line``."""
    return fold(parse(text), _PLAIN).removesuffix("\n") if text else ""


def markdown(text: str) -> str:
    """CommonMark; what is literal in the text stays literal."""
    return fold(parse(text), _MARKDOWN, _markdown_literal).removesuffix("\n")


def html(text: str) -> str:
    """HTML for e-mail and the like: escaped, with ``<br>`` for newlines and no attributes but addresses."""
    return fold(parse(text), _HTML, _html_literal)


def clean(text: str) -> str:
    """BBCode with nothing but formatting, links, quotes and code in it: for text that others formatted."""
    return fold(parse(text), _BBCODE, lambda literal: break_half_tag(escape(literal))).removesuffix("\n")


def strip_signature(text: str) -> tuple[str, str]:
    """``(operator's name, the rest)``; the name is empty when the portal put no signature (§7.2.8)."""
    found = _SIGNATURE.match(text)
    return (found[1].strip(), text[found.end() :]) if found else ("", text)


def _inside(node: Node, visit: Mapping[str, Visit], literal: Callable[[str], str]) -> str:
    return words(node.children) if node.kind == "code" else fold(node.children, visit, literal)


def _quoted(prefix: str, inner: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in inner.split("\n"))


def _titled(node: Node, inner: str) -> str:
    return inner if inner.strip() == node.value else f"{inner} ({node.value})"


def _numbered(node: Node, inner: str) -> str:
    return inner if node.value in inner else f"{inner} {node.value}"


def _around(before: str, after: str) -> Visit:
    return lambda _, inner: f"{before}{inner}{after}"


def _around_something(before: str, after: str) -> Visit:
    return lambda _, inner: f"{before}{inner}{after}" if inner else ""


def _fenced(_: Node, inner: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", inner)), default=2)
    fence = "`" * (longest + 1)
    return f"\n{fence}\n{inner.strip(chr(10))}\n{fence}\n"


def _markdown_literal(text: str) -> str:
    signs = _MARKDOWN_SIGNS.sub(r"\\\1", text)
    lines = _MARKDOWN_LINE.sub(
        lambda found: f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\{found[4]}", signs
    )
    return lines.replace("\n", "  \n")


def _markdown_link(node: Node, inner: str) -> str:
    return f"<{node.value}>" if words(node.children).strip() == node.value else f"[{inner}]({_wrapped(node.value)})"


def _wrapped(address: str) -> str:
    return address.replace("(", "%28").replace(")", "%29")


def _html_literal(text: str) -> str:
    return _html.escape(text).replace("\n", "<br>")


def _html_link(node: Node, inner: str) -> str:
    return f'<a href="{_html.escape(node.value)}">{inner}</a>'


def _tel(number: str) -> str:
    return "tel:" + re.sub(r"[^+\d*#]", "", number)


def _bbcode_url(node: Node, inner: str) -> str:
    return f"[url={node.value}]{inner}[/url]"


_PLAIN: dict[str, Visit] = {
    **dict.fromkeys(("b", "i", "u", "s", "code"), _around("", "")),
    "url": _titled,
    "call": _numbered,
    "img": lambda node, _: node.value,
    "quote": lambda _, inner: _quoted("> ", inner),
    "file": lambda *_: "[file]",
    "rating": lambda node, _: f"rating {node.value}",
}
_MARKDOWN: dict[str, Visit] = {
    "b": _around("**", "**"),
    "i": _around("*", "*"),
    "u": _around("", ""),
    "s": _around("~~", "~~"),
    "code": _fenced,
    "url": _markdown_link,
    "call": lambda node, inner: f"[{inner}]({_tel(node.value)})",
    "img": lambda node, _: f"![]({_wrapped(node.value)})",
    "quote": lambda _, inner: _quoted("> ", inner) + "\n",
    "file": lambda *_: "",
    "rating": lambda *_: "",
}
_HTML: dict[str, Visit] = {
    **{tag: _around(f"<{tag}>", f"</{tag}>") for tag in ("b", "i", "u", "s")},
    "code": lambda _, inner: f"<pre>{_html.escape(inner)}</pre>",
    "url": _html_link,
    "call": lambda node, inner: f'<a href="{_html.escape(_tel(node.value))}">{inner}</a>',
    "img": lambda node, _: f'<img src="{_html.escape(node.value)}" alt="">',
    "quote": _around("<blockquote>", "</blockquote>"),
    "file": lambda *_: "",
    "rating": lambda *_: "",
}
_BBCODE: dict[str, Visit] = {
    **{tag: _around_something(f"[{tag}]", f"[/{tag}]") for tag in ("b", "i", "u", "s")},
    "code": _around("[code]", "[/code]"),
    "url": _bbcode_url,
    "call": _numbered,
    "img": lambda node, _: f"[url]{node.value}[/url]",
    "quote": lambda _, inner: _quoted(">>", inner),
    "file": lambda *_: "",
    "rating": lambda *_: "",
}
