"""What rules would do and why, told to a person or as a document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from connector.cli.output import Output
from connector.rulebook.examples import Played
from connector.rulebook.explaining import Explained
from connector.rulebook.planning import Fate, Planned, Sample
from connector.rulebook.trying import Tried
from connector.speech import Text
from mappings.faults import Fault
from mappings.outcome import Outcome, Reason

_TITLES: Mapping[str, Text] = {
    "line": Text("open line", "открытая линия"),
    "category": Text("category", "категория"),
    "priority": Text("priority", "приоритет"),
    "owner": Text("owner", "ответственный"),
    "tags": Text("tags", "теги"),
    "facts": Text("facts", "факты"),
    "signature": Text("signature", "подпись"),
}
_HIDDEN = (Text("chat", "чат"), Text("not shown in Open Lines", "в открытых линиях не показывается"))
_ACKNOWLEDGED = Text("automatic letter", "автоматический ответ")
_NOTED = Text("Beside it would be noted: {what}", "Рядом было бы отмечено: {what}")
_SCORE = Text("score", "оценка")
_REASONS = (Text("what", "что"), Text("value", "значение"), Text("rule", "правило"), Text("because", "почему"))
_NO_REASONS = Text("No rule has a word on it.", "Ни одно правило ничего об этом не говорит.")
_PASSED = Text("Did not apply", "Не сработали")
_LONG = 100  # characters of an expression that a person is shown; all of it stands in the file and in --json
_CALLS = (Text("call", "вызов"), Text("with", "параметры"))
_NO_CALLS = Text("Nothing would be written.", "Ничего не было бы записано.")
_STOPS = Text("Here it would be parked: {why}", "Здесь доставка была бы отложена: {why}")
_WOULD = Text("What would be written", "Что было бы записано")
_FATES: Mapping[Fate, Text] = {
    "create": Text("create", "создать"),
    "update": Text("update", "изменить"),
    "skip": Text("skip (nothing differs)", "пропустить (всё совпадает)"),
    "quarantine": Text("quarantine", "в карантин"),
}
_COUNTED = (Text("fate", "что будет"), Text("records", "записей"), Text("for example", "например"))
_NOTHING = Text("There are no records.", "Записей нет.")
_COST = Text(
    "The run itself: {calls} calls, at least {requests} requests in batches; about {minutes:g} min at {rate:g} "
    "requests a second.",
    "Сам запуск: вызовов {calls}, не меньше {requests} запросов пакетами; около {minutes:g} мин при {rate:g} запросах "
    "в секунду.",
)
_FAULTS = Text("Faults: {count}. Nothing was changed.", "Ошибок: {count}. Ничего не изменено.")
_GOOD = Text("As expected: {good}, otherwise: {bad}.", "Как ожидалось: {good}, иначе: {bad}.")


class Told:
    """Tells one answer; ``good`` stays true while nothing is wrong."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self.good = True
        self.documents: list[dict[str, Any]] = []

    def explained(self, one: Explained) -> None:
        """One event: what is decided, why, and the calls."""
        out, outcome = self._out, one.outcome
        about = getattr(one.event, "about", None) or {"kind": one.event.kind, "lane": one.event.lane}
        out.heading(f"{about.get('kind')} {one.event.lane}")
        if outcome is not None:
            out.pairs((title, _shown(getattr(outcome, name))) for name, title in _TITLES.items())
            self._letters(outcome)
            if outcome.parts:
                parts = " + ".join(f"{name} {points}" for name, points in outcome.parts.items())
                out.pairs([(_SCORE, f"{outcome.score} = {parts}")])
            passed = [each.rule for each in outcome.reasons if _passed_over(each)]
            told = [_reason(each) for each in outcome.reasons if not _passed_over(each) and not _unconditional(each)]
            out.table(_REASONS, told, empty=_NO_REASONS)
            out.pairs([(_PASSED, ", ".join(dict.fromkeys(passed)))])
        out.heading(out.words(_WOULD))
        out.table(_CALLS, [(write.method, _json(write.params)) for write in one.tried.writes], empty=_NO_CALLS)
        self._stopped(one.tried)
        self.documents.append({"event": about, "outcome": outcome, **_document(one.tried, out.language)})

    def planned(self, result: Planned, rate: float, version: str) -> None:
        """A whole source."""
        out = self._out
        lines = [
            (out.words(_FATES[fate]), count, "; ".join(self._sample(each) for each in result.samples.get(fate, [])))
            for fate, count in sorted(result.counts.items())
        ]
        out.table(_COUNTED, lines, empty=_NOTHING)
        calls, requests = result.reads + result.writes, result.requests()
        if calls:
            out.say(_COST, calls=calls, requests=requests, minutes=round(requests / rate / 60, 1), rate=rate)
        out.document(
            {
                "version": version,
                "counts": {fate: result.counts.get(fate, 0) for fate in _FATES},
                "calls": {"reads": result.reads, "writes": result.writes, "requests": requests},
                "samples": {
                    fate: [{"record": each.row.id, **_document(each.tried, out.language)} for each in some]
                    for fate, some in result.samples.items()
                },
            }
        )

    def played(self, found: Sequence[Played]) -> None:
        """Golden examples, one a line, and what came otherwise."""
        number = 1 if self._out.language == "ru" else 0
        bad = [one for one in found if one.differences]
        for one in found if not self._out.as_json else ():
            mark = "✗" if one.differences else "✓"
            click.echo(f"{mark} {one.example.file}:{one.example.at} {one.example.name}")
            for difference in one.differences:
                click.echo(f"    {difference[number]}")
        self.good = self.good and not bad
        self._out.say(_GOOD, good=len(found) - len(bad), bad=len(bad))
        self._out.document(
            {
                "ok": not bad,
                "examples": [
                    {
                        "file": one.example.file,
                        "line": one.example.at,
                        "name": one.example.name,
                        "differences": [difference[number] for difference in one.differences],
                    }
                    for one in found
                ],
            }
        )

    def faults(self, faults: Sequence[Fault], more: int = 0) -> None:
        """Every fault on a line of its own, on stdout: editors and CI read ``file:line:column``."""
        number = 1 if self._out.language == "ru" else 0
        self.good = self.good and not faults
        if not self._out.as_json:
            for fault in faults:
                click.echo(fault.words(self._out.language))
        listed = [
            {
                "file": fault.file,
                "line": fault.line,
                "column": fault.column,
                "path": fault.path,
                "what": fault.said[number],
                "mend": fault.mend[number],
            }
            for fault in faults
        ]
        self._out.say(_FAULTS, count=len(faults) + more)
        self._out.document({"ok": not faults, "faults": listed, "more": more})

    def _letters(self, outcome: Outcome) -> None:
        if not outcome.chat:
            self._out.pairs([(_HIDDEN[0], self._out.words(_HIDDEN[1]))])
        if outcome.acknowledgement:
            said = " — ".join(filter(None, (outcome.acknowledgement.subject, outcome.acknowledgement.text)))
            self._out.pairs([(_ACKNOWLEDGED, said)])

    def _stopped(self, how: Tried) -> None:
        if how.noted:
            self._out.say(_NOTED, what=how.noted)
        if how.error is not None:
            self.good = False
            self._out.say(_STOPS, why=how.error.hint.say(self._out.language) or how.error.cause)

    def _sample(self, one: Sample) -> str:
        if one.tried.error is not None:
            return f"{one.row.id}: {one.tried.error.hint.say(self._out.language)}"
        said = ", ".join(_brief(write.params) for write in one.tried.writes)
        return f"{one.row.id}: {said}" if said else one.row.id


def _passed_over(reason: Reason) -> bool:
    return reason.what == "when" and not reason.value


def _unconditional(reason: Reason) -> bool:
    return reason.what == "when" and reason.expression == "true"


def _reason(reason: Reason) -> tuple[object, ...]:
    saw = ", ".join(f"{name} = {_json(value)}" for name, value in reason.saw.items())
    written = reason.expression if len(reason.expression) <= _LONG else f"{reason.expression[:_LONG]}…"
    because = f"{written}  [{saw}]" if saw else written
    return reason.what, _shown(reason.value), f"{reason.rule} ({reason.file}:{reason.line})", because


def _document(how: Tried, language: str) -> dict[str, Any]:
    error = how.error
    return {
        "calls": [asdict(write) for write in how.writes],
        "reads": how.reads,
        "noted": how.noted,
        "error": {"cause": error.cause, "hint": error.hint.say(language)} if error else None,
    }


def _brief(params: Mapping[str, Any]) -> str:
    fields = params.get("fields") if isinstance(params.get("fields"), Mapping) else params
    return _json(fields)[:120]


def _shown(value: Any) -> object:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return _json(value) if value else ""
    return "" if value is None else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
