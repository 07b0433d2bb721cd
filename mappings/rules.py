"""Rules as they are evaluated: checked, their expressions compiled, each part with the line where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mappings.faults import Said
from mappings.outcome import Entity, MakingKind, Several

if TYPE_CHECKING:
    from mappings.expressions import Expression

Priority = Literal["low", "normal", "high", "urgent"]
WayKind = Literal["chat", "phone", "email", "external", "open", "field"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One value of a rule: ``expression`` when it is computed, else ``items`` or ``entries`` when a value inside it
    is, else the literal ``value``. ``text`` is the value as written, ``path`` its keys (``crm.contact.set.NAME``),
    ``at`` its line in the file.
    """

    path: str
    at: int
    text: str
    value: Any = None
    expression: Expression | None = None
    items: tuple[Part, ...] | None = None
    entries: Mapping[str, Part] | None = None

    @property
    def literal(self) -> bool:
        """Whether it is the same for every event."""
        return self.expression is None and self.items is None and self.entries is None

    def __call__(self, scope: Mapping[str, Any]) -> Any:
        """Its value in ``scope``. Raises what ``Expression`` raises; :meth:`leaves` tells which part it was."""
        if self.expression is not None:
            return self.expression(scope)
        if self.items is not None:
            return [item(scope) for item in self.items]
        if self.entries is not None:
            return {name: entry(scope) for name, entry in self.entries.items()}
        return self.value

    def leaves(self) -> Iterator[Part]:
        """Itself, or the parts inside it that hold no others."""
        if self.items is None and self.entries is None:
            yield self
            return
        for part in (*(self.items or ()), *(self.entries or {}).values()):
            yield from part.leaves()

    @property
    def names(self) -> frozenset[str]:
        """The dotted names that its expressions read."""
        found = [leaf.expression.names for leaf in self.leaves() if leaf.expression is not None]
        return frozenset().union(*found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """``add`` gives the tag's text (``None`` or empty: none); ``when`` ``None`` means always."""

    add: Part
    when: Part | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Points:
    """A named part of the score; ``when`` ``None`` means always."""

    name: str
    add: Part
    when: Part | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way to find an entity. ``field`` has a ``field`` and what it ``equals``; so has a number or an address
    that the rule says itself.
    """

    kind: WayKind
    at: int
    field: str = ""
    equals: Part | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class External:
    """The name of the other system and the id there."""

    system: Part
    id: Part


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What one rule says of one entity. ``None`` is: not said here, so an earlier rule's word or the default holds."""

    entity: Entity
    type_id: int
    at: int
    match: tuple[Way, ...] | None = None
    external: External | None = None
    several: Several | None = None
    create: Part | None = None
    set: Mapping[str, Part] = field(default_factory=dict)
    fill: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """Something to be made once per event; ``name`` is unique in the set. ``fields``: title, subject, text, deadline,
    owner, group, users (a list), done, each, as the rule has them.
    """

    kind: MakingKind
    name: str
    at: int
    on: Entity | Literal[""] = ""
    fields: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class CardPart:
    """The latest items of the smart process ``type_id`` that belong to a contact, company or deal; ``order`` is field →
    ``asc`` or ``desc``; ``line`` reads ``item``.
    """

    type_id: int
    at: int
    of: Entity
    latest: int
    order: Mapping[str, str]
    title: Part | None
    line: Part


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An automatic letter; without a ``subject`` it has the thread's own."""

    text: Part
    subject: Part | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule. ``at`` is its first line in ``file``; ``line`` the open line; ``facts`` is what it sets, in order.
    ``chat``: whether the event is shown in Open Lines.
    """

    name: str
    file: str
    at: int
    kinds: tuple[str, ...]
    about: str = ""
    when: Part | None = None
    stop: bool = False
    facts: Mapping[str, Part] = field(default_factory=dict)
    line: Part | None = None
    chat: Part | None = None
    category: Part | None = None
    priority: Part | None = None
    owner: Part | None = None
    tags: tuple[Tag, ...] = ()
    score: tuple[Points, ...] = ()
    wishes: tuple[Wanted, ...] = ()
    makings: tuple[Made, ...] = ()
    card: CardPart | None = None
    workgroups: tuple[Part, ...] = ()
    acknowledge: Answer | None = None
    signature: Part | None = None

    def parts(self) -> Iterator[Part]:
        """Every part, in the order of evaluation."""
        settled = self.line, self.chat, self.category, self.priority, self.owner
        yield from filter(None, (self.when, *self.facts.values(), *settled))
        additions: tuple[Tag | Points, ...] = (*self.tags, *self.score)
        for addition in additions:
            yield from filter(None, (addition.when, addition.add))
        yield from self.workgroups
        for wish in self.wishes:
            yield from (way.equals for way in wish.match or () if way.equals is not None)
            yield from (wish.external.system, wish.external.id) if wish.external else ()
            yield from filter(None, (wish.create, *wish.set.values(), *wish.fill.values()))
        for making in self.makings:
            yield from making.fields.values()
        yield from filter(None, (self.card.title, self.card.line) if self.card else ())
        yield from filter(None, (self.acknowledge.text, self.acknowledge.subject) if self.acknowledge else ())
        yield from filter(None, (self.signature,))


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """``title`` is for people; ``priority`` and ``owner`` hold unless a rule says otherwise."""

    title: Said
    priority: Priority = "normal"
    owner: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The settings of the whole set. ``own_phones`` are E.164; ``own_emails`` small letters, ``@acme.ru`` is a domain.

    ``tag_fields``: entity (or entityTypeId of an item) → field. ``tables``: table → key → column → text.
    """

    country: str = "RU"
    zone: str = "Europe/Moscow"
    own_phones: frozenset[str] = frozenset()
    own_emails: frozenset[str] = frozenset()
    tag_fields: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
