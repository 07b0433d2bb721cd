"""One HTTP request exactly as received, and the answer to it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import TypeVar
from urllib.parse import unquote_plus

T = TypeVar("T")
MASK = "***"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request before anyone has interpreted it.

    ``headers`` have lower-case names; ``body`` is raw bytes (re-serialised JSON never verifies,
    facts/providers.md §1); ``query`` is the undecoded query string; ``received_at`` is aware UTC.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    query: str = ""
    remote: str = ""

    def header(self, name: str) -> str:
        """The header's value, or an empty string."""
        return self.headers.get(name.lower(), "")

    def once(self, make: Callable[[Request], T]) -> T:
        """What ``make`` returns for this request, made once: verify, key and parse read the same body. Read only."""
        # Not functools.cached_property: in Python 3.11 it takes a lock, and that costs more than most of what it saves.
        made = self.__dict__.setdefault("_made", {})
        if make not in made:
            made[make] = make(self)
        kept: T = made[make]
        return kept

    def without(self, names: tuple[str, ...]) -> Request:
        """The request with ``***`` for the values of these fields of its form or JSON body; all other bytes stay.

        A JSON body is not read, so one that is broken loses them as well.
        """
        if not names:
            return self
        masked = _in_json(names).sub(rb'\1"%s"' % MASK.encode(), self.body)
        if "urlencoded" in self.header("content-type").lower() and b"{" not in self.body[:8]:
            masked = b"&".join(_masked(pair, names) for pair in masked.split(b"&"))
        return replace(self, body=masked)

    def digest(self) -> str:
        """SHA-256 of query and body, hex: the dedupe key of last resort."""
        return hashlib.sha256(self.query.encode() + b"\n" + self.body).hexdigest()


@lru_cache(maxsize=64)
def _in_json(names: tuple[str, ...]) -> re.Pattern[bytes]:
    """A field by name, and its value: a text, which may not have its end, or anything else that has no parts."""
    either = b"|".join(re.escape(name.encode()) for name in names)
    return re.compile(rb'("(?:%s)"\s*:\s*)(?:"(?:[^"\\]|\\.)*+"?|[^\s",{}\[\]]++)' % either, re.DOTALL)


def _masked(pair: bytes, names: tuple[str, ...]) -> bytes:
    name, equals, _ = pair.partition(b"=")
    known = unquote_plus(name.decode("utf-8", "replace")) in names
    return name + equals + MASK.encode() if equals and known else pair


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer in the provider's own terms."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
