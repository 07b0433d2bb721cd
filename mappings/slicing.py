"""What rules read, told from their text alone: so that the CRM is asked only for what some rule looks at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from mappings.rules import Rule

FOUND = frozenset({"contact", "company", "lead", "deal"})


def found_in(rules: Iterable[Rule]) -> frozenset[str]:
    """The entities of ``found`` that ``rules`` read; all of them when one reads ``found`` as a whole."""
    names = {name for rule in rules for part in rule.parts() for name in part.names}
    if "found" in names:
        return FOUND
    return frozenset(name.split(".")[1] for name in names if name.startswith("found.")) & FOUND


Topic = Literal["line", "chat"]


def about(topic: Topic, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that have a say in the open line, or in whether there is a chat, each with only what that depends on;
    none when no rule sets it.

    Besides those that set it these are the ones that settle what they read, and those that stop before them.
    """
    last = max((index for index, rule in enumerate(rules) if getattr(rule, topic) is not None), default=-1)
    before, wanted, known = rules[: last + 1], {str(topic)}, set[str]()
    kept: tuple[Rule, ...] = ()
    while wanted != known:
        known = set(wanted)
        kept = tuple(less for rule in before if (less := _less(rule, known)) is not None)
        wanted |= {_topic(name) for rule in kept for part in rule.parts() for name in part.names}
    return kept


def _topic(name: str) -> str:
    """``facts.vip.since`` is about ``facts.vip``; all other names are about their first word."""
    words = name.split(".")
    return ".".join(words[:2]) if words[0] == "facts" else words[0]


def _less(rule: Rule, wanted: set[str]) -> Rule | None:
    facts = {name: part for name, part in rule.facts.items() if wanted & {"facts", f"facts.{name}"}}
    tags = rule.tags if "tags" in wanted else ()
    score = rule.score if "score" in wanted else ()
    categorised = rule.category if wanted & {"category", "priority", "owner"} else None
    less = replace(
        rule,
        facts=facts,
        line=rule.line if "line" in wanted else None,
        chat=rule.chat if "chat" in wanted else None,
        category=categorised,
        priority=rule.priority if "priority" in wanted else None,
        owner=rule.owner if "owner" in wanted else None,
        tags=tags,
        score=score,
        wishes=(),
        makings=(),
        card=None,
        workgroups=(),
        acknowledge=None,
        signature=None,
    )
    speaks = any((facts, less.line, less.chat, less.category, less.priority, less.owner, tags, score))
    return less if speaks or rule.stop else None
