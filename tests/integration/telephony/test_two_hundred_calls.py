"""The whole telephony at once: 200 calls through each other, with everything going wrong on their way (traps
20 to 22), and what is in the portal in the end.
"""

from __future__ import annotations

import csv
import random
import signal
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from connector.providers.asterisk.standin import SCENES, Board, Dialogue, Meant, Wish, interleaved
from tests.integration.house.waiting import until
from tests.integration.telephony.jitter import Deed
from tests.integration.telephony.manager_house import PEOPLE, ManagerHouse, manager_house

CALLS, SPAN = 200, 60.0  # calls begin within so many seconds
KILLED, CUT = 20.0, 45.0  # seconds from the beginning
LINE = "74951234567"
STATUS = {
    "": "304",
    "missed": "304",
    "busy": "486",
    "refused": "603",
    "cancelled": "603-S",
    "invalid": "404",
    "forbidden": "403",
}
INCOMING_STATUS = {"busy": "486", "refused": "603"}
DISPOSITION = {"busy": "BUSY", "refused": "BUSY", "invalid": "FAILED", "forbidden": "FAILED"}


@dataclass(frozen=True, kw_only=True)
class Played:
    """One call as it was; times are seconds of the board. ``rang`` are the users at whom it rang."""

    scene: str
    meant: Meant
    begin: float
    end: float

    @property
    def status(self) -> str:
        if self.meant.talk:
            return "200"
        table = INCOMING_STATUS if self.meant.direction == "incoming" else STATUS
        return table.get(self.meant.cause, "304")


def dialogues(board: Board) -> Iterator[Dialogue]:
    chance = random.Random(7)
    scenes = [name for name in SCENES if name not in ("click_answered", "internal")]
    calls = 0
    for turn in count():
        if calls >= CALLS:
            break
        name = scenes[turn % len(scenes)]
        people = chance.sample([each.extension for each in PEOPLE], 3)
        wish = Wish(
            client=f"7916{turn:07}",
            line=LINE,
            extension=people[0],
            colleague=people[1],
            third=people[2],
            start=chance.uniform(0, SPAN),
            ring=chance.uniform(1, 3),
            talk=chance.uniform(3, 15),
            recorded=chance.random() < 0.5,
        )
        dialogue = SCENES[name](board, wish)
        calls += sum(meant.direction != "internal" for meant in dialogue.meant)
        yield dialogue
    for start in (10.0, 40.0):  # colleagues among themselves are nobody's business
        yield SCENES["internal"](board, Wish(extension="101", colleague="102", start=start))


def played(dialogue: Dialogue) -> Iterator[Played]:
    for meant in dialogue.meant:
        frames = [frame for frame in dialogue.frames if f"Linkedid: {meant.call}\r\n" in frame.text]
        if meant.direction != "internal":
            yield Played(scene=dialogue.name, meant=meant, begin=frames[0].at, end=frames[-1].at)


def wav(size: int) -> bytes:
    data = b"\0" * size
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", size
    )
    return head + data


def recordings(house: ManagerHouse, calls: Sequence[Played]) -> dict[str, int]:
    """The files that MixMonitor wrote; by call their sizes."""
    sizes: dict[str, int] = {}
    for number, call in enumerate(calls):
        if call.meant.recording:
            path = house.monitor / Path(call.meant.recording).relative_to("/var/spool/asterisk/monitor")
            path.parent.mkdir(parents=True, exist_ok=True)
            content = wav(800 + 2 * number)
            path.write_bytes(content)
            sizes[call.meant.call] = len(content)
    return sizes


