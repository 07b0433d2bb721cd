"""A pretend Asterisk whose frames come late, doubled and in any order, though what it knows itself is right."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence

from connector.providers.asterisk.standin import AmiServer, Frame

Deed = Callable[[], None]


class JitteredAmi(AmiServer):
    """Frames are told up to ``LATE`` seconds after they happened, one in ``DOUBLED`` of them twice."""

    LATE, DOUBLED = 2.0, 12

    def run(self, frames: Sequence[Frame], *, deeds: Sequence[tuple[float, Deed]] = ()) -> None:
        """Play ``frames`` in their own time; ``deeds`` are done so many seconds after the beginning."""
        chance, number, first = random.Random(20261129), itertools.count(), frames[0].at
        plan: list[tuple[float, int, Deed]] = []
        for frame in frames:
            at = frame.at - first
            heapq.heappush(plan, (at, next(number), lambda frame=frame: self.happen(frame)))
            for _ in range(2 if chance.randrange(self.DOUBLED) == 0 else 1):
                late = at + chance.uniform(0, self.LATE)
                heapq.heappush(plan, (late, next(number), lambda frame=frame: self.tell(frame)))
        for at, deed in deeds:
            apart = threading.Thread(target=deed, daemon=True)  # a deed that takes its time must not delay the frames
            heapq.heappush(plan, (at, next(number), apart.start))
        began = time.monotonic()
        while plan:
            at, _, act = heapq.heappop(plan)
            time.sleep(max(0.0, began + at - time.monotonic()))
            act()
