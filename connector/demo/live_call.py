"""Calls on the demo's PBX that are made while they happen: the PBX tells of every deed in the moment it is done."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from connector.demo.sound import wav
from connector.providers.asterisk.standin import Board, Frame, Stage, Wish
from connector.providers.asterisk.standin.acting import answers, bye, dials, goes_out, incoming, rings, seconds
from connector.providers.asterisk.standin.script import Chan

Vain = Literal["CANCEL", "NOANSWER", "BUSY"]
_ENDS = {"CANCEL": ("0", ""), "NOANSWER": ("0", ""), "BUSY": ("21", "SIP 603 Decline")}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where calls happen: the PBX with its counters, who is told, and the folder in which recordings lie."""

    board: Board
    say: Callable[[Frame], None]
    monitor: Path
    clock: Callable[[], float] = time.time

    def now(self) -> float:
        """Seconds of the board."""
        return round(self.clock() - self.board.epoch, 3)


class LiveCall(ABC):
    """One call. ``employee`` talks (an extension, empty: nobody), since ``since`` (Unix time); ``talk`` are the seconds
    of a call that is ``over``, ``recording`` its file. Its deeds may be done from any thread; one that comes too late
    does nothing and says false.
    """

    def __init__(self, place: Place, wish: Wish) -> None:
        self.client, self.employee = wish.client, ""
        self.since, self.talk, self.over = 0.0, 0, False
        self.recording: Path | None = None
        self._place, self._wish = place, wish
        self._stage = Stage(place.board, place.now())
        self._told, self._from = 0, 0.0
        self._lock = threading.RLock()
        with self._deed():
            self.id = self._begin()

    def answer(self, extension: str = "") -> bool:
        """The other side answers; an incoming call is answered at ``extension``."""
        with self._deed():
            if self.over or self.employee or not self._can_answer(extension):
                return False
            self._from = self._answer(extension)
            self.since = self._place.board.epoch + self._from
            name = self._stage.record(self._parties()[0], f"call-{self.id}")
            self.recording = self._place.monitor / Path(name).relative_to(self._place.board.folder)
            return True

    def hang_up(self, why: Vain = "CANCEL") -> bool:
        """The call is over; one that nobody answered, as ``why`` says."""
        with self._deed():
            if self.over:
                return False
            self.over = True
            if self.recording is None:
                self._give_up(why)
                return True
            self.talk = seconds(self._from, bye(self._stage, *self._parties()))
            # MixMonitor has written the file by the time that anybody is told of the end.
            self.recording.parent.mkdir(parents=True, exist_ok=True)
            self.recording.write_bytes(wav(self.talk))
            return True

    @abstractmethod
    def _begin(self) -> str:
        """It begins to ring; the PBX's id of the call."""

    @abstractmethod
    def _can_answer(self, extension: str) -> bool: ...

    @abstractmethod
    def _answer(self, extension: str) -> float: ...

    @abstractmethod
    def _parties(self) -> tuple[Chan, Chan]:
        """The channels that talk: whoever called, and whoever answered."""

    @abstractmethod
    def _give_up(self, why: Vain) -> None: ...

    @contextmanager
    def _deed(self) -> Iterator[None]:
        """It happens now, and whoever listens is told at once."""
        with self._lock:
            self._stage.now = max(self._stage.now, self._place.now())
            yield
            frames = self._stage.frames[self._told :]
            self._told += len(frames)
            for frame in frames:
                self._place.say(frame)


class Incoming(LiveCall):
    """A client calls, and it rings at all ``extensions``."""

    def __init__(self, place: Place, wish: Wish, extensions: Sequence[str]) -> None:
        self._rings: dict[str, Chan] = {}
        self._at = tuple(extensions)
        super().__init__(place, wish)

    def _begin(self) -> str:
        self._caller = incoming(self._stage, self._wish)
        for extension in self._at:
            self._rings[extension] = rings(self._stage, self._caller, extension)
        return self._caller.uniqueid

    def _can_answer(self, extension: str) -> bool:
        return extension in self._rings

    def _answer(self, extension: str) -> float:
        self.employee = extension
        at = answers(self._stage, self._caller, self._rings[extension])
        for other, channel in self._rings.items():
            if other != extension:
                self._stage.dialled(self._caller, channel, "CANCEL")
                self._stage.hang(channel, "26")
        return at

    def _parties(self) -> tuple[Chan, Chan]:
        return self._caller, self._rings[self.employee]

    def _give_up(self, why: Vain) -> None:
        for channel in self._rings.values():
            self._stage.dialled(self._caller, channel, "CANCEL")
            bye(self._stage, channel, cause="0")
        bye(self._stage, self._caller, cause="127")


class Outgoing(LiveCall):
    """An employee calls a client: from their telephone, or by a click, which gave the call its id (``wish.call``)."""

    def _begin(self) -> str:
        stage, wish = self._stage, self._wish
        if not wish.call:
            self._caller, self._called = dials(stage, wish)
            return self._caller.uniqueid
        extension = wish.extension
        self._caller = stage.channel(extension, number=extension, exten="", uniqueid=wish.call)
        stage.dial(None, self._caller, extension)
        stage.dialled(None, self._caller, "ANSWER")  # nobody has to lift the telephone of a pretend employee
        self._caller.exten = wish.client
        self._called = goes_out(stage, wish, self._caller)
        return self._caller.uniqueid

    @property
    def caller(self) -> str:
        """The extension of whoever calls."""
        return self._wish.extension

    def _can_answer(self, extension: str) -> bool:
        return True

    def _answer(self, extension: str) -> float:
        self.employee = self.caller
        return answers(self._stage, self._caller, self._called)

    def _parties(self) -> tuple[Chan, Chan]:
        return self._caller, self._called

    def _give_up(self, why: Vain) -> None:
        number, tech = _ENDS[why]
        self._stage.dialled(self._caller, self._called, why)
        self._stage.hang(self._called, number, tech)
        bye(self._stage, self._caller, cause=number if number != "0" else "16")
