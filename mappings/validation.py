"""Holds a document against its model; what does not fit is told in our words and left out."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mappings.choices import MARK
from mappings.documents import Document
from mappings.faults import Fault, nearest
from mappings.model import ConfigDocument, RuleDocument
from mappings.nodes import Path
from mappings.process_model import ProcessDocument
from mappings.refusals import may_be_computed, missing, refusal, shown

Place = tuple[str | int, ...]
_FREE = ("set", "fill", "is")
_CONFIG_KEYS = frozenset(ConfigDocument.model_fields) - frozenset(RuleDocument.model_fields)


def is_rule(value: Any) -> bool:
    """Whether a document is meant as a rule rather than as settings or as a process."""
    return not is_process(value) and not (
        isinstance(value, dict) and "on" not in value and (value.keys() & _CONFIG_KEYS or not _rule_keys(value))
    )


def is_process(value: Any) -> bool:
    """Whether a document is meant as a smart process."""
    return isinstance(value, dict) and "process" in value and "on" not in value


def _rule_keys(value: Mapping[str, Any]) -> bool:
    return bool(value.keys() - _CONFIG_KEYS - {"version", "about", "include"})


def validate(document: Document) -> tuple[dict[str, Any], list[Fault]]:
    """What fits the model of a rule, of settings or of a process, as plain values (keys may be missing); the faults."""
    if not isinstance(document.value, dict):
        said = (
            f"A rule is needed here, not {shown(document.value)[0]}",
            f"Здесь нужно правило, а не {shown(document.value)[1]}",
        )
        mend = "Begin it with on: message.received", "Начните его с on: message.received"
        return {}, [document.fault((), said, mend)]
    model = _model_of(document.value)
    wrong: dict[Path, Fault | None] = {}
    for path in _empty(document.value, ()):
        said, mend = (
            ("There is no value", "Здесь нет значения"),
            ("Write one, or delete the line", "Впишите его или удалите строку"),
        )
        wrong[path] = None if path in document.told else document.fault(path, said, mend)
    given = without(document.value, wrong)
    try:
        model.model_validate(given)
    except ValidationError as error:
        complaints = error.errors(include_url=False)
        unknown = {details["loc"] for details in complaints if details["type"] == "extra_forbidden"}
        for details in complaints:
            path = _path(document.value, details["loc"])
            if path not in wrong and not (details["type"] == "missing" and _misspelt(details["loc"], unknown)):
                wrong[path] = None if path in document.told else _fault(document, model, path, details)
    return without(document.value, wrong), [fault for fault in wrong.values() if fault is not None]


def _model_of(value: Any) -> type[BaseModel]:
    if is_process(value):
        return ProcessDocument
    return RuleDocument if is_rule(value) else ConfigDocument


def without(value: Any, paths: Iterable[Path]) -> Any:
    """``value`` without what stands at ``paths``; in a list ``None`` stands there instead."""
    gone = set(paths)

    def copy(each: Any, path: Path) -> Any:
        if isinstance(each, dict):
            return {key: copy(item, (*path, key)) for key, item in each.items() if (*path, key) not in gone}
        if isinstance(each, list):
            return [None if (*path, index) in gone else copy(item, (*path, index)) for index, item in enumerate(each)]
        return each

    return copy(value, ()) if gone else value


def _empty(value: Any, path: Path) -> Iterator[Path]:
    """Where nothing stands though something should; fields and facts may be emptied, a category may have no owner."""
    if value is None and path[:1] != ("categories",):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in _FREE:
                yield from _empty(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _empty(item, (*path, index))


def _path(value: Any, place: Place) -> Path:
    """The keys of an error's place: without the names of branches, which no value has."""
    path: list[str | int] = []
    for part in place:
        there = (isinstance(value, dict) and part in value) or (isinstance(value, list) and isinstance(part, int))
        if not there and isinstance(part, str) and part.startswith(MARK):
            continue
        path.append(part)
        value = value[part] if there else None
    return tuple(path)


def _fault(document: Document, model: type[BaseModel], path: Path, details: ErrorDetails) -> Fault:
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        said = f"Unknown key {path[-1]}", f"Неизвестный ключ {path[-1]}"
        return document.fault(path, said, nearest(str(path[-1]).lower(), _keys(model, details["loc"][:-1])), key=True)
    if kind == "missing":
        return document.fault(path, *missing(str(path[-1]), of_process=model is ProcessDocument))
    if isinstance(value, str) and "{{" in value and not may_be_computed(kind, details.get("ctx", {})):
        said = "An expression cannot stand here", "Выражение здесь недопустимо"
        return document.fault(path, said, ("Write the value itself", "Напишите само значение"))
    return document.fault(path, *refusal(kind, value, details.get("ctx", {})))


def _misspelt(place: Place, unknown: Iterable[Place]) -> bool:
    """Whether a key is missing only because it is misspelt, which is told already."""
    beside = [str(other[-1]).lower() for other in unknown if other[:-1] == place[:-1]]
    return bool(get_close_matches(str(place[-1]), beside))


def _keys(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that the model at ``place`` knows."""
    current: type[BaseModel] | None = model
    named = False
    for part in place:
        field = current.model_fields.get(str(part)) if current and not named else None
        named = field is not None and typing.get_origin(field.annotation) is dict
        current = _model_in(field.annotation) if field else current
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _model_in(part))), None)
