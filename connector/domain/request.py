"""One HTTP request exactly as received, and the answer to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any


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

    @cached_property
    def read(self) -> dict[str, Any]:
        """What was made of the body once, by name: verify, key and parse read the same one. Never changed later."""
        return {}

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
