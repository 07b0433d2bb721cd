"""The company's structure: departments and teams, and who is in them (facts/bitrix24-telephony-crm.md §3.2, §3.3).

A node has a number of its own: it is not the ID of ``department.get``, which its access code carries. Employees of a
department are those whose UF_DEPARTMENT names it; only its heads and deputies are kept here. A team keeps everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from connector.sandbox.model import User

DEPARTMENT, TEAM = "DEPARTMENT", "TEAM"
# The roles of a node, the highest first; the last one is everybody else's.
ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        DEPARTMENT: ("MEMBER_HEAD", "MEMBER_DEPUTY_HEAD", "MEMBER_EMPLOYEE"),
        TEAM: ("MEMBER_TEAM_HEAD", "MEMBER_TEAM_DEPUTY_HEAD", "MEMBER_TEAM_EMPLOYEE"),
    }
)
TOP = 1
FIRST_NODE = 100


@dataclass(kw_only=True)
class Node:
    """A department or a team. ``department`` is the ID of ``department.get``, 0 for a team; ``parent`` a node."""

    id: int
    kind: str
    name: str
    parent: int
    created: str
    updated: str
    department: int = 0
    sort: int = 500
    description: str = ""
    colour: str = ""
    roles: dict[int, str] = field(default_factory=dict)

    @property
    def head(self) -> int:
        """The first head, 0 without one."""
        return next((user for user, role in self.roles.items() if role == ROLES[self.kind][0]), 0)

    @property
    def access_code(self) -> str:
        """``DR15`` of a department, ``SNTR107`` of a team."""
        return f"DR{self.department}" if self.department else f"SNTR{self.id}"


class Structure:
    """All departments and teams. Hold the portal's lock."""

    def __init__(self, company: str, now_text: Callable[[], str]) -> None:
        self._now_text = now_text
        self._last_department, self._last_node = TOP - 1, FIRST_NODE
        self.nodes: dict[int, Node] = {}
        self.departments: dict[int, Node] = {}
        self.add(DEPARTMENT, company, 0)

    def add(self, kind: str, name: str, parent: int) -> Node:
        """A new department or team below node ``parent``."""
        self._last_node += 1
        now = self._now_text()
        node = Node(id=self._last_node, kind=kind, name=name, parent=parent, created=now, updated=now)
        if kind == DEPARTMENT:
            self._last_department += 1
            node.department = self._last_department
            self.departments[node.department] = node
        self.nodes[node.id] = node
        return node

    def touch(self, node: Node) -> None:
        """The node was changed now."""
        node.updated = self._now_text()

    def remove(self, node: Node) -> None:
        """Take a node away; what was below it is now below its parent."""
        del self.nodes[node.id]
        self.departments.pop(node.department, None)
        for child in self.nodes.values():
            if child.parent == node.id:
                child.parent = node.parent

    def members(self, node: Node, users: Mapping[int, User]) -> dict[int, str]:
        """Everybody in a node with their roles."""
        if node.kind == TEAM:
            return dict(node.roles)
        plain = ROLES[DEPARTMENT][-1]
        return {
            user.id: node.roles.get(user.id, plain) for user in users.values() if node.department in user.departments
        }

    def place(self, node: Node, user: User, role: str) -> None:
        """Put an employee into a node, or give one who is there another role."""
        node.roles.pop(user.id, None)
        if node.kind == TEAM or role != ROLES[DEPARTMENT][-1]:
            node.roles[user.id] = role
        if node.kind == DEPARTMENT and node.department not in user.departments:
            user.departments = [*user.departments, node.department]

    def displace(self, node: Node, user: User) -> None:
        """Take an employee out of a node; whoever leaves the last department is in the company itself."""
        node.roles.pop(user.id, None)
        if node.kind == DEPARTMENT:
            user.departments = [number for number in user.departments if number != node.department] or [TOP]

    def assign(self, user: User, departments: Iterable[int]) -> None:
        """UF_DEPARTMENT of an employee, whole: whoever leaves a department is its head no more."""
        user.departments = list(dict.fromkeys(departments))
        for node in self.departments.values():
            if node.department not in user.departments:
                node.roles.pop(user.id, None)
