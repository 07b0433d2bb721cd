"""What a listener is given: frames are kept whatever the disk says, and what is open is known."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from connector.errors import TransientError
from connector.intake import Intake
from connector.listening.streams import Stream
from connector.providers.asterisk.standin import SCENES, Board, Wish
from tests.integration.telephony.ami_home import Home, now
from tests.services import until


class Full:
    """An intake whose disk is full for a while."""

    def __init__(self, intake: Intake) -> None:
        self._intake, self.full, self.tries = intake, True, 0

    def read(self, *given: Any) -> Any:
        return self._intake.read(*given)

    def keep(self, *given: Any) -> bool:
        self.tries += 1
        if self.full:
            raise OSError("no space left on device")
        return self._intake.keep(*given)


def stream(home: Home, intake: Any, **more: Any) -> Stream:
    return Stream(home.accounts["office"], intake=intake, journal=home.journal, clock=now, stop=home.stop, **more)


def frame(name: str = "missed", at: int = 0) -> bytes:
    return SCENES[name](Board(), Wish()).frames[at].text.encode().rstrip()


def test_a_frame_waits_for_a_full_disk_to_have_room_again(home):
    intake = Full(home.intake)
    kept = threading.Thread(target=stream(home, intake).keep, args=(frame(),), daemon=True)
    kept.start()
    until(lambda: intake.tries > 1, "another try", 20)
    intake.full = False
    kept.join(10)
    assert home.kept() == ["call.started"]


def test_a_full_disk_does_not_keep_the_process_from_ending(home):
    ticks = iter(range(0, 1000, 15))
    home.stop.set()
    with pytest.raises(TransientError) as refused:
        stream(home, Full(home.intake), ticks=lambda: float(next(ticks))).keep(frame())
    assert "make room" in refused.value.hint.en


def test_open_are_the_calls_of_the_journal_and_those_just_begun_but_not_those_just_over(home):
    ours = stream(home, home.intake)
    for call in ("1.1", "1.2"):
        home.real.remember("call.open", f"office.{call}", {"at": "", "call_id": ""})
    home.real.remember("call.open", "officer.1.3", {"at": "", "call_id": ""})
    board = Board()
    going, over = (SCENES["missed"](board, Wish(start=at)) for at in (0, 50))
    for one in (*going.frames[:3], *over.frames):
        ours.keep(one.text.encode().rstrip())
    assert sorted(ours.open_calls()) == ["1.1", "1.2", going.meant[0].call]
    home.journal.away = True
    assert ours.open_calls() == [going.meant[0].call]


def test_the_next_process_knows_when_the_stream_was_last_heard(home):
    first = stream(home, home.intake)
    assert first.last_heard() is None
    first.heard()
    again = stream(home, home.intake).last_heard()
    assert again is not None
    assert abs(again - now()) < timedelta(seconds=5)


def test_signs_of_life_are_written_every_ten_seconds_only(home):
    ticks = SimpleNamespace(now=0.0)
    ours = stream(home, home.intake, ticks=lambda: ticks.now)
    ours.heard()
    written = home.link()
    ours.heard()
    ours.beat()
    assert home.link() == written
    ticks.now = 10.5
    ours.beat()
    assert home.link()["heard"] > written["heard"]
