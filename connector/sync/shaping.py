"""Smart processes are made where they are missing and kept in the shape that the mapping set describes.

facts/bitrix24-telephony-crm.md §4.2, gotchas 13 and 19. Whatever people renamed, added or moved stays as it is: what is
missing is added, nothing is deleted, renamed or changed. Only the stages that Bitrix24 gives to a new process get their
names at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from connector.domain.ports import Clock
from connector.errors import PermanentError, TransientError
from connector.handlers.case import FORBIDDEN
from connector.handlers.fields import digest
from connector.handlers.processes import PROCESS, process_key, whole_name
from connector.journal import Journal
from connector.speech import Text
from connector.sync.shape_words import BUSY, FOREIGN, LATE_FIELD, NO_PLAN, NOT_ALLOWED, OTHER_KIND, joined, listed
from connector.sync.standing import (
    Portal,
    Standing,
    config_of,
    seen,
    stages_of,
    wanted_flags,
    wanted_parents,
    whole_stages,
)
from mappings.processes import Option, Process, ProcessField, Stage

FRESH = timedelta(days=1)
LOCK = 300.0  # seconds; a process with fifty fields is made in one minute
_PLAN = "bitrix24.create_dynamic_type_restricted"
UNSHAPED = frozenset({"mapping.process", "mapping.stage", "mapping.field", "mapping.option"})
"""Causes that tell that a process is not (or no longer) in its shape: then it is looked at ``again``."""
_SEMANTICS: Mapping[str, str] = {"success": "S", "fail": "F"}


def ensure(
    portal: Portal,
    journal: Journal,
    processes: Iterable[Process],
    clock: Clock,
    *,
    language: str = "ru",
    again: bool = False,
) -> tuple[Text, ...]:
    """Bring each process into its shape, and keep what rules need of it as the link ``process``. Returns what a person
    has to do. A process that was whole within the last day is not looked at, unless it is described otherwise now, or
    ``again``. ``language`` is that of the portal.

    Raises ``PermanentError`` for an entityTypeId that is somebody else's (``process.foreign``) and where the plan has
    no room (``process.plan``), ``TransientError``, ``Stopped``.
    """
    notes: list[Text] = []
    for process in processes:
        if again or not _fresh(portal, journal, process, clock()):
            with journal.lock(f"process:{process_key(portal.name, process.type_id)}", ttl=LOCK) as mine:
                if not mine:
                    raise TransientError("process.busy", hint=BUSY.with_(name=process.name), retry_after=5.0)
                notes += _shaped(portal, journal, process, clock(), language)
    return tuple(notes)


def planned_shape(portal: Portal, journal: Journal, processes: Iterable[Process]) -> tuple[Text, ...]:
    """What :func:`ensure` would make, in words; nothing is written. Raises as it does."""
    told: list[Text] = []
    for process in processes:
        standing = seen(portal, process)
        _ours(portal, journal, process, standing)
        told += listed(process, standing)
    return tuple(told)


def _fresh(portal: Portal, journal: Journal, process: Process, now: datetime) -> bool:
    link = journal.recall(PROCESS, process_key(portal.name, process.type_id))
    at = datetime.fromisoformat(link["at"]) if link and link.get("at") else None
    return bool(link and at and link.get("shape") == _shape(process) and now - at < FRESH)


def _shape(process: Process) -> str:
    """A name for the wished shape, wherever it is written."""
    return digest({name: value for name, value in asdict(process).items() if name not in ("file", "at")})


def _shaped(portal: Portal, journal: Journal, process: Process, now: datetime, language: str) -> list[Text]:
    standing = seen(portal, process)
    _ours(portal, journal, process, standing)
    notes = [OTHER_KIND.with_(field=name, has=kind, process=process.name) for name, kind in standing.other.items()]
    if not standing.whole and standing.admin:
        try:
            standing = _made(portal, process, standing, language)
        except PermanentError as error:
            if error.cause not in FORBIDDEN:
                raise
            standing = seen(portal, process)
    if not standing.whole:
        what = {"portal": portal.name, "process": process.name, "type": process.type_id}
        notes.append(NOT_ALLOWED.with_(**what, what=joined(listed(process, standing))))
    if standing.number or (standing.stages and not process.fields):
        _keep(portal, journal, process, standing, now)
    return notes


def _keep(portal: Portal, journal: Journal, process: Process, standing: Standing, now: datetime) -> None:
    """What is not whole is looked at again the next time."""
    link = {
        "id": standing.number,
        "category": standing.category,
        "stages": whole_stages(process, standing.category, standing.stages),
        "titles": {str(row.get("STATUS_ID")): str(row.get("NAME") or "") for row in standing.stages},
        "shape": _shape(process) if standing.whole else "",
        "at": now.isoformat(timespec="seconds"),
    }
    journal.remember(PROCESS, process_key(portal.name, process.type_id), link, owner=f"portal:{portal.name}")


def _ours(portal: Portal, journal: Journal, process: Process, standing: Standing) -> None:
    """What was there before is ours when we kept it, when it has the title, or one of the fields; else it is somebody
    else's. People may rename a process later.
    """
    if not standing.number or not standing.title or standing.title in process.title:
        return
    link = journal.recall(PROCESS, process_key(portal.name, process.type_id))
    fields = {whole_name(standing.number, f"UF_{each.name}") for each in process.fields}
    if (link and link.get("id") == standing.number) or fields & standing.known:
        return
    about = {"type": process.type_id, "portal": portal.name, "title": standing.title, "process": process.name}
    wanted = Text(*process.title)
    raise PermanentError("process.foreign", hint=FOREIGN.with_(**about, wanted=wanted, file=process.file))


def _made(portal: Portal, process: Process, standing: Standing, language: str) -> Standing:
    """Make what is lacking; how it stands then."""
    if not standing.number:
        _make_type(portal, process, language)
        standing = seen(portal, process)
        _name_stages(portal, process, standing, language)
    elif standing.flags or standing.parents is not None:
        _switch_on(portal, standing)
        standing = seen(portal, process)
    for field in standing.fields:
        _make_field(portal, standing.number, field, language)
    for name, options in standing.options.items():
        _add_options(portal, whole_name(standing.number, f"UF_{name}"), options, language)
    if standing.lacking:
        rows = stages_of(portal, process, standing.category)
        for stage in standing.lacking:
            rows = _make_stage(portal, process, standing.category, stage, rows, language)
    after = seen(portal, process)
    if missed := after.fields:
        raise PermanentError("process.field", hint=LATE_FIELD.with_(fields=", ".join(each.name for each in missed)))
    return after


def _make_type(portal: Portal, process: Process, language: str) -> None:
    """A type that somebody made meanwhile is as good."""
    flags = dict.fromkeys((*wanted_flags(process), "isUseInUserfieldEnabled"), "Y")
    parents = list(wanted_parents(process))
    fields = {
        "title": _say(process.title, language),
        "entityTypeId": process.type_id,
        **flags,
        **({"relations": {"parent": parents}} if parents else {}),
    }
    try:
        portal.call("crm.type.add", {"fields": fields}, live=False)
    except PermanentError as error:
        if error.cause == _PLAN:
            what = {"process": process.name, "portal": portal.name}
            raise PermanentError("process.plan", hint=NO_PLAN.with_(**what)) from None
        if error.cause in FORBIDDEN or not seen(portal, process).number:
            raise


def _switch_on(portal: Portal, standing: Standing) -> None:
    relations = {"relations": {"parent": list(standing.parents)}} if standing.parents is not None else {}
    fields = {**dict.fromkeys(standing.flags, "Y"), **relations}
    portal.call("crm.type.update", {"id": standing.number, "fields": fields}, live=False)


def _make_field(portal: Portal, number: int, field: ProcessField, language: str) -> None:
    """A field that somebody made meanwhile, or that an answer was lost of, is as good."""
    name = whole_name(number, f"UF_{field.name}")
    label = {"en": field.title[0], "ru": field.title[1]}
    made: dict[str, Any] = {
        "entityId": f"CRM_{number}",
        "fieldName": name,
        "userTypeId": field.type,
        "xmlId": field.name,
        "multiple": "Y" if field.multiple else "N",
        "showFilter": "Y",
        **dict.fromkeys(("editFormLabel", "listColumnLabel", "listFilterLabel"), label),
    }
    if field.type == "enumeration":
        made["enum"] = [_option(option, place * 10, language) for place, option in enumerate(field.options, 1)]
    if config_of(portal, name) is None:
        portal.call("userfieldconfig.add", {"moduleId": "crm", "field": made}, live=False)


def _add_options(portal: Portal, name: str, options: tuple[Option, ...], language: str) -> None:
    """The list that is sent is the whole list (gotcha 13), so it is read right before it is written."""
    held = config_of(portal, name)
    if held is None:
        return
    enum = [dict(option) for option in held.get("enum") or []]
    there = {str(option.get("xmlId")) for option in enum}
    last = max((int(option.get("sort") or 0) for option in enum), default=0)
    new = [_option(each, last + place * 10, language) for place, each in enumerate(options, 1) if each.id not in there]
    field = {"userTypeId": "enumeration", "enum": [*enum, *new]}
    portal.call("userfieldconfig.update", {"moduleId": "crm", "id": held["id"], "field": field}, live=False)


def _option(option: Option, sort: int, language: str) -> dict[str, Any]:
    return {"value": _say(option.title, language), "xmlId": option.id, "sort": sort}


def _make_stage(
    portal: Portal,
    process: Process,
    category: int,
    stage: Stage,
    rows: tuple[Mapping[str, Any], ...],
    language: str,
) -> tuple[Mapping[str, Any], ...]:
    """One stage behind the one before it; the stages with it."""
    fields = {
        "ENTITY_ID": f"DYNAMIC_{process.type_id}_STAGE_{category}",
        "STATUS_ID": stage.id,
        "NAME": _say(stage.title, language),
        "SORT": _place(process, category, stage, rows),
        **({"COLOR": stage.color} if stage.color else {}),
        **({"SEMANTICS": _SEMANTICS[stage.final]} if stage.final else {}),
    }
    portal.call("crm.status.add", {"fields": fields}, live=False)
    return stages_of(portal, process, category)


def _name_stages(portal: Portal, process: Process, standing: Standing, language: str) -> None:
    """The first stage and the ends of a new process come with names of Bitrix24's."""
    there = whole_stages(process, standing.category, standing.stages)
    rows = {str(row.get("STATUS_ID")): row for row in standing.stages}
    for stage in process.stages:
        row = rows.get(there.get(stage.id, ""))
        if row is not None:
            named = {"NAME": _say(stage.title, language), **({"COLOR": stage.color} if stage.color else {})}
            portal.call("crm.status.update", {"id": row["ID"], "fields": named}, live=False)


def _place(process: Process, category: int, stage: Stage, rows: tuple[Mapping[str, Any], ...]) -> int:
    sorts = {str(row.get("STATUS_ID")): int(row.get("SORT") or 0) for row in rows}
    if stage.final:
        return max(sorts.values(), default=0) + 10
    there = whole_stages(process, category, rows)
    before = process.stages[: process.stages.index(stage)]
    known = [sorts[there[each.id]] for each in before if each.id in there and not each.final]
    return known[-1] + 1 if known else max(min(sorts.values(), default=10) - 1, 1)


def _say(title: tuple[str, str], language: str) -> str:
    return Text(*title).say(language)
