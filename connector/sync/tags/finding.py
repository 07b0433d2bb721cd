"""Whose tags a record bears: the row of the CRM, the task or the workgroup that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.domain.effects import Plan, Recall, Remember
from connector.domain.tagging import FindSettings, TaggingSettings
from connector.errors import PermanentError
from connector.handlers.case import Case
from connector.handlers.fields import digest
from connector.handlers.finding import candidates
from connector.journal import MirrorRow
from connector.speech import Text
from mappings.outcome import TYPE_IDS, Key, Wish
from mappings.people import e164

FOUND = "tagfound"  # link by <portal>|<source>|<record>: {"number", "by"}: what was found, and by which value

_SEVERAL = Text(
    "{count} rows of the CRM are found for it ({numbers}): its tags go to none of them. Merge them, or find by "
    "something that is unique (`tags.find`)",
    "В CRM для неё найдено записей: {count} ({numbers}), теги не записаны ни в одну. Объедините их или укажите в "
    "`tags.find` неповторяющийся признак",
)
_NO_NUMBER = Text(
    "In `{column}` stands {value}, which is no id: correct the source or `tags`",
    "В `{column}` стоит {value}, это не id: исправьте источник или `tags`",
)
_NO_COLUMN = Text(
    "The record has no column `{column}`: correct `tags` of the source, or its columns",
    "У записи нет столбца `{column}`: исправьте `tags` источника или его столбцы",
)


def spot_of(case: Case, row: MirrorRow, tags: TaggingSettings) -> Plan:
    """The id that the record's tags belong to, or ``None`` when it speaks of nothing. Raises ``PermanentError``."""
    if tags.find is None:
        return _number(row, tags.task or tags.workgroup)
    if tags.find.by == "rows":
        type_id = type_of(tags.find)
        return _only([number for kind, number in row.crm if kind == type_id])
    return (yield from _found(case, row, tags.find))


def type_of(find: FindSettings) -> int:
    """Its entityTypeId."""
    return find.type or TYPE_IDS[find.entity]


def column(row: MirrorRow, name: str) -> Any:
    """What stands in a column. Raises ``PermanentError`` when there is none."""
    if name not in row.values:
        raise PermanentError("tags.column", hint=_NO_COLUMN.with_(column=name))
    return row.values[name]


def _number(row: MirrorRow, name: str) -> int | None:
    value = str(column(row, name) or "").strip()
    if value and not value.isdecimal():
        raise PermanentError("tags.number", hint=_NO_NUMBER.with_(column=name, value=value[:60]))
    return int(value or 0) or None


def _found(case: Case, row: MirrorRow, find: FindSettings) -> Plan:
    """What was found by the same value before is not looked for again."""
    value = str(column(row, find.column) or "").strip()
    if not value:
        return None
    link, by = f"{case.portal}|{row.source}|{row.record}", digest([value, find.model_dump()])
    known = yield Recall(FOUND, link)
    if known and known.get("by") == by:
        return int(known["number"])
    wish, key = _KEYS[find.by](Wish(entity=find.entity, type_id=type_of(find), rule="tags"), find, value, case)
    number = _only((yield from candidates(case, wish, key)))
    if number:
        yield Remember(FOUND, link, {"number": number, "by": by})
    return number


def _only(numbers: Sequence[int]) -> int | None:
    if len(numbers) > 1:
        told = ", ".join(f"#{number}" for number in numbers[:5])
        raise PermanentError("tags.several", hint=_SEVERAL.with_(count=len(numbers), numbers=told))
    return numbers[0] if numbers else None


def _external(wish: Wish, find: FindSettings, value: str, case: Case) -> tuple[Wish, Key]:
    known = Wish(entity=wish.entity, type_id=wish.type_id, rule=wish.rule, external=(find.system, value))
    return known, Key(kind="external")


def _phone(wish: Wish, find: FindSettings, value: str, case: Case) -> tuple[Wish, Key]:
    number = e164(value, case.settings.country)
    ours = number in case.settings.own_phones  # our own numbers lead to everybody (trap 9)
    return wish, Key(kind="phone", values=(number,) if number and not ours else ())


def _email(wish: Wish, find: FindSettings, value: str, case: Case) -> tuple[Wish, Key]:
    email = value.lower()
    ours = {email, email[email.find("@") :]} & case.settings.own_emails
    return wish, Key(kind="email", values=() if ours else (email,))


def _field(wish: Wish, find: FindSettings, value: str, case: Case) -> tuple[Wish, Key]:
    return wish, Key(kind="field", field=find.field, values=(value,))


_KEYS: Mapping[str, Callable[[Wish, FindSettings, str, Case], tuple[Wish, Key]]] = {
    "external": _external,
    "phone": _phone,
    "email": _email,
    "field": _field,
}
