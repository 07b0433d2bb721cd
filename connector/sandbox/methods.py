"""The table of REST methods: what each needs and what it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from connector.sandbox.answers import Params, upper
from connector.sandbox.config import DEFAULT_SECONDS, OTHER_SECONDS, PER_ITEM

if TYPE_CHECKING:
    from connector.sandbox.auth import Credential
    from connector.sandbox.state import Portal
    from connector.sandbox.timing import Hit

READING = frozenset(
    {
        "batch",
        "current",
        "events",
        "fields",
        "findbycomm",
        "get",
        "info",
        "list",
        "methods",
        "profile",
        "scope",
        "status",
        "time",
        "token",
    }
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """Who calls what, in which request: the portal, the credential, ``start`` of a list, what ``prepare`` brought."""

    portal: Portal
    who: Credential
    registry: Mapping[str, Method]
    hit: Hit
    start: int = 0
    prepared: Any = None

    @property
    def is_admin(self) -> bool:
        """Whether the caller is an administrator of the portal."""
        return self.portal.users[self.who.user_id].admin


@dataclass(frozen=True, kw_only=True)
class Method:
    """``run(call, params)`` executes under the portal's lock; ``prepare`` before it, outside (file downloads).

    ``app_only`` methods refuse webhooks. ``scope`` empty: callable with any credential.
    """

    run: Callable[[Call, Params], Any]
    scope: str = ""
    app_only: bool = False
    prepare: Callable[[Call, Params], Any] | None = None


def cost(portal: Portal, method: str, params: Params) -> float:
    """Modelled seconds of one call, as set on this portal; messages are stored one after another and cost each."""
    seconds = portal.seconds.get(method, DEFAULT_SECONDS.get(method, OTHER_SECONDS))
    if method not in PER_ITEM:
        return seconds
    messages = upper(params).get("MESSAGES")
    return seconds * (len(messages) if isinstance(messages, list | Mapping) else 1)


def may_write(name: str) -> bool:
    """Whether a method (lower-case ``name``) may change something; the commands of a batch tell it themselves."""
    return name.rpartition(".")[2] not in READING


def registry(without: Iterable[str] = ()) -> Mapping[str, Method]:
    """Every method the sandbox answers, by lower-case name, but those that match a pattern of ``without``."""
    from connector.sandbox import (
        bindings,
        chat_methods,
        connectors,
        crm,
        crm_dictionaries,
        crm_duplicates,
        crm_items,
        crm_userfields,
        general,
        groups,
        history,
        imopenlines,
        incoming,
        lines,
        offline,
        receipts,
        tasks,
        timeline,
        userfieldconfig,
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
        crm_items.METHODS,
        crm_duplicates.METHODS,
        crm_dictionaries.METHODS,
        crm_userfields.METHODS,
        userfieldconfig.METHODS,
        timeline.METHODS,
        tasks.METHODS,
        groups.METHODS,
    )
    missing = [pattern.lower() for pattern in without]
    return {
        name: method
        for table in tables
        for name, method in table.items()
        if not any(fnmatchcase(name, pattern) for pattern in missing)
    }
