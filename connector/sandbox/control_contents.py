"""The control API about what the portal has: people, user fields, CRM rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from connector.sandbox.contents import furnish
from connector.sandbox.crm_items import items_of
from connector.sandbox.departments import row as department_row
from connector.sandbox.people import OWN_SCOPE, user_row
from connector.sandbox.state import Portal
from connector.sandbox.structure import TEAM, TOP

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
        """Add ``departments``, ``users``, ``types``, ``categories``, ``statuses``, ``fields``, ``groups`` and so on.

        Each is a list, in the shapes of :func:`connector.sandbox.contents.furnish`.
        """
        with self.portal.lock:
            return furnish(self.portal, contents)

    def items(self, type: int) -> list[dict[str, Any]]:
        """Every item of an entityTypeId as ``crm.item.get`` shows it, user fields under their own names."""
        with self.portal.lock:
            held = items_of(self.portal, int(type), original=True)
            return [held.show(row, []) for row in held.table.rows.values()]

    def users(self, department: int = 0) -> list[dict[str, Any]]:
        """The employees as ``user.get`` shows them, ``UF_USR_…`` too; those of one department only."""
        with self.portal.lock:
            return [
                user_row(self.portal, user, (OWN_SCOPE,))
                for user in self.portal.users.values()
                if not user.client and (not int(department) or int(department) in user.departments)
            ]

    def departments(self) -> list[dict[str, Any]]:
        """The departments as ``department.get`` shows them."""
        with self.portal.lock:
            return [department_row(self.portal, node) for node in self.portal.structure.departments.values()]

    def teams(self) -> list[dict[str, Any]]:
        """The teams: id of the node, name, ``members`` by user id with their roles."""
        with self.portal.lock:
            held = [node for node in self.portal.structure.nodes.values() if node.kind == TEAM]
            return [{"id": node.id, "name": node.name, "members": _keyed(node.roles)} for node in held]

    def groups(self) -> list[dict[str, Any]]:
        """The workgroups with ``MEMBERS`` by user id: A owner, E moderator, K member."""
        with self.portal.lock:
            return [
                {**row, "MEMBERS": _keyed(self.portal.members[number])}
                for number, row in self.portal.groups.rows.items()
            ]

    def seed(self, entity: str, count: int, start: int = 1) -> dict[str, Any]:
        """Add ``count`` rows of ``contact``, ``lead``, ``company``, ``deal``, ``user``, ``department`` or ``group``.

        They are numbered from ``start``. User 7 is ``user7@example.com`` with XML_ID ``guid-7``; users go round the
        departments that there are; departments are below the company, groups have their owner alone.
        """
        kind, numbers = entity.removesuffix("s"), range(int(start), int(start) + int(count))
        with self.portal.lock:
            if kind in SEEDED:
                name, made = SEEDED[kind]
                total = len(furnish(self.portal, {name: made(self.portal, numbers)})[name])
                return {"entity": entity, "rows": total}
            table = self.portal.crm[kind]
            for number in numbers:
                table.add(
                    {
                        **STAGES.get(kind, {}),
                        "TITLE": f"Row {number}",
                        "NAME": f"Name {number}",
                        "LAST_NAME": "Test",
                        "PHONE": [{"VALUE": f"+7900{number:07d}", "VALUE_TYPE": "WORK"}],
                        "EMAIL": [{"VALUE": f"row{number}@example.com", "VALUE_TYPE": "WORK"}],
                    }
                )
            return {"entity": entity, "rows": len(table.rows)}


def _keyed(roles: Mapping[int, str]) -> dict[str, str]:
    return {str(user): role for user, role in roles.items()}


def _users(portal: Portal, numbers: range) -> list[dict[str, Any]]:
    places = [number for number in portal.structure.departments if number != TOP] or [TOP]
    return [
        {
            "name": f"Name {number}",
            "last_name": f"Last {number}",
            "email": f"user{number}@example.com",
            "xml_id": f"guid-{number}",
            "departments": [places[number % len(places)]],
        }
        for number in numbers
    ]


def _departments(portal: Portal, numbers: range) -> list[dict[str, Any]]:
    return [{"NAME": f"Department {number}"} for number in numbers]


def _groups(portal: Portal, numbers: range) -> list[dict[str, Any]]:
    return [{"NAME": f"Group {number}"} for number in numbers]


SEEDED: Mapping[str, tuple[str, Callable[[Portal, range], list[dict[str, Any]]]]] = MappingProxyType(
    {"user": ("users", _users), "department": ("departments", _departments), "group": ("groups", _groups)}
)
