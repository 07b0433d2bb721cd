"""What a mapping set names that only a portal can have: fields and values, smart processes, people, lines, groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from connector.handlers.fields import name_of
from connector.rulebook.constants import compared, results
from connector.rulebook.folder import PACKAGED
from mappings.carding import ITEM
from mappings.documents import Document, dotted, read
from mappings.engine import MappingSet
from mappings.faults import Fault, Said
from mappings.naming import place
from mappings.nodes import Path
from mappings.outcome import TYPE_IDS
from mappings.processes import Process
from mappings.rules import CardPart, Part, Rule, Wanted
from mappings.validation import is_rule

Use = Literal["write", "match", "read", "tags"]
NumberKind = Literal["user", "line", "group"]
Shape = Literal["one", "many", "other"]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where something is written; ``line`` and ``column`` begin at 1."""

    file: str
    line: int
    column: int
    path: str

    def fault(self, said: Said, mend: Said) -> Fault:
        """A fault there."""
        return Fault(file=self.file, line=self.line, column=self.column, path=self.path, said=said, mend=mend)


@dataclass(frozen=True, kw_only=True)
class Value:
    """A single value as it is written."""

    spot: Spot
    value: Any


@dataclass(frozen=True, kw_only=True)
class NamedField:
    """A field of ``entity`` (entityTypeId ``type_id``), and the ``values`` that are written out for it.

    ``shape`` is whether one value or a list of them is given, as far as it is written; ``pipeline`` the categoryId
    beside it. ``process`` is what the set itself says of a smart process: what it describes will be there.
    """

    spot: Spot
    entity: str
    type_id: int
    name: str
    use: Use
    shape: Shape = "other"
    values: tuple[Value, ...] = ()
    pipeline: int | None = None
    process: Process | None = None


@dataclass(frozen=True, kw_only=True)
class NamedType:
    """A smart process by its entityTypeId."""

    spot: Spot
    type_id: int


@dataclass(frozen=True, kw_only=True)
class NamedNumber:
    """A user, an open line or a workgroup by its id."""

    spot: Spot
    kind: NumberKind
    number: int


Name = NamedField | NamedType | NamedNumber


@dataclass(frozen=True, kw_only=True)
class _Paper:
    """A document, and its places by their dotted names."""

    document: Document
    paths: Mapping[str, Path] = field(default_factory=dict)

    def spot(self, path: Path, *, key: bool = False) -> Spot:
        line, column = self.document.mark(path, key=key)
        return Spot(file=self.document.file, line=line, column=column, path=dotted(path))

    def of(self, part: Part, *, key: bool = False) -> Spot:
        if part.path not in self.paths:
            return Spot(file=self.document.file, line=part.at, column=1, path=part.path)
        return self.spot(self.paths[part.path], key=key)

    def inside(self, part: Part, name: str) -> Spot:
        """Where ``name`` stands in an expression."""
        if part.path not in self.paths:
            return self.of(part)
        line, column = self.document.inside(self.paths[part.path], place(part.text, name))
        return Spot(file=self.document.file, line=line, column=column, path=part.path)


def named(mappings: MappingSet) -> list[Name]:
    """Everything, rule by rule, then the settings. Tag fields count only when somebody tags, or chose them."""
    papers = [_paper(document) for file in mappings.files for document in _documents(mappings, file)]
    rules = {(paper.document.file, paper.document.mark(())[0]): paper for paper in papers}
    described = {process.type_id: process for process in mappings.processes.values()}
    found: list[Name] = []
    for rule in mappings.rules:
        blank = _Paper(document=Document(file=rule.file, value=None))
        found.extend(_of_rule(rules.get((rule.file, rule.at), blank), rule))
    settings = [paper for paper in papers if not is_rule(paper.document.value)]
    names = [*found, *_owners(settings, mappings), *_tag_fields(settings, mappings)]
    known = (name for name in names if not (isinstance(name, NamedType) and name.type_id in described))
    return [
        replace(name, process=described.get(name.type_id)) if isinstance(name, NamedField) else name for name in known
    ]


def _documents(mappings: MappingSet, file: str) -> list[Document]:
    return read(file, mappings.files[file])[0] if file.endswith((".yaml", ".yml")) else []


def _paper(document: Document) -> _Paper:
    return _Paper(document=document, paths={dotted(path): path for path in document.marks})


def _of_rule(paper: _Paper, rule: Rule) -> Iterator[Name]:
    yield from _numbers(paper, rule.line, "line")
    yield from _numbers(paper, rule.owner, "user")
    for wish in rule.wishes:
        yield from _of_wish(paper, wish)
    for making in rule.makings:
        yield from _numbers(paper, making.fields.get("owner"), "user")
        yield from _numbers(paper, making.fields.get("users"), "user")
        yield from _numbers(paper, making.fields.get("group"), "group")
    for group in rule.workgroups:
        yield from _numbers(paper, group, "group")
    if rule.card is not None:
        yield from _of_card(paper, rule.card)
    for part in rule.parts():
        for leaf in part.leaves():
            yield from _found(paper, leaf)


def _numbers(paper: _Paper, part: Part | None, kind: NumberKind) -> Iterator[NamedNumber]:
    for value in _values(paper, part) if part is not None else ():
        number = whole(value.value)
        if number is not None:
            yield NamedNumber(spot=value.spot, kind=kind, number=number)


