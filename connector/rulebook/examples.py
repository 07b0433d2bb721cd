"""Golden examples: each is played through the handlers, with the portal's answers from the file; nothing is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.handlers import Rules
from connector.handlers.mapped import acted, case_of
from connector.handlers.processes import PROCESS, pretended, process_key
from connector.handlers.rules import PortalFacts
from connector.handlers.viewing import identity
from connector.rulebook.folder import packaged_examples
from connector.rulebook.trying import Memory, Tried, tried
from mappings.comparing import compare
from mappings.engine import MappingSet
from mappings.faults import BrokenError, Fault, RuleError, Said
from mappings.golden import Example, answer, read
from mappings.tidying import moment


@dataclass(frozen=True, kw_only=True)
class Played:
    """One example, and what came otherwise than it says."""

    example: Example
    differences: tuple[Said, ...]


def examples_in(folder: Path | None) -> list[Example]:
    """The examples in ``tests/`` of a mapping folder; without a folder those that come with the product. Raises
    ``BrokenError`` with all that is wrong in them.
    """
    found: list[Example] = []
    faults: list[Fault] = []
    files = packaged_examples() if folder is None else _own(folder / "tests")
    for name, content in files.items():
        examples, wrong = read(name, content)
        found += examples
        faults += wrong
    if faults:
        raise BrokenError(faults)
    return found


def played(examples: list[Example], mappings: MappingSet) -> Iterator[Played]:
    """Each example in its turn."""
    facts = PortalFacts(name="main", language="ru", connectors={})
    rules = Rules(public_url="", accounts={}, portals={"main": facts}, mappings=mappings)
    for example in examples:
        yield Played(example=example, differences=tuple(_differences(example, mappings, rules)))


def _differences(example: Example, mappings: MappingSet, rules: Rules) -> list[Said]:
    try:
        outcome = mappings.decide(example.kind, _scope(example, mappings))
    except RuleError as error:
        return [(str(error), f"{error.file}:{error.line}: {error.what}: {error.said[1]}. {error.mend[1]}")]
    how = _walked(example, mappings, rules)
    if how.error is not None:
        return [(how.error.hint.en, how.error.hint.ru)]
    return compare(example.expect, [(write.method, write.params) for write in how.writes], outcome)


def _walked(example: Example, mappings: MappingSet, rules: Rules) -> Tried:
    about = _seen(example, mappings) if example.event is not None else dict(example.record or {})
    lane = f"{about['account']}.{about['conversation']}" if example.event is not None else ""
    name = identity(about) if example.event is not None else f"{example.kind}:{example.name}"
    case = case_of("main", name, lane, about, rules)
    memory = Memory(recall=_remembered(mappings))
    plan = acted(case, example.kind, _scope(example, mappings), rules)
    empty = empty_portal(mappings)

    def read(method: str, params: Mapping[str, Any]) -> Any:
        said = answer(example, method, params)
        return empty(method, params) if said is None else said

    return tried(plan, memory, read)


def _remembered(mappings: MappingSet) -> Callable[[str, str], Any]:
    """The chat is known, so that `answers` can say to what it is bound; each process of the set has the number 1."""
    links: dict[tuple[str, str], Any] = {
        (PROCESS, process_key("main", process.type_id)): pretended(process, 1)
        for process in mappings.processes.values()
    }

    def recall(kind: str, key: str) -> Any:
        return {"chat_id": "1", "line": "1"} if kind == "chat" else links.get((kind, key))

    return recall


def empty_portal(mappings: MappingSet) -> Callable[[str, Mapping[str, Any]], Any]:
    """The answers of a portal in which nothing and nobody is found. It has every user field that is asked for, as text:
    what is written there can be read.
    """
    tag_fields = set(mappings.config.tag_fields.values())

    def read(method: str, params: Mapping[str, Any]) -> Any:
        asked = params.get("filter") or {}
        if method == "userfieldconfig.list":
            name = asked.get("fieldName")
            multiple = "Y" if name in tag_fields else "N"
            return {"fields": [{"id": 1, "fieldName": name, "userTypeId": "string", "multiple": multiple}]}
        if method.endswith(".userfield.list"):
            name = asked.get("FIELD_NAME")
            multiple = "Y" if name in tag_fields else "N"
            return [{"ID": "1", "FIELD_NAME": name, "USER_TYPE_ID": "string", "MULTIPLE": multiple}]
        return {"items": []} if method == "crm.item.list" else []

    return read


def _scope(example: Example, mappings: MappingSet) -> dict[str, Any]:
    scope = example.scope
    return scope if example.event is None else {**scope, "event": _seen(example, mappings)}


def _seen(example: Example, mappings: MappingSet) -> dict[str, Any]:
    event = dict(example.event or {})
    return {"kind": example.kind, **event, "at": moment(event.get("at"), mappings.config.zone)}


def _own(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {f"tests/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.y*ml"))}
