from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from connector.errors import PermanentError, Stopped
from connector.journal import JournalAway
from connector.speech import Text
from connector.telephony.owners import KIND, METHOD
from connector.telephony.routing import ASKED, LOOKS, Routed, Routing
from tests.conftest import FakeClock
from tests.unit.telephony.pbx import Portal, pbx, row

PHONE = "+79001234567"
KEY = (KIND, f"main/{PHONE}")
GONE = Text("gone", "нет")


class Copies:
    """Links in memory; ``away`` makes them unreachable."""

    def __init__(self) -> None:
        self.links: dict[tuple[str, str], Any] = {}
        self.owners: list[str] = []
        self.away = False
        self.read = 0

    def recall(self, kind: str, key: str) -> Any:
        self.read += 1
        if self.away:
            raise JournalAway("pulled out")
        return self.links.get((kind, key))

    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None:
        if self.away:
            raise JournalAway("pulled out")
        self.links[kind, key] = value
        self.owners.append(owner)


class Desk:
    """Routing for one account, with a clock that is told to go on."""

    def __init__(
        self, clock: FakeClock, *, deadline: float = 5.0, tables: Any = None, own: Any = (), remembered: int = 100
    ) -> None:
        self.clock, self.copies, self.portal = clock, Copies(), Portal([row()])
        config = SimpleNamespace(country="RU", own_phones=frozenset(own), tables=tables or {})
        self.routing = Routing(
            self.copies,
            {"main": self.portal},
            {"office": pbx()},
            lambda: SimpleNamespace(config=config),
            clock,
            deadline=deadline,
            remembered=remembered,
            ticks=lambda: clock().timestamp(),
        )

    def find(self, phone: str = PHONE) -> dict[str, Any]:
        return self.routing.find("office", phone).document()

    def copy(self, *, age: float = 0.0, **more: Any) -> None:
        at = self.clock() - timedelta(seconds=age)
        told = {"name": "Anna", "user": 7, "extension": "107", "entity": "CONTACT", "entity_id": 5}
        self.copies.links[KEY] = {**told, "at": at.isoformat(), **more}


@pytest.fixture
def desk(clock: FakeClock) -> Desk:
    return Desk(clock)


def until(holds: Callable[[], bool]) -> None:
    """Wait for another thread, five seconds at most."""
    ends = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.005)


def test_the_portal_tells_who_is_responsible_and_the_copy_is_kept(desk: Desk) -> None:
    assert desk.find("8 (900) 123-45-67") == {
        "phone": PHONE,
        "name": "Anna",
        "user": 99,
        "extension": "101",
        "entity": "CONTACT",
        "entity_id": 651,
        "source": "portal",
    }
    assert desk.portal.asked == [(METHOD, {"PHONE_NUMBER": PHONE})]
    until(lambda: KEY in desk.copies.links)
    assert desk.copies.links[KEY] == {
        "name": "Anna",
        "user": 99,
        "extension": "101",
        "entity": "CONTACT",
        "entity_id": 651,
        "present": True,
        "at": desk.clock().isoformat(),
    }
    assert desk.copies.owners == ["portal:main"]


@pytest.mark.parametrize("status", ["OPENED", "UNAVAILABLE", "NOT_INSTALLED", None])
def test_whose_day_is_open_or_not_kept_is_disturbed(desk: Desk, status: Any) -> None:
    desk.portal.rows = [row(status=status)]
    assert desk.find()["extension"] == "101"


@pytest.mark.parametrize("status", ["CLOSED", "PAUSED", "EXPIRED"])
def test_who_is_absent_is_named_but_not_disturbed(desk: Desk, status: str) -> None:
    desk.portal.rows = [row(status=status)]
    assert (desk.find()["user"], desk.find()["extension"]) == (99, "")


@pytest.mark.parametrize(("age", "extension"), [(61, ""), (16 * 60, "101")])
def test_an_old_copy_forgets_who_was_absent(desk: Desk, age: float, extension: str) -> None:
    desk.portal.rows = [row(status="PAUSED")]
    desk.find()
    until(lambda: KEY in desk.copies.links)
    desk.portal.raises = Stopped("portal.suspended", hint=GONE, state="suspended")
    desk.clock.advance(age)
    assert (desk.find()["source"], desk.find()["extension"]) == ("copy", extension)


def test_the_first_row_that_somebody_is_responsible_for_counts(desk: Desk) -> None:
    lead = row(12, extension="112", name="Lead", CRM_ENTITY_TYPE="LEAD", CRM_ENTITY_ID="77")
    desk.portal.rows = [row(0, extension=""), lead, row(13)]
    found = desk.find()
    assert (found["name"], found["extension"], found["entity"], found["entity_id"]) == ("Lead", "112", "LEAD", 77)


def test_an_extension_that_bitrix24_does_not_know_comes_from_the_mappings(clock: FakeClock) -> None:
    desk = Desk(clock, tables={"extensions": {"201": {"user": "5"}, "202": {"user": "99"}}})
    desk.portal.rows = [row(extension="")]
    assert desk.find()["extension"] == "202"


