"""Reads a mapping file into plain values and remembers where each of them stood.

Only plain YAML: no tags, no duplicate keys, at most 1 MiB, 32 levels and 20 000 values after aliases. Plain words
mean what they mean in YAML 1.2: ``on``, ``no`` and ``12:30`` are text, so are ``+7495…`` and ``007``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from mappings.faults import Fault, Said
from mappings.nodes import MAX_DEPTH, MAX_VALUES, Loader, Mark, Path, Reading, TooMuchError
from mappings.scalars import Scalar, position

MAX_BYTES = 1024 * 1024

_NEXT = re.compile(r"^---(?=\s|$)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document. ``marks`` say where a value begins, ``keys`` where its key does: line and column from 1.

    ``number`` is its place among the file's documents, from 1; ``told`` are the places with faults told already.
    """

    file: str
    value: Any
    number: int = 1
    marks: Mapping[Path, Mark] = field(default_factory=dict)
    keys: Mapping[Path, Mark] = field(default_factory=dict)
    scalars: Mapping[Path, Scalar] = field(default_factory=dict)
    told: frozenset[Path] = frozenset()

    def mark(self, path: Path, *, key: bool = False) -> Mark:
        """Where ``path`` (or else its nearest known parent) stands; with ``key`` the key rather than the value."""
        for length in range(len(path), -1, -1):
            place = path[:length]
            wanted = self.keys if key or length < len(path) else self.marks
            if found := wanted.get(place) or self.marks.get(place):
                return found
        return (1, 1)

    def inside(self, path: Path, offset: int) -> Mark:
        """Where the character ``offset`` of the text at ``path`` stands in the file."""
        scalar = self.scalars.get(path)
        return self.mark(path) if scalar is None else position(scalar, offset)

    def fault(self, path: Path, said: Said, mend: Said, *, at: Mark | None = None, key: bool = False) -> Fault:
        """A fault at ``path``, or at the very place ``at``."""
        line, column = at or self.mark(path, key=key)
        return Fault(file=self.file, line=line, column=column, path=dotted(path), said=said, mend=mend)


def dotted(path: Path) -> str:
    """``("crm", "contact", "match", 0)`` → ``crm.contact.match.0``."""
    return ".".join(text[:60] if (text := str(part)).isprintable() else "…" for part in path)


def read(file: str, content: bytes | str) -> tuple[list[Document], list[Fault]]:
    """Its documents that are not empty and all that is wrong with its text. Never raises."""
    text, fault = decoded(file, content, MAX_BYTES)
    if fault is not None:
        return [], [fault]
    documents: list[Document] = []
    faults: list[Fault] = []
    rest: str | None = text
    while rest is not None:
        rest = _read_on(file, rest, documents, faults)
    if not documents and not faults:
        said = "There is no rule in this file", "В этом файле нет ни одного правила"
        mend = "Write a rule that begins with on:, or delete the file", "Напишите правило с on: или удалите файл"
        faults.append(Fault(file=file, line=1, column=1, path="", said=said, mend=mend))
    return documents, faults


def decoded(file: str, content: bytes | str, most: int) -> tuple[str, Fault | None]:
    """The text without its byte order mark and with plain line ends, or why there is none."""

    def wrong(said: Said, mend: Said, line: int = 1) -> tuple[str, Fault]:
        return "", Fault(file=file, line=line, column=1, path="", said=said, mend=mend)

    if len(content) > most:
        size = most // (1024 * 1024)
        return wrong(
            (f"The file is bigger than {size} MiB", f"Файл больше {size} МиБ"),
            ("Divide it into several files", "Разделите его на несколько файлов"),
        )
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
        text.encode()
    except UnicodeError as error:
        before = content[: error.start] if isinstance(error, UnicodeDecodeError | UnicodeEncodeError) else b""
        line = 1 + (before.count(b"\n") if isinstance(before, bytes) else before.count("\n"))
        said = "The file is not text in UTF-8", "Это не текст в кодировке UTF-8"
        return wrong(said, ("Save it as UTF-8", "Сохраните его в кодировке UTF-8"), line)
    return text.replace("\r\n", "\n").replace("\r", "\n"), None


