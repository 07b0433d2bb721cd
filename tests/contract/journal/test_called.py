from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from connector.domain.events import CallFinished, DialogStarted, RecordingDue
from connector.domain.request import Request
from connector.domain.values import File
from connector.journal import Envelope, Journal, NewDelivery

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def finished(call: str, *, account: str = "office", **more: Any) -> CallFinished:
    told: dict[str, Any] = {"direction": "incoming", "phone": "+79001234567", "name": "Анна", "line": "74951234567"}
    told |= {"employee": "101", "user": 5, "status": "200", "talk": 60, "wait": 5, "missed": False}
    span = {"started_at": NOW, "ended_at": NOW + timedelta(seconds=65)}
    about = {"portal": "main", "account": account, "call": call, "call_id": f"externalCall.{call}"}
    return CallFinished(**{**about, **told, **span, **more})


def keep(journal: Journal, *events: Any) -> None:
    """Each with an envelope of its own."""
    for event in events:
        trace = f"{event.kind}.{event.lane}"[:200]
        request = Request(method="POST", path="/hooks/office", headers={}, body=b"", received_at=NOW)
        delivery = NewDelivery(destination="portal:main", event=event, lane=event.lane, position=event.position)
        envelope = Envelope(trace=f"{id(event):x}{trace}", account="office", dedupe_key=f"{id(event)}", request=request)
        assert journal.accept(envelope, [delivery])


def recording(call: str, ref: str) -> RecordingDue:
    about = {"portal": "main", "account": "office", "call": call, "call_id": "x"}
    return RecordingDue(**about, recording=File(ref=ref))


def names(page: Any) -> list[str]:
    return [row.event["call"] for row in page.rows]


def test_finished_calls_are_told_the_newest_first_and_nothing_else(journal: Journal) -> None:
    talk = DialogStarted(portal="main", connector="c", line="1", account="office", conversation="1", session_id="2")
    kept = [finished(f"c{number}", name=f"n{number}") for number in range(5)]
    keep(journal, talk, *kept, recording("c1", "r"))
    page = journal.calls_page(limit=3)
    assert (names(page), page.short) == (["c4", "c3", "c2"], False)
    assert page.rows[0].event["name"] == "n4"
    assert page.rows[0].state == "waiting"
    rest = journal.calls_page(limit=3, before=page.after)
    assert (names(rest), rest.after) == (["c1", "c0"], None)


def test_they_are_narrowed_by_account_and_by_missed(journal: Journal) -> None:
    hostile = '","account":"second","missed":true,"x":"'
    a = finished("a", missed=True)
    b = finished("b", account="second", missed=True)
    c, d = finished("c", account="second"), finished("d", name=hostile)
    keep(journal, a, b, c, d)
    assert names(journal.calls_page(account="second")) == ["c", "b"]
    assert names(journal.calls_page(account="second", missed=True)) == ["b"]
    assert names(journal.calls_page(missed=True)) == ["b", "a"]
    assert names(journal.calls_page(account="%")) == []
    assert names(journal.calls_page(account='sec"ond\\')) == []


def test_a_rare_account_is_looked_for_so_far_and_no_further(journal: Journal) -> None:
    kept = [finished("old", account="rare"), *(finished(f"c{number}") for number in range(6))]
    keep(journal, *kept)
    page = journal.calls_page(account="rare", depth=4)
    assert (names(page), page.short) == ([], True)
    further = journal.calls_page(account="rare", depth=4, before=page.after)
    assert (names(further), further.short, further.after) == (["old"], False, None)


def test_recordings_are_found_by_the_call_alone(journal: Journal) -> None:
    kept = [recording("1700.1", "a"), recording("1700.1", "b"), recording("1700.1.2", "c"), recording("17", "d")]
    keep(journal, *kept)
    found = journal.recordings([("office", "1700.1"), ("office", "none"), ("second", "1700.1")])
    assert list(found) == [("office", "1700.1")]
    assert [one.state for one in found["office", "1700.1"]] == ["waiting", "waiting"]
    assert journal.recordings([]) == {}


def test_the_page_walks_the_index_of_calls(journal: Journal) -> None:
    keep(journal, *[finished(f"c{number}") for number in range(30)])
    plan = "EXPLAIN QUERY PLAN " if journal.store.sqlite else "EXPLAIN "
    asked = "SELECT id FROM deliveries WHERE kind = 'call.finished' AND id < 1000000 ORDER BY id DESC LIMIT 5"
    with journal.store.reading() as db:
        if not journal.store.sqlite:
            db.execute(text("SET LOCAL enable_seqscan = off"))
        lines = " ".join(str(row) for row in db.execute(text(plan + asked)))
    assert "ix_deliveries_calls" in lines


@pytest.mark.parametrize("limit", [1, 2])
def test_the_last_page_says_that_it_is_the_last(journal: Journal, limit: int) -> None:
    kept = finished("only")
    keep(journal, kept)
    assert journal.calls_page(limit=limit).after is None
