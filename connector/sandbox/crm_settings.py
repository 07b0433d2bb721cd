"""How the CRM is set up: smart processes, funnels, dictionaries and user fields.

facts/bitrix24-telephony-crm.md §2.1, §2.7, §2.8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from connector.sandbox.crm_statuses import DEAL_STAGES, DICTIONARIES, ITEM_STAGES, Status
from connector.sandbox.crm_tables import Row, Table

FLAGS = (
    "isCategoriesEnabled",
    "isStagesEnabled",
    "isBeginCloseDatesEnabled",
    "isClientEnabled",
    "isUseInUserfieldEnabled",
    "isLinkWithProductsEnabled",
    "isMycompanyEnabled",
    "isDocumentsEnabled",
    "isSourceEnabled",
    "isObserversEnabled",
    "isRecyclebinEnabled",
    "isAutomationEnabled",
    "isBizProcEnabled",
    "isSetOpenPermissions",
    "isPaymentsEnabled",
    "isCountersEnabled",
)
COLOURS: Mapping[str, str] = MappingProxyType({"": "#39A8EF", "S": "#7BD500", "F": "#FF5752"})
EXTRA: Mapping[str, str] = MappingProxyType({"": "process", "S": "success", "F": "failure"})
DEAL = 2


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One kind of CRM rows. ``table`` is also ENTITY_TYPE of the timeline, ``uf`` ENTITY_ID of its user fields."""

    type_id: int
    table: str
    uf: str
    abbreviation: str
    title: tuple[str, str]


ENTITIES: Mapping[int, Entity] = MappingProxyType(
    {
        1: Entity(type_id=1, table="lead", uf="CRM_LEAD", abbreviation="L", title=("Lead", "Лид")),
        2: Entity(type_id=2, table="deal", uf="CRM_DEAL", abbreviation="D", title=("Deal", "Сделка")),
        3: Entity(type_id=3, table="contact", uf="CRM_CONTACT", abbreviation="C", title=("Contact", "Контакт")),
        4: Entity(type_id=4, table="company", uf="CRM_COMPANY", abbreviation="CO", title=("Company", "Компания")),
    }
)


@dataclass(kw_only=True)
class ItemType:
    """A smart process; ``on`` are those of FLAGS that are switched on.

    ``parents`` and ``children`` are the entityTypeIds that its items belong to and that belong to them, each with
    whether the card lists the children. None: everything may be either (what a test put there without saying).
    """

    id: int
    entity_type_id: int
    title: str
    on: frozenset[str]
    created: str
    updated: str = ""
    author: int = 1
    code: str = ""
    parents: dict[int, bool] | None = None
    children: dict[int, bool] | None = None

    @property
    def entity(self) -> Entity:
        """The kind of rows it has: user fields go by its id, everything else by its entityTypeId."""
        number = self.entity_type_id
        return Entity(
            type_id=number,
            table=f"dynamic_{number}",
            uf=f"CRM_{self.id}",
            abbreviation=f"T{number:x}",
            title=(self.title, self.title),
        )


@dataclass(kw_only=True)
class Category:
    """A funnel of deals or of a smart process."""

    id: int
    entity_type_id: int
    name: str
    sort: int
    default: bool


@dataclass(kw_only=True)
class Option:
    """One option of an enumeration."""

    id: int
    value: str
    sort: int = 500
    default: bool = False
    xml_id: str = ""


@dataclass(kw_only=True)
class UserField:
    """A user field; ``entity`` is ENTITY_ID such as ``CRM_CONTACT``, ``name`` the whole ``UF_CRM_…``."""

    id: int
    entity: str
    name: str
    type: str
    multiple: bool = False
    mandatory: bool = False
    sort: int = 100
    xml_id: str = ""
    label: str = ""
    filter: str = "N"
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[int, Option] = field(default_factory=dict)


