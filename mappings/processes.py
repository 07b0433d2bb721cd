"""Smart processes as a set wants them: read from their documents, with what only the whole document tells checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mappings.documents import Document
from mappings.faults import Fault, Said
from mappings.nodes import Path

Final = Literal["", "success", "fail"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """An option of an enumeration; ``id`` is its XML_ID."""

    id: str
    title: Said


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessField:
    """A user field; ``name`` without ``UF_`` and without the number of its process."""

    name: str
    type: str = "string"
    title: Said
    multiple: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage; ``color`` is ``#RRGGBB`` or empty, for the one that Bitrix24 chooses."""

    id: str
    title: Said
    color: str = ""
    final: Final = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """A smart process with the entityTypeId ``type_id``; ``at`` is its first line in ``file``.

    ``links`` are of ``contact``, ``company`` and ``deal``.
    """

    name: str
    file: str
    at: int
    type_id: int
    title: Said
    fields: tuple[ProcessField, ...] = ()
    stages: tuple[Stage, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Processes:
    """Those of a set by name, and all that is wrong with them."""

    known: dict[str, Process] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def types(self) -> dict[str, int]:
        """name → entityTypeId"""
        return {name: process.type_id for name, process in self.known.items()}


def processes(documents: Iterable[tuple[Document, Mapping[str, Any]]]) -> Processes:
    """All of ``documents``, which are processes with what fits their model, in order; a later one of the same name
    replaces the one of an earlier file.
    """
    found = Processes()
    places: dict[str, Document] = {}
    for document, given in documents:
        found.faults += _wrong(document, given)
        if not {"process", "type", "title"} <= given.keys():
            continue
        process = _process(document, given)
        before = found.known.get(process.name)
        if before is not None and before.file == process.file:
            found.faults.append(_twice(document, ("process",), process.name, before.at))
        found.known[process.name], places[process.name] = process, document
    for process in found.known.values():
        other = next(each for each in found.known.values() if each.type_id == process.type_id)
        if other is not process:
            found.faults.append(_taken(places[process.name], process, other))
    return found


def _process(document: Document, given: Mapping[str, Any]) -> Process:
    return Process(
        name=given["process"],
        file=document.file,
        at=document.mark(())[0],
        type_id=given["type"],
        title=_said(given["title"]),
        fields=tuple(_fields(given.get("fields", []))),
        stages=tuple(_stages(given.get("stages", []))),
        links=tuple(link for link in dict.fromkeys(given.get("links", [])) if link),
    )


def _fields(given: Iterable[Any]) -> Iterator[ProcessField]:
    for each in given:
        if isinstance(each, dict) and {"name", "title"} <= each.keys():
            options = (option for option in each.get("options", []) if option)
            yield ProcessField(
                name=each["name"],
                type=each.get("type", "string"),
                title=_said(each["title"]),
                multiple=each.get("multiple", False),
                options=tuple(Option(id=_id(option), title=_said(option)) for option in options),
            )


def _stages(given: Iterable[Any]) -> Iterator[Stage]:
    for each in given:
        if isinstance(each, dict) and {"id", "title"} <= each.keys():
            yield Stage(
                id=each["id"], title=_said(each["title"]), color=each.get("color", ""), final=each.get("final", "")
            )


def _id(option: Any) -> str:
    return option if isinstance(option, str) else str(option.get("id", ""))


def _said(title: Any) -> Said:
    """A title in both languages; of an option its own."""
    if isinstance(title, str):
        return title, title
    if "title" in title:
        return _said(title["title"])
    return str(title.get("en", "")), str(title.get("ru", ""))


def _wrong(document: Document, given: Mapping[str, Any]) -> Iterator[Fault]:
    number = given.get("type", 0)
    if number and not (128 <= number <= 192 or (number >= 1030 and number % 2 == 0)):
        said = f"{number} cannot be a smart process", f"{number} не может быть номером смарт-процесса"
        mend = "Write an even number from 1030, for example 1036", "Укажите чётное число от 1030, например 1036"
        yield document.fault(("type",), said, mend)
    yield from _repeated(document, given, "fields", "name")
    yield from _repeated(document, given, "stages", "id")
    for index, each in enumerate(given.get("fields", [])):
        if isinstance(each, dict):
            yield from _wrong_field(document, ("fields", index), each)
    good = [index for index, each in enumerate(given.get("stages", [])) if each and each.get("final") == "success"]
    for index in good[1:]:
        said = "A process ends well in one stage only", "Успешная стадия у процесса одна"
        mend = "Leave final: success at one of them", "Оставьте final: success у одной из них"
        yield document.fault(("stages", index, "final"), said, mend)


def _wrong_field(document: Document, path: Path, given: Mapping[str, Any]) -> Iterator[Fault]:
    name, kind, listed = str(given.get("name", "")), given.get("type", "string"), given.get("options", [])
    if name.startswith("UF_"):
        said = f"{name[:40]} already begins with UF_", f"{name[:40]} уже начинается с UF_"
        mend = f"Write {name[3:]}", f"Напишите {name[3:]}"
        yield document.fault((*path, "name"), said, mend)
    if listed and kind != "enumeration":
        said = f"A field of type {kind} has no options", f"У поля типа {kind} вариантов не бывает"
        yield document.fault((*path, "options"), said, ("Write type: enumeration", "Напишите type: enumeration"))
    if kind == "enumeration" and "options" not in given:
        said = "A list without options", "Список без вариантов"
        mend = "Add options: [CDEK, DHL]", "Добавьте options: [CDEK, DHL]"
        yield document.fault(path, said, mend)
    if kind == "boolean" and given.get("multiple"):
        said = "Yes or no cannot be several", "«Да» или «нет» не может быть несколько"
        yield document.fault((*path, "multiple"), said, ("Delete this line", "Удалите эту строку"))
    seen: set[str] = set()
    for index, option in enumerate(listed):
        known_as = _id(option) if option else ""
        if known_as in seen:
            yield _twice(document, (*path, "options", index), known_as, document.mark((*path, "options"))[0])
        seen.update([known_as] if known_as else [])


def _repeated(document: Document, given: Mapping[str, Any], key: str, name: str) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, each in enumerate(given.get(key, [])):
        if isinstance(each, dict) and name in each:
            path: Path = (key, index, name)
            line = first.setdefault(each[name], index)
            if line != index:
                yield _twice(document, path, each[name], document.mark((key, line, name))[0])


def _twice(document: Document, path: Path, name: str, line: int) -> Fault:
    said = f"{name[:40]} stands here twice", f"{name[:40]} указано дважды"
    mend = f"Delete it here or on line {line}", f"Удалите его здесь или в строке {line}"
    return document.fault(path, said, mend)


def _taken(document: Document, process: Process, other: Process) -> Fault:
    said = (
        f"Type {process.type_id} belongs to process {other.name} ({other.file}:{other.at})",
        f"Номер {process.type_id} уже занят процессом {other.name} ({other.file}:{other.at})",
    )
    return document.fault(("type",), said, ("Write another even number", "Укажите другое чётное число"))
