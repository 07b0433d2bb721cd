"""One event or record on its way into the CRM: whom it concerns, and what is known of them so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from connector.domain.effects import Call, Plan
from connector.domain.values import OF_EVENT
from connector.errors import PermanentError
from connector.handlers.judging import Settings
from mappings.outcome import TYPE_IDS, Wish

Item = Mapping[str, Any]
GONE = frozenset({"bitrix24.not_found", "bitrix24.owner_not_found"})
FORBIDDEN = frozenset({"bitrix24.access_denied", "bitrix24.scope", "bitrix24.plan", "bitrix24.no_such_method"})


class Place(NamedTuple):
    """A kind of CRM rows: ``lead``, ``deal``, ``contact``, ``company`` or ``item``, with its entityTypeId."""

    entity: str
    type_id: int

    @property
    def table(self) -> str:
        """ENTITY_TYPE of the timeline, and the key of ``tag_fields`` but for items (facts §2.1)."""
        return f"dynamic_{self.type_id}" if self.entity == "item" else self.entity


def place_of(wish: Wish) -> Place:
    """Where what is wanted belongs."""
    return Place(wish.entity, wish.type_id)


@dataclass(kw_only=True)
class Case:
    """``identity`` names the event in keys; ``lane`` its conversation, empty for records; ``about`` is the view of the
    event, nothing for a record. ``at`` is when it was sent, else when it arrived. ``again``: only links are written, to
    those who were not there before.

    ``ids`` are the rows that the rules' wishes came to, ``items`` rows as the CRM has them, ``bound`` what the chat is
    bound to, ``processes`` what is known of smart processes by entityTypeId, ``notes`` what a person should know in the
    end. ``unfound``: somebody who may come later was looked for in vain.
    """

    portal: str
    language: str
    identity: str
    lane: str
    about: Mapping[str, Any]
    settings: Settings
    at: datetime | None
    again: bool = False
    ids: dict[Place, int] = field(default_factory=dict)
    items: dict[tuple[int, int], Item] = field(default_factory=dict)
    bound: dict[str, int] | None = None
    processes: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unfound: bool = False

    def id_of(self, entity: str) -> int | None:
        """The row of that entity; of items the first."""
        return next((number for place, number in self.ids.items() if place.entity == entity), None)

    def kept(self, kind: str) -> str:
        """The kind of a link that belongs to this event and goes with it; what belongs to a record stays."""
        return OF_EVENT + kind if self.lane else kind

    @property
    def own(self) -> str:
        """What its links and keys are called by: for a record its portal too, whose rows they name."""
        return self.identity if self.lane else f"{self.portal}:{self.identity}"

    def learned(self, type_id: int, number: int, item: Item) -> None:
        """Keep a row as the CRM has it now."""
        self.items[type_id, number] = item


def fetched(case: Case, type_id: int, number: int) -> Plan:
    """A row, or ``None`` when it is no longer there. Asked for once."""
    if (type_id, number) not in case.items:
        params = {"entityTypeId": type_id, "id": number, "useOriginalUfNames": "Y"}
        try:
            answer = yield Call("crm.item.get", params)
        except PermanentError as error:
            if error.cause not in GONE:
                raise
            return None
        case.learned(type_id, number, _item(answer))
    return case.items[type_id, number]


def listed(place: Place, filters: Mapping[str, Any], *more: str) -> Plan:
    """The rows (id and ``more``) that a filter finds, by id; at most fifty. A process that is not there has none."""
    params = {
        "entityTypeId": place.type_id,
        "filter": dict(filters),
        "select": ["id", *more],
        "order": {"id": "ASC"},
        "useOriginalUfNames": "Y",
    }
    try:
        answer = yield Call("crm.item.list", params)
    except PermanentError as error:
        if error.cause not in GONE or place.entity != "item":
            raise
        return []
    items = answer.get("items") if isinstance(answer, Mapping) else None
    return [item for item in items or [] if isinstance(item, Mapping)]


def ids_in(rows: list[Item]) -> list[int]:
    """Their ids."""
    return sorted(int(row["id"]) for row in rows)


def type_of(entity: str) -> int:
    """entityTypeId of what is no smart process."""
    return TYPE_IDS[entity]


def _item(answer: Any) -> Item:
    item = answer.get("item") if isinstance(answer, Mapping) else None
    return item if isinstance(item, Mapping) else {}
