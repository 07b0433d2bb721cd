"""The first half of a decision: rules in their order, what each settles, and the facts it leaves to those after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mappings.explaining import Scope, Teller, failed, saw
from mappings.expressions import ExpressionError
from mappings.rules import Config, Part, Points, Rule, Tag
from mappings.tidying import PRIORITIES, number, points, tags, word

SETTLED: Mapping[str, Any] = {"category": None, "priority": None, "owner": None, "score": 0}
"""What rules settle little by little, and what it is before any has spoken; ``tags`` and ``facts`` besides."""
_LATE = frozenset({*SETTLED, "tags"})
_NOTHING_FOUND: Mapping[str, None] = {"contact": None, "company": None, "lead": None, "deal": None}


@dataclass(frozen=True, slots=True)
class Step:
    """A rule made ready: ``test`` is its condition, ``now`` its additions, ``late`` those that read what only the last
    rule settles, with their turn.
    """

    rule: Rule
    when: Part
    test: Callable[[Scope], Any] | None
    now: tuple[Tag | Points, ...]
    late: tuple[tuple[int, Tag | Points], ...]


@dataclass
class Turn:
    """One decision under way. ``matched`` has each rule with the facts that held in it; ``scope`` grows."""

    config: Config
    teller: Teller
    scope: dict[str, Any]
    line: int | None = None
    chat: bool = True
    matched: list[tuple[Rule, Mapping[str, Any]]] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    late: list[tuple[int, int, Tag | Points]] = field(default_factory=list)


def step(rule: Rule) -> Step:
    """``rule`` made ready."""
    every: tuple[Tag | Points, ...] = (*rule.tags, *rule.score)
    additions = [(_turn(addition), addition) for addition in every]
    return Step(
        rule=rule,
        when=rule.when or Part(path="when", at=rule.at, text="true", value=True),
        test=_test(rule.when),
        now=tuple(addition for turn, addition in additions if not turn),
        late=tuple((turn, addition) for turn, addition in additions if turn),
    )


@dataclass(frozen=True, slots=True)
class Course:
    """The ``steps`` of one kind. ``facts`` are all that its rules may set: those not set yet are ``None``."""

    steps: tuple[Step, ...]
    facts: Mapping[str, None]


def settle(course: Course, scope: Scope, config: Config, *, explain: bool = False) -> Turn:
    """Walk through the steps and settle all that needs no place in the CRM. Raises ``RuleError``."""
    growing = {"found": _NOTHING_FOUND, **scope, **SETTLED, "facts": course.facts, "tags": []}
    turn = Turn(config=config, teller=Teller(asked=explain), scope=growing)
    for ready in course.steps:
        try:
            applies = ready.test is None or ready.test(growing)
        except ExpressionError as error:
            raise failed(ready.rule, ready.when, error.said, error.mend) from None
        if explain:
            turn.teller.because("when", bool(applies), ready.rule, ready.when, growing)
        if applies:
            _take(ready, turn)
            if ready.rule.stop:
                break
    for _, index, addition in sorted(turn.late, key=lambda late: late[0]):
        rule, facts = turn.matched[index]
        growing["facts"] = facts
        _add(rule, addition, turn)
    return turn


def _take(ready: Step, turn: Turn) -> None:
    rule = ready.rule
    if rule.facts:
        _learn(rule, turn)
    if rule.line is not None:
        turn.line = _said("line", rule, rule.line, number, turn) or turn.line
    if rule.chat is not None:
        turn.chat = bool(turn.teller.value(rule, rule.chat, turn.scope))
        turn.teller.because("chat", turn.chat, rule, rule.chat, turn.scope)
    if rule.category is not None:
        _categorise(rule, rule.category, turn)
    if rule.priority is not None and _said("priority", rule, rule.priority, partial(word, known=PRIORITIES), turn):
        turn.said.add("priority")
    if rule.owner is not None and _said("owner", rule, rule.owner, number, turn):
        turn.said.add("owner")
    turn.late += ((when, len(turn.matched), addition) for when, addition in ready.late)
    turn.matched.append((rule, turn.scope["facts"]))
    for addition in ready.now:
        _add(rule, addition, turn)


def _learn(rule: Rule, turn: Turn) -> None:
    facts = turn.scope["facts"] = dict(turn.scope["facts"])
    for name, part in rule.facts.items():
        facts[name] = turn.teller.value(rule, part, turn.scope)
        turn.teller.because(f"facts.{name}", facts[name], rule, part, turn.scope)


def _said(what: str, rule: Rule, part: Part, tidy: Callable[[Any], Any], turn: Turn) -> Any:
    value = turn.teller.value(rule, part, turn.scope, tidy)
    if value:
        turn.teller.because(what, value, rule, part, turn.scope)
        if what in SETTLED:
            turn.scope[what] = value
    return value


def _categorise(rule: Rule, part: Part, turn: Turn) -> None:
    name = _said("category", rule, part, partial(word, known=turn.config.categories), turn)
    if not name:
        return
    category = turn.config.categories[name]
    for what, value in (("priority", category.priority), ("owner", category.owner)):
        if what not in turn.said:
            turn.scope[what] = value
            if value is not None:
                turn.teller.note(what, value, rule, part.at, part.text, {"category": name})


def _add(rule: Rule, addition: Tag | Points, turn: Turn) -> None:
    scope, teller, add = turn.scope, turn.teller, addition.add
    if addition.when is not None and not teller.value(rule, addition.when, scope):
        return
    if isinstance(addition, Points):
        value = teller.value(rule, add, scope, points)
        turn.parts[addition.name] = turn.parts.get(addition.name, 0) + value
        scope["score"] += value
        _because(f"score.{addition.name}", value, rule, addition, turn)
        return
    for tag in teller.value(rule, add, scope, lambda value: tuple(tags(value))):
        if tag not in scope["tags"]:
            scope["tags"] = [*scope["tags"], tag]
        _because("tags", tag, rule, addition, turn)


def _because(what: str, value: Any, rule: Rule, addition: Tag | Points, turn: Turn) -> None:
    add, when = addition.add, addition.when
    if when is None:
        turn.teller.because(what, value, rule, add, turn.scope)
    elif turn.teller.asked:
        seen = {**saw(when, turn.scope), **saw(add, turn.scope)}
        turn.teller.note(what, value, rule, add.at, f"{add.text} (when: {when.text})", seen)


def _test(when: Part | None) -> Callable[[Scope], Any] | None:
    if when is None or (when.literal and when.value):
        return None
    return when.expression or when


def _turn(addition: Tag | Points) -> int:
    """0 for an addition that is settled with its rule; the others come when all rules have spoken: tags, the parts of
    the score, and tags that read the score.
    """
    parts = (addition.add,) if addition.when is None else (addition.add, addition.when)
    reads = {name.partition(".")[0] for part in parts for name in part.names} & _LATE
    if not reads:
        return 0
    return 2 if isinstance(addition, Points) else 3 if "score" in reads else 1
