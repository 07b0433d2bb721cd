"""How calls leave: singly while there is room, in batches as it fills (DESIGN.md §6.4).

A batch costs one request of the budget however many commands it has (facts/bitrix24-platform.md §3.1), but its commands
run one after another: ``CEILING`` bounds the seconds that one of them may wait for the others.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connector.delivery.lanes import Lane
from connector.delivery.parcels import COMMANDS, Command, Parcel
from connector.domain.effects import Call
from connector.domain.ports import Budget
from connector.portal import must_go_alone
from connector.portal.joining import carries_files

CEILING = 5.0
SHORT = 1.0  # seconds of a batch up to which half of the room is left for what comes next
GLANCE = 0.05  # seconds between two looks for something new to do
# Seconds in which a request that left reached the budget, and how much longer that takes with each other one.
DEPARTING, JOSTLING = 0.03, 0.005
URGENT, CALLS = "telephony.", "call."  # how the methods of calls begin, and their lanes
NEVER_INSIDE = frozenset({"batch", "download", "upload"})
_INEXACT = 0.02  # of the ceiling: seconds are estimates

Couple = Callable[[Sequence[Lane]], list[Command]]


class Packer:
    """Decides for one portal what leaves now. ``patience``: seconds after which it is worth asking again."""

    def __init__(self, budget: Budget, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._budget, self._monotonic = budget, monotonic
        self.patience = GLANCE
        self._left: deque[float] = deque()
        self._closed_until = 0.0
        self._solo_turn = False

    def parcels(self, lanes: Sequence[Lane], slots: int, couple: Couple) -> list[Parcel]:
        """The requests that may leave now for ``lanes``, which all want a ``Call``; at most ``slots``.

        Call cards go first and singly, then the oldest, what is patient last. ``couple`` makes the commands of chosen
        lanes. While there is twice the room that is needed each goes singly; else batches take half of the room, and
        all of it when they get long. Without room all stay.
        """
        free = self._free(slots) if lanes else 0.0
        if free < 1:
            return []
        ordered = sorted(lanes, key=_by_age)
        urgent = [lane for lane in ordered if _urgent(lane)]
        made = [Parcel(commands=[command]) for command in couple(urgent[: int(free)])]
        talk = [lane for lane in ordered if not _urgent(lane)]
        made += self._talk(talk, free - len(made), couple)
        self._left.extend([self._monotonic()] * len(made))
        self.patience = 0.0  # what stayed may go with the other half
        return made

    def _talk(self, lanes: Sequence[Lane], free: float, couple: Couple) -> list[Parcel]:
        if not lanes or free < 1:
            return []
        if len(lanes) == 1 or len(lanes) <= free / 2:
            return [Parcel(commands=[command]) for command in couple(lanes)]
        commands = _enough(lanes, int(free), couple)
        solo = [command for command in commands if command.alone]
        shared = [command for command in commands if not command.alone]
        seconds = sum(command.seconds for command in shared)
        seconds += seconds / max(1, len(shared)) * (len(lanes) - len(commands))
        requests = _requests(free, seconds)
        own = self._own(len(solo), len(shared), requests)
        target = target_seconds(seconds, requests - own, self._budget.level()["per_second"])
        packs = [[command] for command in solo[:own]] + fill(shared, requests - own, target)
        return [Parcel(commands=pack) for pack in packs]

    def _own(self, solo: int, shared: int, requests: int) -> int:
        """How many of ``requests`` go to calls that cannot be packed: half at most; by turns when there is one."""
        if not solo or not shared:
            return min(solo, requests)
        if requests > 1:
            return min(solo, requests // 2)
        self._solo_turn = not self._solo_turn
        return 0 if self._solo_turn else 1

    def _free(self, slots: int) -> float:
        """Requests that may leave now; what has left a moment ago is not in the budget yet."""
        now = self._monotonic()
        self.patience = GLANCE
        if slots < 1:
            return 0.0
        if now < self._closed_until:
            self.patience = self._closed_until - now
            return 0.0
        departing = DEPARTING + JOSTLING * len(self._left)
        while self._left and now - self._left[0] > departing:
            self._left.popleft()
        room, until = self._budget.room()
        if room < 1:
            self._closed_until, self.patience = now + until, until
            return 0.0
        free = min(room - len(self._left), float(slots))
        if free < 1:
            self.patience = DEPARTING
        return free


@dataclass(kw_only=True)
class _Pack:
    commands: list[Command] = field(default_factory=list)
    seconds: float = 0.0
    most: int = COMMANDS

    def takes(self, command: Command, target: float) -> bool:
        """Whether the command fits; the first one always does, and the last one may pass ``target`` by its half."""
        if not self.commands:
            return True
        if len(self.commands) + 1 > min(self.most, command.most):
            return False
        after = self.seconds + command.seconds
        return after <= CEILING * (1 + _INEXACT) and after - command.seconds / 2 <= target * (1 + _INEXACT)

    def add(self, command: Command) -> None:
        self.commands.append(command)
        self.seconds += command.seconds
        self.most = min(self.most, command.most)


def fill(commands: Sequence[Command], count: int, target: float) -> list[list[Command]]:
    """Up to ``count`` packs of about ``target`` seconds, dealt out evenly in the order given; the rest stays.

    In a long backlog packs are filled up with the beginnings of trains.
    """
    packs = [_Pack() for _ in range(min(count, len(commands)))]
    for command in commands:
        open_ones = [pack for pack in packs if pack.takes(command, target)]
        if not open_ones and target >= CEILING and packs:
            command.shorten(CEILING * (1 + _INEXACT) - min(pack.seconds for pack in packs))
            open_ones = [pack for pack in packs if pack.takes(command, target)]
        if open_ones:
            min(open_ones, key=lambda pack: pack.seconds).add(command)
    return [pack.commands for pack in packs if pack.commands]


def target_seconds(work: float, requests: int, per_second: float) -> float:
    """How long a pack should be so that ``work`` seconds end soonest: ``requests`` may leave now, then ``per_second``.

    All packs end at the same time then, so the last ones of a backlog are short instead of few and full.
    """

    def capacity(end: float) -> float:
        done, start = requests * end, 1 / per_second if 0 < per_second < float("inf") else end
        while start < end and done < work:
            done += end - start
            start += 1 / per_second
        return done

    if capacity(CEILING) < work:
        return CEILING
    low, high = 0.0, CEILING
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if capacity(middle) >= work else (middle, high)
    return high


def _enough(lanes: Sequence[Lane], requests: int, couple: Couple) -> list[Command]:
    """The commands of so many of ``lanes`` as fill ``requests``: in a long backlog the others need not be looked at."""
    commands: list[Command] = []
    seconds = 0.0
    for begin in range(0, min(len(lanes), requests * COMMANDS), COMMANDS):
        for command in couple(lanes[begin : begin + COMMANDS]):
            command.alone = _goes_alone(command)
            seconds += 0.0 if command.alone else command.seconds
            commands.append(command)
        if seconds >= requests * CEILING:
            break
    return commands


def _requests(free: float, seconds: float) -> int:
    """How many requests carry ``seconds`` of work: half of the room; all of it when they would get long."""
    half = max(1, int(free // 2))
    return half if seconds <= half * SHORT else int(free)


def _goes_alone(command: Command) -> bool:
    """Whether it may not ride in a batch: rewritten or cut there (trap 19), slow by its files, or forbidden."""
    method, params = command.call
    if command.lanes[0].alone or method.lower() in NEVER_INSIDE or command.seconds > CEILING:
        return True
    return bool(command.files) or carries_files(params) or must_go_alone(params)


def _urgent(lane: Lane) -> bool:
    """What a card needs to know before it comes up is as urgent as the card."""
    if not isinstance(lane.waiting, Call) or _patient(lane):
        return False
    return lane.waiting.method.lower().startswith(URGENT) or lane.delivery.lane.startswith(CALLS)


def _patient(lane: Lane) -> bool:
    return isinstance(lane.waiting, Call) and lane.waiting.patient


def _by_age(lane: Lane) -> tuple[bool, float, int]:
    return _patient(lane), lane.delivery.created_at.timestamp(), lane.delivery.id
