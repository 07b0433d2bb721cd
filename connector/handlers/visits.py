"""A visitor of a site: what they told of themselves once, and the page they write from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.domain.effects import Plan, Recall, Remember
from connector.domain.events import MessageReceived
from connector.domain.values import Page, Person

VISIT = "visit"
_TOLD = ("first_name", "last_name", "phone", "email")


def as_known(event: MessageReceived) -> Plan:
    """The event with all that is known of its client, and with its page only when that is news.

    A message tells only what its visitor tells now, but what a portal is not told again it forgets
    (facts/bitrix24-openlines.md §1.7). Events of other channels come back as they are.
    """
    if event.page is None:
        return event
    visit = (yield Recall(VISIT, event.lane)) or {}
    page = None if event.page in (Page(), _page(visit)) else event.page
    return replace(event, client=_client(event.client, visit), page=page)


def remembered(said: MessageReceived, event: MessageReceived) -> Plan:
    """Keep what ``said`` brought, once it is in the chat. ``event`` is what :func:`as_known` made of it."""
    if said.page is None:
        return
    told = any(getattr(said.client, name) for name in _TOLD)
    if not told and event.page is None:
        return
    visit = (yield Recall(VISIT, event.lane)) or {}
    page = event.page or _page(visit)
    yield Remember(
        VISIT,
        event.lane,
        {
            "page": {"url": page.url, "title": page.title, "marks": page.marks},
            "client": {name: getattr(event.client, name) for name in _TOLD},
        },
    )


def _page(visit: dict[str, Any]) -> Page:
    return Page(**(visit.get("page") or {}))


def _client(client: Person, visit: dict[str, Any]) -> Person:
    """A name is told whole or not at all; a number and an address by themselves."""
    before = visit.get("client") or {}
    missing = {name for name in _TOLD if not getattr(client, name)}
    if client.first_name or client.last_name:
        missing -= {"first_name", "last_name"}
    return replace(client, **{name: before.get(name, "") for name in missing})
