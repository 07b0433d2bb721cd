"""How a smart process stands on a portal, and what it lacks of the shape that its set describes.

facts/bitrix24-telephony-crm.md §2.7-2.8, §4.2. Nothing is written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from connector.errors import PermanentError
from connector.handlers.case import FORBIDDEN, GONE
from connector.handlers.processes import whole_name
from mappings.processes import Option, Process, ProcessField, Stage

_NUMBERED = re.compile(r"UF_CRM_(\d+)_(\w+)")
PARENT = 2  # entityTypeId of deals


class Portal(Protocol):
    """The part of a portal that this needs."""

    @property
    def name(self) -> str: ...

    def call(self, method: str, params: Mapping[str, Any] = ..., *, live: bool = True) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is there: the ``number`` of the type (0: there is none), its ``title``, the pipeline of its new items and
    the ``stages`` of that (rows of ``crm.status.list``).

    What is not: ``flags`` to switch on, ``parents`` to send as a whole (``None``: all are there), ``fields``,
    ``options`` by field, ``lacking`` stages. ``other`` are fields of another kind than described:
    field → the kind that it has. ``admin``: whether it was seen with the rights that shaping needs.
    """

    number: int = 0
    title: str = ""
    category: int = 0
    stages: tuple[Mapping[str, Any], ...] = ()
    flags: tuple[str, ...] = ()
    parents: tuple[Mapping[str, Any], ...] | None = None
    fields: tuple[ProcessField, ...] = ()
    options: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)
    lacking: tuple[Stage, ...] = ()
    other: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    admin: bool = True

    @property
    def whole(self) -> bool:
        """Whether nothing is lacking."""
        return bool(self.number) and not (
            self.flags or self.parents is not None or self.fields or self.options or self.lacking
        )


def seen(portal: Portal, process: Process) -> Standing:
    """How ``process`` stands. Without the rights of a CRM administrator it is seen by what everybody may see: the
    number of the type tell the names of its fields.
    """
    try:
        row = _type(portal, process)
        return _of_type(portal, process, row) if row is not None else _nothing(process)
    except PermanentError as error:
        if error.cause not in FORBIDDEN:
            raise
        return _by_anybody(portal, process)


def wanted_flags(process: Process) -> tuple[str, ...]:
    """What has to be switched on for its stages and links."""
    client = ("isClientEnabled",) if {"contact", "company"} & set(process.links) else ()
    return (*(("isStagesEnabled",) if process.stages else ()), *client)


def wanted_parents(process: Process) -> tuple[Mapping[str, Any], ...]:
    """What its items belong to besides clients, as ``relations.parent`` has it."""
    return ({"entityTypeId": PARENT, "isChildrenListEnabled": "true"},) if "deal" in process.links else ()


def stages_of(portal: Portal, process: Process, category: int) -> tuple[Mapping[str, Any], ...]:
    """The stages of a pipeline, in their order."""
    dictionary = f"DYNAMIC_{process.type_id}_STAGE_{category}"
    rows = _call(portal, "crm.status.list", {"filter": {"ENTITY_ID": dictionary}, "order": {"SORT": "ASC"}})
    return tuple(row for row in rows or [] if isinstance(row, Mapping))


def whole_stages(process: Process, category: int, rows: tuple[Mapping[str, Any], ...]) -> dict[str, str]:
    """The stages by their short names; a good end has the name that the set gives it, too."""
    prefix = f"DT{process.type_id}_{category}:"
    there = {str(row.get("STATUS_ID")): row for row in rows}
    stages = {whole.removeprefix(prefix): whole for whole in there}
    success = next((whole for whole, row in there.items() if row.get("SEMANTICS") == "S"), "")
    for stage in process.stages:
        if stage.final == "success" and stage.id not in stages and success:
            stages[stage.id] = success
    return stages


def _of_type(portal: Portal, process: Process, row: Mapping[str, Any]) -> Standing:
    number = int(row["id"])
    held = _call(portal, "crm.type.get", {"id": number}).get("type") or row
    fields = _fields(portal, process)
    category, stages = _pipeline(portal, process)
    options, other = _options(portal, process, number, fields)
    return Standing(
        number=number,
        title=str(row.get("title") or ""),
        category=category,
        stages=stages,
        flags=tuple(flag for flag in wanted_flags(process) if held.get(flag) not in ("Y", True)),
        parents=_parents(process, held),
        fields=_missing(process, number, fields),
        options=options,
        lacking=_lacking(process, category, stages),
        other=other,
        known=frozenset(fields),
    )


def _nothing(process: Process) -> Standing:
    return Standing(fields=process.fields, lacking=process.stages, flags=wanted_flags(process))


