"""Users of the console: passwords, sessions, tries; every change is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from connector.errors import PermanentError, Refused
from connector.journal import Journal
from connector.journal.sessions import IDLE, LONGEST, Visitor
from connector.journal.users import Seat
from tests.conftest import FakeClock
from tests.contract.journal.making import an_envelope

PASSWORD = "correct horse battery"
HOME = "192.0.2.7"


@pytest.fixture
def anna(journal: Journal) -> str:
    """A user."""
    return journal.add_user("anna", "operator", PASSWORD, who="root", why="new").name


def refused(journal: Journal, name: str, password: str, remote: str = HOME) -> str:
    with pytest.raises(Refused) as caught:
        journal.sign_in(name, password, remote)
    return caught.value.cause


def test_who_signs_in_is_known_by_the_token(journal: Journal, anna: str) -> None:
    token = journal.sign_in(" Anna ", PASSWORD, HOME)
    assert journal.visitor(token) == Visitor(name="anna", role="operator")
    assert journal.visitor(token[:-1]) is None


def test_neither_the_password_nor_the_token_is_kept(journal: Journal, anna: str) -> None:
    token = journal.sign_in(anna, PASSWORD, HOME)
    with journal.store.reading() as db:
        kept = [
            str(row) for table in ("users", "sessions", "audit") for row in db.execute(text(f"SELECT * FROM {table}"))
        ]
    assert kept
    assert not [row for row in kept if PASSWORD in row or token in row]
    assert any("$argon2id$" in row for row in kept)


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("bob", PASSWORD), ("", ""), ("anna", "x" * 99999)])
def test_a_stranger_is_not_told_what_was_wrong(journal: Journal, anna: str, name: str, password: str) -> None:
    assert refused(journal, name, password) == "user.wrong"


@pytest.mark.parametrize(("name", "cause"), [("anna", "user.exists"), ("<b>", "user.bad_name"), ("", "user.bad_name")])
def test_a_name_is_plain_and_taken_once(journal: Journal, anna: str, name: str, cause: str) -> None:
    with pytest.raises(PermanentError) as caught:
        journal.add_user(name, "viewer", PASSWORD, who="root", why="")
    assert caught.value.cause == cause


@pytest.mark.parametrize("password", ["", "short", "x" * 257, "who is bob? bob is"])
def test_a_weak_password_is_not_taken(journal: Journal, password: str) -> None:
    with pytest.raises(PermanentError) as caught:
        journal.add_user("bob", "viewer", password, who="root", why="")
    assert caught.value.cause == "user.weak_password"
    assert journal.users() == []


def test_a_session_ends_when_nobody_uses_it(journal: Journal, anna: str, clock: FakeClock) -> None:
    token = journal.sign_in(anna, PASSWORD, HOME)
    clock.advance(IDLE - 60)
    assert journal.visitor(token)
    clock.advance(IDLE - 60)
    assert journal.visitor(token)
    clock.advance(IDLE)
    assert journal.visitor(token) is None


def test_a_session_ends_after_a_week_even_in_use(journal: Journal, anna: str, clock: FakeClock) -> None:
    token = journal.sign_in(anna, PASSWORD, HOME)
    for _ in range(int(LONGEST // 36000)):
        assert journal.visitor(token)
        clock.advance(36000)
    assert journal.visitor(token)
    clock.advance(36000)
    assert journal.visitor(token) is None
    refused(journal, anna, "guess")
    with journal.store.reading() as db:
        assert db.execute(text("SELECT count(*) FROM sessions")).scalar() == 0


def test_every_change_of_a_user_signs_them_out_everywhere(journal: Journal, anna: str) -> None:
    journal.add_user("boss", "admin", PASSWORD, who="root", why="")
    deeds: list[Callable[[], None]] = [
        lambda: journal.set_password(anna, PASSWORD, who="root", why="lost"),
        lambda: journal.set_role(anna, "admin", who="root", why="grew"),
        lambda: journal.end_user(anna, who="root", why="lost her phone"),
        lambda: journal.disable_user(anna, who="root", why="left"),
    ]
    for deed in deeds:
        tokens = [journal.sign_in(anna, PASSWORD, HOME) for _ in range(2)]
        deed()
        assert [journal.visitor(token) for token in tokens] == [None, None]
    assert refused(journal, anna, PASSWORD) == "user.wrong"
    journal.enable_user(anna, who="root", why="came back")
    assert journal.visitor(journal.sign_in(anna, PASSWORD, HOME)) == Visitor(name="anna", role="admin")


def test_the_last_administrator_stays_one(journal: Journal, anna: str) -> None:
    journal.add_user("boss", "admin", PASSWORD, who="root", why="")
    deeds: list[Callable[[str], None]] = [
        lambda name: journal.set_role(name, "integrator", who="root", why=""),
        lambda name: journal.disable_user(name, who="root", why=""),
    ]
    for deed in deeds:
        with pytest.raises(PermanentError) as caught:
            deed("boss")
        assert caught.value.cause == "user.last_admin"
        deed(anna)
    journal.add_user("carl", "admin", PASSWORD, who="root", why="")
    journal.disable_user("carl", who="root", why="")
    with pytest.raises(PermanentError):
        journal.disable_user("boss", who="root", why="")


@pytest.mark.postgres
def test_two_administrators_cannot_take_each_others_rights_at_once(
    opened: Callable[[], Journal], journal: Journal
) -> None:
    for name in ("one", "two"):
        journal.add_user(name, "admin", PASSWORD, who="root", why="")
    desks = [(opened(), "one"), (opened(), "two")]
    causes = []
    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(desk.disable_user, name, who="root", why="") for desk, name in desks]
        for each in taken:
            error = each.exception()
            causes.append(error.cause if isinstance(error, PermanentError) else error)
    assert sorted(map(str, causes)) == ["None", "user.last_admin"]


def test_ones_own_password_takes_the_old_one_and_ends_all_other_sessions(journal: Journal, anna: str) -> None:
    other = journal.sign_in(anna, PASSWORD, HOME)
    with pytest.raises(Refused) as caught:
        journal.renew_password(anna, "wrong", "a better password", Seat(remote=HOME))
    assert (caught.value.cause, caught.value.status) == ("user.wrong", 401)
    with pytest.raises(PermanentError):
        journal.renew_password(anna, PASSWORD, "short", Seat(remote=HOME))
    assert journal.visitor(other)
    fresh = journal.renew_password(anna, PASSWORD, "a better password", Seat(remote=HOME))
    assert (journal.visitor(other), journal.visitor(fresh)) == (None, Visitor(name="anna", role="operator"))
    assert refused(journal, anna, PASSWORD) == "user.wrong"
    assert [(note.what, note.who) for note in journal.audits(limit=1)] == [("user.password", "anna")]


def test_guessing_ones_password_is_slowed_like_signing_in(journal: Journal, anna: str) -> None:
    for _ in range(5):
        with pytest.raises(Refused):
            journal.renew_password(anna, "wrong", "a better password", Seat(remote=HOME))
    with pytest.raises(Refused) as caught:
        journal.renew_password(anna, PASSWORD, "a better password", Seat(remote=HOME))
    assert (caught.value.cause, caught.value.status) == ("user.too_often", 429)


def test_a_user_sees_their_sessions_and_ends_the_others(journal: Journal, anna: str, clock: FakeClock) -> None:
    journal.sign_in(anna, PASSWORD, HOME, "Firefox \0\ud800")
    clock.advance(60)
    here = journal.sign_in(anna, PASSWORD, "192.0.2.8", "x" * 5000)
    rows = journal.sessions_of(anna, here)
    assert [(row.here, row.seat.remote, len(row.seat.agent)) for row in rows] == [
        (True, "192.0.2.8", 300),
        (False, HOME, 10),
    ]
    assert journal.present() == {"anna": 2}
    journal.end_others(here)
    assert [row.here for row in journal.sessions_of(anna, here)] == [True]
    journal.end_others("nobody's")
    clock.advance(IDLE)
    assert (journal.present(), journal.sessions_of(anna)) == ({}, [])


def test_when_a_user_was_last_seen_is_kept_when_the_session_is_gone(
    journal: Journal, anna: str, clock: FakeClock
) -> None:
    assert journal.users()[0].seen_at is None
    token = journal.sign_in(anna, PASSWORD, HOME)
    clock.advance(3600)
    journal.visitor(token)
    journal.sign_out(token)
    assert journal.users()[0].seen_at == clock()


def test_users_are_read_page_by_page(journal: Journal) -> None:
    for name in ("cleo", "adam", "bert"):
        journal.add_user(name, "viewer", PASSWORD, who="root", why="")
    assert [user.name for user in journal.users(limit=2)] == ["adam", "bert"]
    assert [user.name for user in journal.users(after="bert", limit=2)] == ["cleo"]


def test_signing_out_ends_this_session_or_all(journal: Journal, anna: str) -> None:
    one, two, three = (journal.sign_in(anna, PASSWORD, HOME) for _ in range(3))
    journal.sign_out(one)
    journal.sign_out(one)
    assert [bool(journal.visitor(token)) for token in (one, two, three)] == [False, True, True]
    journal.sign_out(two, everywhere=True)
    assert journal.visitor(three) is None


def test_a_user_that_is_not_there_is_said_so(journal: Journal) -> None:
    with pytest.raises(PermanentError) as caught:
        journal.set_role("bob", "admin", who="root", why="")
    assert caught.value.cause == "user.unknown"


def test_deeds_are_in_the_audit_newest_first_page_by_page(journal: Journal, anna: str, clock: FakeClock) -> None:
    journal.set_role(anna, "admin", who="root", why="grew")
    token = journal.sign_in(anna, PASSWORD, HOME)
    journal.sign_out(token)
    notes = journal.audits(limit=3)
    assert [(note.who, note.what, note.why, note.target) for note in notes] == [
        ("anna", "signed_out", "console", "user:anna"),
        ("anna", "signed_in", "console", "user:anna"),
        ("root", "user.role", "grew", "user:anna"),
    ]
    assert notes[0].at == clock()
    assert [note.what for note in journal.audits(before=notes[-1].id)] == ["user.added"]


def test_who_was_heard_of_late(journal: Journal, clock: FakeClock) -> None:
    journal.accept(an_envelope(), [])
    account = an_envelope().account
    came = clock()
    clock.advance(7200)
    seen = journal.arrivals()
    assert seen.whole
    assert seen.heard[account].hour == 0
    assert abs((seen.heard[account].last - came).total_seconds()) < 86400
    journal.accept(an_envelope(), [])
    assert journal.arrivals().heard[account].hour == 1
    clock.advance(90000)
    assert journal.arrivals().heard == {}


def test_an_open_page_alone_keeps_no_session_alive(journal: Journal, anna: str, clock: FakeClock) -> None:
    token = journal.sign_in(anna, PASSWORD, HOME)
    for _ in range(4):
        clock.advance(IDLE / 4 + 1)
        left = journal.visitor(token, watching=True)
    assert left is None
    token = journal.sign_in(anna, PASSWORD, HOME)
    for _ in range(4):
        clock.advance(IDLE / 4 + 1)
        assert journal.visitor(token) is not None
