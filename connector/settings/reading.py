"""Reads connector.yaml into plain values and remembers on which line each of them stood.

Only plain YAML is read: no Python tags, no duplicate keys, no more than 1 MiB, 32 levels and 20 000 values
after aliases are expanded. Whatever the bytes are, the outcome is values and a list of mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml

from connector.settings.env import MissingError, read
from connector.settings.mistakes import Path, Report
from connector.speech import Text

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_VALUES = 20_000

_PLACE = re.compile(r"\$(\$)?\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "timestamp"))
_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"


class TooMuchError(Exception):
    """The document grows beyond the limits."""


def read_yaml(path: FilePath, env: Mapping[str, str]) -> tuple[dict[str, Any], Report]:
    """The top mapping of the file with ``${NAME}`` filled in, and the report (with marks and first mistakes)."""
    marks: dict[Path, int] = {(): 1}
    raw: dict[Path, str] = {}
    report = Report(file=path.name, marks=marks, raw=raw)
    text = _text(path, report)
    if text is None:
        return {}, report
    reader = _Reader(env=env, report=report, marks=marks, raw=raw)
    value = _parse(text, reader)
    if isinstance(value, dict):
        return value, report
    if not report.mistakes:
        report.add(
            (),
            Text("a mapping with the key portals", "отображение (ключ: значение) с ключом portals"),
            Text("start from connector.example.yaml", "начните с connector.example.yaml"),
            value=value,
        )
    return {}, report


def _text(path: FilePath, report: Report) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        report.add(
            (),
            Text("a readable settings file", "файл настроек, который можно прочесть"),
            Text(
                "create one with `connector init`, or name another in CONNECTOR_CONFIG",
                "создайте его командой `connector init` или укажите другой в CONNECTOR_CONFIG",
            ),
            found=getattr(error, "strerror", None) or type(error).__name__,
        )
        return None
    if len(content) > MAX_BYTES:
        report.add((), Text("at most 1 MiB", "не больше 1 МиБ"), _SMALLER, found=f"> {MAX_BYTES} B")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        report.add(
            (),
            Text("text in UTF-8", "текст в кодировке UTF-8"),
            Text("save the file as UTF-8", "сохраните файл в UTF-8"),
            found=f"byte {error.start}",
        )
        return None


_SMALLER = Text("take out what does not belong to the settings", "уберите то, что не относится к настройкам")


def _parse(text: str, reader: _Reader) -> Any:
    report = reader.report
    try:
        loader = yaml.SafeLoader(text)
        reader.loader = loader
        node = loader.get_single_node()
        return None if node is None else reader.value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reader.marks[()] = mark.line + 1 if mark else 1
        report.add((), Text("correct YAML", "правильный YAML"), _syntax_hint(error), found=error.problem or "")
    except yaml.YAMLError:
        hint = Text("remove control characters from the file", "уберите из файла управляющие символы")
        report.add((), Text("plain text", "обычный текст"), hint, found="control character")
    except (TooMuchError, RecursionError):
        expected = Text(
            f"at most {MAX_DEPTH} levels and {MAX_VALUES} values, aliases expanded",
            f"не больше {MAX_DEPTH} уровней и {MAX_VALUES} значений с учётом ссылок",
        )
        report.add((), expected, _SMALLER, found="…")
    return None


def _syntax_hint(error: yaml.MarkedYAMLError) -> Text:
    problem = error.problem or ""
    if "'\\t'" in problem:
        return Text("indent with spaces, not with tabs", "делайте отступы пробелами, а не табуляцией")
    if "mapping values are not allowed" in problem or "could not find expected" in problem:
        return Text(
            "look at the indentation, and put quotes round values that contain a colon",
            "проверьте отступы и возьмите в кавычки значения с двоеточием",
        )
    return Text("look at this line and the one above it", "посмотрите на эту строку и строку выше")


@dataclass
class _Reader:
    """Turns YAML nodes into values, counting as it goes."""

    env: Mapping[str, str]
    report: Report
    marks: dict[Path, int]
    raw: dict[Path, str]
    loader: Any = None
    count: int = 0
    depth: int = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        if self.count > MAX_VALUES or self.depth > MAX_DEPTH:
            raise TooMuchError
        self.marks.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path)
        self.depth += 1
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self.mapping(node, path)
        finally:
            self.depth -= 1

    def mapping(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[Any] = []
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE_TAG:
                found = self.value(value_node, (*path, "<<"))
                merged += found if isinstance(found, list) else [found]
                continue
            key = self.key(key_node, path)
            if key is None:
                continue
            place = (*path, key)
            if key in values:
                self.duplicate(place, key_node.start_mark.line + 1)
                continue
            self.marks[place] = key_node.start_mark.line + 1
            values[key] = self.value(value_node, place)
        for mapping in merged:
            if isinstance(mapping, dict):
                values = {**mapping, **values}
        return values

    def key(self, node: yaml.Node, path: Path) -> str | None:
        if isinstance(node, yaml.ScalarNode) and node.tag in _PLAIN_TAGS:
            return str(node.value)
        self.marks.setdefault((*path, "?"), node.start_mark.line + 1)
        hint = Text("write the key as a plain word", "запишите ключ простым словом")
        self.report.add((*path, "?"), Text("a plain key", "простой ключ"), hint, found="…")
        return None

    def duplicate(self, place: Path, line: int) -> None:
        first, self.marks[place] = self.marks[place], line
        self.report.add(
            place,
            Text("each key once", "каждый ключ один раз"),
            Text(f"it is on line {first} already; keep one", f"он уже есть в строке {first}; оставьте один"),
            found=str(place[-1])[:60],
        )
        self.marks[place] = first

    def scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if node.tag not in _PLAIN_TAGS:
            hint = Text("write the value without a tag", "запишите значение без тега")
            self.report.add(path, Text("a plain value", "простое значение"), hint, found=node.tag[-40:])
            return None
        if node.tag == _TEXT_TAG or node.tag.endswith("timestamp"):
            return self.filled(str(node.value), path)
        try:
            return self.loader.construct_object(node)
        except (ValueError, OverflowError, KeyError, yaml.YAMLError):
            return str(node.value)

    def filled(self, text: str, path: Path) -> str:
        if "${" not in text:
            return text
        self.raw[path] = text if len(text) < 80 else text[:80] + "…"
        return _PLACE.sub(lambda match: self.place(match, path), text)

    def place(self, match: re.Match[str], path: Path) -> str:
        escaped, name = match.groups()
        if escaped:
            return match.group(0)[1:]
        if not _NAME.fullmatch(name):
            hint = Text("write ${NAME}; a literal ${ is written $${", "пишите ${NAME}; сами знаки ${ записываются $${")
            self.report.add(path, Text("the name of a variable", "имя переменной"), hint, found="${" + name[:40] + "}")
            return ""
        try:
            return read(self.env, name)
        except MissingError as missing:
            self.report.add(path, missing.expected, missing.hint, found="${" + name + "}")
            return ""
