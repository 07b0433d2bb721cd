"""The integrator's rules as handlers meet them: a mapping set, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from connector.speech import Text
from mappings.faults import RuleError
from mappings.outcome import Outcome

FAILED = Text(
    "Rule {rule} ({file}:{line}) failed at {what}: {expression} — {why}. {mend} Mend the mapping, then try it again.",
    "Правило {rule} ({file}:{line}) не сработало, {what}: {expression} — {why}. {mend} Исправьте маппинг и "
    "попробуйте снова.",
)


class Settings(Protocol):
    """What a set says of itself as a whole (``mappings.rules.Config``)."""

    @property
    def country(self) -> str: ...

    @property
    def own_phones(self) -> frozenset[str]: ...

    @property
    def own_emails(self) -> frozenset[str]: ...

    @property
    def tag_fields(self) -> Mapping[str, str]: ...

    @property
    def zone(self) -> str: ...

    @property
    def tables(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]: ...


class Mappings(Protocol):
    """A compiled set of rules (``mappings.engine.MappingSet``). Judging raises ``RuleError``."""

    @property
    def version(self) -> str: ...

    @property
    def config(self) -> Settings: ...

    def on(self, kind: str) -> Sequence[Any]:
        """The rules for events of ``kind``."""

    def needs(self, kind: str) -> frozenset[str]:
        """The entities of ``found`` that they read."""

    def line_needs(self, kind: str) -> frozenset[str]:
        """The same for those that may choose the open line."""

    def routes(self, kind: str) -> bool:
        """Whether any of them has a say in the line."""

    def chat_needs(self, kind: str) -> frozenset[str]:
        """As ``line_needs``, for those that may keep the event out of Open Lines."""

    def hides(self, kind: str) -> bool:
        """Whether any of them has a say in whether the event is shown in Open Lines."""

    def decide(self, kind: str, scope: Mapping[str, Any]) -> Outcome: ...

    def line(self, kind: str, scope: Mapping[str, Any]) -> int | None: ...

    def chat(self, kind: str, scope: Mapping[str, Any]) -> bool: ...


class _Plain:
    country = "RU"
    own_phones: frozenset[str] = frozenset()
    own_emails: frozenset[str] = frozenset()
    tag_fields: Mapping[str, str] = {}
    zone = "Europe/Moscow"
    tables: Mapping[str, Mapping[str, Mapping[str, str]]] = {}


class _NoRules:
    version = ""
    config = _Plain()

    def on(self, kind: str) -> Sequence[Any]:
        return ()

    def needs(self, kind: str) -> frozenset[str]:
        return frozenset()

    line_needs = chat_needs = needs

    def routes(self, kind: str) -> bool:
        return False

    hides = routes

    def decide(self, kind: str, scope: Mapping[str, Any]) -> Outcome:
        return Outcome(version="")

    def line(self, kind: str, scope: Mapping[str, Any]) -> int | None:
        return None

    def chat(self, kind: str, scope: Mapping[str, Any]) -> bool:
        return True


NO_RULES: Mappings = _NoRules()


def failed(error: RuleError) -> Text:
    """What a person is to do about a rule that failed on an event."""
    where = {"rule": error.rule, "file": error.file, "line": error.line, "what": error.what}
    mend = Text(*(words if words.endswith(("?", ".")) else f"{words}." for words in error.mend))
    return FAILED.with_(**where, expression=error.expression, why=Text(*error.said), mend=mend)
