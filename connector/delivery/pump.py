"""The loop that drains one destination's lanes (DESIGN.md §6.3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import groupby

import structlog

from connector.delivery.driving import Driving
from connector.delivery.lanes import Failure, Lane, Value
from connector.delivery.ledger import bug
from connector.delivery.packer import CALLS, GLANCE, Couple, Packer
from connector.delivery.parcels import Carried, Command, Parcel, Performed, carry_out
from connector.delivery.trains import Trains
from connector.delivery.work import Work
from connector.domain.effects import Call, KeyedEffect
from connector.errors import ConnectorError, Stopped, TransientError
from connector.journal import Known, Lease, LeaseLost
from connector.portal.joining import MOST_ITEMS

log = structlog.get_logger()

LEASE_SECONDS = 15.0
LONG_GLANCE = 0.25  # nothing is under way and nothing may leave: look for new work this often
FAILURES_IN_A_ROW = 8
CALL_PLACES = 32  # lanes of calls that have a place in any crowd
OPERATING = "bitrix24.operating_limit"


class Pump:
    """Drains one destination. Only one pump per destination is ever at work: the lease sees to it."""

    def __init__(self, work: Work, destination: str) -> None:
        self._work, self.destination = work, destination
        self._driving = Driving(work, destination)
        side, _, name = destination.partition(":")
        portal = work.reach.portals.get(name) if side == "portal" else None
        self._packer = Packer(portal.budget) if portal else None
        self._trains = Trains(work.journal, self._driving, portal.budget) if portal else None
        self._most = work.requests if portal else work.workers
        self._running: dict[Future[Carried], Parcel] = {}
        self._held: set[str] = set()
        self._freed = self._crowded = False
        self._failures = 0
        self._rounds = 0
        self._renewed = time.monotonic()

    def run(self, *, seconds: float = 60.0, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Drain until nothing is due, ``seconds`` are over or ``should_stop``; returns how many were settled.

        Returns at once when another live pump has the destination. What is left waits for the next wake.
        """
        lease = self._work.journal.lease(self.destination, ttl=LEASE_SECONDS)
        if lease is None:
            return 0
        ends = time.monotonic() + seconds
        with ThreadPoolExecutor(self._most, thread_name_prefix=self.destination) as pool:
            try:
                self._drain(lease, pool, lambda: should_stop() or time.monotonic() > ends)
            except LeaseLost:
                log.warning("lease.lost", destination=self.destination)
        return self._driving.settled

    def _drain(self, lease: Lease, pool: ThreadPoolExecutor, over: Callable[[], bool]) -> None:
        while True:
            self._rounds += 1
            failing = self._failures >= FAILURES_IN_A_ROW
            leaving = failing or over()
            if not leaving:
                self._claim(lease)
            self._write(lease, pool, packing=not failing)
            if leaving:
                self._give_up()
            if not self._running and (leaving or not self._driving.wanted):
                if self._work.journal.leave(lease, force=leaving):
                    return
                continue
            self._collect(lease, leaving)

    def _claim(self, lease: Lease) -> None:
        """In a crowd calls come first, and some places are theirs: a card does not stand in the queue of all chats."""
        lanes = self._driving.lanes
        if self._packer and self._crowded:
            self._take(lease, self._work.lanes + CALL_PLACES - len(lanes), within=CALLS)
        room = self._work.lanes - len(lanes)
        self._crowded = room <= self._take(lease, room)

    def _take(self, lease: Lease, room: int, *, within: str = "") -> int:
        """Begin with up to ``room`` more lanes; returns how many there were."""
        if room <= 0:
            return 0
        per_lane, skip = MOST_ITEMS if self._packer else 1, list(self._driving.lanes)
        claimed = self._work.journal.claim(lease, lanes=room, per_lane=per_lane, skip=skip, within=within)
        runs = [list(some) for _, some in groupby(claimed, key=lambda delivery: delivery.lane)]
        for head, *behind in runs:
            self._driving.begin(head, behind, self._rounds)
        return len(runs)

    def _write(self, lease: Lease, pool: ThreadPoolExecutor, *, packing: bool) -> None:
        """One transaction per round, as often as the answers of the ledger give the lanes more to write.

        What is planned leaves right after it: the ledger's time of a plan is when its doubt begins.
        """
        while True:
            self._driving.recall()
            parcels = self._choose(lease, packing)
            packing = False
            for parcel in parcels:
                for lane in parcel.lanes:
                    self._driving.round.plan(lane)
            step = self._driving.round.take()
            if step.empty() and not parcels:
                break
            known = {} if step.empty() else self._work.journal.step(lease, step)
            self._renewed = time.monotonic() if not step.empty() else self._renewed
            for parcel in parcels:
                self._depart(parcel, known, pool)
        self._freed = self._driving.release()

    def _choose(self, lease: Lease, packing: bool) -> list[Parcel]:
        """What leaves now. Of several effects with one key, or turn, only one is under way: the others wait."""
        ready: dict[str, Lane] = {}
        for lane in self._driving.wanted:
            if not lane.turn or lane.turn not in self._held:
                ready.setdefault(lane.turn or f"lane {id(lane)}", lane)
        calls = [lane for lane in ready.values() if self._packer and isinstance(lane.waiting, Call)]
        errands = [lane for lane in ready.values() if not (self._packer and isinstance(lane.waiting, Call))]
        parcels = [Parcel(commands=[Command(lanes=[lane])]) for lane in errands[: self._errands()]]
        if self._packer and packing:
            slots = self._most - len(self._running) - len(parcels)
            parcels += self._packer.parcels(calls, slots, self._couple(lease, self._held | ready.keys()))
        chosen = {id(lane) for parcel in parcels for lane in parcel.lanes}
        self._driving.wanted = [lane for lane in self._driving.wanted if id(lane) not in chosen]
        self._held |= {lane.turn for parcel in parcels for lane in parcel.lanes if lane.turn}
        return parcels

    def _errands(self) -> int:
        """How many more may begin; at a portal they take half of the room, so that files never hold up the calls."""
        if not self._packer:
            return self._most - len(self._running)
        return self._most // 2 - sum(parcel.errand for parcel in self._running.values())

    def _couple(self, lease: Lease, taken: set[str]) -> Couple:
        assert self._trains is not None
        return partial(self._trains.commands, lease, looked=self._rounds, taken=taken)

    def _depart(self, parcel: Parcel, known: Mapping[str, Known], pool: ThreadPoolExecutor) -> None:
        commands = [command for command in parcel.commands if self._left_of(command, known)]
        if commands:
            parcel = replace(parcel, commands=commands)
            reach, clock = self._work.reach, self._work.clock
            self._running[pool.submit(carry_out, parcel, self.destination, reach, clock)] = parcel

    def _left_of(self, command: Command, known: Mapping[str, Known]) -> bool:
        """Keep of the command what the ledger did not know; whoever stands behind a known one waits for its turn."""
        fresh = next((n for n, lane in enumerate(command.lanes) if lane.key in known), len(command.lanes))
        away, command.lanes = command.lanes[fresh:], command.lanes[:fresh]
        for lane in away:
            self._held.discard(lane.turn)
            if lane.key not in known:
                self._driving.round.unplan(lane)
            if fresh or lane is not away[0]:
                self._driving.forget(lane)
        if not fresh:
            self._driving.known(away[0], known[away[0].key])
        return bool(command.lanes)

    def _give_up(self) -> None:
        """The pump is leaving: what could not leave stays as it is in the journal."""
        for lane in list(self._driving.wanted):
            self._driving.forget(lane)
        self._driving.release()

    def _collect(self, lease: Lease, leaving: bool) -> None:
        patience = self._patience(leaving)
        finished: set[Future[Carried]] = set()
        if self._running:
            finished, _ = wait(self._running, timeout=patience, return_when=FIRST_COMPLETED)
        else:
            time.sleep(patience)
        if time.monotonic() - self._renewed > LEASE_SECONDS / 3:
            self._work.journal.renew(lease)
            self._renewed = time.monotonic()
        for future in finished:
            self._landed(self._running.pop(future), future.result())

    def _patience(self, leaving: bool) -> float:
        """Seconds to wait for something to end before the next round."""
        if leaving:
            return LEASE_SECONDS / 3
        if self._freed:
            return 0.0
        glance = GLANCE if self._running else LONG_GLANCE
        return min(glance, self._packer.patience) if self._packer and self._driving.wanted else GLANCE

    def _landed(self, parcel: Parcel, carried: Carried) -> None:
        self._count([performed for _, some in carried for performed in some])
        for _, some in carried:
            front: Lane | None = None
            for performed in some:
                self._held.discard(performed.lane.turn)
                self._driving.round.step.calls.append(performed.trail())
                self._outcome(parcel, performed, front)
                if front is None and performed.lane.end != "settled":
                    front = performed.lane

    def _outcome(self, parcel: Parcel, performed: Performed, front: Lane | None) -> None:
        """What became of one delivery; ``front`` is one before it in its lane that has not come to its end."""
        lane, outcome = performed.lane, performed.outcome
        if front is None:
            self._driving.lanes[lane.delivery.lane] = lane
        if isinstance(outcome, Failure):
            self._failed(parcel, performed, outcome.error, front)
            return
        if isinstance(performed.effect, KeyedEffect):
            self._driving.round.record(lane, performed.effect, outcome.value, request_id=performed.request_id)
        self._driving.advance(lane, outcome)
        if front is not None and not lane.end:
            self._driving.forget(lane)

    def _failed(self, parcel: Parcel, performed: Performed, error: Exception, front: Lane | None) -> None:
        lane = performed.lane
        self._driving.round.failed(lane, error, performed.request_id)
        doubtful = isinstance(error, TransientError) and error.maybe_done
        if front is not None:
            self._driving.forget(lane)
        elif isinstance(error, TransientError | Stopped):
            doubt = self._work.doubt(self.destination) + parcel.seconds
            self._driving.wait(lane, error, at_least=doubt if doubtful else 0.0)
        elif performed.shared:
            lane.alone = True
            self._driving.wanted.append(lane)
        else:
            self._driving.advance(lane, Failure(error if isinstance(error, ConnectorError) else bug(error)))

    def _count(self, performed: Sequence[Performed]) -> None:
        """Requests that fail in a row end the pump; a method that waits for its operating window is no failure."""
        errors = [one.outcome.error for one in performed if isinstance(one.outcome, Failure)]
        if any(isinstance(error, Stopped) for error in errors):
            self._failures += FAILURES_IN_A_ROW
        elif any(isinstance(one.outcome, Value) for one in performed):
            self._failures = 0
        elif any(isinstance(error, TransientError) and error.cause != OPERATING for error in errors):
            self._failures += 1
