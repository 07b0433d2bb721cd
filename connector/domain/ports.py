"""Protocols by which rooms that never import each other meet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Protocol

from connector.domain.values import Author, StoredFile

PortalState = Literal["active", "needs_reauth", "uninstalled", "suspended", "blocked", "unreachable"]
Clock = Callable[[], datetime]
Wake = Callable[[str], None]
NO_LOAD: Mapping[str, float] = MappingProxyType({})


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
    client_id: str = ""


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

    def portals_of(self, member_id: str) -> list[str]:
        """The portals in the settings that are this Bitrix24, one for each application of ours; none: a stranger."""

    def keep_installation(self, installation: Installation) -> None: ...

    def keep_grant(self, portal: str, grant: Grant) -> None:
        """Replace the token pair atomically; other fields stay."""

    def set_state(self, portal: str, state: PortalState, reason: str = "") -> bool:
        """Note how the portal is; ``True`` when the state is another than before (one caller of many is told so)."""

    def claim_probe(self, portal: str, pause: float) -> bool:
        """Whether the caller may look at a stopped portal: one of all, ``pause`` seconds after the last word on it."""

    def let_probe(self, portal: str) -> None:
        """The next :meth:`claim_probe` succeeds at once."""

    def drop_installation(self, portal: str, *, clean: bool) -> None:
        """Forget the tokens; with ``clean`` also the links of the portal."""


class Refreshed(Protocol):
    """The durable store of refresh tokens that came with an access token: sealed inside it, for all processes.

    A ``grant`` is a name without any secret. Who cannot be served gets an exception, and nothing is half done.
    """

    def refreshed(self, grant: str) -> str:
        """The one that was kept last; empty: none."""

    def keep_refreshed(self, grant: str, token: str) -> None:
        """In the place of the one before; an empty one forgets it."""


class Locks(Protocol):
    """Named locks that hold across processes and machines and die with their holder."""

    def lock(self, name: str, *, ttl: float) -> AbstractContextManager[bool]:
        """Yields ``True`` when taken, ``False`` when somebody else holds it. ``ttl`` seconds."""


class Budget(Protocol):
    """The shared allowance of one portal: requests, and operating seconds of methods (DESIGN.md §6.5).

    A load is ``{REST name in lower case: items}``: 1 for an ordinary call, ``len(MESSAGES)`` for a call with messages.
    """

    def spend(self, load: Mapping[str, float] = NO_LOAD, *, live: bool = True) -> float:
        """Take one HTTP request that runs these methods; returns the seconds to sleep before sending it.

        Waits in here until a place is near: bulk until nobody is ahead of it. Each method of the load is settled by one
        :meth:`note`, whatever came of it. Raises ``TransientError`` ``bitrix24.operating_limit`` with ``retry_after``
        when one of the methods has used up its operating share; nothing is taken then.
        """

    def room(self) -> tuple[float, float]:
        """``(live requests that may leave now without waiting, seconds until there is at least one)``."""

    def waiting(self, methods: Iterable[str], *, live: bool = True) -> dict[str, float]:
        """Seconds that each method still waits for its operating window; only those that wait."""

    def expect(self, method: str, items: float = 1.0) -> float:
        """Seconds of one call with so many items, as observed; a cautious guess for a method never seen."""

    def note(self, method: str, time: Mapping[str, Any], items: float = 1.0) -> None:
        """The ``time`` block of an answer (or ``result_time`` of a command); empty when there was none."""

    def block(self, method: str) -> float:
        """The portal answered with the operating limit of ``method``; returns the seconds that it waits now."""

    def pause(self, seconds: float) -> None:
        """Nobody sends for so long (``QUERY_LIMIT_EXCEEDED`` was answered)."""

    def learn(self, burst: float, per_second: float) -> None:
        """The figures of the portal's plan; those of the settings win. ``burst`` 0 is no limit (self-hosted)."""

    def level(self) -> dict[str, float]:
        """``{"used": requests in the bucket, "burst": …, "per_second": …}`` for status and metrics."""

    def figures(self) -> str:
        """Where burst and rate come from: ``set`` (settings), ``learned`` (the plan) or ``default``."""

    def operating(self) -> dict[str, dict[str, float]]:
        """``{method: {"seconds": used, "limit": …, "reset": …, "blocked": …}}``, in seconds from now."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said to a visitor. ``text`` is BBCode; ``name`` is the operator's own, empty for the system."""

    author: Author
    name: str = ""
    text: str = ""
    files: tuple[StoredFile, ...] = ()


class Chats(Protocol):
    """Conversations that are kept here and nowhere else (docs/adr/0006). ``message_id`` is the store's own.

    All raise ``TransientError`` while the store is away; nothing is half done then.
    """

    def say_in_chat(self, account: str, visitor: str, said: Said, *, key: str) -> str:
        """Add a message; returns its id. A key that is known adds nothing and returns the id that it had.

        An operator's message without a name bears the one that they have in this conversation.
        """

    def edit_in_chat(self, account: str, visitor: str, message_id: str, text: str) -> bool:
        """Put another text (BBCode) into a message; ``False`` when there is none such, or it was taken back."""

    def delete_in_chat(self, account: str, visitor: str, message_ids: Collection[str]) -> None:
        """Take messages back; what is not there is as good as taken back."""
