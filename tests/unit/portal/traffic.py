"""Many callers before one bucket, in simulated time: who leaves when, and what the portal says to it."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from connector.portal.budget import NEAR
from connector.sandbox.limits import Bucket as PortalsBucket


class Gatekeeper(Protocol):
    """A bucket as its callers see it; ``epoch`` changes when a pause voids the places."""

    epoch: int

    def take(self, now: float, *, live: bool) -> tuple[bool, float]: ...

    def pause(self, now: float, seconds: float) -> None: ...


@dataclass(frozen=True, order=True)
class Step:
    """After ``later`` seconds ``count`` requests of a kind come to one of the processes; a pause lasts ``seconds``."""

    what: str
    later: float
    count: int = 1
    delay: float = 0.0
    process: int = 0
    seconds: float = 2.0


@dataclass(order=True)
class _Caller:
    at: float
    number: int
    what: str = field(compare=False)
    delay: float = field(compare=False, default=0.0)
    process: int = field(compare=False, default=0)
    seconds: float = field(compare=False, default=0.0)
    epoch: int | None = field(compare=False, default=None)


@dataclass(frozen=True)
class Leaving:
    """A request that left at ``at`` and reaches the portal at ``lands``; ``number`` is the same in every run."""

    number: int
    what: str
    at: float
    lands: float


def run(processes: list[Gatekeeper], steps: Iterable[Step], *, begin: float = 1_000_000.0) -> list[Leaving]:
    """Everybody who comes, waits as told, and leaves: places more than ``NEAR`` ahead are asked for again."""
    numbers = itertools.count()
    queue: list[_Caller] = []
    now, left = begin, list[Leaving]()
    for step in steps:
        now += step.later
        for _ in range(1 if step.what == "pause" else step.count):
            who = _Caller(now, next(numbers), step.what, step.delay, step.process % len(processes), step.seconds)
            heapq.heappush(queue, who)
    while queue:
        who = heapq.heappop(queue)
        gate = processes[who.process]
        if who.what == "pause":
            gate.pause(who.at, who.seconds)
        elif who.epoch is not None and who.epoch == gate.epoch:
            left.append(Leaving(who.number, who.what, who.at, who.at + who.delay))
        else:
            _ask(gate, who, queue, left)
    return left


def refused(left: Iterable[Leaving], burst: float, per_second: float, *, begin: float = 1_000_000.0) -> int:
    """How many of the requests a portal that drains in whole seconds turns away."""
    portal = PortalsBucket(int(burst), per_second, begin)
    return sum(not portal.admit(moment) for moment in sorted(leaving.lands for leaving in left))


def _ask(gate: Gatekeeper, who: _Caller, queue: list[_Caller], left: list[Leaving]) -> None:
    granted, wait = gate.take(who.at, live=who.what == "live")
    if granted and wait <= NEAR:
        left.append(Leaving(who.number, who.what, who.at + wait, who.at + wait + who.delay))
        return
    who.at, who.epoch = who.at + max(wait, 1e-5), gate.epoch if granted else None
    heapq.heappush(queue, who)
