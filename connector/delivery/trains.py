"""Consecutive messages of a lane as one call: the head, and what may leave together with it (DESIGN.md §6.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby

from connector.delivery.driving import Driving
from connector.delivery.lanes import Lane
from connector.delivery.packer import CEILING
from connector.delivery.parcels import COMMANDS, Command
from connector.domain.effects import Call
from connector.domain.ports import Budget
from connector.journal import Delivery, Journal, Lease
from connector.portal import items_of
from connector.portal.joining import MOST_ITEMS, carries_files, may_join

Seconds = Callable[[str, float], float]


class Trains:
    """Couples deliveries to the head of their lane."""

    def __init__(self, journal: Journal, driving: Driving, budget: Budget) -> None:
        self._journal, self._driving, self._budget = journal, driving, budget

    def commands(self, lease: Lease, lanes: Sequence[Lane], looked: int, taken: set[str]) -> list[Command]:
        """A command for each of ``lanes``, with what joins it; nobody joins whose key is ``taken``, and then it is.

        What stands behind a lane is looked up again unless it was in this round (``looked``). Only a first attempt is
        joined: whoever failed in company goes by itself, so that one bad message cannot hold up the others.
        """
        seconds: Seconds = cache(self._budget.expect)
        open_ones = [lane for lane in lanes if _may_lead(lane)]
        self._look(lease, [lane for lane in open_ones if lane.looked != looked], looked)
        coupled = {id(lane) for lane in open_ones}
        made: list[Command] = []
        for lane in lanes:
            train = self._train(lane, seconds, taken) if id(lane) in coupled else [lane]
            made.append(Command(lanes=train, seconds=_needs(train, seconds), most=_company(lane)))
        return made

    def _look(self, lease: Lease, lanes: Sequence[Lane], looked: int) -> None:
        if not lanes:
            return
        named = {lane.delivery.lane: lane for lane in lanes}
        found = self._journal.claim(lease, lanes=len(named), per_lane=MOST_ITEMS, only=named)
        for name, some in groupby(found, key=lambda delivery: delivery.lane):
            first, *behind = some
            lane = named[name]
            lane.looked, lane.behind = looked, behind if first.id == lane.delivery.id else []

    def _train(self, head: Lane, seconds: Seconds, taken: set[str]) -> list[Lane]:
        train = [head]
        for delivery in head.behind:
            follower = self._next(head, train, delivery)
            if follower is None:
                break
            if follower.key in taken or _items(train) >= MOST_ITEMS or _needs([*train, follower], seconds) > CEILING:
                self._driving.forget(follower)
                break
            train.append(follower)
            taken.add(follower.key)
        return train

    def _next(self, head: Lane, train: Sequence[Lane], delivery: Delivery) -> Lane | None:
        """The delivery as one of the train; ``None`` when it has to wait for its turn."""
        front = train[-1].waiting
        if delivery.attempts or not isinstance(front, Call) or not front.joins:
            return None
        follower = self._driving.follow(head, delivery)
        if follower is None:
            return None
        call = follower.waiting
        if isinstance(call, Call) and call.method == front.method and may_join(front.joins, front.params, call.params):
            return follower
        self._driving.forget(follower)
        return None


def _company(lane: Lane) -> int:
    """How many commands a batch with it may have: half as many after each attempt of unknown outcome.

    One command that kills the whole request would else take the same others with it again and again.
    """
    return max(1, COMMANDS >> lane.delivery.attempts) if lane.decided else COMMANDS


def _may_lead(lane: Lane) -> bool:
    call = lane.waiting
    if not isinstance(call, Call) or not call.joins or lane.alone or lane.delivery.attempts:
        return False
    return bool(call.key) and not carries_files(call.params)


def _items(train: Sequence[Lane]) -> int:
    return sum(items_of(lane.waiting.method, lane.waiting.params) for lane in train if isinstance(lane.waiting, Call))


def _needs(train: Sequence[Lane], seconds: Seconds) -> float:
    call = train[0].waiting
    return seconds(call.method.lower(), float(_items(train))) if isinstance(call, Call) else 0.0
