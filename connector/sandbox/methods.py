"""The table of REST methods: what each needs and what it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Params
from connector.sandbox.config import DEFAULT_SECONDS

if TYPE_CHECKING:
    from connector.sandbox.auth import Credential
    from connector.sandbox.state import Portal


@dataclass(frozen=True, kw_only=True)
class Call:
    """Who calls what: the portal, the credential, ``start`` of a list, and what ``prepare`` brought."""

    portal: Portal
    who: Credential
    registry: Mapping[str, Method]
    start: int = 0
    prepared: Any = None


@dataclass(frozen=True, kw_only=True)
class Method:
    """``run(call, params)`` executes under the portal's lock; ``prepare`` before it, outside (file downloads).

    ``app_only`` methods refuse webhooks. ``scope`` empty: callable with any credential.
    """

    run: Callable[[Call, Params], Any]
    scope: str = ""
    app_only: bool = False
    prepare: Callable[[Call, Params], Any] | None = None


def cost(portal: Portal, method: str) -> float:
    """Modelled seconds of one call, as set on this portal."""
    return portal.seconds.get(method, DEFAULT_SECONDS.get(method, 0.05))


def registry() -> Mapping[str, Method]:
    """Every method the sandbox answers, by lower-case name."""
    from connector.sandbox import (
        bindings,
        chat_methods,
        connectors,
        crm,
        general,
        history,
        imopenlines,
        incoming,
        lines,
        offline,
        receipts,
    )

    tables = (
        general.METHODS,
        bindings.METHODS,
        offline.METHODS,
        connectors.METHODS,
        incoming.METHODS,
        receipts.METHODS,
        imopenlines.METHODS,
        lines.METHODS,
        history.METHODS,
        chat_methods.METHODS,
        crm.METHODS,
    )
    return {name: method for table in tables for name, method in table.items()}
