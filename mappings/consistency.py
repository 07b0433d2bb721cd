"""What no single rule can tell: facts set by nobody, entities wanted by nobody, ways to find that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.building import Built
from mappings.desk import Use
from mappings.faults import Fault, Said, nearest
from mappings.nodes import Path
from mappings.rules import Wanted
from mappings.wanting import WAYS

_PEOPLE = frozenset({"contact", "company"})


@dataclass
class _Kind:
    """What all rules for one kind say together."""

    facts: set[str] = field(default_factory=set)
    entities: set[str] = field(default_factory=set)
    external: set[tuple[str, int]] = field(default_factory=set)
    matched: set[tuple[str, int]] = field(default_factory=set)


def inconsistent(rules: Sequence[Built]) -> Iterator[Fault]:
    """The faults of ``rules``, which stand in the order of evaluation."""
    kinds = _together(rules)
    so_far: dict[str, set[str]] = {kind: set() for kind in kinds}
    for built in rules:
        own = list(built.rule.facts)
        for use in built.desk.uses:
            yield from _unset(built, use, own, kinds, so_far)
        for kind in built.rule.kinds:
            so_far[kind].update(own)
        for wanted in built.rule.wishes:
            yield from _wish(built, wanted, [kinds[kind] for kind in built.rule.kinds])
        yield from _bearers(built, kinds)


def twice_named(rules: Sequence[Built]) -> Iterator[Fault]:
    """Rules of one file that have the same name."""
    first: dict[tuple[str, str], int] = {}
    for built in rules:
        rule = built.rule
        line = first.setdefault((rule.file, rule.name), rule.at)
        if line != rule.at:
            said = f"Another rule of this file is called {rule.name}", f"В этом файле уже есть правило {rule.name}"
            mend = f"Rename it or the one on line {line}", f"Переименуйте его или правило в строке {line}"
            yield built.document.fault(("name",) if ("name",) in built.document.marks else (), said, mend)


def _together(rules: Sequence[Built]) -> dict[str, _Kind]:
    kinds: dict[str, _Kind] = {}
    for built in rules:
        for kind in built.rule.kinds:
            found = kinds.setdefault(kind, _Kind())
            found.facts.update(built.rule.facts)
            for wanted in built.rule.wishes:
                key = wanted.entity, wanted.type_id
                found.entities.add(wanted.entity)
                found.external.update([key] if wanted.external else [])
                found.matched.update([key] if wanted.match is not None else [])
    return kinds


def _unset(
    built: Built, use: Use, own: list[str], kinds: dict[str, _Kind], so_far: dict[str, set[str]]
) -> Iterator[Fault]:
    mine = () if use.path == ("when",) else own[: own.index(str(use.path[1]))] if use.path[0] == "set" else own
    for kind in built.rule.kinds:
        known = {*so_far[kind], *mine}
        if use.name in known:
            continue
        said = (
            f"No rule for {kind} has set facts.{use.name} before",
            f"Ни одно правило для {kind} ещё не задало facts.{use.name}",
        )
        mend = nearest(use.name, known)
        if use.name in kinds[kind].facts:
            mend = "It is set later: move that rule up", "Он задаётся позже: поставьте то правило выше"
        elif not known:
            mend = f"Set it: set: {{{use.name}: …}}", f"Задайте его: set: {{{use.name}: …}}"
        yield built.document.fault(use.path, said, mend, at=use.mark)
        return


def _wish(built: Built, wanted: Wanted, kinds: Sequence[_Kind]) -> Iterator[Fault]:
    path: Path = ("crm", wanted.entity)
    key = wanted.entity, wanted.type_id
    known_elsewhere = all(key in kind.external for kind in kinds)
    written = built.given["crm"][wanted.entity].get("match", [])
    for index, way in enumerate(written):
        if way == "external" and not known_elsewhere:
            said = "There is no external: to find it by", "Нет external:, по которому искать"
            mend = "Add external: {system: shop, id: …}", "Добавьте external: {system: shop, id: …}"
            yield built.document.fault((*path, "match", index), said, mend)
        if way == "open" and not all(kind.entities & _PEOPLE for kind in kinds):
            said = (
                "open looks among those of the contact or company, and none is wanted here",
                "open ищет у контакта или компании, а их здесь никто не заводит",
            )
            mend = "Add contact: or company: under crm:", "Добавьте contact: или company: в crm:"
            yield built.document.fault((*path, "match", index), said, mend)
    if wanted.entity == "item" and not known_elsewhere and not all(key in kind.matched for kind in kinds):
        said = "Nothing tells how to find the item", "Не сказано, как искать элемент"
        mend = "Add match: or external:", "Добавьте match: или external:"
        yield built.document.fault(path, said, mend, key=True)
    yield from _never_looked_for(built, wanted, path)


def _never_looked_for(built: Built, wanted: Wanted, path: Path) -> Iterator[Fault]:
    if wanted.match != ():
        return
    if wanted.several is not None and built.given["crm"][wanted.entity].get("match") == []:
        said = "several has no meaning when nobody is looked for", "several не имеет смысла, когда никого не ищут"
        yield built.document.fault((*path, "several"), said, _LOOK, key=True)
    if wanted.create is not None and wanted.create.literal and wanted.create.value is False:
        said = "It is neither looked for nor created", "Здесь не ищут и не создают"
        yield built.document.fault((*path, "create"), said, _LOOK, key=True)


_LOOK: Said = ("Name ways to find it in match:, or delete this line", "Укажите способы в match: или удалите эту строку")


def _bearers(built: Built, kinds: dict[str, _Kind]) -> Iterator[Fault]:
    for kind in ("activity", "timeline", "email"):
        written = built.given.get(kind)
        listed = isinstance(written, list)
        items: list[Any] = written if isinstance(written, list) else [written]
        for index, item in enumerate(items):
            on = item.get("on") if isinstance(item, dict) else None
            if on not in WAYS or all(on in kinds[each].entities for each in built.rule.kinds):
                continue
            path: Path = (kind, index, "on") if listed else (kind, "on")
            said = f"No rule wants a {on} here", f"Ни одно правило не заводит здесь {on}"
            mend = f"Add {on}: under crm:, or name another", f"Добавьте {on}: в crm: или укажите другое"
            yield built.document.fault(path, said, mend)
