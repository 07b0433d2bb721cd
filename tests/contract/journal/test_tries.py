"""Tries to sign in are counted: by name, by address, for all processes together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from connector.journal import Journal
from connector.journal.users import Seat
from tests.conftest import FakeClock
from tests.contract.journal.test_users import HOME, PASSWORD, anna, refused

__all__ = ["anna"]


def test_guessing_at_one_name_is_slowed_for_all_processes(
    journal: Journal, opened: Callable[[], Journal], anna: str, clock: FakeClock
) -> None:
    other = opened()
    causes = [refused(each, anna, "guess", f"192.0.2.{n}") for n, each in enumerate([journal, other] * 3)]
    assert causes == ["user.wrong"] * 5 + ["user.too_often"]
    assert refused(journal, anna, PASSWORD) == "user.too_often"
    clock.advance(61)
    assert journal.sign_in(anna, PASSWORD, HOME)


def test_guessing_from_one_address_is_slowed_whatever_the_names(journal: Journal, anna: str, clock: FakeClock) -> None:
    causes = {refused(journal, f"name{n}", "guess", f"2001:db8::{n}") for n in range(20)}
    assert causes == {"user.wrong"}
    assert refused(journal, anna, PASSWORD, "2001:db8::ffff") == "user.too_often"
    assert journal.sign_in(anna, PASSWORD, "2001:db8:0:1::1")


def test_a_socket_of_both_families_does_not_make_everybody_one_address(journal: Journal, anna: str) -> None:
    for number in range(21):
        refused(journal, f"name{number}", "guess", "::ffff:192.0.2.1")
    assert journal.sign_in(anna, PASSWORD, "::ffff:192.0.2.2")


def test_strangers_cannot_lock_somebody_out_where_they_are_signed_in(
    journal: Journal, anna: str, clock: FakeClock
) -> None:
    token = journal.sign_in(anna, PASSWORD, HOME)
    for number in range(9):
        refused(journal, anna, "wrong", f"198.51.100.{number}")
    assert refused(journal, anna, PASSWORD, "198.51.100.99") == "user.too_often"
    assert journal.sign_in(anna, PASSWORD, HOME)
    assert [refused(journal, anna, "wrong") for _ in range(6)][-1] == "user.too_often"
    clock.advance(60)
    assert journal.renew_password(anna, PASSWORD, f"{PASSWORD}!", Seat(remote=HOME))
    assert journal.visitor(token) is None


def test_signing_in_clears_the_name(journal: Journal, anna: str) -> None:
    for _ in range(3):
        for _ in range(4):
            refused(journal, anna, "typo")
        journal.sign_in(anna, PASSWORD, HOME)


def test_the_last_try_is_taken_once_only(journal: Journal, anna: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        causes = list(pool.map(lambda n: refused(journal, anna, "guess", f"192.0.2.{n}"), range(12)))
    assert causes.count("user.wrong") == 5


def test_counts_of_long_ago_are_swept(journal: Journal, clock: FakeClock) -> None:
    for number in range(5):
        refused(journal, f"n{number}", "guess")
    clock.advance(3600)
    refused(journal, "last", "guess")
    with journal.store.reading() as db:
        assert db.execute(text("SELECT count(*) FROM tries")).scalar() == 2