class Settings:
    """Everything an administrator of the CRM sets up. Hold the portal's lock."""

    def __init__(self, language: str, now_text: Callable[[], str]) -> None:
        self._russian, self._now_text = language == "ru", now_text
        self._last = {"type": 0, "category": 0, "field": 400, "option": 3000}
        self.types: dict[int, ItemType] = {}
        self.categories: dict[tuple[int, int], Category] = {}
        self.fields: dict[int, UserField] = {}
        self.statuses = Table(100, now_text)
        for dictionary, entries in DICTIONARIES.items():
            self._stock(dictionary, entries)
        general = self.word(("General", "Общая"))
        self.categories[DEAL, 0] = Category(id=0, entity_type_id=DEAL, name=general, sort=300, default=True)

    def word(self, said: tuple[str, str]) -> str:
        """One of two phrases, in the portal's language."""
        return said[self._russian]

    def next_id(self, kind: str) -> int:
        """The next number of a type, category, field or option."""
        self._last[kind] += 1
        return self._last[kind]

    def entity(self, type_id: int) -> Entity | None:
        """The kind of rows of an entityTypeId; None when there is none."""
        held = self.types.get(type_id)
        return held.entity if held else ENTITIES.get(type_id)

    def entities(self) -> list[Entity]:
        """Every kind of rows with fields of its own."""
        return [*ENTITIES.values(), *(held.entity for held in self.types.values())]

    def add_type(self, entity_type_id: int, title: str, on: Iterable[str]) -> ItemType:
        """A new smart process with its first funnel. Raises ``ValueError`` for a number that cannot be one."""
        if not is_dynamic(entity_type_id) or entity_type_id in self.types:
            raise ValueError(f"entityTypeId {entity_type_id}: 128 to 192 or an even number from 1030, not yet taken")
        number, now = self.next_id("type"), self._now_text()
        held = ItemType(
            id=number, entity_type_id=entity_type_id, title=title, on=frozenset(on), created=now, updated=now
        )
        self.types[entity_type_id] = held
        self.add_category(entity_type_id, self.word(("General", "Общая")))
        return held

    def remove_type(self, held: ItemType) -> None:
        """Take a smart process away with its funnels, stages and user fields."""
        number, uf = held.entity_type_id, held.entity.uf
        del self.types[number]
        dictionaries = {dictionary(number, category.id) for category in self.categories_of(number)}
        self.categories = {key: kept for key, kept in self.categories.items() if key[0] != number}
        self.fields = {key: kept for key, kept in self.fields.items() if kept.entity != uf}
        for row_id in [int(row["ID"]) for row in self.statuses.rows.values() if row["ENTITY_ID"] in dictionaries]:
            self.statuses.delete(row_id)

    def related(self, child: int, parent: int) -> bool:
        """Whether items of ``child`` may belong to one of ``parent``; one of them is a smart process."""
        below, above = self.types.get(child), self.types.get(parent)
        said = [held for held in (below and below.parents, above and above.children) if held is not None]
        if not said:
            return below is not None or above is not None
        return bool(below and parent in (below.parents or ())) or bool(above and child in (above.children or ()))

    def add_category(self, entity_type_id: int, name: str) -> Category:
        """A new funnel with the usual stages; the first one of a smart process is its default."""
        number = self.next_id("category")
        first = not self.categories_of(entity_type_id)
        held = Category(id=number, entity_type_id=entity_type_id, name=name, sort=200 + number, default=first)
        self.categories[entity_type_id, number] = held
        entries = DEAL_STAGES if entity_type_id == DEAL else ITEM_STAGES
        prefix = stage_prefix(entity_type_id, number)
        self._stock(dictionary(entity_type_id, number), entries, prefix, number)
        return held

    def categories_of(self, entity_type_id: int) -> list[Category]:
        """The funnels of an entity, in their order."""
        found = [held for held in self.categories.values() if held.entity_type_id == entity_type_id]
        return sorted(found, key=lambda held: (held.sort, held.id))

    def default_category(self, entity_type_id: int) -> int:
        """The id of the funnel that new rows go to, 0 without funnels."""
        return next((held.id for held in self.categories_of(entity_type_id) if held.default), 0)

    def _stock(self, name: str, entries: Iterable[Status], prefix: str = "", category: int | None = None) -> None:
        for place, entry in enumerate(entries, 1):
            self.add_status(name, prefix + entry.id, self.word(entry.name), place * 10, entry.semantics, True, category)

    def add_status(
        self,
        name: str,
        status_id: str,
        title: str,
        sort: int,
        semantics: str = "",
        system: bool = False,
        category: int | None = None,
        colour: str = "",
    ) -> int:
        """One more entry of a dictionary; its ID. Nothing is checked."""
        return self.statuses.put(
            {
                "ENTITY_ID": name,
                "STATUS_ID": status_id,
                "NAME": title,
                "NAME_INIT": title if system else "",
                "SORT": str(sort),
                "SYSTEM": "Y" if system else "N",
                "CATEGORY_ID": None if category is None else str(category),
                "COLOR": colour or COLOURS[semantics],
                "SEMANTICS": semantics or None,
                "EXTRA": {"SEMANTICS": EXTRA[semantics], "COLOR": colour or COLOURS[semantics]},
            }
        )

    def statuses_of(self, name: str) -> list[Row]:
        """The entries of a dictionary, in their order; empty when there is none."""
        rows = [row for row in self.statuses.rows.values() if row["ENTITY_ID"] == name]
        return sorted(rows, key=lambda row: (int(row["SORT"]), int(row["ID"])))

    def fields_of(self, entity: str) -> dict[str, UserField]:
        """The user fields of an ENTITY_ID by their full names."""
        return {held.name: held for held in self.fields.values() if held.entity == entity}

    def option(self, value: str, sort: int = 500, default: bool = False, xml_id: str = "") -> Option:
        """A new option; without an XML_ID it gets one of 32 hex characters."""
        number = self.next_id("option")
        made = hashlib.md5(f"option {number}".encode(), usedforsecurity=False).hexdigest()
        return Option(id=number, value=value, sort=sort, default=default, xml_id=xml_id or made)


def is_dynamic(entity_type_id: int) -> bool:
    """Whether this number may be that of a smart process."""
    return 128 <= entity_type_id <= 192 or (entity_type_id >= 1030 and entity_type_id % 2 == 0)


def stage_prefix(entity_type_id: int, category: int) -> str:
    """What stands before the stages of this funnel: ``C5:``, ``DT1036_7:``, nothing for leads and the first funnel."""
    if entity_type_id == DEAL:
        return f"C{category}:" if category else ""
    return f"DT{entity_type_id}_{category}:" if entity_type_id > max(ENTITIES) else ""


def dictionary(entity_type_id: int, category: int) -> str:
    """ENTITY_ID of the stages of a funnel; empty for what has no stages."""
    if entity_type_id == DEAL:
        return f"DEAL_STAGE_{category}" if category else "DEAL_STAGE"
    if entity_type_id > max(ENTITIES):
        return f"DYNAMIC_{entity_type_id}_STAGE_{category}"
    return "STATUS" if entity_type_id == 1 else ""
