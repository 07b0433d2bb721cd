"""A mapping set: all rules, compiled, under one version; decides what an event or a record means for the CRM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mappings.deciding import Course, settle, step
from mappings.outcome import Outcome
from mappings.processes import Process
from mappings.rules import Config, Rule
from mappings.slicing import Topic, about, found_in
from mappings.wishing import outcome


class MappingSet:
    """Immutable. ``version`` is the hash of the contents of ``files``; ``rules`` stand in the order of evaluation;
    ``processes`` are the smart processes that it describes, by name.

    A scope has ``event``, or ``record`` and ``source``, as plain data, and ``found`` when :meth:`needs` names some of
    it (without it nobody is found). It is left as it is.
    """

    def __init__(
        self,
        *,
        version: str,
        config: Config,
        files: Mapping[str, str | bytes],
        rules: Iterable[Rule] = (),
        processes: Mapping[str, Process] = MappingProxyType({}),
    ) -> None:
        self.version, self.config, self.files = version, config, MappingProxyType(dict(files))
        self.rules, self.processes = tuple(rules), MappingProxyType(dict(processes))
        kinds = dict.fromkeys(kind for rule in self.rules for kind in rule.kinds)
        self._on = {kind: tuple(rule for rule in self.rules if kind in rule.kinds) for kind in kinds}
        self._needs = {kind: found_in(rules) for kind, rules in self._on.items()}
        self._courses = {kind: _course(rules, rules) for kind, rules in self._on.items()}
        self._line_needs, self._line_courses = _sliced("line", self._on)
        self._chat_needs, self._chat_courses = _sliced("chat", self._on)
        self._nothing = Outcome(version=version)

    def on(self, kind: str) -> tuple[Rule, ...]:
        """The rules for ``kind``, in their order."""
        return self._on.get(kind, ())

    def needs(self, kind: str) -> frozenset[str]:
        """The entities of ``found`` that the rules for ``kind`` read."""
        return self._needs.get(kind, frozenset())

    def line_needs(self, kind: str) -> frozenset[str]:
        """The same for the rules that have a say in the line."""
        return self._line_needs.get(kind, frozenset())

    def routes(self, kind: str) -> bool:
        """Whether any rule for ``kind`` has a say in the line."""
        return kind in self._line_courses

    def chat_needs(self, kind: str) -> frozenset[str]:
        """As :meth:`line_needs`, for the rules that have a say in whether it is shown."""
        return self._chat_needs.get(kind, frozenset())

    def hides(self, kind: str) -> bool:
        """Whether any rule for ``kind`` has a say in whether it is shown in Open Lines."""
        return kind in self._chat_courses

    def decide(self, kind: str, scope: Mapping[str, Any], *, explain: bool = False) -> Outcome:
        """All that the rules want of one event or record. Raises ``RuleError``."""
        course = self._courses.get(kind)
        if course is None:
            return self._nothing
        return outcome(settle(course, scope, self.config, explain=explain), self.version)

    def line(self, kind: str, scope: Mapping[str, Any]) -> int | None:
        """The open line that the rules want for a new conversation; ``None``: none has a word on it. The same that
        :meth:`decide` says, for less. Raises ``RuleError``.
        """
        course = self._line_courses.get(kind)
        return settle(course, scope, self.config).line if course is not None else None

    def chat(self, kind: str, scope: Mapping[str, Any]) -> bool:
        """Whether the event is shown in Open Lines; without a word of the rules it is. The same that :meth:`decide`
        says, for less. Raises ``RuleError``.
        """
        course = self._chat_courses.get(kind)
        return settle(course, scope, self.config).chat if course is not None else True


def _sliced(
    topic: Topic, on: Mapping[str, tuple[Rule, ...]]
) -> tuple[Mapping[str, frozenset[str]], Mapping[str, Course]]:
    """By kind, of the rules that have a say in ``topic``: what they need, and their course where there are any."""
    parts = {kind: part for kind, rules in on.items() if (part := about(topic, rules))}
    needs = {kind: found_in(part) for kind, part in parts.items()}
    return needs, {kind: _course(part, on[kind]) for kind, part in parts.items()}


def _course(looked_at: Iterable[Rule], rules: Iterable[Rule]) -> Course:
    facts = dict.fromkeys(name for rule in rules for name in rule.facts)
    return Course(steps=tuple(step(rule) for rule in looked_at), facts=facts)
