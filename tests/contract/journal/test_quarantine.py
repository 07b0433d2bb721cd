"""Letters taken for spam are parked and yet no failure: they are counted apart, and meant by name alone."""

from __future__ import annotations

import pytest

from connector.domain.mailing import QUARANTINE
from connector.journal import Journal
from connector.journal.sieve import Sieve

from .making import MAIN, a_delivery, an_envelope, leased, settle


def held(journal: Journal, count: int = 1, *, account: str = "box", cause: str = QUARANTINE) -> list[int]:
    """Letters of this account, parked for the cause; their numbers."""
    for number in range(count):
        journal.accept(an_envelope(account=account), [a_delivery(lane=f"{account}.{cause}.{number}")])
    lease = leased(journal)
    claimed = journal.claim(lease, lanes=50)
    settle(journal, lease, *claimed, state="parked", cause=cause)
    journal.leave(lease)
    return [delivery.id for delivery in claimed]


def test_what_is_held_is_counted_under_its_account_and_not_as_parked(journal: Journal):
    held(journal, 3)
    held(journal, 2, account="other")
    held(journal, 1, cause="portal.refused")
    stats = journal.stats()
    assert (stats[MAIN]["parked"], stats[MAIN]["held"]) == (1, 0)
    assert (stats["account:box"]["held"], stats["account:box"]["parked"]) == (3, 0)
    assert stats["account:other"]["held"] == 2
    assert journal.counts()["parked"] == {MAIN: 1}


def test_a_sieve_without_a_cause_leaves_the_quarantine_alone(journal: Journal):
    spam = held(journal, 2)
    other = held(journal, 1, cause="portal.refused")
    for sieve in (Sieve(), Sieve(destination=MAIN), Sieve(account="box"), Sieve(kind="message.received")):
        assert [item.name for item in journal.parked_items(sieve)] == other
        assert [group.cause for group in journal.parked_groups(sieve).groups] == ["portal.refused"]
    assert sorted(item.name for item in journal.parked_items(Sieve(cause=QUARANTINE))) == spam
    assert [item.name for item in journal.parked_items(Sieve(names=(spam[0],)))] == spam[:1]


@pytest.mark.parametrize("deed", ["replay", "discard"])
def test_a_deed_about_a_destination_lets_no_letter_out_of_the_quarantine(journal: Journal, deed: str):
    spam = held(journal, 2)
    held(journal, 1, cause="portal.refused")
    assert journal.sweep(Sieve(destination=MAIN), deed, "root", "mended").count == 1
    assert [journal.show(number)["state"] for number in spam] == ["parked", "parked"]
    assert journal.sweep(Sieve(cause=QUARANTINE), deed, "root", "looked at").count == 2
