"""What the rules decided about one event, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Entity = Literal["lead", "deal", "contact", "company", "item"]
Several = Literal["quarantine", "skip", "oldest", "newest"]
MakingKind = Literal["activity", "timeline", "email", "task", "notify"]

TYPE_IDS: Mapping[str, int] = {"lead": 1, "deal": 2, "contact": 3, "company": 4}
"""facts/bitrix24-telephony-crm.md §2.1"""


@dataclass(frozen=True, kw_only=True)
class Key:
    """One way to find an entity. ``values`` are numbers (E.164), addresses or the value of ``field``."""

    kind: Literal["chat", "phone", "email", "external", "open", "field"]
    values: tuple[str, ...] = ()
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is wanted of one CRM entity. ``type_id`` is its entityTypeId; ``external`` is ``(system, id)`` or ``None``.

    ``set`` is written where it differs, ``fill`` where the CRM has nothing; names as the integrator wrote them.
    ``rule`` is the last rule that spoke of it.
    """

    entity: Entity
    type_id: int
    match: tuple[Key, ...] = ()
    external: tuple[str, str] | None = None
    several: Several = "quarantine"
    create: bool = True
    set: Mapping[str, Any] = field(default_factory=dict)
    fill: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Making:
    """Something to be made once per event. ``name`` is unique in the outcome: ``<rule>`` or ``<rule>.2``.

    ``on`` is the entity that bears it (activity, timeline, email); ``fields`` are the evaluated values of the rule:
    title, subject, text, deadline (aware datetime or ISO text), owner (user id), users, group, done, each.
    """

    kind: MakingKind
    name: str
    on: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why ``what`` has ``value``: the rule, where it stands, the expression as written, and what it ``saw``."""

    what: str
    value: Any
    rule: str
    file: str
    line: int
    expression: str
    saw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Card:
    """The ``latest`` items of the smart process ``type_id`` that belong to the client's contact, company or deal
    (``of``), in the ``order`` field → ``asc`` or ``desc``; rule ``name`` wants it.

    ``line`` says one of them: of its ``fields`` (``*``: all), with ``stage``, as rules name them; it may raise
    ``RuleError``.
    """

    name: str
    type_id: int
    of: Entity
    latest: int
    order: Mapping[str, str]
    title: str
    fields: tuple[str, ...]
    line: Callable[[Mapping[str, Any]], str] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """An automatic letter to the client: ``text`` is BBCode, ``subject`` empty for the thread's own."""

    text: str
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``version`` is that of the set. ``parts`` are the parts of the score by name. ``reasons`` only when asked for;
    a value that a later rule replaced stands there too, before the one that won. Without ``chat`` the event is not
    shown in Open Lines. ``signature`` (BBCode) is for replies by mail.
    """

    version: str
    matched: tuple[str, ...] = ()
    line: int | None = None
    category: str = ""
    priority: str = ""
    owner: int | None = None
    tags: tuple[str, ...] = ()
    score: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    wishes: tuple[Wish, ...] = ()
    makings: tuple[Making, ...] = ()
    workgroups: tuple[int, ...] = ()
    chat: bool = True
    signature: str = ""
    acknowledgement: Acknowledgement | None = None
    cards: tuple[Card, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def idle(self) -> bool:
        """Whether nothing is to be done outside (a line is not: it is only looked at before the first message)."""
        return not (self.tags or self.wishes or self.makings or self.acknowledgement or self.cards)
