"""Plans walked through with a ledger and links of their own, against any portal; rules whose word is given by hand."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from connector.domain.effects import Call, Effect, Emit, Fetch, Plan, Recall, Remember
from connector.domain.values import StoredFile
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.handlers.rules import Rules
from connector.speech import Text
from mappings.outcome import Key, Outcome, Wish

AT = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
TAG_FIELDS = dict.fromkeys(("contact", "company", "lead", "deal"), "UF_CRM_TAGS")
CUT = Text("cut", "обрыв")
READS = ("get", "list", "fields", "findbycomm")

Answer = Callable[[str, Mapping[str, Any]], Any]


@dataclass
class Settings:
    country: str = "RU"
    own_phones: frozenset[str] = frozenset()
    own_emails: frozenset[str] = frozenset()
    tag_fields: Mapping[str, str] = field(default_factory=lambda: dict(TAG_FIELDS))
    zone: str = "Europe/Moscow"
    tables: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)


@dataclass
class FakeSet:
    """``outcome`` is what it decides, or raises, or a function of the scope."""

    outcome: Any = field(default_factory=lambda: Outcome(version="v1"))
    chosen: Any = None
    wants: frozenset[str] = frozenset()
    line_wants: frozenset[str] = frozenset()
    config: Settings = field(default_factory=Settings)
    version: str = "v1"
    kinds: frozenset[str] | None = None
    shown: Any = True
    seen: list[Mapping[str, Any]] = field(default_factory=list)

    def on(self, kind: str) -> tuple[str, ...]:
        return ("rule",) if self.kinds is None or kind in self.kinds else ()

    def needs(self, kind: str) -> frozenset[str]:
        return self.wants

    def line_needs(self, kind: str) -> frozenset[str]:
        return self.line_wants

    def routes(self, kind: str) -> bool:
        return self.on(kind) != ()

    def chat_needs(self, kind: str) -> frozenset[str]:
        return self.line_wants

    def hides(self, kind: str) -> bool:
        return self.shown is not True

    def decide(self, kind: str, scope: Mapping[str, Any]) -> Outcome:
        self.seen.append(scope)
        return self._said(self.outcome, scope)

    def line(self, kind: str, scope: Mapping[str, Any]) -> int | None:
        self.seen.append(scope)
        return self._said(self.chosen, scope)

    def chat(self, kind: str, scope: Mapping[str, Any]) -> bool:
        self.seen.append(scope)
        return self._said(self.shown, scope)

    @staticmethod
    def _said(said: Any, scope: Mapping[str, Any]) -> Any:
        if isinstance(said, Exception):
            raise said
        return said(scope) if callable(said) else said


def with_set(rules: Rules, said: Any, *, at: datetime | None = AT) -> Rules:
    """``rules`` under a set, or under one that decides ``said``."""
    mappings = FakeSet(outcome=said) if isinstance(said, Outcome) else said
    return replace(rules, mappings=mappings, at=at)


def wish(entity: Any = "contact", **more: Any) -> Wish:
    """A wish of rule ``r``."""
    type_id = more.pop("type_id", {"lead": 1, "deal": 2, "contact": 3, "company": 4}.get(entity, 1036))
    return Wish(entity=entity, type_id=type_id, rule="r", **more)


def phone(*numbers: str) -> Key:
    return Key(kind="phone", values=numbers)


@dataclass
class Walk:
    """``calls`` are those that left, in order; ``cut_after`` lets the n-th of them be carried out and go unheard."""

    answer: Answer
    links: dict[tuple[str, str], Any] = field(default_factory=dict)
    ledger: dict[str, Any] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    emitted: list[Any] = field(default_factory=list)
    cut_after: int = 0
    told: Any = None
    fetched: int = 0
    gone: frozenset[str] = frozenset()
    size: int = 1

    def run(self, plan: Plan) -> list[str]:
        """Walk to the end; the methods that left. What it remembers and emits counts only then."""
        began, remembered = len(self.calls), dict[tuple[str, str], Any]()
        emitted: list[Any] = []
        try:
            answer: Any = None
            failed: Exception | None = None
            while True:
                effect = plan.throw(failed) if failed else plan.send(answer)
                answer, failed = None, None
                try:
                    answer = self._do(effect, remembered, emitted)
                except TransientError:
                    raise
                except ConnectorError as error:
                    failed = error
        except StopIteration as end:
            self.told = end.value
        self.links.update(remembered)
        self.links = {name: value for name, value in self.links.items() if value is not None}
        self.emitted += emitted
        return [method for method, _ in self.calls[began:]]

    def writes(self, methods: list[str]) -> list[str]:
        return [method for method in methods if method.rpartition(".")[2] not in READS]

    def _do(self, effect: Effect, remembered: dict[tuple[str, str], Any], emitted: list[Any]) -> Any:
        if isinstance(effect, Recall):
            name = effect.kind, effect.key
            return remembered[name] if name in remembered else self.links.get(name)
        if isinstance(effect, Remember):
            remembered[effect.kind, effect.key] = effect.value
            return None
        if isinstance(effect, Emit):
            emitted.append(effect)
            return None
        if isinstance(effect, Fetch):
            return self._brought(effect)
        assert isinstance(effect, Call)
        if effect.key in self.ledger:
            return self.ledger[effect.key]
        if effect.key in self.unknown and effect.proof:
            proven = self._prove(effect.proof())
            if proven is not None:
                self.ledger[effect.key] = proven
                return proven
        return self._leave(effect)

    def _brought(self, fetch: Fetch) -> StoredFile:
        """A file with a link that is another one each time."""
        self.fetched += 1
        if fetch.file.ref in self.gone:
            raise PermanentError("media.gone", hint=CUT)
        url = f"https://hub.example/media/{fetch.file.ref}.{self.fetched}"
        return StoredFile(key=fetch.file.ref, name=fetch.file.name, mime=fetch.file.mime, size=self.size, url=url)

    def _prove(self, plan: Plan) -> Any:
        answer = None
        try:
            while True:
                answer = self._do(plan.send(answer), {}, [])
        except StopIteration as end:
            return end.value

    def _leave(self, call: Call) -> Any:
        params = call.enclosing(lambda file: b64encode(file.key.encode()).decode())
        self.calls.append((call.method, params))
        raw = self.answer(call.method, params)
        if isinstance(raw, Exception):
            raise raw
        self.cut_after -= 1
        if self.cut_after == 0:
            self.unknown |= {call.key} if call.key else set()
            raise TransientError("cut", hint=CUT, maybe_done=True)
        value = call.judge(raw) if call.judge else raw
        if call.key:
            self.ledger[call.key] = value
        return value