def cdr(house: ManagerHouse, board: Board, calls: Sequence[Played], first: float) -> list[tuple[float, Deed]]:
    """What Asterisk itself writes down of every call, as soon as it is over."""

    def write(call: Played) -> None:
        with house.cdr.open("a", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerow(_row(board, call))

    return [(call.end - first + 0.1, partial(write, call)) for call in calls]


def _row(board: Board, call: Played) -> list[str]:
    meant, trunk = call.meant, f"PJSIP/{board.trunk}-0000aaaa"
    who = f"PJSIP/{meant.employee or '101'}-0000bbbb"
    came = meant.direction == "incoming"
    end = call.end
    answer = _moment(board, end - meant.talk) if meant.talk else ""
    context = {"voicemail": "macro-vm", "after_hours": "app-after-hours"}.get(meant.cause, "from-trunk")
    disposition = "ANSWERED" if meant.talk else DISPOSITION.get(meant.cause, "NO ANSWER")
    return [
        *("", meant.client if came else meant.employee, meant.line if came else meant.client),
        *(context if came else "from-internal", "", trunk if came else who),
        *((who if meant.talk else "") if came else trunk, "VoiceMail" if meant.cause == "voicemail" else "Dial", ""),
        *(_moment(board, call.begin), answer, _moment(board, end), str(round(end - call.begin)), str(meant.talk)),
        *(disposition, "DOCUMENTATION", meant.call, meant.recording, "", meant.call, "1"),
    ]


def _moment(board: Board, at: float) -> str:
    return datetime.fromtimestamp(board.epoch + at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def wrong(call: Played, found: dict[str, Any] | None, size: int, *, seen: bool) -> list[str]:
    """What is not as it was. Of a call that we did not see whole, the PBX's own notes tell less finely why."""
    if found is None:
        return ["missing"]
    meant, users = call.meant, {each.extension: each.id for each in PEOPLE}
    faults = []
    if found["direction"] != meant.direction:
        faults.append(f"direction {found['direction']}")
    if meant.talk and found["employee"] != users[meant.employee]:
        faults.append(f"employee {found['employee']} instead of {users[meant.employee]}")
    if abs(found["duration"] - meant.talk) > (1 if seen else 2):
        faults.append(f"duration {found['duration']} instead of {meant.talk}")
    if found["status"] != call.status and (seen or meant.talk or found["status"] == "200"):
        faults.append(f"status {found['status']} instead of {call.status}")
    if (found["recording"] or {"size": 0})["size"] != size:
        faults.append(f"recording {found['recording']} instead of {size} bytes")
    if found["shown_to"] and found["live"]:
        faults.append("its card is still shown")
    return faults


def judged(house: ManagerHouse, calls: Sequence[Played], sizes: dict[str, int], seen: set[str]) -> dict[str, list[str]]:
    """What is wrong with each call."""
    found = house.calls()
    return {
        name: wrong(call, found.get(f"office.{name}"), sizes.get(name, 0), seen=name in seen)
        for call in calls
        for name in (call.meant.call,)
    }


def table(calls: Sequence[Played], faults: dict[str, list[str]], seen: set[str]) -> None:
    shown = Table("scene", "calls", "talked", "seen whole", "wrong", title=f"{len(calls)} calls through each other")
    for scene in dict.fromkeys(call.scene for call in calls):
        some = [call for call in calls if call.scene == scene]
        bad = sum(bool(faults[call.meant.call]) for call in some)
        whole = sum(call.meant.call in seen for call in some)
        shown.add_row(scene, *map(str, (len(some), sum(call.meant.talk > 0 for call in some), whole, bad)))
    Console(width=100).print(shown)


@pytest.mark.timeout(500)
@pytest.mark.slow
def test_two_hundred_calls_through_each_other_are_in_the_portal_as_they_were(tmp_path: Path):
    with manager_house(tmp_path) as house:
        board = Board(epoch=time.time(), noise=True)
        told = list(dialogues(board))
        calls = [call for dialogue in told for call in played(dialogue)]
        sizes = recordings(house, calls)
        frames = interleaved(told)
        away = Away(house)
        deeds = [(KILLED, away.by(lambda: kill(house))), (CUT, away.by(house.ami.cut))]
        house.ami.run(frames, deeds=[*deeds, *cdr(house, board, calls, frames[0].at)])
        until(lambda: len(away.spans) == len(deeds), what="the listener is back", seconds=60)
        seen = {call.meant.call for call in calls if not any(_met(call, frames[0].at, span) for span in away.spans)}
        # Whoever was not seen at all comes with the history, as soon as it is ripe.
        names = {call.meant.call for call in calls}
        until(lambda: not names & house.unfinished(), what="all that was seen is over", seconds=200)
        house.read_history()
        ends = time.monotonic() + 150
        while any((faults := judged(house, calls, sizes, seen)).values()) and time.monotonic() < ends:
            time.sleep(1)
        table(calls, faults, seen)
        assert not {name: why for name, why in faults.items() if why}
        found = house.calls()
        assert len(found) == len(calls) >= CALLS
        assert house.open() == 0
        assert house.troubles() == []
        assert max(Counter(call["phone"] for call in found.values()).values()) == 2
        assert len(seen) > CALLS / 4


def kill(house: ManagerHouse) -> None:
    """SIGKILL, and the next one starts."""
    listener = house.services["listen"]
    listener.stop(sign=signal.SIGKILL)
    listener.start()


class Away:
    """When the listener was away, in seconds from the beginning: how fast it is back is the machine's matter."""

    def __init__(self, house: ManagerHouse) -> None:
        self._house, self._began = house, time.monotonic()
        self.spans: list[tuple[float, float]] = []

    def by(self, deed: Deed) -> Deed:
        """``deed``, which takes it away, and what is noted of it."""

        def done() -> None:
            gone = time.monotonic()
            deed()
            time.sleep(0.5)  # the server has noticed that it is gone
            assert self._house.ami.wait_for_listeners(seconds=50)
            self.spans.append((gone - self._began, time.monotonic() - self._began))

        return done


def _met(call: Played, first: float, away: tuple[float, float]) -> bool:
    """Whether it was going on, or about to be told, when the listener was away."""
    begin, end = call.begin - first, call.end - first
    return begin < away[1] + 4 and end + 2 > away[0] - 1
