"""Whether a field of the CRM takes a value that is written in a rule (facts/bitrix24-telephony-crm.md §2.2, §2.7-2.8).

Only what is surely wrong is told: a field of an unknown type takes anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.handlers.fields import name_of
from connector.handlers.userfields import of_config, option_of
from connector.rulebook.described import value_is_described
from connector.rulebook.known import Ask, Look, rows
from connector.rulebook.named import NamedField, whole
from connector.rulebook.wording import Words, known_words, near
from mappings.faults import Said

Info = Mapping[str, Any]
Fitting = Look[Words | None]
_DEAL = 2
_DICTIONARIES: Mapping[int, str] = {1: "STATUS", 7: "QUOTE_STATUS"}
_PIPED: Mapping[int, str] = {_DEAL: "DEAL_STAGE", 31: "SMART_INVOICE_STAGE", 36: "SMART_DOCUMENT_STAGE"}
_IN_PIPELINE = re.compile(r"(?:C|DT\d+_)(\d+):.*")
_LOCAL_DATE = re.compile(r"\d{1,2}[./]\d{1,2}[./]\d{4}(\s+\d{1,2}:\d{2}(:\d{2})?)?")
_MONEY = re.compile(r"-?\d+([.]\d+)?(\|[A-Z]{3})?")
_SWITCHES = frozenset({"y", "n", "1", "0", "true", "false"})


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A ``value`` for a field that the portal calls ``called`` and describes as ``info``."""

    field: NamedField
    info: Info
    value: Any
    called: str

    @property
    def type(self) -> str:
        """The type of the field."""
        return str(self.info.get("type") or "")


def misfit(fit: Fit) -> Fitting:
    """Why the field does not take the value; ``None`` when it may."""
    name = name_of(fit.field.name)
    if value_is_described(fit.field, name, fit.value):
        return None
    if name == "stageId":
        return (yield from _stage(fit))
    if fit.type == "crm_category":
        return (yield from _pipeline(fit))
    if fit.type == "enumeration":
        return (yield from _option(fit))
    if fit.type == "crm_status":
        return (yield from _entry(fit))
    if fit.field.use == "read":
        return None
    if fit.type in ("user", "employee") and whole(fit.value) is not None:
        return (yield from no_user(whole(fit.value) or 0))
    check, needed = _KINDS.get(fit.type, (_anything, ("", "")))
    return None if check(fit.value) else _wrong_kind(fit, needed)


def wrong_shape(field: NamedField, info: Info) -> Words | None:
    """One value for a field of many, or many for a field of one (§2.2, error 100)."""
    if field.use != "write" or field.shape == "other" or info.get("type") in ("file", "crm_multifield"):
        return None
    many = info.get("isMultiple") in (True, "Y", 1, "1")
    if many and field.shape == "one":
        said = f"{field.name} takes a list", f"{field.name} принимает список"
        return said, ("Put the value into brackets: [value]", "Возьмите значение в скобки: [значение]")
    if not many and field.shape == "many":
        said = f"{field.name} takes one value, not a list", f"{field.name} принимает одно значение, а не список"
        return said, ("Leave one of them", "Оставьте одно")
    return None


def no_user(number: int) -> Fitting:
    """Why nothing can be given to a user: there is none, or they were dismissed (§3.1)."""
    row = yield Ask(method="user.get", one=number)
    if row is None:
        said = f"There is no user {number}", f"Сотрудника {number} нет"
        return said, (
            "The id stands in the address of their page: /company/personal/user/<id>/",
            "Номер виден в адресе страницы сотрудника: /company/personal/user/<номер>/",
        )
    if row.get("ACTIVE") in (False, "N", "0", 0, "false"):
        name = " ".join(filter(None, (str(row.get("NAME") or ""), str(row.get("LAST_NAME") or ""))))
        said = f"User {number} ({name}) was dismissed", f"Сотрудник {number} ({name}) уволен"
        return said, ("Name another", "Укажите другого")
    return None


