"""Text as a browser may show it: a flat list of parts with their styles, and nothing that could run.

Made of the clean tree of :mod:`connector.domain.bbtree`, so mentions, internal addresses and ids are gone (trap 13).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import Any

from connector.domain.bbtree import Node, Piece, parse, safe_url
from mappings.bbcode import BREAK

Part = dict[str, Any]
Style = Mapping[str, Any]
_STYLES: Mapping[str, str] = MappingProxyType(
    {"b": "bold", "i": "italic", "s": "strike", "u": "underline", "code": "code"}
)
_ADDRESS = re.compile(r"https?://[^\s<>\"\u200b]+", re.IGNORECASE)
_TRAILING = ".,;:!?)'»”"
_PLAIN: Style = MappingProxyType({})


def parts(text: str) -> list[Part]:
    """``[{"text", "bold"?, "italic"?, "strike"?, "underline"?, "code"?, "url"?}]`` of BBCode; lines end in ``\\n``.

    ``url`` is http, https, mailto or tel. Quoted lines begin with ``> ``; bare addresses become links.
    """
    return _joined(_walk(parse(text), _PLAIN))


def typed(text: str) -> list[Part]:
    """The same of plain text, which says what it says: addresses become links, and nothing else happens to it."""
    return _joined(_literal(text, _PLAIN))


def _joined(pieces: Iterable[tuple[str, Style]]) -> list[Part]:
    flat = ({**style, "text": words} for words, style in pieces if words)
    joined = [
        {"text": "".join(part["text"] for part in some), **dict(style)}
        for style, some in groupby(flat, key=lambda part: [(k, v) for k, v in part.items() if k != "text"])
    ]
    if joined:
        joined[-1]["text"] = joined[-1]["text"].rstrip("\n")
    return [part for part in joined if part["text"]]


def _walk(pieces: Iterable[Piece], style: Style) -> Iterator[tuple[str, Style]]:
    for piece in pieces:
        if isinstance(piece, str):
            yield from _literal(piece, style)
        else:
            yield from _node(piece, style)


def _node(node: Node, style: Style) -> Iterator[tuple[str, Style]]:
    if node.kind == "quote":
        yield from _quoted(node, style)
    elif node.kind == "img":
        yield node.value, {**style, "url": node.value}
    elif node.kind == "url":
        yield from _walk(node.children, {**style, "url": node.value})
    elif node.kind == "call":
        yield from _walk(node.children, {**style, "url": "tel:" + re.sub(r"[^+\d*#]", "", node.value)})
    elif node.kind in _STYLES:
        yield from _walk(node.children, {**style, _STYLES[node.kind]: True})


def _quoted(node: Node, style: Style) -> Iterator[tuple[str, Style]]:
    yield "> ", style
    for words, inner in _walk(node.children, style):
        yield words.replace("\n", "\n> "), inner
    yield "\n", style


def _literal(text: str, style: Style) -> Iterator[tuple[str, Style]]:
    """Words as they are; addresses in them are links unless they stand in a link or in code."""
    at = 0
    for found in _ADDRESS.finditer(text) if not {"url", "code"} & style.keys() else ():
        address = found[0].rstrip(_TRAILING)
        if safe_url(address):
            yield text[at : found.start()].replace(BREAK, ""), style
            yield address, {**style, "url": safe_url(address)}
            at = found.start() + len(address)
    yield text[at:].replace(BREAK, ""), style
