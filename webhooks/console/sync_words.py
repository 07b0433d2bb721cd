"""Runs, rows and what people do with sources, in words; and where a row of the CRM is seen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.journal.sync_model import Outcome, RowState, RunState, Trigger
from connector.speech import Text

RUNS: Mapping[RunState, tuple[str, Text]] = MappingProxyType(
    {
        "reading": ("", Text("reads the source", "читает источник")),
        "writing": ("", Text("writes into the CRM", "записывает в CRM")),
        "done": ("good", Text("done", "готово")),
        "braked": ("bad", Text("stopped by the brake", "остановлен тормозом")),
        "failed": ("bad", Text("failed", "не удался")),
        "cancelled": ("", Text("cancelled", "отменён")),
    }
)
TRIGGERS: Mapping[Trigger, Text] = MappingProxyType(
    {
        "schedule": Text("by the schedule", "по расписанию"),
        "person": Text("by hand", "вручную"),
        "push": Text("the source told of changes", "источник сообщил об изменениях"),
        "retry": Text("rows are tried again", "повтор записей"),
    }
)
ROWS: Mapping[RowState, tuple[str, Text]] = MappingProxyType(
    {
        "waiting": ("", Text("waits to be written", "ждёт записи")),
        "done": ("good", Text("in step", "совпадает")),
        "parked": ("warn", Text("parked", "отложена")),
    }
)
GONE = Text("gone from the source", "пропала из источника")
OUTCOMES: Mapping[Outcome, Text] = MappingProxyType(
    {
        "": Text("not written yet", "ещё не записывалась"),
        "created": Text("created", "создана"),
        "updated": Text("updated", "обновлена"),
        "unchanged": Text("the CRM had it all", "в CRM всё уже было"),
    }
)
LED = Text("taken into account", "учтена")  # a record of people: their groups lead, no row is written
COUNTED: tuple[tuple[str, Text], ...] = (
    ("read", Text("rows read", "прочитано записей")),
    ("changed", Text("new or changed", "новых и изменённых")),
    ("same", Text("as before", "без изменений")),
    ("created", Text("created in the CRM", "создано в CRM")),
    ("updated", Text("updated", "обновлено")),
    ("unchanged", Text("the CRM had it all", "в CRM уже было")),
    ("gone", Text("vanished", "пропало")),
    ("parked", Text("parked", "отложено")),
    ("requests", Text("requests to the portal", "запросов к порталу")),
)
# Of a source that leads people, whose runs count otherwise.
_OF_PEOPLE = {"created": Text("granted", "выдано"), "updated": Text("revoked", "отозвано")}
_NOT_OF_PEOPLE = frozenset({"same", "unchanged", "requests"})
COUNTED_PEOPLE = tuple((name, _OF_PEOPLE.get(name, word)) for name, word in COUNTED if name not in _NOT_OF_PEOPLE)
DONE: Mapping[str, Text] = MappingProxyType(
    {
        "run": Text("A run is on its way.", "Запуск начат."),
        "full": Text("A full run is on its way: everything is read anew.", "Полный запуск начат: всё читается заново."),
        "allow": Text(
            "A full run is on its way; what is missing from the source is marked as vanished.",
            "Полный запуск начат; чего в источнике нет, будет отмечено как пропавшее.",
        ),
        "pause": Text(
            "Paused: no run begins by itself until somebody resumes it.",
            "На паузе: сам по себе запуск не начнётся, пока его не возобновят.",
        ),
        "resume": Text("Resumed: it goes by its schedule again.", "Возобновлено: снова по расписанию."),
        "cancel": Text(
            "The run ends at its next step; what it wrote stays.",
            "Запуск закончится на ближайшем шаге; записанное остаётся.",
        ),
        "retry": Text("Tried again:", "Повторяются записи:"),
        "discard": Text("Let be until the source changes them:", "Оставлены как есть, пока их не изменит источник:"),
    }
)
_ENTITIES: Mapping[int, tuple[str, Text]] = MappingProxyType(
    {
        1: ("lead", Text("lead", "лид")),
        2: ("deal", Text("deal", "сделка")),
        3: ("contact", Text("contact", "контакт")),
        4: ("company", Text("company", "компания")),
    }
)
_ITEM = Text("item of the smart process {kind}", "элемент смарт-процесса {kind}")


def crm_place(url: str, kind: int, number: int) -> tuple[Text, str]:
    """What a row of the CRM is, and where a person sees it; ``kind`` is its entityTypeId (facts telephony-crm §2.1)."""
    base = url.rstrip("/")
    known = _ENTITIES.get(kind)
    if known is None:
        return _ITEM.with_(kind=kind), f"{base}/crm/type/{kind}/details/{number}/"
    return known[1], f"{base}/crm/{known[0]}/details/{number}/"