def _pipelines(type_id: int) -> Look[dict[int, str]]:
    answer = yield Ask(method="crm.category.list", params={"entityTypeId": type_id})
    found = rows(answer, "categories")
    found.sort(key=lambda row: row.get("isDefault") not in ("Y", True))
    return {int(row["id"]): str(row.get("name") or "") for row in found}


def _entries(dictionary: str) -> Look[dict[str, str]]:
    answer = yield Ask(method="crm.status.list", params={"filter": {"ENTITY_ID": dictionary}})
    return {str(row.get("STATUS_ID")): str(row.get("NAME") or "") for row in rows(answer)}


def _stage(fit: Fit) -> Fitting:
    type_id = fit.field.type_id
    if type_id in _DICTIONARIES:
        return (yield from _among(fit, _DICTIONARIES[type_id]))
    stage, said = str(fit.value), fit.field.pipeline
    if fit.field.process is not None and ":" not in stage:
        return (yield from _short_stage(fit, stage))
    prefix = _IN_PIPELINE.fullmatch(stage)
    meant = int(prefix[1]) if prefix else 0 if type_id == _DEAL else None
    there = meant is not None and stage in (yield from _entries(_stages(type_id, meant)))
    if there and said in (None, meant):
        return None
    pipelines = yield from _pipelines(type_id)
    if not pipelines or (there and said not in pipelines):
        return None
    if there:
        other = (
            f"Stage {stage} is of pipeline {meant}, but categoryId is {said}",
            f"Стадия {stage} — из воронки {meant}, а categoryId — {said}",
        )
        return other, near(stage, (yield from _entries(_stages(type_id, said or 0))))
    looked_in = next(number for number in (said, meant, *pipelines) if number in pipelines)
    return (yield from _among(fit, _stages(type_id, looked_in or 0)))


def _short_stage(fit: Fit, stage: str) -> Fitting:
    """A stage of a process that the set describes: one of its own was accepted already, people may have made more."""
    type_id, described = fit.field.type_id, fit.field.process
    pipelines = yield from _pipelines(type_id)
    entries = (yield from _entries(_stages(type_id, next(iter(pipelines))))) if pipelines else {}
    known = {name.rpartition(":")[2]: title for name, title in entries.items()}
    if stage in known:
        return None
    known |= {each.id: each.title[1] for each in (described.stages if described else ())}
    said = f"The process has no stage {stage}", f"У процесса нет стадии {stage}"
    return said, near(stage, known)


def _stages(type_id: int, pipeline: int) -> str:
    if type_id == _DEAL and not pipeline:
        return _PIPED[type_id]
    return f"{_PIPED.get(type_id, f'DYNAMIC_{type_id}_STAGE')}_{pipeline}"


def _pipeline(fit: Fit) -> Fitting:
    pipelines = yield from _pipelines(fit.field.type_id)
    if whole(fit.value) in pipelines or not pipelines:
        return None
    said = f"There is no pipeline {fit.value}", f"Воронки {fit.value} нет"
    return said, near(fit.value, {str(number): title for number, title in pipelines.items()})


def _entry(fit: Fit) -> Fitting:
    dictionary = str(fit.info.get("statusType") or _setting(fit.info, "ENTITY_TYPE"))
    return (yield from _among(fit, dictionary)) if dictionary else None


def _among(fit: Fit, dictionary: str) -> Fitting:
    known = yield from _entries(dictionary)
    if str(fit.value) in known or not known:
        return None
    said = f"{fit.field.name} has no value {fit.value}", f"У поля {fit.field.name} нет значения {fit.value}"
    return said, near(fit.value, known)


def _option(fit: Fit) -> Fitting:
    """Options are written by XML_ID or name, and read as ids. crm.item.fields tells ids and names only."""
    told = [[row.get("ID"), str(row.get("VALUE") or ""), ""] for row in rows(fit.info.get("items"))]
    if fit.field.use == "read":
        return _read_option(fit, told)
    ids = {str(option) for option, _, _ in told}
    if str(fit.value) in ids or (isinstance(fit.value, str) and option_of({"options": told}, fit.value) is not None):
        return None
    options = told
    if isinstance(fit.value, str):
        options = yield from _options(fit.field, fit.called)
        if option_of({"options": options}, fit.value) is not None:
            return None
    said = f"{fit.field.name} has no option {fit.value}", f"У поля {fit.field.name} нет варианта {fit.value}"
    known = {str(xml_id or value or number): str(value) for number, value, xml_id in options}
    if not known:
        return said, ("It has no options: add them in Bitrix24", "Вариантов у него нет: добавьте их в Битрикс24")
    return said, near(fit.value, known)


