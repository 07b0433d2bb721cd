"""What the rules decided about a request and why, told again under exactly the version that decided it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connector.domain.events import EventMapped, RecordChanged, load
from connector.errors import PermanentError
from connector.logs import MASK, mask_credentials, names_secret
from connector.rulebook.book import Rulebook
from connector.rulebook.explaining import Event, recounted, seen_by_rules
from connector.speech import Text
from mappings.engine import MappingSet
from mappings.faults import RuleError
from mappings.outcome import Outcome, Reason
from webhooks.console.kinds import kind_of
from webhooks.console.masking import masked
from webhooks.console.purse import Purse
from webhooks.console.reading import Reader

_TOLD = ("event.mapped", "record.changed")
_MOST, _ROWS, _WORDS = 3, 16, 6_000  # decisions on a page, rows of their reasons, bytes of all their texts
_LONG, _WRITTEN = 200, 100  # characters of a value, of an expression
_PRIORITIES: Mapping[str, Text] = MappingProxyType(
    {
        "low": Text("low", "низкий"),
        "normal": Text("normal", "обычный"),
        "high": Text("high", "высокий"),
        "urgent": Text("urgent", "срочный"),
    }
)
_TITLES: Mapping[str, Text] = MappingProxyType(
    {
        "when": Text("condition", "условие"),
        "category": Text("category", "категория"),
        "priority": Text("priority", "приоритет"),
        "owner": Text("owner", "ответственный"),
        "tags": Text("tags", "теги"),
        "score": Text("score", "оценка"),
        "line": Text("open line", "открытая линия"),
        "facts": Text("fact", "факт"),
        "workgroup": Text("workgroup", "рабочая группа"),
        "chat": Text("shown in Open Lines", "показ в открытых линиях"),
        "acknowledge": Text("automatic letter", "автоматический ответ"),
        "signature": Text("signature", "подпись"),
        "card": Text("card of the client", "карточка клиента"),
    }
)
# The last word wins, as in facts and fields of the CRM.
_SINGLE = ("line", "chat", "category", "priority", "owner", "acknowledge", "signature")
_NO = Text("no", "нет")
_HELD = Text("it held", "выполнено")
_EMPTY = Text("empty", "пусто")
_USER = Text("user {id}", "пользователь {id}")
_RECORD = Text("record of {source}", "запись из {source}")
_UNREAD = Text("not read now", "сейчас не читается")


@dataclass(frozen=True, kw_only=True)
class Why:
    """One reason. ``title`` is ours, ``name`` the integrator's; ``saw`` are names and values; ``beaten`` by
    a later one."""

    title: str
    name: str
    value: str
    rule: str
    place: str
    expression: str
    saw: tuple[tuple[str, str], ...]
    beaten: bool


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A rule that failed: where, the expression, and what to do."""

    rule: str
    place: str
    what: str
    expression: str
    said: str
    mend: str


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What was decided for one delivery. ``looked``: the rules read the CRM, which is not read again, so it may have
    come otherwise; ``untold``: without it nothing can be said at all. ``passed`` are the rules that did not apply,
    ``more`` counts the reasons that are not among ``whys``.
    """

    delivery: int
    about: str
    version: str
    looked: bool
    facts: tuple[tuple[str, str], ...] = ()
    whys: tuple[Why, ...] = ()
    more: int = 0
    passed: str = ""
    fault: Fault | None = None
    untold: bool = False


class Rulings:
    """Tells them to one reader, within what a page can carry."""

    def __init__(self, rulebook: Rulebook, read: Reader, *, rows: int = _ROWS, words: int = _WORDS) -> None:
        self._rulebook, self._read = rulebook, read
        self._purse, self._rows = Purse(words), rows

    def of(self, rows: Iterable[Mapping[str, Any]]) -> list[Ruling]:
        """The rulings on the first 3 of these deliveries that have one and whose version is kept."""
        mine = [row for row in rows if row["mapping"] and row["kind"] in _TOLD][:_MOST]
        return [ruling for row in mine if (ruling := self._ruling(row)) is not None]

    def of_record(self, event: RecordChanged, mappings: MappingSet) -> Ruling | None:
        """What ``mappings`` make of a record of a source; ``None`` without a rule for it."""
        about: dict[str, Any] = {"delivery": 0, "about": self._about(event, event.on), "version": mappings.version}
        try:
            outcome = recounted(event, mappings)
        except RuleError as error:
            return Ruling(**about, looked=False, fault=self._fault(error))
        return Ruling(**about, looked=False, **self._told(outcome, mappings)) if outcome is not None else None

    def _ruling(self, row: Mapping[str, Any]) -> Ruling | None:
        event = load(json.dumps(row["event"]))
        if not isinstance(event, EventMapped | RecordChanged):
            return None
        try:
            mappings = self._rulebook.version(row["mapping"])
        except PermanentError:
            return None  # no longer kept, or of another product: the version itself is in the table
        kind = seen_by_rules(event)[0]
        looked = bool(mappings.needs(kind))
        about: dict[str, Any] = {"delivery": row["id"], "about": self._about(event, kind), "version": row["mapping"]}
        try:
            outcome = recounted(event, mappings)
        except RuleError as error:
            # A rule that needs the CRM may fail only because nobody is known there now.
            really = not looked or row["cause"] == "mapping.failed"
            return Ruling(**about, looked=looked, untold=not really, fault=self._fault(error) if really else None)
        told = self._told(outcome, mappings) if outcome is not None else {}
        return Ruling(**about, looked=looked, **told)

    def _about(self, event: Event, kind: str) -> str:
        if isinstance(event, RecordChanged):
            return self._read.say(_RECORD.with_(source=self._word(event.source, 60)))
        return self._word(self._read.say(kind_of(kind)), 60)

    def _told(self, outcome: Outcome, mappings: MappingSet) -> dict[str, Any]:
        facts = tuple(self._facts(outcome, mappings))
        reasons = [each for each in outcome.reasons if each.what != "when" or (each.value and each.saw)]
        passed = dict.fromkeys(each.rule for each in outcome.reasons if each.what == "when" and not each.value)
        last = {each.what: number for number, each in enumerate(reasons)}
        beaten = [_alone(each.what) and number < last[each.what] for number, each in enumerate(reasons)]
        # What was replaced is left out before what holds.
        kept = sorted(sorted(range(len(reasons)), key=lambda number: beaten[number])[: self._rows])
        self._rows -= len(kept)
        return {
            "facts": facts,
            "whys": tuple(self._why(reasons[number], beaten=beaten[number]) for number in kept),
            "more": len(reasons) - len(kept),
            "passed": self._word(", ".join(passed), 400),
        }

    def _facts(self, outcome: Outcome, mappings: MappingSet) -> Iterator[tuple[str, str]]:
        say = self._read.say
        told: dict[str, str] = {}
        if outcome.category:
            category = mappings.config.categories.get(outcome.category)
            told["category"] = say(Text(*category.title)) if category else outcome.category
        if outcome.priority:
            told["priority"] = say(_PRIORITIES[outcome.priority])
        if outcome.owner:
            told["owner"] = say(_USER.with_(id=outcome.owner))
        told["tags"] = ", ".join(outcome.tags)
        if outcome.parts:
            parts = " + ".join(f"{name} {self._read.number(points)}" for name, points in outcome.parts.items())
            told["score"] = f"{self._read.number(outcome.score)} = {parts}"
        if outcome.line:
            told["line"] = str(outcome.line)
        if not outcome.chat:
            told["chat"] = say(_NO)
        if outcome.acknowledgement:
            told["acknowledge"] = outcome.acknowledgement.text
        for what, value in told.items():
            if value:
                yield say(_TITLES[what]), self._word(value)

    def _why(self, reason: Reason, *, beaten: bool) -> Why:
        title, name = self._titled(reason.what)
        hidden = any(names_secret(_last(each)) for each in (reason.what, *reason.saw))
        value = self._read.say(_HELD) if reason.what == "when" else self._value(reason.value)
        return Why(
            title=title,
            name=self._word(name, 80),
            value=MASK if hidden else self._word(value),
            rule=self._word(reason.rule, 80),
            place=self._word(f"{reason.file}:{reason.line}", 80),
            expression=self._word(reason.expression, _WRITTEN),
            saw=tuple((self._word(each, 80), self._seen(each, value)) for each, value in reason.saw.items()),
            beaten=beaten,
        )

    def _titled(self, what: str) -> tuple[str, str]:
        """``score.phone known`` is a score called so; what has no words of ours is its path in the rule."""
        first, _, rest = what.partition(".")
        return (self._read.say(_TITLES[first]), rest) if first in _TITLES else ("", what)

    def _seen(self, name: str, value: Any) -> str:
        if name.partition(".")[0] == "found":
            return self._read.say(_UNREAD)
        return MASK if names_secret(_last(name)) else self._word(self._value(value))

    def _value(self, value: Any) -> str:
        if value is None or value == "":
            return self._read.say(_EMPTY)
        return value if isinstance(value, str) else json.dumps(masked(value), ensure_ascii=False, default=str)

    def _fault(self, error: RuleError) -> Fault:
        return Fault(
            rule=self._word(error.rule, 80),
            place=self._word(f"{error.file}:{error.line}", 80),
            what=self._word(error.what, 80),
            expression=self._word(error.expression, _WRITTEN),
            said=self._word(self._read.say(Text(*error.said))),
            mend=self._word(self._read.say(Text(*error.mend))),
        )

    def _word(self, text: str, most: int = _LONG) -> str:
        """At most so many characters on one line; what a cut tears in two is masked before it."""
        line = " ".join(mask_credentials(text[:2000]).split())
        shown = line if len(line) <= most else f"{line[:most]}…"
        return self._purse.word(shown, 4 * most)


def _alone(what: str) -> bool:
    return what in _SINGLE or what.startswith(("facts.", "crm."))


def _last(name: str) -> str:
    return name.rpartition(".")[2]
