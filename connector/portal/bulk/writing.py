"""Many commands, few requests: packs of ``batch``, each command with an outcome of its own (facts §3.2, §3.4)."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from connector.domain.ports import Clock
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.portal.batch import LIMIT, Outcome, must_go_alone, nested_error
from connector.portal.bulk.pace import LIMITED, Pace, window
from connector.portal.joining import items_of

if TYPE_CHECKING:
    from connector.portal.rest import Portal

Command = tuple[Hashable, str, Mapping[str, Any]]

# One HTTP request is cut after 60 s (§3.3): the observed seconds of a pack stay well below.
CEILING = 40.0
LOWEST = 5.0
# Commands that were taken and are not handed back: so many may be done already behind one whose method waits.
TAKEN = 10 * LIMIT
UNRUN = 3
TOO_LARGE = "bitrix24.too_large"
_NEVER_PACKED = frozenset({"batch", "download", "upload"})


@dataclass(kw_only=True)
class _Item:
    """A command on its way; ``away`` while its request is. ``skipped`` counts the answers in which it was missing."""

    key: Hashable
    method: str
    params: Mapping[str, Any]
    alone: bool
    away: bool = False
    outcome: Outcome | None = None
    skipped: int = 0


class Writing:
    """One run: takes commands as it needs them, yields ``(key, outcome)`` in the order taken.

    A command is sent again only when it is proven that it did not run. With one request at once commands of one
    method keep their order; those of another may pass them while their method waits for operating time.
    """

    def __init__(self, portal: Portal, supply: Iterable[Command], *, at_once: int, pace: Pace, clock: Clock) -> None:
        self._portal, self._supply, self._pace, self._clock = portal, iter(supply), pace, clock
        self._at_once = max(1, at_once)
        self._flying: dict[Future[list[Outcome]], list[_Item]] = {}
        self._line: deque[_Item] = deque()
        self._until: dict[str, tuple[datetime, TransientError]] = {}
        self._ceiling, self._most = CEILING, LIMIT
        self._broken: Exception | None = None

    def outcomes(self) -> Iterator[tuple[Hashable, Outcome]]:
        """Every key that was taken comes out once. Raises what stopped the run, after the last of them."""
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="bulk-write") as pool:
            try:
                while self._fill():
                    self._round(pool)
                    yield from self._finished()
            except ConnectorError as stopping:
                self._land_all()
                for item in self._line:
                    yield item.key, item.outcome or Outcome(state="not_run", error=stopping)
                raise
        if self._broken is not None:
            raise self._broken

    def _fill(self) -> bool:
        """Enough commands for the next pack, if the supply has them. False: all is done."""
        room = min(LIMIT - len(self._ready()), TAKEN - len(self._line))
        try:
            for key, method, params in islice(self._supply, max(room, 0)):
                alone = must_go_alone(params) or method.lower() in _NEVER_PACKED
                self._line.append(_Item(key=key, method=method, params=params, alone=alone))
        except Exception as broken:  # the supply is the caller's; what it gave so far is carried to its end first
            self._broken, self._supply = broken, iter(())
        return bool(self._line)

    def _ready(self) -> list[_Item]:
        now = self._clock()
        self._until = {method: held for method, held in self._until.items() if held[0] > now}
        idle = (item for item in self._line if item.outcome is None and not item.away)
        return list(islice((item for item in idle if item.method.lower() not in self._until), LIMIT))

    def _finished(self) -> Iterator[tuple[Hashable, Outcome]]:
        while self._line and self._line[0].outcome is not None:
            yield self._line[0].key, self._line[0].outcome
            self._line.popleft()

    def _round(self, pool: ThreadPoolExecutor) -> None:
        """One step: send a pack, or take in what came back, or wait for operating time."""
        ready = self._ready()
        if ready and len(self._flying) < self._at_once:
            pack = self._packed(ready)
            for item in pack:
                item.away = True
            self._flying[pool.submit(self._sent, pack)] = pack
        elif self._flying:
            for future in wait(self._flying, return_when=FIRST_COMPLETED).done:
                self._land(future)
        else:
            until, error = min(self._until.values(), key=lambda held: held[0])
            self._pace.wait((until - self._clock()).total_seconds(), error)

    def _land(self, future: Future[list[Outcome]]) -> None:
        pack = self._flying.pop(future)
        for item in pack:
            item.away = False
        try:
            outcomes = future.result()
        except PermanentError as refused:
            self._refused(pack, refused)
        except TransientError as trouble:
            self._troubled(pack, trouble)
            if trouble.cause != LIMITED:
                self._pace.after(trouble)
        else:
            self._ceiling = min(CEILING, self._ceiling * 1.25)
            for item, outcome in zip(pack, outcomes, strict=True):
                self._took(item, outcome)
            if any(item.outcome for item in pack):
                self._pace.went()

    def _land_all(self) -> None:
        """The run is over: requests that are under way still bring their outcomes."""
        for future in list(self._flying):
            pack, error = self._flying[future], future.exception()
            if isinstance(error, TransientError):
                self._troubled(pack, error)
            elif error is None:
                self._land(future)

    def _packed(self, ready: list[_Item]) -> list[_Item]:
        """The first ready commands whose observed seconds fit under the ceiling; one at least."""
        pack, seconds = [ready[0]], self._seconds(ready[0])
        if ready[0].alone:
            return pack
        for item in ready[1 : self._most]:
            seconds += self._seconds(item)
            if item.alone or seconds > self._ceiling:
                break
            pack.append(item)
        return pack

    def _seconds(self, item: _Item) -> float:
        return self._portal.budget.expect(item.method.lower(), items_of(item.method, item.params))

    def _sent(self, pack: list[_Item]) -> list[Outcome]:
        """The outcomes of a pack, in a thread of the pool. Raises as ``Portal.batch`` does."""
        if len(pack) == 1:
            return [self._alone(pack[0])]
        commands = {f"c{index}": (item.method, item.params) for index, item in enumerate(pack)}
        return list(self._portal.batch(commands, live=False).values())

    def _alone(self, item: _Item) -> Outcome:
        found = self._portal.page(item.method, item.params)
        error = nested_error(found.result, item.method)
        if error is not None:
            raise error
        return Outcome(state="ok", result=found.result, total=found.total, next=found.next)

    def _took(self, item: _Item, outcome: Outcome) -> None:
        error = outcome.error
        if isinstance(error, TransientError) and error.cause == LIMITED:
            self._hold(item, error)
            return
        if outcome.state == "not_run":
            # It was not executed (§3.4) and is the first of the next pack; again and again, that is the outcome.
            item.skipped += 1
        if outcome.state != "not_run" or item.skipped >= UNRUN:
            item.outcome = outcome

    def _hold(self, item: _Item, error: TransientError) -> None:
        self._until[item.method.lower()] = (self._clock() + timedelta(seconds=window(error)), error)

    def _refused(self, pack: list[_Item], refused: PermanentError) -> None:
        """One command: its own verdict. A pack that is too large goes in halves; any other refusal meets them all."""
        if len(pack) == 1:
            pack[0].outcome = Outcome(state="failed", error=refused)
        elif refused.cause == TOO_LARGE:
            self._most = len(pack) // 2
        else:
            raise refused

    def _troubled(self, pack: list[_Item], trouble: TransientError) -> None:
        """In doubt: never again by itself, the caller looks what took place (§2.1). Else nothing ran: again."""
        if trouble.cause == LIMITED:
            for item in pack:
                self._hold(item, trouble)
            return
        if trouble.maybe_done:
            self._ceiling = max(LOWEST, self._ceiling / 2)
            for item in pack:
                item.outcome = Outcome(state="failed", error=trouble)
