"""One HTTP request exactly as received, and the answer to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")


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

    def digest(self) -> str:
        """SHA-256 of query and body, hex: the dedupe key of last resort."""
        return hashlib.sha256(self.query.encode() + b"\n" + self.body).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer in the provider's own terms."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
