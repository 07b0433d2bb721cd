"""Commands of IMAP as they are read, and answers as they are written (RFC 3501 §4, §9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BufferedIOBase
from typing import TypeAlias

Word: TypeAlias = "str | list[Word]"

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r?\n\Z")
_PIECE = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<atom>[^\s()"\[]*(?:\[[^\]]*\](?:<[\d.]+>)?)?))'
)


def command(stream: BufferedIOBase, ready: bytes, tell: BufferedIOBase) -> list[Word] | None:
    """The next command with its literals, nested as its brackets are; ``None`` at the end of the stream.

    ``ready`` is said to ``tell`` before each literal. Bytes are kept as latin-1.
    """
    flat: list[str | None] = []
    while True:
        line = stream.readline(65536)
        if not line:
            return None
        literal = _LITERAL.search(line)
        flat += _flat(line[: literal.start()] if literal else line.rstrip(b"\r\n"))
        if literal is None:
            return _nested(flat)
        tell.write(ready)
        flat.append(stream.read(int(literal[1])).decode("latin-1"))


def _flat(line: bytes) -> list[str | None]:
    """Words; a bracket is ``None`` (it opens) or ``\\0`` (it closes): neither can be a word."""
    text, at, flat = line.decode("latin-1"), 0, list[str | None]()
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None or found.end() == at:
            break
        at = found.end()
        if found["open"]:
            flat.append(None)
        elif found["close"]:
            flat.append("\0")
        elif found["quoted"] is not None:
            flat.append(re.sub(r"\\(.)", r"\1", found["quoted"]))
        elif found["atom"]:
            flat.append(found["atom"])
    return flat


def _nested(flat: Sequence[str | None]) -> list[Word]:
    stack: list[list[Word]] = [[]]
    for word in flat:
        if word is None:
            stack.append([])
        elif word == "\0" and len(stack) > 1:
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(word)
    return stack[0]


def words(value: Word) -> list[str]:
    """The words of a list, or the only one."""
    return [value] if isinstance(value, str) else [word for each in value for word in words(each)]


def quoted(text: str) -> str:
    """As a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def numbers(asked: str, known: Sequence[int]) -> list[int]:
    """Which of the ``known`` numbers (in order) a set as ``1:3,7,9:*`` means; ``*`` is the last."""
    last, found = (known[-1] if known else 0), set[int]()
    for part in asked.split(","):
        ends = [last if end == "*" else int(end) for end in part.split(":") if end == "*" or end.isdigit()]
        if ends:
            found |= {number for number in known if min(ends) <= number <= max(ends)}
    return sorted(found)
