"""The manager's wire: blocks of ``Key: Value`` lines that end with an empty line (facts/providers.md §3.1).

Our own, since panoramisk wants an asyncio loop of its own, and has been quiet since 2021.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LONGEST = 256 * 1024
_END = b"\r\n\r\n"
_UNKNOWN = ("<unknown>", "unknown")
_LINE_ENDS = re.compile(r"[\r\n\0]+")

Pairs = Iterable[tuple[str, str]]


class BrokenStreamError(Exception):
    """What comes cannot be a manager's stream."""


class Framer:
    """Cuts a stream into its greeting line and blocks, however the network has split it."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._looked = 0
        self.greeting = ""

    def feed(self, data: bytes) -> list[bytes]:
        """The blocks that are whole now, without their empty line. Raises ``BrokenStreamError``."""
        self._rest += data
        if not self.greeting and not self._greet():
            return []
        blocks: list[bytes] = []
        while (end := self._rest.find(_END, self._looked)) >= 0:
            if block := bytes(self._rest[:end]).strip(b"\r\n"):
                blocks.append(block)
            del self._rest[: end + len(_END)]
            self._looked = 0
        self._looked = max(0, len(self._rest) - len(_END) + 1)
        self._check()
        return blocks

    def _greet(self) -> bool:
        line, found, rest = bytes(self._rest).partition(b"\n")
        if not found:
            self._check()
            return False
        self.greeting = line.decode("utf-8", "replace").strip()
        if not self.greeting.startswith("Asterisk Call Manager"):
            raise BrokenStreamError(f"greeting {self.greeting[:60]!r}")
        self._rest = bytearray(rest)
        return True

    def _check(self) -> None:
        if len(self._rest) > LONGEST:
            raise BrokenStreamError("a block without an end")


class Block:
    """One block. Names are looked up in any case; of a repeated one the first counts, :meth:`all` gives the others."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Pairs) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.lower(), []).append(value)

    @classmethod
    def read(cls, frame: bytes) -> Block:
        """A block from its bytes; what is not UTF-8 becomes U+FFFD, and what is no ``Key: Value`` is passed over."""
        lines = (line.partition(":") for line in frame.decode("utf-8", "replace").replace("\0", "\ufffd").split("\n"))
        return cls((name.strip(), value.strip()) for name, colon, value in lines if colon)

    def __getitem__(self, name: str) -> str:
        """The value, or empty. Asterisk writes ``<unknown>`` for what it does not know."""
        value = self._values.get(name.lower(), ("",))[0]
        return "" if value in _UNKNOWN else value

    def all(self, name: str) -> Sequence[str]:
        """All values of a repeated name, in order."""
        return self._values.get(name.lower(), ())

    @property
    def event(self) -> str:
        """The event's name; empty for an answer."""
        return self["Event"]


def packed(pairs: Pairs) -> bytes:
    """A block as it is sent. A line break inside a value would begin another action: it becomes a space."""
    lines = [f"{name}: {_LINE_ENDS.sub(' ', value)}\r\n" for name, value in pairs]
    return "".join(lines).encode("utf-8", "replace") + b"\r\n"
