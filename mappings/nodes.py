"""YAML's nodes as plain values, counted while they are read. Every plain word is read as YAML 1.2 does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from mappings.faults import Said
from mappings.scalars import Scalar

MAX_DEPTH = 32
MAX_VALUES = 20_000

Path = tuple[str | int, ...]
Mark = tuple[int, int]
Wrong = tuple[Path, Mark, Said, Said]

_TEXT = "tag:yaml.org,2002:str"
_UNTAGGED = frozenset((_TEXT, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"))
_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17}([eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})")
_WORDS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class TooMuchError(Exception):
    """The document grows beyond the limits at ``(line, column)``, from 0."""


class Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """Gives nodes with their marks. Without a constructor: nothing of YAML ever becomes an object."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self.count = self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """The next node. Raises ``TooMuchError``, keys count as values."""
        self.count += 1
        self.depth += 1
        if self.count > 2 * MAX_VALUES or self.depth > MAX_DEPTH + 1:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's stubs
            raise TooMuchError(mark.line, mark.column)
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


@dataclass
class Reading:
    """Turns the nodes of one document into values. ``wrong`` is what was left out."""

    lines: Sequence[str]
    marks: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    scalars: dict[Path, Scalar] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    count: int = 0

    def value(self, node: yaml.Node | None, path: Path) -> Any:
        """Its value: dict with text keys, list, or scalar. Raises ``TooMuchError``."""
        if node is None:
            return None
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise TooMuchError(node.start_mark.line, node.start_mark.column)
        self.marks[path] = _mark(node)
        if node.tag not in _UNTAGGED:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")[:40]
            said = f"A tag ({tag})", f"Тег ({tag})"
            mend = (
                "Take it out; text that begins with ! needs quotes",
                "Уберите его; текст с ! в начале берут в кавычки",
            )
            self.wrong.append((path, _mark(node), said, mend))
            return None
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        return self._scalar(node, path) if isinstance(node, yaml.ScalarNode) else None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[Any] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _TEXT:
                self.wrong.append((path, *_not_a_word(key_node)))
                continue
            key = str(key_node.value)
            place = (*path, key)
            if key == "<<" and key_node.style is None:
                found = self.value(value_node, place)
                merged += found if isinstance(found, list) else [found]
            elif key in values:
                self._twice(place, _mark(key_node))
            else:
                self.keys[place] = _mark(key_node)
                values[key] = self.value(value_node, place)
        for each in merged:
            values = {**each, **values} if isinstance(each, dict) else values
        return values

    def _twice(self, place: Path, mark: Mark) -> None:
        first = self.keys[place][0]
        said = "The same key twice", "Один и тот же ключ дважды"
        mend = f"It is on line {first} already: keep one", f"Он уже есть в строке {first}: оставьте один"
        self.wrong.append((place, mark, said, mend))

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        text = str(node.value)
        if node.style is None:
            if text in _WORDS:
                return _WORDS[text]
            if _INT.fullmatch(text):
                return int(text)
            if _FLOAT.fullmatch(text):
                return float(text)
        self.scalars[path] = Scalar(
            lines=self.lines,
            line=node.start_mark.line,
            column=node.start_mark.column,
            style=node.style or "",
            text=text,
        )
        return text


def _not_a_word(node: yaml.Node) -> tuple[Mark, Said, Said]:
    if isinstance(node, yaml.MappingNode):
        line, column = _mark(node)
        said = "An expression without quotes", "Выражение без кавычек"
        return (line, max(column - 1, 1)), said, ('Write "{{ … }}" in quotes', 'Возьмите "{{ … }}" в кавычки')
    said = "A key that is not a plain word", "Ключ — не простое слово"
    return _mark(node), said, ("Write key: value", "Пишите ключ: значение")


def _mark(node: yaml.Node) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1