def _by_anybody(portal: Portal, process: Process) -> Standing:
    try:
        fields = _fields(portal, process)
    except PermanentError as error:
        if error.cause not in GONE:
            raise
        return replace(_nothing(process), admin=False)
    ours = {field.name for field in process.fields}
    named = (found for name in fields if (found := _NUMBERED.fullmatch(name)))
    number = next((int(found[1]) for found in named if found[2] in ours or not ours), 0)
    category, stages = _pipeline(portal, process)
    return Standing(
        number=number,
        category=category,
        stages=stages,
        fields=_missing(process, number, fields),
        lacking=_lacking(process, category, stages),
        known=frozenset(fields),
        admin=False,
    )


def _type(portal: Portal, process: Process) -> Mapping[str, Any] | None:
    answer = _call(portal, "crm.type.list", {"filter": {"entityTypeId": process.type_id}})
    rows = answer.get("types") if isinstance(answer, Mapping) else None
    fits = (row for row in rows or [] if str(row.get("entityTypeId")) == str(process.type_id))
    return next(fits, None)


def _fields(portal: Portal, process: Process) -> Mapping[str, Mapping[str, Any]]:
    params = {"entityTypeId": process.type_id, "useOriginalUfNames": "Y"}
    answer = _call(portal, "crm.item.fields", params)
    return answer.get("fields") or {} if isinstance(answer, Mapping) else {}


def _pipeline(portal: Portal, process: Process) -> tuple[int, tuple[Mapping[str, Any], ...]]:
    """The pipeline that new items go to, and its stages; nothing for a process without any."""
    try:
        answer = _call(portal, "crm.category.list", {"entityTypeId": process.type_id})
    except PermanentError:
        return 0, ()
    rows = answer.get("categories") if isinstance(answer, Mapping) else None
    ordered = sorted(rows or [], key=lambda row: row.get("isDefault") not in ("Y", True))
    category = int(ordered[0]["id"]) if ordered else 0
    return category, stages_of(portal, process, category) if category else ()


def _parents(process: Process, held: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...] | None:
    """A list that is sent is the whole list, so what people chose goes with it."""
    relations = held.get("relations")
    rows = (relations.get("parent") or []) if isinstance(relations, Mapping) else []
    there = {int(row.get("entityTypeId") or 0) for row in rows}
    if all(parent["entityTypeId"] in there for parent in wanted_parents(process)):
        return None
    kept = [
        {
            "entityTypeId": row.get("entityTypeId"),
            "isChildrenListEnabled": "true" if row.get("isChildrenListEnabled") in ("Y", "true", True) else "false",
        }
        for row in rows
        if row.get("isPredefined") not in ("Y", True)
    ]
    return (*kept, *wanted_parents(process))


def _missing(process: Process, number: int, fields: Mapping[str, Any]) -> tuple[ProcessField, ...]:
    return tuple(each for each in process.fields if whole_name(number, f"UF_{each.name}") not in fields)


def _lacking(process: Process, category: int, rows: tuple[Mapping[str, Any], ...]) -> tuple[Stage, ...]:
    there = whole_stages(process, category, rows)
    return tuple(stage for stage in process.stages if stage.id not in there)


def _options(
    portal: Portal, process: Process, number: int, fields: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, tuple[Option, ...]], dict[str, str]]:
    """Options that lists lack, and fields of another kind. Options are known by XML_ID, which only ``.get`` tells."""
    lacking: dict[str, tuple[Option, ...]] = {}
    other: dict[str, str] = {}
    for each in process.fields:
        name = whole_name(number, f"UF_{each.name}")
        kind = str((fields.get(name) or {}).get("type") or each.type)
        if name in fields and kind != each.type:
            other[each.name] = kind
        elif name in fields and each.options:
            held = config_of(portal, name) or {}
            there = {str(option.get(key)) for option in held.get("enum") or [] for key in ("xmlId", "value")}
            if new := tuple(option for option in each.options if not {option.id, *option.title} & there):
                lacking[each.name] = new
    return lacking, other


def config_of(portal: Portal, name: str) -> Mapping[str, Any] | None:
    """A field as ``userfieldconfig.get`` tells it, with its options; ``None``: there is none."""
    answer = _call(portal, "userfieldconfig.list", {"moduleId": "crm", "filter": {"fieldName": name}})
    rows = answer.get("fields") if isinstance(answer, Mapping) else None
    row = next((row for row in rows or [] if row.get("fieldName") == name), None)
    if row is None:
        return None
    found = _call(portal, "userfieldconfig.get", {"moduleId": "crm", "id": row["id"]})
    field_: Mapping[str, Any] = found["field"]
    return field_


def _call(portal: Portal, method: str, params: Mapping[str, Any]) -> Any:
    return portal.call(method, params, live=False)
