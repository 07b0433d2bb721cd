"""The integrator's rules as handlers meet them: a mapping set, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from connector.speech import Text
from mappings.faults import RuleError
from mappings.outcome import Outcome

FAILED = Text(
    "Rule {rule} ({file}:{line}) failed at {what}: {expression} — {why}. {mend} Mend the mapping, then replay.",
    "Правило {rule} ({file}:{line}) не сработало, {what}: {expression} — {why}. {mend} Исправьте маппинг и повторите "
    "доставку.",
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

    def decide(self, kind: str, scope: Mapping[str, Any]) -> Outcome: ...

    def line(self, kind: str, scope: Mapping[str, Any]) -> int | None: ...


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

    line_needs = needs

    def routes(self, kind: str) -> bool:
        return False

    def decide(self, kind: str, scope: Mapping[str, Any]) -> Outcome:
        return Outcome(version="")

    def line(self, kind: str, scope: Mapping[str, Any]) -> int | None:
        return None


NO_RULES: Mappings = _NoRules()


def failed(error: RuleError) -> Text:
    """What a person is to do about a rule that failed on an event."""
    where = {"rule": error.rule, "file": error.file, "line": error.line, "what": error.what}
    mend = Text(*(words if words.endswith(("?", ".")) else f"{words}." for words in error.mend))
    return FAILED.with_(**where, expression=error.expression, why=Text(*error.said), mend=mend)
