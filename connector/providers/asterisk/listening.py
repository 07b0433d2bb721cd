"""Reads the manager's stream until it is gone (facts/providers.md §3.1). AMI has no replay: what was missed is found
out at the beginning of each connection, by the channels that are there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from connector.domain.listening import Listening
from connector.errors import TransientError
from connector.providers.asterisk.inbound import RESYNC, wanted
from connector.providers.asterisk.keeping import Keeper
from connector.providers.asterisk.live import Live
from connector.providers.asterisk.session import Session, opened
from connector.providers.asterisk.settings import AsteriskSettings
from connector.providers.asterisk.wire import Block, packed
from connector.speech import Text

log = structlog.get_logger()

EVENTS = "system,call,cdr,dialplan,user"

_SILENT = Text(
    "Asterisk's manager says nothing and answers no ping; the connection is made again",
    "AMI Asterisk молчит и не отвечает на ping; соединение будет установлено снова",
)
_NO_RESYNC = Text(
    "The manager user may not list channels, so calls that end while nobody listens stay open until the watchdog "
    "closes them: add `reporting` to its write=",
    "Пользователю AMI нельзя перечислять каналы, и звонки, закончившиеся без связи, останутся открытыми, пока их не "
    "закроет сторож: добавьте `reporting` в его write=",
)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds: ``ping`` between two questions whether it is there, ``silence`` after which it is not, and ``booted``
    that FullyBooted is waited for, which only comes to a user with ``read=system``."""

    ping: float = 10.0
    silence: float = 30.0
    booted: float = 3.0


PACE = Pace()


def listen(settings: AsteriskSettings, listening: Listening, pace: Pace = PACE) -> None:
    """Keep what the stream tells of calls until ``listening.stopped()``.

    Raises ``TransientError`` when the connection is gone, ``Stopped`` when the login is refused.
    """
    with opened(settings, events=EVENTS) as session, Keeper(listening) as keeper:
        stream = Stream(settings, listening, session, keeper, pace=pace)
        stream.come()
        stream.follow()


class Stream:
    """One connection that is logged in."""

    def __init__(
        self,
        settings: AsteriskSettings,
        listening: Listening,
        session: Session,
        keeper: Keeper,
        *,
        pace: Pace = PACE,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._listening, self._session, self._keeper = settings, listening, session, keeper
        self._pace, self._clock, self._now = pace, clock, now
        self._live = Live(settings)

    def come(self) -> None:
        """Compare the calls that we think open with the channels that are there."""
        before = self._listening.last_heard() or self._now()
        waiting = self._until_booted()
        ours = set(self._listening.open_calls())
        shown = self._session.gather("CoreShowChannels", "CoreShowChannelsComplete")
        waiting += self._session.read(0.01)
        self._listening.heard()
        if shown is None:
            log.warning("listen.no_resync", account=self._settings.account, hint=_NO_RESYNC.en)
        else:
            self._compare(before, ours, shown, waiting)
        for frame in waiting:
            self._take(frame)

    def _until_booted(self) -> list[bytes]:
        ends, seen = self._clock() + self._pace.booted, list[bytes]()
        while (left := ends - self._clock()) > 0:
            frames = self._session.read(left)
            seen += frames
            if any(Block.read(frame).event == "FullyBooted" for frame in frames):
                break
        return seen

    def _compare(self, before: datetime, ours: set[str], shown: list[bytes], waiting: list[bytes]) -> None:
        channels = [Block.read(frame) for frame in shown]
        ending = [block for block in map(Block.read, waiting) if block.event == "Hangup"]
        self._live.begin((*channels, *ending))
        there = {block["Linkedid"] for block in (*channels, *ending)}
        if gone := sorted(ours - there):
            log.info("listen.calls_lost", account=self._settings.account, calls=len(gone))
            self._keep(packed([("Event", RESYNC), *_stamp(before), *(("Gone", call) for call in gone)]).rstrip())
        for frame in shown:
            self._keep(frame)

    def follow(self) -> None:
        """Read on. Raises ``TransientError`` when it says nothing for too long."""
        heard = pinged = self._clock()
        while not self._listening.stopped():
            frames = self._session.read(1.0)
            for frame in frames:
                self._take(frame)
            self._keeper.check()
            now = self._clock()  # after keeping: a journal that is slow is no silence
            if frames:
                heard = now
                self._listening.heard()
            elif now - heard > self._pace.silence:
                raise TransientError("asterisk.silent", hint=_SILENT)
            if now - pinged > self._pace.ping:
                self._session.send("Ping")
                pinged = now

    def _take(self, frame: bytes) -> None:
        block = Block.read(frame)
        more = self._live.note(block)
        if wanted(block, self._settings):
            self._keep(frame, more)

    def _keep(self, frame: bytes, more: Iterable[tuple[str, str]] = ()) -> None:
        """A frame as UTF-8 text, with what we know of it ourselves."""
        clean = frame.decode("utf-8", "replace").replace("\0", "\ufffd").encode()
        added = b"".join(b"\r\n" + packed([pair]).rstrip() for pair in more)
        self._keeper.put(clean + added, self._now())


def _stamp(at: datetime) -> list[tuple[str, str]]:
    return [("Timestamp", f"{at.timestamp():.6f}")]
