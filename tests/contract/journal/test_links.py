from __future__ import annotations

from datetime import timedelta

from connector.journal import Journal
from tests.conftest import FakeClock


def test_links_of_a_kind_are_found_by_the_beginning_of_their_key(journal: Journal) -> None:
    for key in ("office.1", "office.2", "office2.1", "Office.1", "офис.1"):
        journal.remember("call.open", key, {"call_id": key})
    journal.remember("event.call", "office.3", {})

    assert [link.key for link in journal.links_like("call.open", "office.")] == ["office.1", "office.2"]
    assert [link.value for link in journal.links_like("call.open", "офис")] == [{"call_id": "офис.1"}]
    assert len(journal.links_like("call.open")) == 5
    assert [link.key for link in journal.links_like("call.open", limit=2)] == ["Office.1", "office.1"]


def test_a_link_tells_when_it_was_last_written(journal: Journal, clock: FakeClock) -> None:
    journal.remember("call.open", "office.1", {"call_id": ""})
    clock.now += timedelta(seconds=30)
    journal.remember("call.open", "office.1", {"call_id": "x"})
    journal.remember("event.call", "office.1", {})

    (link,) = journal.links_like("call.open")
    assert link.at == clock()
    asked = [("call.open", "office.1"), ("event.call", "office.1"), ("event.call", "office.2")]
    assert journal.links_written(asked) == dict.fromkeys(asked[:2], clock())
