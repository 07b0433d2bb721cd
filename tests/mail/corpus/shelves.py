"""All letters of the corpus together."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain

from tests.mail.corpus import contents, heads, machines, names, plain, threads
from tests.mail.corpus.case import DOMAIN, Case
from tests.mail.corpus.desk import Desk

MANY = 500
_SEED = 7
_SHELVES: Sequence[Callable[[Desk], Iterator[Case]]] = (
    plain.first_letters,
    plain.answers,
    plain.charsets,
    plain.encodings,
    heads.senders,
    heads.subjects,
    heads.the_rest,
    heads.ids,
    heads.constant_of_one,
    contents.forwards,
    contents.pictures,
    contents.bodies,
    contents.sealed,
    names.names,
    machines.reports,
    machines.answering_machines,
    machines.masses,
    machines.forms,
    machines.ours,
    machines.spam,
    machines.away_then_back,
    threads.by_marks,
    threads.second_person,
    threads.before_us,
    threads.out_of_order,
    threads.in_two_folders,
    threads.apart,
    threads.renamed,
)
_OURS = re.compile(rb"<(t\.([0-9a-f]{16})\.[0-9a-f]{20}@" + re.escape(DOMAIN).encode() + rb")>")


@cache
def letters() -> Sequence[Case]:
    """All ``MANY`` cases, stories mixed with one another, each in its own order."""
    desk = Desk(_SEED)
    cases = list(chain.from_iterable(shelf(desk) for shelf in _SHELVES))
    cases += threads.talks(desk, MANY - len(cases))
    return tuple(shuffled(cases, _SEED))


def shuffled(cases: Iterable[Case], seed: int) -> list[Case]:
    """The cases in another order, letters of one story still one after another in theirs."""
    chance = random.Random(seed)
    stories: dict[str, list[Case]] = {}
    for case in cases:
        stories.setdefault(case.story, []).append(case)
    moments = [
        (moment, case)
        for story in stories.values()
        for moment, case in zip(_moments(chance, story), story, strict=True)
    ]
    return [case for _, case in sorted(moments, key=lambda pair: pair[0])]


def links(account: str) -> list[tuple[str, str, dict[str, str]]]:
    """``(kind, key, value)`` of the links by which an account knows what it sent: all that the corpus answers
    or brings back."""
    found = {
        each.groups() for case in letters() if case.expect.outcome != "ignored" for each in _OURS.finditer(case.raw)
    }
    return [
        ("event.letter", f"{account}/{message_id.decode()}", {"conversation": conversation.decode()})
        for message_id, conversation in sorted(found)
    ]


def _moments(chance: random.Random, story: Sequence[Case]) -> list[float]:
    return sorted(chance.random() for _ in story)


def waves(cases: Iterable[Case]) -> list[list[Case]]:
    """The cases in two parts. What machines answer to letters of ours, and what comes after it, is in the second: in
    life the chat is there before we answer anybody."""
    late: set[str] = set()
    parts: tuple[list[Case], list[Case]] = [], []
    for case in cases:
        if case.expect.outcome in ("note", "bounce"):
            late.add(case.story)
        parts[case.story in late].append(case)
    return [*parts]