def _of_wish(paper: _Paper, wish: Wanted) -> Iterator[Name]:
    place_of_wish: Path = ("crm", wish.entity)
    if wish.entity == "item":
        yield NamedType(spot=paper.spot((*place_of_wish, "type")), type_id=wish.type_id)
    written = {**wish.set, **wish.fill}
    category = next((part for name, part in written.items() if name_of(name) == "categoryId" and part.literal), None)
    pipeline = whole(category.value) if category is not None else None
    about: dict[str, Any] = {"entity": wish.entity, "type_id": wish.type_id, "pipeline": pipeline}
    for index, way in enumerate(wish.match or ()):
        if way.equals is not None and way.kind == "field":
            spot = paper.spot((*place_of_wish, "match", index, "field"))
            values = tuple(_values(paper, way.equals))
            yield NamedField(spot=spot, name=way.field, use="match", values=values, **about)
    for fields in (wish.set, wish.fill):
        for name, part in fields.items():
            yield NamedField(
                spot=paper.of(part, key=True),
                name=name,
                use="write",
                shape=_shape(part),
                values=tuple(_values(paper, part)),
                **about,
            )


def _of_card(paper: _Paper, card: CardPart) -> Iterator[Name]:
    """Its smart process, and the fields that its line and its order read."""
    yield NamedType(spot=paper.spot(("card", "items")), type_id=card.type_id)
    about: dict[str, Any] = {"entity": "item", "type_id": card.type_id, "use": "match"}
    for name in card.order:
        yield NamedField(spot=paper.spot(("card", "order", name), key=True), name=name, **about)
    for name in sorted(card.line.names):
        words = name.split(".")
        if words[0] == ITEM and words[1:] and words[1] != "stage":
            yield NamedField(spot=paper.inside(card.line, name), name=words[1], **about)


def _shape(part: Part) -> Shape:
    if part.items is not None or isinstance(part.value, list):
        return "many"
    return "one" if part.literal and part.value not in (None, "") and not isinstance(part.value, dict) else "other"


def _values(paper: _Paper, part: Part) -> Iterator[Value]:
    """The single values of ``part`` that are written out, also those inside its expressions."""
    for leaf in part.items if part.items is not None else (part,):
        spot = paper.of(leaf)
        if leaf.expression is not None:
            yield from (Value(spot=spot, value=value) for value in results(leaf.expression) if not _empty(value))
        elif isinstance(leaf.value, list):
            path = paper.paths.get(leaf.path)
            for index, value in enumerate(leaf.value):
                if not _empty(value):
                    yield Value(spot=paper.spot((*path, index)) if path is not None else spot, value=value)
        elif leaf.entries is None and leaf.items is None and not _empty(leaf.value):
            yield Value(spot=spot, value=leaf.value)


def _empty(value: Any) -> bool:
    return value is None or value == "" or isinstance(value, dict | list)


def _found(paper: _Paper, part: Part) -> Iterator[NamedField]:
    """The fields of ``found`` that an expression counts on, with what they are compared with."""
    if part.expression is None:
        return
    beside = list(compared(part.expression))
    for name in sorted(part.expression.names - part.expression.optional):
        words = name.split(".")
        if len(words) < 3 or words[0] != "found" or words[1] not in TYPE_IDS:
            continue
        spot = paper.inside(part, name)
        values = tuple(Value(spot=spot, value=value) for of, value in beside if of == name and not _empty(value))
        yield NamedField(
            spot=spot, entity=words[1], type_id=TYPE_IDS[words[1]], name=words[2], use="read",
            values=values if len(words) == 3 else (),
        )  # fmt: skip


def _owners(settings: list[_Paper], mappings: MappingSet) -> Iterator[NamedNumber]:
    for name, category in mappings.config.categories.items():
        path: Path = ("categories", name, "owner")
        if category.owner is not None and (spot := _said(settings, path, category.owner)):
            yield NamedNumber(spot=spot, kind="user", number=category.owner)


def _tag_fields(settings: list[_Paper], mappings: MappingSet) -> Iterator[Name]:
    tagging = any(rule.tags for rule in mappings.rules)
    for entity, name in mappings.config.tag_fields.items():
        spot = _said(settings, ("tag_fields", entity), name)
        if spot is not None and (tagging or not spot.file.startswith(PACKAGED)):
            item = entity not in TYPE_IDS
            if item:
                yield NamedType(spot=spot, type_id=int(entity))
            yield NamedField(
                spot=spot,
                entity="item" if item else entity,
                type_id=int(entity) if item else TYPE_IDS[entity],
                name=name,
                use="tags",
            )


def _said(settings: list[_Paper], path: Path, value: Any) -> Spot | None:
    """The last place that says so."""
    for paper in reversed(settings):
        said: Any = paper.document.value
        for key in path:
            said = said.get(key) if isinstance(said, dict) else None
        if said == value:
            return paper.spot(path)
    return None


def whole(value: Any) -> int | None:
    """``value`` as a whole number, also from a text of digits; ``None`` when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if isinstance(value, int) or (value.isascii() and value.isdigit() and len(value) < 16) else None
