"""The table of REST methods: what each needs and what it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
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
        "getbyentitytypeid",
        "info",
        "list",
        "methods",
        "profile",
        "scope",
        "searchcrmentities",
        "status",
        "time",
        "token",
    }
)
# The modules that have a table of METHODS.
FAMILIES = (
    "general",
    "people",
    "departments",
    "bindings",
    "offline",
    "connectors",
    "incoming",
    "receipts",
    "imopenlines",
    "lines",
    "history",
    "chat_methods",
    "crm",
    "activities",
    "crm_items",
    "crm_duplicates",
    "crm_dictionaries",
    "crm_types",
    "crm_userfields",
    "people_fields",
    "userfieldconfig",
    "timeline",
    "tasks",
    "groups",
    "group_members",
    "external_lines",
    "telephony",
    "call_records",
    "call_statistics",
)
FAMILIES_V3 = ("humanresources",)


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

    ``app_only`` methods refuse webhooks. ``scope`` empty: callable with any credential. What is not ``listed`` can be
    called all the same.
    """

    run: Callable[[Call, Params], Any]
    scope: str = ""
    app_only: bool = False
    prepare: Callable[[Call, Params], Any] | None = None
    listed: bool = True


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


def registry(without: Iterable[str] = (), families: Iterable[str] = FAMILIES) -> Mapping[str, Method]:
    """Every method the sandbox answers, by lower-case name, but those that match a pattern of ``without``."""
    missing = [pattern.lower() for pattern in without]
    return {
        name: method
        for table in (import_module(f"connector.sandbox.{family}").METHODS for family in families)
        for name, method in table.items()
        if not any(fnmatchcase(name, pattern) for pattern in missing)
    }
