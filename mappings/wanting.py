"""What a rule wants of the CRM: how an entity is found, and what is written into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from mappings.desk import Desk
from mappings.nodes import Path
from mappings.outcome import TYPE_IDS, Entity
from mappings.rules import External, Part, Wanted, Way, WayKind

WAYS: Mapping[Entity, tuple[WayKind, ...]] = {
    "contact": ("chat", "phone", "email", "external", "field"),
    "company": ("chat", "phone", "email", "external", "field"),
    "lead": ("chat", "phone", "email", "external", "field", "open"),
    "deal": ("chat", "external", "field", "open"),
    "item": ("external", "field", "open"),
}
"""By what an entity can be found at all."""
_REACH: Mapping[str, WayKind] = {"PHONE": "phone", "EMAIL": "email"}


def wishes(desk: Desk, given: Mapping[str, Any]) -> Iterator[Wanted]:
    """All of one rule. An item whose type is not known is looked at, but left out."""
    for entity in WAYS:
        wish = given.get(entity)
        if isinstance(wish, dict):
            wanted = _wanted(desk, entity, wish)
            if wanted.type_id:
                yield wanted


def _wanted(desk: Desk, entity: Entity, wish: Mapping[str, Any]) -> Wanted:
    path: Path = ("crm", entity)
    return Wanted(
        entity=entity,
        type_id=desk.type_of(path, wish, "type") if entity == "item" else TYPE_IDS[entity],
        at=desk.document.mark(path, key=True)[0],
        match=tuple(_ways(desk, entity, wish["match"])) if "match" in wish else None,
        external=_external(desk, (*path, "external"), wish.get("external")),
        several=wish.get("several"),
        create=desk.condition((*path, "create"), wish["create"]) if "create" in wish else None,
        set=_fields(desk, (*path, "set"), wish.get("set", {})),
        fill=_fields(desk, (*path, "fill"), wish.get("fill", {})),
    )


def _ways(desk: Desk, entity: Entity, given: list[Any]) -> Iterator[Way]:
    for index, way in enumerate(given):
        path: Path = ("crm", entity, "match", index)
        at = desk.document.mark(path)[0]
        if isinstance(way, str):
            _check_way(desk, path, entity, way)
            yield Way(kind=cast(WayKind, way), at=at)  # its model knows no other
        elif isinstance(way, dict) and {"field", "is"} <= way.keys():
            equals = _key(desk, (*path, "is"), way["is"])
            kind = _REACH.get(way["field"].upper(), "field")
            yield Way(kind=kind if kind in WAYS[entity] else "field", at=at, field=way["field"], equals=equals)


def _check_way(desk: Desk, path: Path, entity: Entity, way: str) -> None:
    known = WAYS[entity]
    if way in known:
        return
    words = ", ".join("{field, is}" if each == "field" else each for each in known)
    said = f"{entity} cannot be found by {way}", f"{entity} нельзя найти по {way}"
    desk.wrong(path, said, (f"Use {words}", f"Годится: {words}"))


def _external(desk: Desk, path: Path, given: Any) -> External | None:
    if not isinstance(given, dict) or not {"system", "id"} <= given.keys():
        return None
    return External(system=_key(desk, (*path, "system"), given["system"]), id=_key(desk, (*path, "id"), given["id"]))


def _key(desk: Desk, path: Path, value: Any) -> Part:
    """A value that somebody is found by, so what was found cannot take part in it."""
    part = desk.part(path, value)
    if any(name.partition(".")[0] == "found" for name in part.names):
        desk.wrong(
            path,
            ("found cannot be used here: by this it is found", "found здесь недоступно: по этому значению и ищут"),
            ("Use event, record or facts", "Используйте event, record или facts"),
        )
    return part


def _fields(desk: Desk, path: Path, given: Mapping[str, Any]) -> dict[str, Part]:
    return {name: desk.part((*path, name), value) for name, value in given.items()}