def _read_on(file: str, text: str, documents: list[Document], faults: list[Fault]) -> str | None:
    """Reads until the end, or a fault; then gives the text again with all before the next document blanked."""
    lines = text.split("\n")
    try:
        loader = Loader(text)
        while loader.check_node():
            reading = Reading(lines=lines)
            value = reading.value(loader.get_node(), ())
            document = Document(
                file=file,
                value=value,
                number=len(documents) + 1,
                marks=reading.marks,
                keys=reading.keys,
                scalars=reading.scalars,
                told=frozenset(path for path, *_ in reading.wrong),
            )
            faults.extend(document.fault(path, said, mend, at=at) for path, at, said, mend in reading.wrong)
            if value is not None:
                documents.append(document)
    except yaml.MarkedYAMLError as error:
        opened = error.context_mark if "quoted scalar" in (error.context or "") else None
        mark = opened or error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        faults.append(_syntax(file, lines, line, column, f"{error.context} {error.problem}"))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        said = "There is a control character in the text", "В тексте есть управляющий символ"
        mend = "Take it out", "Уберите его"
        column = error.position - text.rfind("\n", 0, error.position)
        faults.append(Fault(file=file, line=line + 1, column=column, path="", said=said, mend=mend))
        return None
    except TooMuchError as error:
        line, column = error.args
        said = (
            f"There are more than {MAX_VALUES} values or {MAX_DEPTH} levels, aliases counted",
            f"Здесь больше {MAX_VALUES} значений или {MAX_DEPTH} уровней, считая ссылки",
        )
        mend = "Divide the file, use fewer aliases", "Разделите файл и уберите лишние ссылки (*имя)"
        faults.append(Fault(file=file, line=line + 1, column=column + 1, path="", said=said, mend=mend))
        return None
    else:
        return None
    return _after(text, line)


def _after(text: str, line: int) -> str | None:
    lines = text.split("\n")
    start = sum(len(each) + 1 for each in lines[: line + 1])
    following = _NEXT.search(text, min(start, len(text)))
    return None if following is None else "\n" * text.count("\n", 0, following.start()) + text[following.start() :]


def _syntax(file: str, lines: list[str], line: int, column: int, problem: str) -> Fault:
    written = lines[line] if line < len(lines) else ""
    indent = written[: len(written) - len(written.lstrip())]
    if "\t" in indent or "'\\t'" in problem:
        column, problem = max(written.find("\t"), 0), "\\t"
    said, mend = next((said, mend) for word, said, mend in _SYNTAX if word in problem)
    return Fault(file=file, line=line + 1, column=column + 1, path="", said=said, mend=mend)


_SYNTAX: tuple[tuple[str, Said, Said], ...] = (
    ("\\t", ("A tab", "Табуляция"), ("Indent with spaces", "Делайте отступы пробелами")),
    (
        "mapping values are not allowed",
        ("A colon where YAML expects none", "Двоеточие там, где YAML его не ждёт"),
        (
            "Put the value into quotes, or look at the indentation",
            "Возьмите значение в кавычки или проверьте отступ",
        ),
    ),
    (
        "undefined alias",
        ("An alias (*name) of nothing", "Ссылка (*имя) ни на что не указывает"),
        (
            "Write &name before the value it stands for; text that begins with * needs quotes",
            "Поставьте &имя перед нужным значением; текст, который начинается с *, берут в кавычки",
        ),
    ),
    (
        "while scanning a quoted scalar",
        ("A quote is not closed", "Кавычка не закрыта"),
        ("Close it", "Закройте её"),
    ),
    (
        "cannot start any token",
        ("A sign that cannot begin a value", "С такого знака значение начинаться не может"),
        ("Put the value into quotes", "Возьмите значение в кавычки"),
    ),
    (
        "could not find expected ':'",
        ("A key without a colon", "Ключ без двоеточия"),
        ("Write key: value, and look at the indentation", "Напишите ключ: значение и проверьте отступ"),
    ),
    (
        "",
        ("This is not correct YAML", "Это неправильный YAML"),
        (
            "Look at the quotes, brackets and indentation of this line and of the one above it",
            "Проверьте кавычки, скобки и отступы в этой строке и в строке выше",
        ),
    ),
)
