"""Kill a process at any moment of a client's calls: each is in the portal once, as it was, and nothing is left."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.promises.dying import Doom, pump
from tests.integration.telephony.exchange import LINE, Exchange, exchange
from tests.services import Redis
from tests.unit.recordings.sounds import WAV

SOME = 5  # moments of each kind of absence; all of them with EVERY_MOMENT=1, every third with EVERY_MOMENT=3
NUMBERS = itertools.count(9_000_000)


@pytest.fixture
def office(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Exchange]:
    folder = tmp_path / "monitor"
    folder.mkdir()
    (folder / "1.wav").write_bytes(WAV)
    with exchange(tmp_path, redis_server, journal_url, recordings={"url": f"file://{folder}"}) as made:
        yield made


class Day:
    """What one client goes through: missed, called back by a click, then passed on from one to another."""

    def __init__(self, office: Exchange, doom: Doom, away: float) -> None:
        self.office, self.doom, self.away = office, doom, away
        self.client = f"+7911{next(NUMBERS)}"
        self.before = len(office.switch.dialled)

    def go(self) -> None:
        self._missed(f"missed-{self.client}")
        self._clicked()
        self._passed_on(f"passed-{self.client}")

    def tell(self, kind: str, call: str, **data: Any) -> None:
        self.office.tell(kind, call, **data)
        self.work()

    def work(self, seconds: float = 0.0) -> None:
        self.office.house.clock.add(seconds=seconds)
        pump(self.office.house, self.doom, away=self.away)

    def _about(self, direction: str) -> dict[str, str]:
        return {"direction": direction, "client": self.client, "line": LINE}

    def _ring(self, call: str) -> None:
        self.office.tell("started", call, **self._about("incoming"))
        for who in ("101", "102"):
            self.tell("ringing", call, employee=who)

    def _missed(self, call: str) -> None:
        self._ring(call)
        for who in ("101", "102"):
            self.tell("leg_ended", call, employee=who, after=10, cause="missed")
        self.tell("ended", call, after=11, cause="missed", talk=0)
        self.work(30)

    def _clicked(self) -> None:
        self.office.house.sandbox.click_to_call(user=1, phone=self.client)
        assert self.office.house.sandbox.settle()
        self.work()
        for told in self.dialled:
            call, about = told["id"], self._about("outgoing")
            self.tell("started", call, **about, employee="101")
            self.tell("answered", call, after=3, **about, employee="101")
            self.tell("ended", call, after=43, **about, employee="101", talk=40, recording={"path": "1.wav"})
        self.work(60)

    def _passed_on(self, call: str) -> None:
        self._ring(call)
        self.tell("answered", call, employee="101", after=4)
        self.tell("leg_ended", call, employee="102", after=4)
        self.tell("transferred", call, employee="101", to="102", after=10)
        self.tell("ringing", call, employee="102", after=11)
        self.tell("answered", call, employee="102", after=13)
        self.tell("ended", call, employee="102", after=34, talk=30, recording={"path": "1.wav"})
        self.work(60)
        self.work(40 * 60)

    @property
    def dialled(self) -> list[dict[str, Any]]:
        return self.office.switch.dialled[self.before :]

    def wrong(self) -> list[str]:
        calls = self.office.house.sandbox.phone_calls(phone=self.client)
        found = [(call["direction"], call["status"], call["duration"], call["employee"]) for call in calls]
        unknown = [trouble for trouble in self.office.troubles() if trouble == ("call.prepared", "effect.unknown")]
        spoke = ("outgoing", "200", 40, 1) if self.dialled else ("outgoing", "304", 0, 1)
        owed = [("incoming", "304", 0, 1), spoke, ("incoming", "200", 30, 2)]
        faults = [] if found == owed else [f"calls {found}"]
        faults += [f"card before {call['shown_to']}" for call in calls if call["shown_to"]]
        faults += [f"{call['external_id']} is open" for call in calls if call["live"]]
        faults += [] if len(self.dialled) == 1 or (unknown and not self.dialled) else [f"dials {self.dialled}"]
        recorded = [call["recording"] is not None for call in calls]
        faults += [] if recorded == [False, bool(self.dialled), True] else [f"recordings {recorded}"]
        due = [row for row in self.office.todos() if self.client in row["SUBJECT"]]
        faults += [] if [row["COMPLETED"] for row in due] == ["Y"] else [f"to-dos {due}"]
        if left := [trouble for trouble in self.office.troubles() if trouble not in unknown]:
            faults.append(f"troubles {left}")
        return faults


def moments(office: Exchange) -> int:
    """How many there are in a day without any trouble."""
    doom = Doom()
    day = Day(office, doom, 0)
    day.go()
    assert not day.wrong()
    return doom.moments


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("away", [20.0, 90.0], ids=["soon back", "back when cards are stale"])
def test_calls_are_whole_whatever_moment_a_process_dies_at(office: Exchange, away: float):
    count = moments(office)
    assert count > 120
    every, step = range(1, count + 1), int(os.environ.get("EVERY_MOMENT", "0"))
    chosen = every[random.randrange(step) :: step] if step else sorted(random.sample(every, SOME))
    faults = {}
    for at in chosen:
        doom = Doom(at)
        day = Day(office, doom, away)
        day.go()
        if wrong := day.wrong():
            faults[f"{at} {doom.last}"] = wrong
            print(at, doom.last, wrong)
        for row in office.house.connector.journal.list("deliveries", state="parked"):
            office.house.connector.journal.discard([row["id"]], "test", "seen")
    assert not faults
