"""Who is responsible for a number: as the portal tells it, and the local copy of what it told.

The copy is the link ``phone.owner``, key ``<portal>/<E.164>``. Handlers of calls write it as well; ``present`` is told
by routing alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.telephony import Found

KIND = "phone.owner"
METHOD = "telephony.externalCall.searchCrmEntities"
# Who has no working day in Bitrix24 is never absent (facts/bitrix24-telephony-crm.md §1.6).
AT_WORK = frozenset({"OPENED", "UNAVAILABLE", "NOT_INSTALLED"})
ABSENT_FOR = timedelta(minutes=15)  # an old copy does not tell who is absent now


@dataclass(frozen=True, kw_only=True)
class Owner:
    """The client that a number belongs to and the user who is responsible; ``present``: the user's day is open."""

    name: str = ""
    user: int = 0
    extension: str = ""
    entity: str = ""
    entity_id: int = 0
    present: bool = True

    def found(self, phone: str, extensions: Mapping[str, Mapping[str, str]], *, age: timedelta | None = None) -> Found:
        """What a dial plan is told. ``extensions``: the mappings' table, for users without one in Bitrix24.

        ``age`` is that of a copy, ``None`` when the portal itself has just answered.
        """
        here = self.present or (age is not None and age > ABSENT_FOR)
        extension = self.extension or _by_table(self.user, extensions)
        return Found(
            phone=phone,
            name=self.name,
            user=self.user,
            extension=extension if here else "",
            entity=self.entity,
            entity_id=self.entity_id,
        )

    def kept(self, at: datetime) -> dict[str, Any]:
        """The value of the link."""
        return {**asdict(self), "at": at.isoformat()}


def owner_of(answer: Any) -> Owner | None:
    """The owner that ``searchCrmEntities`` tells: its first row (contact, lead, company) that somebody is responsible
    for, else the first one; ``None`` for nobody. facts/bitrix24-telephony-crm.md §1.6.
    """
    rows = [row for row in answer if isinstance(row, Mapping)] if isinstance(answer, list) else []
    owners = [_owner(row) for row in rows]
    return next((owner for owner in owners if owner.user), owners[0] if owners else None)


def copy_of(kept: Any) -> tuple[Owner, datetime] | None:
    """The owner in a link's value and when it was told; ``None`` for anything else, or for nobody."""
    if not isinstance(kept, Mapping):
        return None
    owner = Owner(
        name=_text(kept.get("name")),
        user=_number(kept.get("user")),
        extension=_text(kept.get("extension")),
        entity=_text(kept.get("entity")),
        entity_id=_number(kept.get("entity_id")),
        present=kept.get("present") is not False,
    )
    return (owner, _moment(kept.get("at"))) if owner.user or owner.entity_id else None


def _owner(row: Mapping[str, Any]) -> Owner:
    person = row.get("ASSIGNED_BY")
    person = person if isinstance(person, Mapping) else {}
    status = person.get("TIMEMAN_STATUS")
    return Owner(
        name=_text(row.get("NAME")),
        user=_number(row.get("ASSIGNED_BY_ID") or person.get("ID")),
        extension=_text(person.get("USER_PHONE_INNER")),
        entity=_text(row.get("CRM_ENTITY_TYPE")),
        entity_id=_number(row.get("CRM_ENTITY_ID")),
        present=not status or status in AT_WORK,
    )


def _by_table(user: int, extensions: Mapping[str, Mapping[str, str]]) -> str:
    mine = str(user)
    return next((name for name, row in extensions.items() if user and str(row.get("user", "")) == mine), "")


def _text(value: Any) -> str:
    return str(value)[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(value: Any) -> int:
    """v2 methods tell numbers as texts."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _moment(value: Any) -> datetime:
    """An aware time; the beginning of time for what is none, so that such a copy is old."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
