"""Where what arrives goes: the accounts as they are wired, and the destinations of each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connector.domain.calls import CALL_KINDS
from connector.domain.door import Door
from connector.domain.events import Event, FromPortal, ReplyWritten
from connector.domain.mailbox import MailSettings
from connector.domain.provider import AccountSettings, Http, Provider
from connector.domain.sources import SourceRole
from connector.journal import NewDelivery

ALBUM_WAIT = timedelta(seconds=1.5)  # the parts of an album come one by one: facts/providers.md §2.1
LONGEST_KEY = 400


@dataclass(frozen=True, kw_only=True)
class Account:
    """One configured use of a provider, wired. ``portal`` is the name of the portal it serves."""

    name: str
    settings: AccountSettings
    provider: Provider
    portal: str
    http: Http

    @property
    def door(self) -> Door | None:
        """Where its requests come in."""
        return self.provider.door

    @property
    def owner(self) -> str:
        """What its envelopes are kept under."""
        return self.name


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """A source that is pushed to: requests come to ``/hooks/<name>`` and are kept until its next run reads them."""

    name: str
    settings: Any
    door: Door

    @property
    def owner(self) -> str:
        """What its envelopes are kept under."""
        return f"source:{self.name}"


def pushed(sources: Mapping[str, Any], roles: Mapping[str, SourceRole]) -> dict[str, Pushed]:
    """The sources that have a door; how much a request may bear is each one's own. ``roles`` are by provider."""
    doors = {name: role.door for name, source in sources.items() if (role := roles.get(source.provider)) and role.door}
    return {
        name: Pushed(
            name=name,
            settings=sources[name],
            door=replace(door, limit=getattr(sources[name], "body_limit", door.limit)),
        )
        for name, door in doors.items()
    }


# Who has an address below ``/hooks/``.
Addressee = Account | Pushed


def routes(event: Event, account: Account, *, now: datetime | None = None) -> list[NewDelivery]:
    """Where an account's event goes. ``now`` (the time of receipt) is needed by albums only. ``Ignored`` → ``[]``."""
    table = _ROUTES.get(event.kind, ())
    due, group = _album(event, now)
    return [
        NewDelivery(
            destination=place(account),
            event=event,
            lane=event.lane,
            position=event.position,
            due_at=due,
            group=group,
        )
        for place in table
    ]


def portal_routes(
    event: Event, portal: str, accounts: Mapping[str, Account], *, now: datetime | None = None
) -> list[NewDelivery] | None:
    """Where a portal's event goes; ``None`` when it is about an account that this portal does not have here.

    What is written to a mailbox waits its pause from ``now``, for lines that belong to the same letter.
    """
    if event.kind == "ignored":
        return []
    destination, due, group = f"portal:{portal}", None, ""
    if isinstance(event, FromPortal):
        account = accounts.get(event.account)
        if account is None or account.portal != portal:
            return None
        destination = _to_account(account)
        due, group = _letter(event, account, now)
    return [
        NewDelivery(
            destination=destination, event=event, lane=event.lane, position=event.position, due_at=due, group=group
        )
    ]


def _letter(event: FromPortal, account: Account, now: datetime | None) -> tuple[datetime | None, str]:
    """The lines of one author are one letter; what nobody wrote (``0``) stands alone and does not wait."""
    settings = account.settings
    if not isinstance(settings, MailSettings) or not settings.pause or not isinstance(event, ReplyWritten):
        return None, ""
    if event.author in ("", "0"):
        return None, ""
    due = now + timedelta(seconds=settings.pause) if now else None
    return due, f"{event.lane}:letter.{event.author}"


def check_writable(deliveries: Sequence[NewDelivery]) -> None:
    """Raise ``ValueError`` for an event that no database would take (NUL in a lane, a lone surrogate anywhere).

    Such a row would fail the transaction that it shares with requests of others.
    """
    for delivery in deliveries:
        if "\0" in delivery.lane or "\0" in delivery.group or len(delivery.lane) > LONGEST_KEY:
            raise ValueError("the conversation's id is not usable")
        (delivery.lane + delivery.group + delivery.dumped).encode()


def _album(event: Event, now: datetime | None) -> tuple[datetime | None, str]:
    album = event.album if event.kind == "message.received" else ""
    if not album:
        return None, ""
    return (now + ALBUM_WAIT if now else None), f"{event.lane}:{album}"


def _to_portal(account: Account) -> str:
    return f"portal:{account.portal}"


def _to_account(account: Account) -> str:
    return f"account:{account.name}"


_ROUTES: dict[str, tuple[Callable[[Account], str], ...]] = {
    "message.received": (_to_portal,),
    "message.edited": (_to_portal,),
    "message.deleted": (_to_portal,),
    "conversation.blocked": (_to_portal,),
    "conversation.unblocked": (_to_portal,),
    "button.pressed": (_to_portal, _to_account),
    "letter.received": (_to_portal,),
    "letter.bounced": (_to_portal,),
    **dict.fromkeys(CALL_KINDS, (_to_portal,)),
}
