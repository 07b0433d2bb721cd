"""From inside Bitrix24 into the console: who may, the door that opens once, and the visit behind it.

Other sites' cookies are blocked in the portal's frame, so the page hands over a ticket in a form, never in an address,
and the visit's cookie belongs to this frame alone. The cookie is a ticket itself: when the visit is over it still
tells which portal may show the page that says so.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from connector.bootstrap import Connector
from connector.errors import Refused
from connector.journal.guests import Guest, Standing
from connector.journal.sessions import Visitor
from connector.journal.users import ROLES, Role
from connector.portal.visitors import Visitor as PortalVisitor
from connector.speech import Text
from webhooks.doors import Doors
from webhooks.tickets import Tickets

DOOR_SECONDS = 600.0
COOKIE_SECONDS = 7 * 86400.0  # longer than the visit: the end of it can be told in the frame
_WHERE_SECONDS = 12 * 3600.0
_PROVEN_SECONDS = 3600.0  # as long as Bitrix24's own access token says who they are

_NOT_YOU = Text(
    "The console is not open to you from here; an administrator decides in `console.portal_users` of connector.yaml, "
    "or by an access group that leads to `console:`",
    "Отсюда консоль для вас закрыта; администратор решает это в `console.portal_users` файла connector.yaml или "
    "группой доступа, которая ведёт в `console:`",
)
# The role that access groups give somebody, by `<portal>.<user id>` (docs/access.md), and who administers a portal.
_BY_GROUPS, _ADMINS = "access.console", "portal.admin"


@dataclass(frozen=True, kw_only=True)
class Door:
    """What the application's page puts into its form: ``ticket`` opens once, ``where`` only says what may frame."""

    ticket: str
    where: str


class Entrance:
    """The one way from a page inside a portal to a session of the console."""

    def __init__(self, connector: Connector, doors: Doors, tickets: Tickets) -> None:
        self._connector, self._doors, self._tickets = connector, doors, tickets

    def facts(self, portal: str, visitor: PortalVisitor, language: str) -> dict[str, str]:
        """What the tickets of a page bear about the person whom the portal has just vouched for.

        Who administers the portal is remembered: no list of REST tells it, and nothing is taken from them.
        """
        known = self._connector.journal.recall(_ADMINS, f"{portal}.{visitor.user_id}") is not None
        if visitor.admin != known:
            value = {"name": plain(visitor.name)} if visitor.admin else None
            self._connector.journal.remember(_ADMINS, f"{portal}.{visitor.user_id}", value, owner=f"portal:{portal}")
        return {
            "portal": portal,
            "language": language,
            "user": visitor.user_id[:20],
            "name": plain(visitor.name),
            "standing": "admin" if visitor.admin else "employee",
            "since": str(int(self._now())),
        }

    def proven(self, facts: Mapping[str, str]) -> bool:
        """Whether the portal has vouched for them within the hour, however often the page was renewed since."""
        return self._now() - float(facts.get("since", "0")) <= _PROVEN_SECONDS

    def door(self, facts: Mapping[str, str]) -> Door | None:
        """A new door for somebody who is :meth:`proven`; none for people without a role."""
        if self._role(guest_of(facts)) is None:
            return None
        once = self._tickets.issue("console", {**facts, "once": secrets.token_urlsafe(9)}, DOOR_SECONDS)
        return Door(ticket=once, where=self._tickets.issue("where", {"portal": facts["portal"]}, _WHERE_SECONDS))

    def open(self, ticket: str, remote: str) -> tuple[str, str]:
        """``(cookie, language)`` of a new visit. Raises ``Refused`` 403: forged, too old, used, or not for them."""
        facts = self._tickets.read("console", ticket)
        guest = guest_of(facts)
        if self._role(guest) is None:
            raise Refused("console.not_open", hint=_NOT_YOU, status=403)
        fresh = {"portal": guest.portal, "key": secrets.token_urlsafe(24)}
        cookie = self._tickets.issue("visit", fresh, COOKIE_SECONDS)
        self._connector.journal.welcome(ticket, self._now() + DOOR_SECONDS, cookie, guest, remote)
        return cookie, facts["language"]

    def visitor(self, cookie: str) -> Visitor | None:
        """Whose visit it is, with the role that settings and access groups give them now."""
        guest = self._connector.journal.guest(cookie)
        if guest is None or guest.portal not in self._connector.portals:
            return None
        role = self._role(guest)
        return None if role is None else Visitor(name=guest.name, role=role, portal=guest.portal)

    def frames(self, purpose: str, ticket: str) -> tuple[str, ...]:
        """The origins of the portal that a cookie (``visit``) or a ``where`` is of; none for what is not ours."""
        try:
            portal = self._tickets.read(purpose, ticket)["portal"]
        except Refused:
            return ()
        return tuple(self._doors.origins(portal))

    def _role(self, guest: Guest) -> Role | None:
        """The higher one of what the settings and what access groups let them do; ``None``: nothing.

        A source that is no longer in the settings gives nobody anything.
        """
        settings = self._connector.settings
        given = settings.console.portal_users
        granted = self._connector.journal.recall(_BY_GROUPS, f"{guest.portal}.{guest.user_id}") or {}
        by = {role for source, role in granted.get("by", {}).items() if source in settings.sources}
        known = {given.admin if guest.standing == "admin" else given.employee, *by}
        return next((role for role in reversed(ROLES) if role in known), None)

    def _now(self) -> float:
        return self._connector.clock().timestamp()


def guest_of(facts: Mapping[str, str]) -> Guest:
    """The person that a ticket's facts are about."""
    return Guest(portal=facts["portal"], user_id=facts["user"], title=facts["name"], standing=_standing(facts))


def plain(name: str) -> str:
    """A name as one short line without signs that could pass for somebody else's: ``Ivan (main #1)``."""
    visible = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in name if sign not in "()#")
    return " ".join(visible.split())[:60].rstrip()


def _standing(facts: Mapping[str, str]) -> Standing:
    return "admin" if facts["standing"] == "admin" else "employee"