def _read_option(fit: Fit, told: list[list[Any]]) -> Words | None:
    if whole(fit.value) is not None and str(fit.value) in {str(option) for option, _, _ in told}:
        return None
    said = (
        f"{fit.field.name} holds ids of options here, never {fit.value}",
        f"В {fit.field.name} здесь лежат номера вариантов, а не {fit.value}",
    )
    return said, known_words({str(number): value for number, value, _ in told})


def _options(field: NamedField, name: str) -> Look[list[list[Any]]]:
    """``[id, value, XML_ID]`` of each option."""
    if field.entity == "item":
        listed = yield Ask(method="userfieldconfig.list", params={"moduleId": "crm", "filter": {"fieldName": name}})
        row = next((row for row in rows(listed, "fields") if row.get("fieldName") == name), None)
        if row is None:
            return []
        answer = yield Ask(method="userfieldconfig.get", params={"moduleId": "crm", "id": row["id"]})
        held = of_config(answer.get("field") if isinstance(answer, Mapping) else None)
        return list(held["options"]) if held else []
    listed = yield Ask(method=f"crm.{field.entity}.userfield.list", params={"filter": {"FIELD_NAME": name}})
    row = next((row for row in rows(listed) if row.get("FIELD_NAME") == name), None)
    if row is not None and "LIST" not in row:
        row = yield Ask(method=f"crm.{field.entity}.userfield.get", params={"id": row["ID"]})
    return [[each.get("ID"), each.get("VALUE"), each.get("XML_ID")] for each in rows((row or {}).get("LIST"))]


def _setting(info: Info, name: str) -> str:
    settings = info.get("settings")
    return str(settings.get(name) or "") if isinstance(settings, Mapping) else ""


def _wrong_kind(fit: Fit, needed: Said) -> Words:
    said = (
        f"{fit.value} does not fit {fit.field.name}: {needed[0]} is expected",
        f"{fit.value} не подходит для поля {fit.field.name}: ожидается {needed[1]}",
    )
    return said, ("Correct the value", "Исправьте значение")


def _anything(_: Any) -> bool:
    return True


def _is_whole(value: Any) -> bool:
    text = str(value).strip()
    return not isinstance(value, bool) and text.removeprefix("-").isdecimal()


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and Decimal(str(value).strip()).is_finite()
    except InvalidOperation:
        return False


def _is_switch(value: Any) -> bool:
    return str(value).strip().lower() in _SWITCHES


def _is_date(value: Any) -> bool:
    text = str(value).strip()
    try:
        return bool(_LOCAL_DATE.fullmatch(text)) or not datetime.fromisoformat(text).year < 1
    except ValueError:
        return False


def _is_money(value: Any) -> bool:
    return not isinstance(value, bool) and bool(_MONEY.fullmatch(str(value).strip()))


def _is_currency(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Z]{3}", value))


_WHOLE: Said = ("a whole number", "целое число")
_KINDS: Mapping[str, tuple[Callable[[Any], bool], Said]] = {
    **dict.fromkeys(("integer", "user", "employee"), (_is_whole, _WHOLE)),
    **dict.fromkeys(("crm_contact", "crm_company", "crm_lead", "crm_deal", "crm_quote"), (_is_whole, _WHOLE)),
    "double": (_is_number, ("a number", "число")),
    "boolean": (_is_switch, ("true or false", "true или false")),
    **dict.fromkeys(("date", "datetime"), (_is_date, ("a date like 2026-09-30", "дата вида 2026-09-30"))),
    "money": (_is_money, ("a sum like 1500 or 1500|RUB", "сумма вида 1500 или 1500|RUB")),
    "crm_currency": (_is_currency, ("a currency like RUB", "валюта вида RUB")),
}
