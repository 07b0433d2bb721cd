"""Names in rules that a smart process of the same set answers for: they will be there once it is shaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from connector.handlers.processes import is_short
from connector.rulebook.named import NamedField
from mappings.processes import ProcessField

_STAGE = "stageId"


def own_name(name: NamedField, known_as: str, fields: Iterable[str]) -> str:
    """``UF_TRACK_NO`` of a process that the set describes as the portal calls it, when it has such a field."""
    if name.process is None or not is_short(known_as):
        return known_as
    whole = re.compile(rf"UF_CRM_\d+_{re.escape(known_as.removeprefix('UF_'))}")
    return next((field for field in fields if whole.fullmatch(field)), known_as)


def is_described(name: NamedField, known_as: str) -> bool:
    """Whether the set describes the field, so that it will be made."""
    return _described(name, known_as) is not None


def value_is_described(name: NamedField, known_as: str, value: Any) -> bool:
    """Whether the set describes the stage or the option, so that it will be made."""
    if name.process is not None and known_as == _STAGE:
        return value in {stage.id for stage in name.process.stages}
    field = _described(name, known_as)
    return field is not None and any(value in (option.id, *option.title) for option in field.options)


def _described(name: NamedField, known_as: str) -> ProcessField | None:
    if name.process is None or not is_short(known_as):
        return None
    wanted = known_as.removeprefix("UF_")
    return next((field for field in name.process.fields if field.name == wanted), None)
