"""In which order the files of a set are taken: packaged ones first, then by name; what a file includes before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.configuring import outside
from mappings.documents import Document
from mappings.faults import Fault, Said, nearest
from mappings.nodes import Path

PACKAGED = "defaults/"
_ENDINGS = (".yaml", ".yml")

_PUT: Said = ("Put it beside this file", "Положите его рядом с этим файлом")

Held = tuple[Document, Mapping[str, Any]]
"""A document and what of it fits its model."""


def taken(names: Iterable[str]) -> list[str]:
    """The rule files among ``names`` in the order of the set: an own file stands where the packaged one of its name
    stood, which then follows it for its settings alone (:func:`replaced`). Files in other folders are no part of it.
    """
    names = {name for name in names if name.endswith(_ENDINGS)}
    packaged = sorted(name for name in names if name.startswith(PACKAGED) and "/" not in name.removeprefix(PACKAGED))
    own = sorted(name for name in names if "/" not in name)
    order: list[str] = []
    for name in packaged:
        order += [name, name.removeprefix(PACKAGED)] if name.removeprefix(PACKAGED) in own else [name]
    return [*order, *(name for name in own if name not in order)]


def replaced(name: str, names: Iterable[str]) -> bool:
    """Whether ``name`` is packaged and the integrator has a file of that name."""
    return name.startswith(PACKAGED) and name.removeprefix(PACKAGED) in set(names)


def with_includes(order: Sequence[str], held: Mapping[str, Sequence[Held]]) -> tuple[list[str], list[Fault]]:
    """``order`` with every file behind those it includes, and what is wrong with the includes."""
    walk = _Walk(order=order, held=held)
    for name in order:
        walk.visit(name, ())
    return walk.done, walk.faults


@dataclass
class _Walk:
    order: Sequence[str]
    held: Mapping[str, Sequence[Held]]
    done: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def visit(self, name: str, above: tuple[str, ...]) -> None:
        if name in self.done:
            return
        for document, path, included in self.includes(name):
            target = self.target(name, included)
            if "/" in included or "\\" in included:
                self.faults.append(document.fault(path, *outside(included)))
            elif target is None:
                said = f"There is no file {included[:60]}", f"Нет файла {included[:60]}"
                folder = name[: name.rfind("/") + 1]
                beside = [other for other in self.order if other != name and other[: other.rfind("/") + 1] == folder]
                mend = nearest(included, [other.removeprefix(folder) for other in beside]) if beside else _PUT
                self.faults.append(document.fault(path, said, mend))
            elif target in (*above, name):
                self.faults.append(document.fault(path, *_circle((*above, name), target)))
            else:
                self.visit(target, (*above, name))
        if name not in self.done:
            self.done.append(name)

    def includes(self, name: str) -> Iterator[tuple[Document, Path, str]]:
        for document, given in self.held.get(name, ()):
            written = given.get("include", [])
            if written and document.number > 1:
                said = "include stands in a later document", "include стоит не в первом документе"
                mend = "Write it in the first document of the file", "Перенесите его в первый документ файла"
                self.faults.append(document.fault(("include",), said, mend, key=True))
            elif isinstance(written, str):
                yield document, ("include",), written
            else:
                yield from (
                    (document, ("include", index), each) for index, each in enumerate(written) if each is not None
                )

    def target(self, name: str, included: str) -> str | None:
        beside = name[: name.rfind("/") + 1] + included
        own = beside.removeprefix(PACKAGED)
        return next((found for found in (own, beside) if found in self.order), None)


def _circle(above: tuple[str, ...], target: str) -> tuple[Said, Said]:
    names = " → ".join((*above[above.index(target) :], target))
    said = f"Files include each other in a circle: {names}", f"Файлы включают друг друга по кругу: {names}"
    return said, ("Take one of these includes out", "Уберите один из этих include")
