"""The clean tree behind :mod:`connector.domain.bbcode` (facts/bitrix24-openlines.md §7.4).

:func:`parse` keeps formatting, links, quotes and code; mentions, chat links, disk ids and internal
addresses are gone before any renderer sees them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal, Union

from mappings.bbcode import BREAK

Kind = Literal["b", "i", "u", "s", "code", "url", "call", "img", "quote", "file", "rating"]
Piece = Union["Node", str]
Pieces = tuple[Piece, ...]

MAX_DEPTH = 32


@dataclass(frozen=True, kw_only=True)
class Node:
    """A clean element. ``value`` is the address (url, img), the number (call), or the mark (rating)."""

    kind: Kind
    value: str = ""
    children: Pieces = ()


_TOKEN = re.compile(
    r"(?P<rule>-{54}(?!-)[ \t]*(?=\n|\Z))|(?P<line>>>[ ]?)|(?P<eol>\n|\#BR\#)"
    r"|\[(?P<close>/)?(?P<name>[a-z]+)(?:(?P<mark>[= ])(?P<value>[^\[\]\n]*))?\]",
    re.IGNORECASE,
)
_CLOSERS = re.compile(r"\[/([a-z]+)\]", re.IGNORECASE)
_END_OF_CODE = re.compile(r"\[/code\]", re.IGNORECASE)
_HALF_TAG = re.compile(r"\[(?=(?:[/a-z][^\[\]\n]*)?\Z)", re.IGNORECASE)
_SMILEY = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_SMILEY_CODE = re.compile(r"""\b(?:data-code|alt)\s*=\s*(["'])(.*?)\1""", re.IGNORECASE)
_ICON_TITLE = re.compile(r"\btitle=(.*?)(?:\s+\w+=|$)", re.IGNORECASE)
_SCHEMES = ("http://", "https://", "mailto:", "tel:")
# Addresses that only staff can open, or that carry a signature of the portal.
_INTERNAL = re.compile(
    r"https?://[^\s/\[\]]+/(?:bitrix/(?:services/main/ajax\.php|tools/disk|components/bitrix/im)"
    r"|pub/im\.file\.php|disk/(?:downloadfile|showfile|file|folder)|rest/|desktop_app/)[^\s\[\]]*",
    re.IGNORECASE,
)

_STYLES: dict[str, Kind] = {"b": "b", "i": "i", "u": "u", "s": "s"}
_TRANSPARENT = frozenset(["user", "chat", "context", "dialog", "pch", "send", "put", "size", "color", "font"])
_VOID = frozenset(["br", "disk", "attach", "icon", "timestamp", "rating", "like", "dislike"])
_LINKS = frozenset({"url", "img", "call"})
KNOWN_TAGS = frozenset(_STYLES) | _TRANSPARENT | _VOID | _LINKS | {"code"}


def parse(text: str) -> Pieces:
    """The clean tree of operator text. Never raises; unbalanced tags end where their surroundings end."""
    prepared = _SMILEY.sub(_smiley, text.replace("\r\n", "\n").replace("\r", "\n"))
    return _Parser(prepared).run()


def safe_url(url: str) -> str:
    """The address if a client may follow it, else an empty string (relative, internal, script, malformed)."""
    address = url.strip().strip("\"'")
    if not address.lower().startswith(_SCHEMES) or len(address) > 2000 or re.search(r"[\s\x00-\x1f<>\"]", address):
        return ""
    return "" if _INTERNAL.match(address) else address.replace("[", "%5B").replace("]", "%5D")


def words(pieces: Iterable[Piece]) -> str:
    """All text of a tree, without any marks."""
    return "".join(piece if isinstance(piece, str) else words(piece.children) for piece in pieces)


def break_half_tag(text: str) -> str:
    """``text`` so that what follows it cannot complete a tag that it begins."""
    return _HALF_TAG.sub("[" + BREAK, text)


def _smiley(found: re.Match[str]) -> str:
    code = _SMILEY_CODE.search(found[0])
    return code[2] if code else ""


def _moment(value: str) -> str:
    seconds = value.split()[0] if value.split() else ""
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > 11:
        return ""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d %H:%M UTC")


def _icon(value: str) -> str:
    title = _ICON_TITLE.search(value)
    return title[1].strip().strip("\"'") if title else ""


_VOID_TEXT: dict[str, Callable[[str], Pieces]] = {
    "disk": lambda _: (Node(kind="file"),),
    "attach": lambda _: (Node(kind="file"),),
    "icon": lambda value: (_icon(value),),
    "timestamp": lambda value: (_moment(value),),
    "rating": lambda value: (Node(kind="rating", value=value.strip()),) if value.strip().isdecimal() else (),
    "like": lambda _: ("👍",),
    "dislike": lambda _: ("👎",),
}


def _url(value: str, inner: Pieces) -> Pieces:
    shown = words(inner)
    address = safe_url(value or shown)
    if address:
        return (Node(kind="url", value=address, children=inner if shown.strip() else (address,)),)
    return inner if value else ()


def _img(_: str, inner: Pieces) -> Pieces:
    address = safe_url(words(inner))
    return (Node(kind="img", value=address),) if address.startswith("http") else ()


def _call(value: str, inner: Pieces) -> Pieces:
    number = (value or words(inner)).strip()
    if not re.fullmatch(r"[+\d() .*#-]{2,40}", number):
        return inner
    return (Node(kind="call", value=number, children=inner if words(inner).strip() else (number,)),)


_LINK: dict[str, Callable[[str, Pieces], Pieces]] = {"url": _url, "img": _img, "call": _call}


@dataclass(kw_only=True)
class _Frame:
    name: str
    value: str = ""
    children: list[Piece] = field(default_factory=list)


class _Parser:
    """One pass, linear in the text; the stack never grows past ``MAX_DEPTH``."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.stack = [_Frame(name="")]
        self.line_start = True
        self.rules_left = len(re.findall(r"^-{54}[ \t]*$", text, re.MULTILINE))
        self.closers = {name.lower() for name in _CLOSERS.findall(text)}

    def run(self) -> Pieces:
        while found := _TOKEN.search(self.text, self.at):
            literal, self.at = self.text[self.at : found.start()], found.end()
            self.say(literal, before_tag=bool(found["name"]))
            self.token(found)
        self.say(self.text[self.at :])
        while len(self.stack) > 1:
            self.pop()
        return _joined(self.stack[0].children)

    def token(self, found: re.Match[str]) -> None:
        if found["name"]:
            self.tag(found, found["name"].lower())
        elif found["eol"]:
            self.end_line()
        elif found["line"]:
            self.quote_line() if self.line_start else self.say(found[0])
        else:
            self.rule(found[0])

    def say(self, text: str, *, before_tag: bool = False) -> None:
        """Literal text. A half of a tag before a tag that vanishes must not become whole (``[[b]b]``)."""
        if not text:
            return
        self.line_start = False
        if clean := _INTERNAL.sub("", text):
            self.top.children.append(break_half_tag(clean) if before_tag else clean)

    def tag(self, found: re.Match[str], name: str) -> None:
        if name == "br" and not found["close"]:
            self.end_line()
        elif name not in KNOWN_TAGS or (found["mark"] == " " and name in _STYLES):
            self.unknown(found, name)
        elif found["close"]:
            self.close(name)
        elif name in _VOID:
            self.put(_VOID_TEXT[name](found["value"] or ""))
        elif name == "code":
            self.code()
        elif len(self.stack) < MAX_DEPTH - 2:  # room for a quoted line in a quoted block
            self.stack.append(_Frame(name=name, value=found["value"] or "" if found["mark"] == "=" else ""))

    def unknown(self, found: re.Match[str], name: str) -> None:
        """A tag we do not know is dropped; a lone word in brackets is the operator's own text."""
        if found["mark"] == "=" or (name in self.closers and found["mark"] is None):
            return
        self.say(found[0])

    def code(self) -> None:
        end = _END_OF_CODE.search(self.text, self.at) if "code" in self.closers else None
        if end is None:
            self.closers.discard("code")
            return
        self.put((Node(kind="code", children=(self.text[self.at : end.start()],)),))
        self.at = end.end()

    def put(self, pieces: Pieces) -> None:
        self.top.children.extend(piece for piece in pieces if piece)
        self.line_start = self.line_start and not pieces

    def close(self, name: str) -> None:
        for depth in range(len(self.stack) - 1, 0, -1):
            frame = self.stack[depth].name
            if frame in (">>", "----"):
                return
            if frame == name:
                self.pop(depth)
                return

    def pop(self, depth: int = -1) -> None:
        """End the innermost frame, or all frames down to ``depth``."""
        until = len(self.stack) - 1 if depth < 0 else depth
        while len(self.stack) > until:
            frame = self.stack.pop()
            self.top.children.extend(_build(frame))

    def quote_line(self) -> None:
        self.stack.append(_Frame(name=">>"))
        self.line_start = False

    def end_line(self) -> None:
        depth = next((n for n, frame in enumerate(self.stack) if frame.name == ">>"), 0)
        if depth:
            self.pop(depth)
        else:
            self.top.children.append("\n")
        self.line_start = True

    def rule(self, text: str) -> None:
        """A line of 54 dashes opens a quoted block or closes the one that is open (§7.4)."""
        if not self.line_start:
            self.say(text)
            return
        self.rules_left -= 1
        depth = next((n for n, frame in enumerate(self.stack) if frame.name == "----"), 0)
        if depth:
            self.pop(depth)
        elif self.rules_left > 0:
            self.stack.append(_Frame(name="----"))
        else:
            self.say(text)
            return
        self.at += self.text[self.at : self.at + 1] == "\n"

    @property
    def top(self) -> _Frame:
        return self.stack[-1]


def _build(frame: _Frame) -> Pieces:
    inner = _joined(frame.children)
    if frame.name == "----":
        while inner and inner[-1] == "\n":
            inner = inner[:-1]
    if frame.name in (">>", "----"):
        return (Node(kind="quote", children=inner),)
    if frame.name in _STYLES:
        return (Node(kind=_STYLES[frame.name], children=inner),) if inner else ()
    return _LINK[frame.name](frame.value, inner) if frame.name in _LINK else inner


def _joined(pieces: Iterable[Piece]) -> Pieces:
    """Quoted lines that follow each other are one quote."""
    out: list[Piece] = []
    for quote, run in groupby(pieces, key=lambda piece: isinstance(piece, Node) and piece.kind == "quote"):
        nodes = list(run)
        if not quote or len(nodes) == 1:
            out += nodes
            continue
        lines = [("\n", *node.children) for node in nodes if isinstance(node, Node)]
        out.append(Node(kind="quote", children=tuple(piece for line in lines for piece in line)[1:]))
    return tuple(out)
