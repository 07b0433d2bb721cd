"""A log of shipments as a source, and the rules that bring it into a smart process: six fields and a title.

Row ``n`` is the same in every bench. A file holds one JSON object a line; what the portal should hold then can be told
by a fingerprint, so that two hundred thousand items need not be compared one by one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

TYPE = 1036
SYSTEM = "wms"
FIELDS = {"UF_CRM_1_CITY": "string", "UF_CRM_1_WEIGHT": "double", "UF_CRM_1_PLACES": "integer", "UF_CRM_1_SENT": "date"}
CONTENTS: Mapping[str, Any] = {
    "types": [{"entityTypeId": TYPE, "title": "Отгрузки", "isLinkWithProductsEnabled": "Y", "isSourceEnabled": "Y"}],
    "fields": [{"entityId": "CRM_1", "fieldName": name, "userTypeId": kind} for name, kind in FIELDS.items()],
}
RULES = """\
on: record.shipments
crm:
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    match: [external]
    set:
      TITLE: "№ {{ record.number }}, {{ record.client }}"
      OPPORTUNITY: "{{ record.price }}"
      UF_CRM_1_CITY: "{{ record.city }}"
      UF_CRM_1_WEIGHT: "{{ record.weight }}"
      UF_CRM_1_PLACES: "{{ record.places }}"
      UF_CRM_1_SENT: "{{ record.sent }}"
      SOURCE_DESCRIPTION: "{{ record.carrier | upper }}"
---
on: record.shipments.gone
crm:
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    match: [external]
    create: false
    set: {SOURCE_DESCRIPTION: GONE}
"""
_CITIES = ("Москва", "Казань", "Тверь", "Пермь", "Omsk", "Уфа", "Tomsk")
_CARRIERS = ("cdek", "boxberry", "pek", "dellin")
_FIRST = date(2025, 1, 1)
_GONE = "GONE"


def shipment(number: int) -> dict[str, Any]:
    """Row ``number``, from 1 on."""
    return {
        "number": f"{number:07}",
        "client": f"ООО «Ромашка {number % 9973}»",
        "city": _CITIES[number % len(_CITIES)],
        "weight": number % 800 / 4 + 0.5,
        "places": number % 40 + 1,
        "price": number % 100_000 + 100,
        "sent": (_FIRST + timedelta(days=number % 600)).isoformat(),
        "carrier": _CARRIERS[number % len(_CARRIERS)],
    }


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What differs from a log of so many rows: changed ones have another price, broken ones a weight that is none."""

    rows: int
    changed: frozenset[int] = field(default_factory=frozenset)
    deleted: frozenset[int] = field(default_factory=frozenset)
    broken: frozenset[int] = field(default_factory=frozenset)

    def written(self) -> Iterator[dict[str, Any]]:
        """The rows as the file holds them."""
        for number in range(1, self.rows + 1):
            if number in self.deleted:
                continue
            row = shipment(number)
            if number in self.changed:
                row["price"] += 1_000_000
            yield {**row, "weight": "heavy"} if number in self.broken else row

    def items(self) -> Iterator[tuple[str, ...]]:
        """The items that there are when all of it was brought over, after the plain log was."""
        for number in range(1, self.rows + 1):
            row = shipment(number)
            if number in self.changed:
                row["price"] += 1_000_000
            yield _said(row, _GONE if number in self.deleted else row["carrier"].upper())


def write(edit: Edit, file: Path) -> None:
    """Put the log there at once."""
    draft = file.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in edit.written())
    draft.replace(file)


def source(file: Path, *, page: int = 2000) -> str:
    """Its lines of ``connector.yaml``."""
    return (
        f"  shipments: {{provider: table, portal: main, location: {file}, id: number, holds: all, settle: 0s, "
        f"page: {page}, types: {{weight: number}}}}\n"
    )


def fingerprint(items: Iterable[tuple[str, ...]]) -> str:
    """One word for all of them, whatever their order."""
    whole = hashlib.sha256()
    for item in sorted(items):
        whole.update("\t".join(item).encode() + b"\n")
    return whole.hexdigest()[:16]


def items_of(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Items of the portal as :meth:`Edit.items` tells them."""
    for row in rows:
        weight, price = float(row["UF_CRM_1_WEIGHT"]), float(row["opportunity"])
        told = (str(row["xmlId"]), str(row["title"]), str(row["UF_CRM_1_CITY"]), f"{weight:g}", f"{price:g}")
        yield (*told, str(row["UF_CRM_1_PLACES"]), str(row["UF_CRM_1_SENT"])[:10], str(row["sourceDescription"]))


def _said(row: Mapping[str, Any], carrier: str) -> tuple[str, ...]:
    number, title = row["number"], f"№ {row['number']}, {row['client']}"
    told = (f"{SYSTEM}:{number}", title, row["city"], f"{row['weight']:g}", f"{float(row['price']):g}")
    return (*told, str(row["places"]), row["sent"], carrier)
