"""Smart processes that the mapping set describes: short names of fields and stages as the portal calls them.

facts/bitrix24-telephony-crm.md §2.1, §4.2: fields go by the number of the type (``UF_CRM_16_TRACK_NO``), stages by
entityTypeId and pipeline (``DT1036_9:NEW``); neither is known before the process is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.effects import Plan, Recall
from connector.errors import PermanentError
from connector.handlers.case import Case, Place
from connector.handlers.fields import name_of
from connector.speech import Text
from mappings.faults import nearest
from mappings.processes import Process

PROCESS = "process"
"""Link by ``<portal>.<entityTypeId>``: {"id" of the type, "category", "stages": {short: whole}, "titles": by whole}."""
_STAGE = "stageId"
_FINAL: Mapping[str, str] = {"success": "SUCCESS"}  # a process has one, and Bitrix24 makes it itself

NOT_SHAPED = Text(
    "{name} is short for a field or stage of smart process {type}, which this connector has not shaped on portal "
    "{portal} yet (rule {rule}). Describe it in a mapping file (`process:`, `type: {type}`) and run its source, or "
    "write the whole name; then try it again.",
    "{name} — краткое имя поля или стадии смарт-процесса {type}, а он на портале {portal} ещё не приведён в нужный вид "
    "(правило {rule}). Опишите его в файле маппинга (`process:`, `type: {type}`) и запустите его источник либо укажите "
    "полное имя и попробуйте снова.",
)
NO_STAGE = Text(
    "Smart process {type} has no stage {name} (rule {rule}). {nearest} Correct the rule or add the stage under "
    "`stages:` of the process, then try it again.",
    "У смарт-процесса {type} нет стадии {name} (правило {rule}). {nearest} Исправьте правило или добавьте стадию в "
    "`stages:` процесса и попробуйте снова.",
)


def process_key(portal: str, type_id: int) -> str:
    """The key of its link."""
    return f"{portal}.{type_id}"


def is_short(name: str) -> bool:
    """Whether ``name``, as requests have it, is that of a process's own field without the process's number."""
    return name.startswith("UF_") and not name.startswith("UF_CRM_")


def whole_name(number: Any, name: str) -> str:
    """``UF_TRACK_NO`` of the type ``number`` as the portal calls it."""
    return f"UF_CRM_{number}_{name.removeprefix('UF_')}"


def named(case: Case, place: Place, written_as: str, rule: str) -> Plan:
    """The name of a field in requests. Raises ``PermanentError`` for a short one whose process is not known here."""
    name = name_of(written_as)
    if place.entity != "item" or not is_short(name):
        return name
    link = yield from known(case, place)
    if not link:
        raise _not_shaped(case, place, name, rule)
    return whole_name(link["id"], name)


def staged(case: Case, place: Place, name: str, value: Any, rule: str) -> Plan:
    """A value for the field ``name``: a stage without a pipeline as the portal calls it, anything else as it is."""
    if place.entity != "item" or name != _STAGE or not isinstance(value, str) or ":" in value or not value.strip():
        return value
    link = yield from known(case, place)
    if not link:
        raise _not_shaped(case, place, value, rule)
    stages: Mapping[str, str] = link.get("stages") or {}
    if value not in stages:
        told = {"type": place.type_id, "name": value, "rule": rule, "nearest": Text(*nearest(value, stages)).ended()}
        raise PermanentError("mapping.stage", hint=NO_STAGE.with_(**told))
    return stages[value]


def pretended(process: Process, number: int = 0) -> dict[str, Any]:
    """A link for a trial before the process is there, or without a portal: ``number`` is that of its type and of its
    pipeline.
    """
    stages = {stage.id: f"DT{process.type_id}_{number}:{_FINAL.get(stage.final, stage.id)}" for stage in process.stages}
    titles = {stages[stage.id]: stage.title[1] for stage in process.stages}
    return {"id": number, "category": number, "stages": stages, "titles": titles, "shape": "", "at": ""}


def known(case: Case, place: Place) -> Plan:
    """The link of its process, read once; nothing when this connector never shaped it."""
    if place.type_id not in case.processes:
        case.processes[place.type_id] = (yield Recall(PROCESS, process_key(case.portal, place.type_id))) or {}
    return case.processes[place.type_id]


def _not_shaped(case: Case, place: Place, name: str, rule: str) -> PermanentError:
    told = {"name": name, "type": place.type_id, "portal": case.portal, "rule": rule}
    return PermanentError("mapping.process", hint=NOT_SHAPED.with_(**told))
