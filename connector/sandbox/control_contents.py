"""The control API about what the portal has: people, user fields, CRM rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.contents import furnish
from connector.sandbox.crm_items import items_of
from connector.sandbox.state import Portal

STAGES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "lead": {"STATUS_ID": "NEW", "STATUS_SEMANTIC_ID": "P"},
        "deal": {"CATEGORY_ID": "0", "STAGE_ID": "NEW", "STAGE_SEMANTIC_ID": "P", "CLOSED": "N"},
    }
)


class ContentsControl:
    """Everything put into the portal behind the applications' backs: nobody hears an event of it."""

    portal: Portal

    def furnish(self, **contents: Any) -> dict[str, list[int]]:
        """Add ``users``, ``types``, ``categories``, ``statuses``, ``fields``, ``groups``, ``items``; their ids.

        Each is a list, in the shapes of :func:`connector.sandbox.contents.furnish`.
        """
        with self.portal.lock:
            return furnish(self.portal, contents)

    def items(self, type: int) -> list[dict[str, Any]]:
        """Every item of an entityTypeId as ``crm.item.get`` shows it, user fields under their own names."""
        with self.portal.lock:
            held = items_of(self.portal, int(type), original=True)
            return [held.show(row, []) for row in held.table.rows.values()]

    def seed(self, entity: str, count: int, start: int = 1) -> dict[str, Any]:
        """Add ``count`` rows to a CRM entity (``contact``, ``lead``, …), numbered from ``start``."""
        with self.portal.lock:
            table = self.portal.crm[entity.removesuffix("s")]
            for number in range(int(start), int(start) + int(count)):
                table.add(
                    {
                        **STAGES.get(entity.removesuffix("s"), {}),
                        "TITLE": f"Row {number}",
                        "NAME": f"Name {number}",
                        "LAST_NAME": "Test",
                        "PHONE": [{"VALUE": f"+7900{number:07d}", "VALUE_TYPE": "WORK"}],
                        "EMAIL": [{"VALUE": f"row{number}@example.com", "VALUE_TYPE": "WORK"}],
                    }
                )
            return {"entity": entity, "rows": len(table.rows)}
