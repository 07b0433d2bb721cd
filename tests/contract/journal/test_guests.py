"""People who come from inside a portal: a ticket is good once, a visit ends by itself and with the installation."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from connector.domain.ports import Grant, Installation
from connector.errors import Refused
from connector.journal import Journal
from connector.journal.guests import STAY, Guest
from tests.conftest import FakeClock

IVAN = Guest(portal="main", user_id="17", title="Иван Петров", standing="admin")


def installed(journal: Journal, member: str = "m1", state: Any = "active") -> None:
    grant = Grant(
        access_token="a",
        refresh_token="r",
        expires_at=datetime(2030, 1, 1, tzinfo=UTC),
        member_id=member,
        client_endpoint="https://a.example/rest/",
        server_endpoint="https://oauth.example/rest/",
    )
    journal.keep_installation(Installation(portal="main", state=state, grant=grant, application_tokens=("t",)))


@pytest.fixture
def house(journal: Journal) -> Journal:
    """A journal whose portal is installed."""
    installed(journal)
    return journal


def came(journal: Journal, clock: FakeClock, ticket: str = "ticket", guest: Guest = IVAN) -> str:
    """Their token."""
    token = f"token of {ticket}"
    journal.welcome(ticket, clock().timestamp() + 600, token, guest, "192.0.2.7")
    return token


def test_a_guest_is_known_by_the_token_and_named_in_the_audit(house: Journal, clock: FakeClock) -> None:
    token = came(house, clock)
    assert house.guest(token) == IVAN
    assert house.guest(token + "x") is None
    assert house.visitor(token) is None
    note = house.audits(limit=1)[0]
    assert (note.who, note.what, note.target) == ("Иван Петров (main #17)", "signed_in", "portal:main")


def test_a_ticket_is_good_once(house: Journal, clock: FakeClock) -> None:
    came(house, clock)
    with pytest.raises(Refused) as caught:
        came(house, clock)
    assert (caught.value.cause, caught.value.status) == ("ticket.used", 403)


def test_of_many_who_press_with_one_ticket_one_comes_in(
    house: Journal, opened: Callable[[], Journal], clock: FakeClock
) -> None:
    desks = [house, opened()] * 4

    def press(number: int) -> bool:
        try:
            desks[number].welcome("one", clock().timestamp() + 600, f"t{number}", IVAN, "")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(press, range(8))) == 1


def test_tickets_of_long_ago_are_swept_though_nobody_signs_in_with_a_password(house: Journal, clock: FakeClock) -> None:
    for number in range(3):
        came(house, clock, f"t{number}")
        clock.advance(3600)
    with house.store.reading() as db:
        assert db.execute(text("SELECT count(*) FROM tries")).scalar() == 1


def test_a_visit_ends_after_its_time_even_in_use(house: Journal, clock: FakeClock) -> None:
    token = came(house, clock)
    for _ in range(int(STAY // 1800) - 1):
        clock.advance(1800)
        assert house.guest(token)
    clock.advance(1801)
    assert house.guest(token) is None
    assert house.visits() == []


@pytest.mark.parametrize("clean", [True, False])
def test_an_uninstalled_portal_has_no_guests_not_even_after_it_comes_back(
    house: Journal, clock: FakeClock, clean: bool
) -> None:
    token = came(house, clock)
    house.drop_installation("main", clean=clean)
    assert house.guest(token) is None
    with pytest.raises(Refused):
        came(house, clock, "another")
    installed(house)
    assert house.guest(token) is None


def test_another_bitrix24_under_the_same_name_has_other_guests(house: Journal, clock: FakeClock) -> None:
    token = came(house, clock)
    installed(house, "m2")
    assert house.guest(token) is None


@pytest.mark.parametrize("state", ["needs_reauth", "blocked", "suspended", "unreachable"])
def test_a_portal_that_stands_still_keeps_its_guests_who_may_mend_it(
    house: Journal, clock: FakeClock, state: Any
) -> None:
    token = came(house, clock)
    house.set_state("main", state, "x")
    assert house.guest(token) == IVAN


def test_present_guests_are_read_page_by_page_and_ended_by_person(house: Journal, clock: FakeClock) -> None:
    other = Guest(portal="main", user_id="18", title="Анна", standing="employee")
    for number in range(4):
        came(house, clock, f"t{number}", other if number % 2 else IVAN)
        clock.advance(60)
    newest = house.visits(limit=3)
    assert [visit.guest.user_id for visit in newest] == ["18", "17", "18"]
    assert len(house.visits(before=newest[-1].started_at.timestamp())) == 1
    assert house.end_guest("main", "17", who="boss", why="left") == 2
    assert house.end_guest("main", "17", who="boss", why="left") == 0
    assert [visit.guest.user_id for visit in house.visits()] == ["18", "18"]
    note = house.audits(limit=1)[0]
    assert (note.who, note.what, note.why, note.target) == ("boss", "user.ended", "left", "main #17")


def test_a_guest_signs_out(house: Journal, clock: FakeClock) -> None:
    token = came(house, clock)
    house.forget_guest(token)
    assert house.guest(token) is None


def test_visits_of_long_ago_are_swept(house: Journal, clock: FakeClock) -> None:
    came(house, clock)
    clock.advance(STAY)
    came(house, clock, "later")
    with house.store.reading() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM guests").scalar() == 1


def test_a_hostile_name_is_kept_as_text(house: Journal, clock: FakeClock) -> None:
    guest = Guest(portal="main", user_id="1", title="\0\ud800<b>", standing="employee")
    assert house.guest(came(house, clock, guest=guest)) is not None
