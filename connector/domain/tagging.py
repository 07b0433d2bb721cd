"""Tags that are kept in step between a source and Bitrix24 (facts/bitrix24-telephony-crm.md §2.9)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connector.speech import Text

_FROZEN = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

Policy = Literal["source", "portal", "newest", "union"]
By = Literal["rows", "external", "phone", "email", "field"]
PLACES = ("find", "task", "workgroup")

_ONE = Text("exactly one of find, task, workgroup", "ровно одно из find, task, workgroup")
_ONE_HINT = Text(
    "find: {entity: contact} for the CRM, task: task_id or workgroup: group_id for the column that has its number",
    "find: {entity: contact} для CRM, task: task_id или workgroup: group_id — столбец с номером",
)
_TYPE = Text("type beside entity: item, and only there", "type рядом с entity: item, и только там")
_TYPE_HINT = Text("for example {entity: item, type: 1036}", "например {entity: item, type: 1036}")
_COLUMN = Text("the column to find it by", "столбец, по которому её искать")
_COLUMN_HINT = Text(
    "for example {entity: contact, by: phone, column: mobile}; without `by` it is the row that the rules of this "
    "record led to",
    "например {entity: contact, by: phone, column: mobile}; без `by` это та запись, к которой привели правила",
)
_SYSTEM = Text("system beside by: external, field beside by: field", "system при by: external, field при by: field")
_SYSTEM_HINT = Text(
    "for example {entity: company, by: external, system: erp, column: client_id}",
    "например {entity: company, by: external, system: erp, column: client_id}",
)
_TIME = Text("time beside merge: newest", "time при merge: newest")
_TIME_HINT = Text(
    "name the column that tells when the record was changed, for example time: updated_at",
    "назовите столбец со временем изменения записи, например time: updated_at",
)
_FIELD = Text("field beside find, and only there", "field рядом с find, и только там")
_FIELD_HINT = Text(
    "tasks and workgroups have tags of their own; leave field out", "у задач и групп теги свои; уберите field"
)


class FindSettings(BaseModel):
    """Whose tags they are in the CRM. ``by: rows`` are the rows that the record's rules led to; else the only one that
    is found by the value of ``column``: an ``external`` id of ``system``, a ``phone``, an ``email``, or ``field``.
    """

    model_config = _FROZEN

    entity: Literal["contact", "company", "deal", "lead", "item"]
    type: int | None = Field(default=None, ge=31, examples=[1036])
    by: By = "rows"
    column: str = Field(default="", examples=["phone"])
    system: str = Field(default="", examples=["erp"])
    field: str = Field(default="", examples=["UF_CRM_CLIENT_CODE"])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.entity == "item") != (self.type is not None):
            raise ValueError(_TYPE, _TYPE_HINT)
        if (self.by == "rows") == bool(self.column):
            raise ValueError(_COLUMN, _COLUMN_HINT)
        if (self.by == "external") != bool(self.system) or (self.by == "field") != bool(self.field):
            raise ValueError(_SYSTEM, _SYSTEM_HINT)
        return self


class TaggingSettings(BaseModel):
    """``tags`` of a source whose records bear tags, in ``column``: a list, or text with ``split`` between them.

    They are kept in step with those of a CRM row (``find``; in ``field``, else in the mapping set's ``tag_fields``), of
    the task whose id is in the column ``task``, or of the workgroup in ``workgroup``. ``merge`` says whose word counts:

    * ``source``: what the source has or had; tags that only the portal ever had stay there;
    * ``portal``: the same the other way round;
    * ``newest``: of each tag the last change; where both sides changed the same, the newer by ``time``, the column of
      the record's last change, and the row's own time;
    * ``union``: nothing is ever taken away.

    ``back`` writes to the source what the portal has and it has not. ``keep`` are patterns of tags that are the
    portal's own affair: never taken away there, never written back.
    """

    model_config = _FROZEN

    column: str = Field(default="tags", min_length=1, examples=["segments"])
    split: str = Field(default="", max_length=5, examples=[","])
    find: FindSettings | None = Field(default=None, examples=[{"entity": "contact"}])
    task: str = Field(default="", examples=["task_id"])
    workgroup: str = Field(default="", examples=["group_id"])
    field: str = Field(default="", pattern=r"^(UF_[A-Z0-9_]{1,60})?$", examples=["UF_CRM_TAGS"])
    merge: Policy = "source"
    time: str = Field(default="", examples=["updated_at"])
    back: bool = False
    keep: tuple[str, ...] = Field(default=(), max_length=500, examples=[["vip", "call-*"]])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if sum(bool(getattr(self, place)) for place in PLACES) != 1:
            raise ValueError(_ONE, _ONE_HINT)
        if self.merge == "newest" and not self.time:
            raise ValueError(_TIME, _TIME_HINT)
        if self.field and self.find is None:
            raise ValueError(_FIELD, _FIELD_HINT)
        return self
