"""Where one document is worked on: its values become parts with compiled expressions, its faults are collected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mappings.bbcode import PLACES
from mappings.documents import Document, dotted
from mappings.expressions import Context, Expression, ExpressionError, parse
from mappings.faults import Fault, Said, nearest
from mappings.naming import Kinds, place, wrong_names
from mappings.nodes import Path
from mappings.refusals import missing
from mappings.rules import Part

_BRACES = ("{{", "}}", "{%", "{#")


@dataclass(frozen=True, kw_only=True)
class Use:
    """A fact that is read at ``path``: where, and under which name."""

    name: str
    path: Path
    mark: tuple[int, int]


@dataclass(kw_only=True)
class Desk:
    """``kinds`` are all that there are, ``on`` those of the rule. ``uses`` are the facts that it reads,
    ``types`` the entityTypeIds of the set's own smart processes by name.
    """

    document: Document
    context: Context
    kinds: Kinds
    on: Sequence[str] = ()
    types: Mapping[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    def part(self, path: Path, value: Any) -> Part:
        """A value that may hold expressions, however deep."""
        at = self.document.mark(path)[0]
        shape = dotted(path)
        if isinstance(value, list):
            items = tuple(self.part((*path, index), item) for index, item in enumerate(value))
            if not all(item.literal for item in items):
                return Part(path=shape, at=at, text=_written(value), items=items)
        if isinstance(value, dict):
            entries = {key: self.part((*path, key), item) for key, item in value.items()}
            if not all(entry.literal for entry in entries.values()):
                return Part(path=shape, at=at, text=_written(value), entries=entries)
        if isinstance(value, str) and any(sign in value for sign in _BRACES):
            return self._computed(path, value, bare=False)
        return Part(path=shape, at=at, text=_written(value), value=value)

    def condition(self, path: Path, value: bool | str) -> Part:
        """A bare expression, or true or false."""
        if isinstance(value, str):
            return self._computed(path, value, bare=True)
        return Part(path=dotted(path), at=self.document.mark(path)[0], text=_written(value), value=value)

    def knowing(self, name: str) -> Desk:
        """The same desk, for values whose expressions may begin with ``name`` too."""
        names = self.context.names
        return replace(self, context=replace(self.context, names=None if names is None else names | {name}))

    def type_of(self, path: Path, given: Mapping[str, Any], number: str) -> int:
        """The entityTypeId that a value at ``path`` names under the key ``number``, or by ``process``; 0 for none."""
        name = given.get("process")
        if name is None:
            if number not in given:
                self.wrong((*path, number), *missing(number))
            return int(given.get(number, 0))
        if number in given:
            said = f"process and {number} stand here together", f"process и {number} указаны вместе"
            self.wrong((*path, number), said, ("Delete one of them", "Удалите одно из них"), key=True)
        elif name not in self.types:
            said = f"No process is called {name[:40]}", f"Процесс {name[:40]} не описан"
            example = f"Describe it: process: {name[:40]}", f"Опишите его: process: {name[:40]}"
            self.wrong((*path, "process"), said, nearest(name, self.types) if self.types else example)
        return self.types.get(name, 0)

    def wrong(self, path: Path, said: Said, mend: Said, *, key: bool = False) -> None:
        """Note a fault at ``path``."""
        self.faults.append(self.document.fault(path, said, mend, key=key))

    def _computed(self, path: Path, text: str, *, bare: bool) -> Part:
        at = self.document.mark(path)[0]
        bbcode = tuple(step for step in path if isinstance(step, str)) in PLACES
        try:
            expression = parse(text, bare=bare, context=self.context, bbcode=bbcode)
        except ExpressionError as error:
            mark = self.document.inside(path, error.offset)
            self.faults.append(self.document.fault(path, error.said, error.mend, at=mark))
            return Part(path=dotted(path), at=at, text=text)
        if expression.literal and not bare:
            return Part(path=dotted(path), at=at, text=text, value=text)
        self._look(path, text, expression)
        return Part(path=dotted(path), at=at, text=text, expression=expression)

    def _look(self, path: Path, text: str, expression: Expression) -> None:
        for name, said, mend in wrong_names(expression, self.on, self.kinds):
            mark = self.document.inside(path, place(text, name))
            self.faults.append(self.document.fault(path, said, mend, at=mark))
        for name in sorted(expression.names - expression.optional):
            if name.startswith("facts."):
                mark = self.document.inside(path, place(text, name))
                self.uses.append(Use(name=name.split(".")[1], path=path, mark=mark))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
