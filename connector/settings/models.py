"""Builds a model from YAML values and tells pydantic's complaints in our own form."""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connector.settings.mistakes import Path, Report, did_you_mean
from connector.speech import Text

Model = TypeVar("Model", bound=BaseModel)

_MAPPING = Text("a mapping (key: value)", "отображение (ключ: значение)")
_EXAMPLE = Text("for example {example}", "например {example}")
_LOOK = Text("see docs/settings.md", "смотрите docs/settings.md")
_EXPECTED: Mapping[str, Text] = {
    "string_type": Text("text", "текст"),
    "string_too_short": Text("text that is not empty", "непустой текст"),
    "string_too_long": Text("text of at most {max_length} characters", "текст не длиннее {max_length} знаков"),
    "string_pattern_mismatch": Text("text like {pattern}", "текст вида {pattern}"),
    "too_short": Text("a value that is not empty", "непустое значение"),
    "int_type": Text("a whole number", "целое число"),
    "int_parsing": Text("a whole number", "целое число"),
    "int_from_float": Text("a whole number", "целое число"),
    "float_type": Text("a number", "число"),
    "float_parsing": Text("a number", "число"),
    "finite_number": Text("a finite number", "конечное число"),
    "bool_type": Text("true or false", "true или false"),
    "bool_parsing": Text("true or false", "true или false"),
    "greater_than": Text("more than {gt}", "больше {gt}"),
    "greater_than_equal": Text("{ge} or more", "{ge} или больше"),
    "less_than": Text("less than {lt}", "меньше {lt}"),
    "less_than_equal": Text("{le} or less", "{le} или меньше"),
    "literal_error": Text("one of {expected}", "одно из {expected}"),
    "enum": Text("one of {expected}", "одно из {expected}"),
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "list_type": Text("a list", "список"),
    "tuple_type": Text("a list", "список"),
}


def build(model: type[Model], given: Any, path: Path, report: Report, **injected: str) -> Model | None:
    """The model, or ``None`` with mistakes noted. ``injected`` fields may not be written in the file."""
    if not isinstance(given, dict):
        if not report.told(path):
            report.add(path, _MAPPING, _LOOK, value=given)
        return None
    for name in injected.keys() & given.keys():
        hint = Text("take it out: the key above is the name", "уберите: имя — это ключ строкой выше")
        report.add((*path, name), Text("no such key", "такого ключа нет"), hint, value=given[name])
    try:
        return model.model_validate({**given, **injected})
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _tell(details, model, path, report)
    except RecursionError:
        report.add(path, _MAPPING, _LOOK, value=given)
    return None


def _tell(details: ErrorDetails, model: type[BaseModel], path: Path, report: Report) -> None:
    location = tuple(part for part in details["loc"] if part != "[key]")  # what pydantic adds to a key of a mapping
    place = (*path, *location)
    if report.told(place):
        return
    kind, value = details["type"], details["input"]
    if kind == "missing":
        hint = Text(f"add {location[-1]}: under {place[-2]}", f"добавьте {location[-1]}: внутри {place[-2]}")
        report.add(place, Text("this key", "этот ключ"), hint, found="")
    elif kind == "extra_forbidden":
        known = _fields(model, location[:-1])
        hint = did_you_mean(str(location[-1]), known)
        report.add(place, Text("a known key", "известный ключ"), hint, found=str(location[-1])[:60])
    else:
        report.add(place, _expected(details), _hint(details, _example(model, location)), value=value)


def _expected(details: ErrorDetails) -> Text:
    known = _EXPECTED.get(details["type"])
    if known is not None:
        return known.with_(**details.get("ctx", {}))
    message = details.get("ctx", {}).get("error")
    if isinstance(message, ValueError) and message.args and isinstance(message.args[0], Text):
        return message.args[0]
    words = details["msg"].removeprefix("Value error, ")
    return Text(words, words)


def _hint(details: ErrorDetails, example: Any) -> Text:
    error = details.get("ctx", {}).get("error")
    if isinstance(error, ValueError) and len(error.args) > 1 and isinstance(error.args[1], Text):
        return error.args[1]
    if details["type"] == "string_type" and isinstance(details["input"], int | float):
        return Text("put it in quotes", "возьмите значение в кавычки")
    return _LOOK if example is None else _EXAMPLE.with_(example=json.dumps(example, ensure_ascii=False))


def _example(model: type[BaseModel], location: tuple[int | str, ...]) -> Any:
    """What is shown as an example of the field at ``location``, or of the nearest one around it; ``None`` without."""
    current: type[BaseModel] | None = model
    field = None
    for part in location:
        field = (current.model_fields.get(str(part)) if current else None) or field
        current = _model_in(field.annotation) if field else None
    return field.examples[0] if field is not None and field.examples else None


def _fields(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that the nested model at ``location`` knows."""
    current: type[BaseModel] | None = model
    for part in location:
        field = current.model_fields.get(str(part)) if current else None
        current = _model_in(field.annotation) if field else current
    if current is None:
        return []
    given = () if location else ("account", "name")  # the key above is the name
    return [info.alias or name for name, info in current.model_fields.items() if name not in given]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model inside ``X``, ``X | None``, ``list[X]``, ``dict[str, X]``."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for part in typing.get_args(annotation) if (found := _model_in(part))), None)
