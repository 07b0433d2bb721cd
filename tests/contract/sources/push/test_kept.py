"""Kept requests on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from connector.domain.request import Request
from connector.journal import Envelope, Journal, Vault, open_journal
from tests.conftest import SECRET, FakeClock

OWNER = "source:stock"


@pytest.fixture
def journal(journal_url: str, clock: FakeClock) -> Iterator[Journal]:
    opened = open_journal(journal_url, Vault([SECRET]), clock=clock)
    yield opened
    opened.close()


def put(journal: Journal, trace: str, body: bytes = b"[]", account: str = OWNER, at: datetime | None = None) -> None:
    request = Request(
        method="POST",
        path="/hooks/stock",
        headers={"content-type": "text/csv", "authorization": "Bearer t0ken"},
        body=body,
        received_at=at or journal.clock(),
    )
    assert journal.accept(Envelope(trace=trace, account=account, dedupe_key=trace, request=request), [])


def test_requests_of_one_owner_come_in_the_order_in_which_they_were_written(journal, clock):
    put(journal, "c", b"1")
    put(journal, "b", b"2")
    put(journal, "a", b"3", account="shop")
    clock.advance(1)
    put(journal, "a2", b"4")
    found = journal.kept_requests(OWNER, 0.0, "", 10)
    assert [(kept.trace, kept.body) for kept in found] == [("b", b"2"), ("c", b"1"), ("a2", b"4")]
    assert found[0].content_type == "text/csv"
    assert found[2].at - found[0].at == timedelta(seconds=1)
    for number, kept in enumerate(found):
        behind = journal.kept_requests(OWNER, kept.at.timestamp(), kept.trace, 10)
        assert [each.trace for each in behind] == ["b", "c", "a2"][number + 1 :]
    assert len(journal.kept_requests(OWNER, 0.0, "", 2)) == 2


def test_large_bodies_come_few_at_a_time_but_never_none(journal):
    for trace, size in (("a", 20), ("b", 9), ("c", 6), ("d", 6)):
        put(journal, trace, b"x" * (size * 1024 * 1024))
    assert [kept.trace for kept in journal.kept_requests(OWNER, 0.0, "", 10)] == ["a"]
    at = journal.clock().timestamp()
    assert [kept.trace for kept in journal.kept_requests(OWNER, at, "a", 10)] == ["b", "c"]


def test_what_is_old_goes_with_all_other_envelopes(journal, clock):
    put(journal, "a")
    clock.advance(31 * 86400)
    put(journal, "b")
    journal.trim(30)
    assert [kept.trace for kept in journal.kept_requests(OWNER, 0.0, "", 10)] == ["b"]
