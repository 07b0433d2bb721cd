"""Protocols by which rooms that never import each other meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

PortalState = Literal["active", "needs_reauth", "uninstalled", "suspended", "blocked", "unreachable"]
Clock = Callable[[], datetime]
Wake = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A token pair as the portal or the auth server gave it. Never logged, never in ``repr``."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    member_id: str
    client_endpoint: str
    server_endpoint: str
    application_token: str = field(default="", repr=False)
    scope: str = ""
    status: str = ""
    user_id: str = ""
    domain: str = ""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What we keep of one portal; ``application_tokens`` are all valid ones (trap 11)."""

    portal: str
    state: PortalState
    grant: Grant
    application_tokens: tuple[str, ...] = field(default=(), repr=False)
    reason: str = ""
    updated_at: datetime | None = None


class Installations(Protocol):
    """The durable store of installations; tokens are sealed inside it."""

    def installation(self, portal: str) -> Installation | None: ...

    def portal_of(self, member_id: str) -> str | None:
        """The portal's name in the settings, or ``None`` for a stranger."""

    def keep_installation(self, installation: Installation) -> None: ...

    def keep_grant(self, portal: str, grant: Grant) -> None:
        """Replace the token pair atomically; other fields stay."""

    def set_state(self, portal: str, state: PortalState, reason: str = "") -> None: ...

    def drop_installation(self, portal: str, *, clean: bool) -> None:
        """Forget the tokens; with ``clean`` also the links of the portal."""


class Locks(Protocol):
    """Named locks that hold across processes and machines and die with their holder."""

    def lock(self, name: str, *, ttl: float) -> AbstractContextManager[bool]:
        """Yields ``True`` when taken, ``False`` when somebody else holds it. ``ttl`` seconds."""


class Budget(Protocol):
    """The shared allowance of one portal (DESIGN.md §6.5)."""

    def spend(self, *, live: bool = True) -> float:
        """Take one request; returns the seconds to sleep before sending it."""

    def pause(self, seconds: float) -> None:
        """Nobody sends for so long (a limit was answered)."""

    def level(self) -> dict[str, float]:
        """``{"used": requests in the bucket, "burst": …, "per_second": …}`` for status and metrics."""


class MediaStore(Protocol):
    """Files under ``var/media``."""

    def keep(self, name: str, mime: str, chunks: Iterator[bytes], *, limit: int) -> Any:
        """Write, sniff the type, return a ``StoredFile``. Raises ``PermanentError`` over ``limit`` bytes."""

    def read(self, key: str) -> bytes: ...
