"""Open streams look together, limits count apart."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any

import pytest

from connector.errors import Refused
from connector.journal import JournalAway
from webhooks.chat.limits import RATES, Limits, TooOften
from webhooks.chat.streaming import number
from webhooks.chat.watching import MOST_OF_ONE, MOST_OF_PLACE, Watch

ANNA, BORIS = ("site", "a"), ("site", "b")


class Looks:
    """Versions that a test sets; ``go`` lets one look happen, ``done`` tells that it has."""

    def __init__(self) -> None:
        self.versions: dict[Any, int] = {}
        self.asked: list[list[Any]] = []
        self.away = False
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._first = True

    def __call__(self, names: Collection[Any]) -> dict[Any, int]:
        self.asked.append(sorted(names))
        if self.away:
            raise JournalAway("pulled out")
        return dict(self.versions)

    def pause(self, seconds: float) -> None:
        """The watch rests: the look before is over."""
        if not self._first:
            self._done.release()
        self._first = False
        assert self._go.acquire(timeout=20)

    def look(self) -> None:
        """One look, from beginning to end."""
        self._go.release()
        assert self._done.acquire(timeout=20)

    def last(self) -> None:
        """Let the thread see that nobody listens."""
        self._go.release()


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def watch(looks: Looks) -> Watch:
    return Watch(looks, pause=looks.pause)


def test_all_listeners_are_one_question(watch: Watch, looks: Looks):
    bells = [watch.listen(name) for name in (ANNA, BORIS, ANNA)]
    looks.look()
    assert looks.asked == [[ANNA, BORIS]]
    assert all(bell.is_set() for bell in bells), "whoever comes looks at once"
    for name, bell in zip((ANNA, BORIS, ANNA), bells, strict=True):
        watch.leave(name, bell)
    looks.last()


def test_the_bell_rings_for_whom_something_changed(watch: Watch, looks: Looks):
    anna, boris = watch.listen(ANNA), watch.listen(BORIS)
    looks.versions = {ANNA: 1, BORIS: 1}
    looks.look()
    anna.clear()
    boris.clear()
    looks.versions[ANNA] = 2
    looks.look()
    assert (anna.is_set(), boris.is_set()) == (True, False)
    anna.clear()
    looks.look()
    assert not anna.is_set()
    watch.leave(ANNA, anna)
    watch.leave(BORIS, boris)
    looks.last()


def test_what_was_written_here_rings_at_once(watch: Watch, looks: Looks):
    anna, boris = watch.listen(ANNA), watch.listen(BORIS)
    anna.clear()
    boris.clear()
    watch.ring(ANNA)
    assert (anna.is_set(), boris.is_set()) == (True, False)
    watch.leave(ANNA, anna)
    watch.leave(BORIS, boris)
    looks.last()


def test_the_watch_outlives_a_database_that_is_away(watch: Watch, looks: Looks):
    anna = watch.listen(ANNA)
    looks.away = True
    looks.look()
    anna.clear()
    looks.away, looks.versions = False, {ANNA: 7}
    looks.look()
    assert anna.is_set()
    watch.leave(ANNA, anna)
    looks.last()


def test_nobody_listens_nobody_looks_and_the_next_one_is_heard(watch: Watch, looks: Looks):
    watch.leave(ANNA, watch.listen(ANNA))
    looks.last()
    assert watch.listeners() == 0
    for thread in threading.enumerate():
        if thread.name == "chat-watch":
            thread.join(5)
    looks._first = True
    bell = watch.listen(BORIS)
    looks.look()
    assert looks.asked == [[BORIS]]
    watch.leave(BORIS, bell)
    looks.last()


def test_one_visitor_opens_so_many_streams_and_no_more(watch: Watch, looks: Looks):
    bells = [watch.listen(ANNA) for _ in range(MOST_OF_ONE)]
    with pytest.raises(Refused) as refused:
        watch.listen(ANNA)
    assert refused.value.status == 429
    other = watch.listen(BORIS)
    watch.leave(ANNA, bells.pop())
    bells.append(watch.listen(ANNA))
    for bell in bells:
        watch.leave(ANNA, bell)
    watch.leave(BORIS, other)
    looks.last()


def test_one_address_opens_so_many_streams_and_no_more(watch: Watch, looks: Looks):
    names = [("site", str(number)) for number in range(MOST_OF_PLACE)]
    bells = [watch.listen(name, "192.0.2.1") for name in names]
    with pytest.raises(Refused):
        watch.listen(ANNA, "192.0.2.1")
    watch.leave(ANNA, watch.listen(ANNA, "192.0.2.2"), "192.0.2.2")
    for name, bell in zip(names, bells, strict=True):
        watch.leave(name, bell, "192.0.2.1")
    watch.leave(ANNA, watch.listen(ANNA, "192.0.2.1"), "192.0.2.1")
    looks.last()


class Now:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_a_visitor_is_limited_and_time_helps():
    now = Now()
    limits = Limits(now)
    (burst, every), _ = RATES["messages"]
    for _ in range(int(burst)):
        limits.knock("messages", "192.0.2.1", "anna")
    with pytest.raises(TooOften) as told:
        limits.knock("messages", "192.0.2.1", "anna")
    assert told.value.wait >= every
    limits.knock("messages", "192.0.2.1", "boris")
    limits.knock("reads", "192.0.2.1", "anna")
    now.at += every
    limits.knock("messages", "192.0.2.1", "anna")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("", "nonsense", True),
    ],
)
def test_an_address_is_a_network_of_one_customer(first: str, second: str, same: bool):
    limits = Limits(Now())
    for _ in range(int(RATES["visitors"][1][0])):
        limits.knock("visitors", first)
    if same:
        with pytest.raises(TooOften):
            limits.knock("visitors", second)
    else:
        limits.knock("visitors", second)


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "١", "9" * 16, " 1"])
def test_what_is_no_number_is_refused(given: str):
    with pytest.raises(Refused):
        number(given, "after")


def test_a_number_that_is_not_given_is_none():
    assert (number(None, "after"), number("", "after"), number("17", "after")) == (0, 0, 17)
