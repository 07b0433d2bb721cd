"""Calls in words: which way, what became of them, what their recordings wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from connector.journal.called import Recording
from connector.speech import Text

Told = tuple[str, Text]  # the mark of a pill (none: neither good nor bad) and the word

DIRECTIONS: Mapping[str, Text] = MappingProxyType(
    {
        "incoming": Text("incoming", "входящий"),
        "outgoing": Text("outgoing", "исходящий"),
        "internal": Text("internal", "внутренний"),
        "": Text("not told", "неизвестно"),
    }
)
TALKED = Text("talked", "разговор был")
MISSED = Text("missed", "пропущен")
# Codes of facts/bitrix24-telephony-crm.md §1.4 for a call without a talk.
STATUSES: Mapping[str, Text] = MappingProxyType(
    {
        "304": Text("no answer", "не ответили"),
        "603": Text("declined", "отклонён"),
        "603-S": Text("cancelled by the caller", "отменён звонившим"),
        "403": Text("forbidden", "запрещён"),
        "404": Text("no such number", "нет такого номера"),
        "486": Text("busy", "занято"),
        "484": Text("direction unavailable", "направление недоступно"),
        "503": Text("direction unavailable", "направление недоступно"),
        "480": Text("unavailable", "недоступен"),
        "402": Text("no funds", "нет средств"),
        "423": Text("blocked", "заблокирован"),
        "OTHER": Text("failed", "сбой"),
    }
)
# Why a client reached nobody, by connector.domain.calls.Cause; "missed" itself says nothing more.
CAUSES: Mapping[str, Text] = MappingProxyType(
    {
        "busy": Text("busy", "занято"),
        "refused": Text("declined", "отклонён"),
        "cancelled": Text("gave up", "клиент не дождался"),
        "unreachable": Text("unavailable", "недоступен"),
        "invalid": Text("no such number", "нет такого номера"),
        "forbidden": Text("forbidden", "запрещён"),
        "no_money": Text("no funds", "нет средств"),
        "voicemail": Text("voicemail", "голосовая почта"),
        "after_hours": Text("after hours", "нерабочее время"),
        "lost": Text("its end was not seen", "конец звонка не виден"),
        "failed": Text("failed", "сбой"),
    }
)
RINGS, TALKS, HELD = Text("rings", "звонит"), Text("talk goes on", "идёт разговор"), Text("over, waits", "завершается")
RECORDINGS: Mapping[str, Told] = MappingProxyType(
    {
        "done": ("good", Text("attached", "приложена")),
        "waiting": ("", Text("waits", "ожидается")),
        "parked": ("warn", Text("not attached", "не приложена")),
        "discarded": ("", Text("discarded", "отброшена")),
    }
)
_WORST = ("parked", "waiting", "discarded", "done")


def outcome(event: Mapping[str, Any]) -> Told:
    """What became of a finished call, and why a client reached nobody, where that is known."""
    if event.get("talk"):
        return "good", TALKED
    status = str(event.get("status") or "")
    word = STATUSES.get(status) or Text(status[:20], status[:20])
    if not event.get("missed"):
        return "", word
    why = CAUSES.get(str(event.get("cause") or "")) or (None if status == "304" else word)
    return "warn", Text(f"{MISSED.en}: {why.en}", f"{MISSED.ru}: {why.ru}") if why else MISSED


def recorded(found: Sequence[Recording]) -> tuple[str, Text, int] | None:
    """How the recordings of a call stand, by the one that most needs a look, and its delivery; ``None`` without any."""
    for state in _WORST:
        one = next((recording for recording in found if recording.state == state), None)
        if one is not None:
            mark, word = RECORDINGS[state]
            return mark, word, one.id
    return None