def test_a_young_copy_is_answered_without_asking(desk: Desk) -> None:
    desk.copy(age=59)
    assert (desk.find()["source"], desk.find()["extension"]) == ("copy", "107")
    assert desk.portal.asked == []
    assert desk.copies.read == 1  # the second time this process knew it by itself
    desk.clock.advance(2)
    assert (desk.find()["source"], desk.find()["extension"]) == ("portal", "101")


def test_a_copy_from_tomorrow_is_not_believed(desk: Desk) -> None:
    desk.copy(age=-3600)
    assert desk.find()["source"] == "portal"


@pytest.mark.parametrize(
    "error",
    [
        Stopped("portal.suspended", hint=GONE, state="suspended"),
        PermanentError("bitrix24.ERROR_CORE", hint=GONE),
        JournalAway("the tokens cannot be read"),
        RuntimeError("whatever"),
    ],
)
def test_a_portal_that_cannot_be_asked_leaves_the_copy(desk: Desk, error: Exception) -> None:
    desk.copy(age=86400)
    desk.portal.raises = error
    assert (desk.find()["source"], desk.find()["extension"]) == ("copy", "107")


def test_without_copy_and_portal_nobody_is_found(desk: Desk) -> None:
    desk.portal.raises = Stopped("portal.suspended", hint=GONE, state="suspended")
    assert desk.find() == Routed(phone=PHONE).document()
    assert desk.routing.who("office", PHONE) is None


@pytest.mark.parametrize("rows", [[], None, {}, "x", [None, 5, "row"]])
def test_an_answer_that_names_nobody_finds_nobody(desk: Desk, rows: Any) -> None:
    desk.portal.rows = rows
    assert (desk.find()["source"], desk.find()["user"]) == ("none", 0)
    assert len(desk.portal.asked) == 1  # for a minute that is known


def test_a_hostile_row_is_no_crash(desk: Desk) -> None:
    desk.portal.rows = [{"ASSIGNED_BY": ["x"], "ASSIGNED_BY_ID": {"a": 1}, "NAME": ["y"], "CRM_ENTITY_ID": "9" * 40}]
    assert (desk.find()["user"], desk.find()["entity_id"], desk.find()["name"]) == (0, 0, "")


@pytest.mark.parametrize("phone", ["", "   ", "anonymous", "101", "\0", "+", "*" * 500])
def test_what_is_no_number_is_nobodys_and_is_not_asked(desk: Desk, phone: str) -> None:
    assert desk.find(phone)["source"] == "none"
    assert desk.portal.asked == []


def test_our_own_numbers_are_nobodys(clock: FakeClock) -> None:
    desk = Desk(clock, own=[PHONE])
    desk.copy()
    assert desk.find()["source"] == "none"
    assert desk.portal.asked == []


def test_a_slow_portal_is_not_waited_for_and_its_late_answer_refreshes_the_copy(clock: FakeClock) -> None:
    desk, answers = Desk(clock, deadline=0.05), threading.Event()
    desk.copy(age=3600)
    desk.portal.before = lambda: answers.wait(5)
    began = time.monotonic()
    assert (desk.find()["source"], desk.find()["extension"]) == ("copy", "107")
    assert time.monotonic() - began < 3
    assert len(desk.portal.asked) == 1  # the second caller waited for the first one's question
    answers.set()
    until(lambda: desk.copies.links[KEY]["user"] == 99)
    assert desk.find()["extension"] == "101"


def test_a_portal_that_hangs_holds_only_so_many_questions(clock: FakeClock) -> None:
    desk, answers = Desk(clock, deadline=0.01), threading.Event()
    desk.portal.before = lambda: answers.wait(20)
    for number in range(ASKED + 3):
        desk.find(f"+7900123{number:04}")
    began = time.monotonic()
    assert desk.find()["source"] == "none"
    assert time.monotonic() - began < 10
    assert len(desk.portal.asked) == ASKED
    answers.set()


def test_only_so_many_looks_are_under_way(clock: FakeClock) -> None:
    desk, answers = Desk(clock, deadline=0.001), threading.Event()

    def slow(kind: str, key: str) -> Any:
        answers.wait(20)

    desk.copies.recall = slow  # type: ignore[method-assign]
    before = threading.active_count()
    for number in range(LOOKS + 20):
        assert desk.find(f"+7900123{number:04}")["source"] == "none"
    assert threading.active_count() - before <= LOOKS
    answers.set()


def test_a_database_that_is_away_costs_what_it_knew_and_no_more(desk: Desk) -> None:
    assert desk.find()["source"] == "portal"
    desk.copies.away = True
    desk.clock.advance(3600)
    assert (desk.find()["source"], desk.find()["extension"]) == ("copy", "101")


def test_an_account_that_is_not_there_is_an_error(desk: Desk) -> None:
    with pytest.raises(KeyError):
        desk.routing.find("nowhere", PHONE)


def test_what_is_remembered_is_bounded(clock: FakeClock) -> None:
    desk = Desk(clock, remembered=3)
    for number in range(5):
        desk.find(f"+7900123{number:04}")
    desk.find("+79001230004")
    assert len(desk.portal.asked) == 5
    desk.copies.links.clear()
    desk.find("+79001230000")
    assert len(desk.portal.asked) == 6
