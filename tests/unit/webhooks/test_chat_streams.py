"""A stream tells every change, also one that comes at the wrong moment."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from flask import Response

from connector.domain.request import Request
from connector.errors import Refused
from connector.journal import JournalAway
from connector.journal.chat_views import ChatState
from connector.providers.webchat.settings import WebchatSettings
from tests.conftest import FakeClock
from webhooks.chat.rooms import Guest, Room
from webhooks.chat.streaming import Streams
from webhooks.chat.telling import Telling
from webhooks.chat.watching import MOST, MOST_OF_ONE, Watch

ANNA = ("site", "a")


class Journal:
    """One conversation. ``meanwhile`` happens right after the next look, ``away`` looks go wrong first."""

    def __init__(self) -> None:
        self.seq, self.away = 5, 0
        self.meanwhile: Callable[[], None] | None = None

    def chat_state(self, account: str, visitor: str, *, after: int, before: int | None) -> ChatState:
        if self.away:
            self.away -= 1
            raise JournalAway("pulled out")
        found = ChatState(seq=self.seq)
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        return found


class House:
    def __init__(self) -> None:
        self.journal = Journal()


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def watch() -> Watch:
    return Watch(lambda names: {}, every=0.01)


@pytest.fixture
def streams(house: House, watch: Watch) -> Streams:
    return Streams(cast(Any, house), Telling(cast(Any, None)), watch, nap=0.01)


@pytest.fixture
def guest(clock: FakeClock) -> Guest:
    settings = WebchatSettings(account="site", provider="webchat", portal="main", line=1, secret="s" * 32)
    room = Room(account="site", settings=settings, origins=frozenset(), url="")
    asked = Request(method="GET", path="/", headers={}, body=b"", received_at=clock())
    return Guest(room=room, visitor="a", request=asked)


def told(answer: Response) -> Iterator[int]:
    """The ``seq`` of each frame."""
    for frame in cast(Iterator[bytes], answer.response):
        if frame.startswith(b"data:"):
            yield json.loads(frame[5:])["seq"]


def test_what_changes_while_a_stream_opens_is_told(house: House, watch: Watch, streams: Streams, guest: Guest):
    def somebody_writes() -> None:
        house.journal.seq = 6
        watch.ring(ANNA)

    house.journal.meanwhile = somebody_writes
    answer = streams.events(guest)
    assert list(itertools.islice(told(answer), 2)) == [5, 6]
    answer.close()


def test_what_changed_while_the_database_was_away_is_told_when_it_is_back(
    house: House, watch: Watch, streams: Streams, guest: Guest
):
    answer = streams.events(guest)
    seen = told(answer)
    assert next(seen) == 5
    house.journal.seq, house.journal.away = 6, 2
    watch.ring(ANNA)
    assert next(seen) == 6
    assert house.journal.away == 0
    answer.close()


def test_a_stream_that_cannot_open_holds_no_place(house: House, watch: Watch, streams: Streams, guest: Guest):
    house.journal.away = MOST_OF_ONE + 1
    for _ in range(MOST_OF_ONE + 1):
        with pytest.raises(JournalAway):
            streams.events(guest)
    assert watch.listeners() == 0


def test_streams_leave_room_for_what_portals_send(watch: Watch):
    bells = [(("site", str(number)), str(number)) for number in range(MOST)]
    rung = [watch.listen(name, place) for name, place in bells]
    with pytest.raises(Refused) as refused:
        watch.listen(ANNA, "192.0.2.1")
    assert refused.value.status == 429
    for (name, place), bell in zip(bells, rung, strict=True):
        watch.leave(name, bell, place)
    watch.leave(ANNA, watch.listen(ANNA, "192.0.2.1"), "192.0.2.1")
