"""Links that belong to single events go with them; all others stay."""

from __future__ import annotations

from connector.domain.values import OF_EVENT
from connector.journal import Journal
from tests.conftest import FakeClock


def test_links_of_old_events_go_and_all_others_stay(journal: Journal, clock: FakeClock) -> None:
    for number in range(7):
        journal.remember(f"{OF_EVENT}made", f"old {number}", {"id": number})
    for kind in ("made", "chat", "tags", "eventually", "event"):
        journal.remember(kind, "old", {"id": 1})
    clock.advance(91 * 86400)
    journal.remember(f"{OF_EVENT}tagged", "young", {"rows": []})
    assert journal.trim(90, slice_size=3)["links"] == 7
    assert journal.recall(f"{OF_EVENT}made", "old 3") is None
    assert all(journal.recall(kind, "old") for kind in ("made", "chat", "tags", "eventually", "event"))
    assert journal.recall(f"{OF_EVENT}tagged", "young") == {"rows": []}
