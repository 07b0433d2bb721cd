"""What people do: replay, discard, and the audit that tells of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.errors import PermanentError
from connector.journal import Delivery, Journal, Lease
from tests.conftest import FakeClock
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, drained, leased, put, settle


@pytest.fixture
def park(journal: Journal) -> Callable[..., list[int]]:
    """Parks everything that waits; the ids, in order."""

    def all_waiting(lease: Lease) -> list[int]:
        parked: list[Delivery] = []
        while claimed := journal.claim(lease, lanes=9):
            settle(journal, lease, *claimed, state="parked", cause="portal.refused")
            parked += claimed
        return sorted(id_ for delivery in parked for id_ in delivery.ids)

    return all_waiting


def test_a_replayed_delivery_waits_at_its_old_place(
    journal: Journal, park: Callable[..., list[int]], clock: FakeClock
) -> None:
    put(journal, a_delivery(text="one"), a_delivery(text="two"))
    lease = leased(journal)
    ids = park(lease)
    put(journal, a_delivery(text="three"))
    clock.advance(60)
    assert journal.replay(reversed(ids), "anna", "mended") == 2
    claimed = journal.claim(lease, lanes=1)
    assert (claimed[0].attempts, claimed[0].replayed_at, claimed[0].due_at) == (0, clock(), clock())
    assert drained(journal, lease) == ["one", "two", "three"]


def test_a_replay_wakes_its_destination(journal: Journal, park: Callable[..., list[int]]) -> None:
    put(journal, a_delivery())
    ids = park(leased(journal))
    journal.close()
    told: list[set[str]] = []
    journal.on_commit = told.append
    journal.replay(ids, "anna", "mended")
    assert told == [{MAIN}]


def test_what_is_discarded_stays_discarded(journal: Journal, park: Callable[..., list[int]]) -> None:
    trace = put(journal, a_delivery())
    lease = leased(journal)
    ids = park(lease)
    assert journal.discard(ids, "anna", "a test message") == 1
    assert drained(journal, lease) == []
    row = journal.trace(trace)["deliveries"][0]
    assert (row["state"], row["cause"]) == ("discarded", "portal.refused")
    with pytest.raises(PermanentError):
        journal.replay(ids, "anna", "changed my mind")


@pytest.mark.parametrize("deed", ["replay", "discard"])
def test_every_deed_is_in_the_audit_of_its_trace(
    journal: Journal, park: Callable[..., list[int]], clock: FakeClock, deed: str
) -> None:
    trace = put(journal, a_delivery(), a_delivery(lane="b"))
    ids = park(leased(journal))
    getattr(journal, deed)(ids, "anna", "because")
    rows = journal.trace(trace)["audit"]
    assert [(row["who"], row["what"], row["why"], row["target"]) for row in rows] == [
        ("anna", deed, "because", f"delivery:{id_}") for id_ in ids
    ]
    assert rows[0]["at"] == clock().isoformat()


@pytest.mark.parametrize("deed", ["replay", "discard"])
def test_one_wrong_id_and_nothing_happens(journal: Journal, park: Callable[..., list[int]], deed: str) -> None:
    put(journal, a_delivery())
    lease = leased(journal)
    ids = park(lease)
    put(journal, a_delivery(text="waits"))
    waiting = journal.claim(lease, lanes=1)[0].id
    with pytest.raises(PermanentError) as caught:
        getattr(journal, deed)([*ids, waiting, 987654], "anna", "because")
    assert caught.value.cause == "journal.unknown"
    assert f"{waiting}, 987654" in caught.value.hint.en
    assert journal.stats()[MAIN]["parked"] == 1


def test_an_album_is_replayed_as_one(journal: Journal, park: Callable[..., list[int]]) -> None:
    put(journal, *[a_delivery(text=part, group="al") for part in "xyz"])
    lease = leased(journal)
    ids = park(lease)
    assert journal.replay(ids[1:2], "anna", "mended") == 3
    assert drained(journal, lease) == ["x+y+z"]


def test_thousands_are_replayed_at_once(journal: Journal, park: Callable[..., list[int]]) -> None:
    put(journal, *[a_delivery(text=part, group="al", lane="album") for part in "xy"])
    put(journal, *[a_delivery(lane=str(number)) for number in range(1200)])
    lease = leased(journal)
    ids = park(lease)
    assert journal.replay(ids, "anna", "mended") == 1202


def test_an_envelope_read_after_all_is_delivered(journal: Journal) -> None:
    envelope = an_envelope(state="parked", cause="telegram.unreadable", detail="x")
    journal.accept(envelope, [])
    told: list[set[str]] = []
    journal.close()
    journal.on_commit = told.append
    journal.reaccept(envelope.trace, [a_delivery(text="read")], "anna", "new version")
    assert told == [{MAIN}]
    assert (journal.envelope(envelope.trace).state, journal.envelope(envelope.trace).cause) == ("accepted", "")
    assert drained(journal, leased(journal)) == ["read"]
    assert journal.trace(envelope.trace)["audit"][0]["target"] == f"envelope:{envelope.trace}"
    with pytest.raises(PermanentError):
        journal.reaccept(envelope.trace, [a_delivery(text="twice")], "anna", "again")
    assert journal.stats()[MAIN]["waiting"] == 0


def test_a_parked_envelope_may_be_given_up(journal: Journal) -> None:
    envelope = an_envelope(state="parked")
    journal.accept(envelope, [])
    journal.ignore(envelope.trace, "anna", "noise")
    assert journal.envelope(envelope.trace).state == "ignored"
    with pytest.raises(PermanentError):
        journal.ignore(envelope.trace, "anna", "noise")


def test_an_envelope_that_is_not_there_is_said_so(journal: Journal) -> None:
    for ask in (journal.envelope, journal.trace, journal.show):
        with pytest.raises(PermanentError) as caught:
            ask("0" * 26)
        assert caught.value.cause == "journal.unknown"


def test_a_deed_done_elsewhere_is_noted(journal: Journal, clock: FakeClock) -> None:
    trace = put(journal, a_delivery())
    journal.audit("anna", "rebind", "moved", "portal:main", at=clock(), trace=trace)
    assert journal.trace(trace)["audit"][0]["what"] == "rebind"


@pytest.mark.parametrize("trace", ["\0", "\ud800", "' OR 1=1 --", "x" * 10_000])
def test_a_trace_that_nothing_can_have_is_unknown(journal: Journal, trace: str) -> None:
    for look in (journal.trace, journal.envelope, journal.show):
        with pytest.raises(PermanentError, match=r"journal\.unknown"):
            look(trace)
