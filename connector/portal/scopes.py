"""Which permission (scope) is for what: by methods, and by what of ours needs it.

facts/bitrix24-openlines.md §1; facts/bitrix24-telephony-crm.md §2.8, §3, §7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from connector.speech import Text

Use = Literal[
    "crm", "app", "talk", "calls",  # what there is: any portal, an application, channels, telephone systems
    "people", "department", "team", "workgroup", "queue", "field",  # access of sources, and its targets
    "task", "notify", "process",  # what rules and tags reach
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scope:
    """``name`` lets call the methods that begin with ``methods``. It is needed for any of ``uses``; ``purpose`` says
    what for, and ``only`` when it is needed, where that is not always. ``lesser`` permissions read only: one of them is
    enough for all uses but ``people``.
    """

    name: str
    purpose: Text
    only: Text | None = None
    uses: frozenset[Use]
    methods: tuple[str, ...]
    lesser: frozenset[str] = frozenset()

    @property
    def told(self) -> Text:
        """Purpose and condition as one phrase."""
        return self.purpose if self.only is None else _ONLY.with_(purpose=self.purpose, only=self.only)

    @property
    def named(self) -> Text:
        """The name, and what for."""
        return _NAMED.with_(name=self.name, purpose=self.purpose)


_NAMED = Text("{name} ({purpose})", "{name} ({purpose})")
_ONLY = Text("{purpose}; only for {only}", "{purpose}; нужно только для {only}")

SCOPES = (
    Scope(
        name="imopenlines",
        purpose=Text("open lines: sessions and their history", "открытые линии: сессии и их история"),
        uses=frozenset({"talk", "queue"}),
        methods=("imopenlines.",),
    ),
    Scope(
        name="imconnector",
        purpose=Text("channels in the Contact Center", "каналы в Контакт-центре"),
        uses=frozenset({"talk"}),
        methods=("imconnector.",),
    ),
    Scope(
        name="im",
        purpose=Text("notes in the chats of operators, notifications", "заметки в чатах операторов, уведомления"),
        uses=frozenset({"app", "notify"}),
        methods=("im.",),
    ),
    Scope(
        name="crm",
        purpose=Text("clients' cards, deals, smart processes", "карточки клиентов, сделки, смарт-процессы"),
        uses=frozenset({"crm"}),
        methods=("crm.",),
    ),
    Scope(
        name="user",
        purpose=Text("names of operators; employees", "имена операторов; сотрудники"),
        uses=frozenset({"crm", "people"}),
        methods=("user.",),
        lesser=frozenset({"user_basic", "user_brief"}),
    ),
    Scope(
        name="telephony",
        purpose=Text("calls: cards, recordings, calls by a click", "звонки: карточки, записи, звонки по клику"),
        only=Text("a telephone system", "телефонии"),
        uses=frozenset({"calls"}),
        methods=("telephony.", "voximplant."),
    ),
    Scope(
        name="userfieldconfig",
        purpose=Text("fields of smart processes", "поля смарт-процессов"),
        only=Text("rules and tags that reach them", "правил и тегов, которые к ним обращаются"),
        uses=frozenset({"process"}),
        methods=("userfieldconfig.",),
    ),
    Scope(
        name="task",
        purpose=Text("tasks", "задачи"),
        only=Text("rules with `task:` and tags of tasks", "правил с `task:` и тегов задач"),
        uses=frozenset({"task"}),
        methods=("tasks.",),
    ),
    Scope(
        name="sonet_group",
        purpose=Text("workgroups", "рабочие группы"),
        only=Text(
            "rules with `workgroup:`, tags of workgroups, `access:` of a source",
            "правил с `workgroup:`, тегов групп и `access:` источника",
        ),
        uses=frozenset({"workgroup"}),
        methods=("sonet_group.",),
    ),
    Scope(
        name="department",
        purpose=Text("departments", "отделы"),
        only=Text("`access:` of a source", "`access:` источника"),
        uses=frozenset({"department"}),
        methods=("department.",),
    ),
    Scope(
        name="user.userfield",
        purpose=Text("fields of employees", "поля сотрудников"),
        only=Text("`access:` of a source", "`access:` источника"),
        uses=frozenset({"field"}),
        methods=("user.userfield.",),
    ),
    Scope(
        name="humanresources",
        purpose=Text("teams of the company structure", "команды в структуре компании"),
        only=Text("`access:` of a source", "`access:` источника"),
        uses=frozenset({"team"}),
        methods=("humanresources.",),
    ),
)


def needed(uses: Collection[Use]) -> tuple[Scope, ...]:
    """What is needed for all of ``uses``."""
    return tuple(scope for scope in SCOPES if not scope.uses.isdisjoint(uses))


def lacking(granted: Collection[str], uses: Collection[Use]) -> Iterator[Scope]:
    """What is needed for ``uses`` and not among the ``granted`` names."""
    for scope in needed(uses):
        enough = {scope.name} if "people" in uses else {scope.name, *scope.lesser}
        if enough.isdisjoint(granted):
            yield scope


def scope_of(method: str) -> str:
    """The permission that lets call ``method``; empty for one that needs none, or that we do not call."""
    found = [(len(begins), scope.name) for scope in SCOPES for begins in scope.methods if method.startswith(begins)]
    return max(found)[1] if found else ""
