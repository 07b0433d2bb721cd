"""Whatever happens to a table between two pages: what stays is read, and the bookmark only grows."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.providers.sql.reading import SqlReader
from tests.contract.sources.sql.bases import Base

OVERLAP = 60  # seconds
IDS = st.integers(0, 7)
# (what, id, seconds that the commit is late)
STEPS = st.tuples(st.sampled_from(["put", "put", "unmarked", "delete"]), IDS, st.integers(0, OVERLAP - 1))
ROUNDS = st.lists(st.lists(st.lists(STEPS, max_size=4), min_size=1, max_size=6), min_size=1, max_size=4)


class World:
    def __init__(self, folder: Path) -> None:
        self.base, self.version, self.mirror = Base(folder), 0, dict[str, Any]()
        self.rows: dict[int, str] = {}

    def act(self, what: str, number: int, late: int) -> None:
        self.base.now += timedelta(seconds=1)
        self.version += 1
        if what == "delete":
            self.rows.pop(number, None)
            self.base.run(("DELETE FROM orders WHERE id = ?", (number,)))
            return
        self.rows[number] = f"v{self.version}"
        when = (self.base.now - timedelta(seconds=late)).strftime("%Y-%m-%d %H:%M:%S")
        self.base.put((number, self.rows[number], None if what == "unmarked" else when))

    def run(self, bookmark: Any, changes: list[list[tuple[str, int, int]]], limit: int) -> Any:
        """One run; the table changes between its pages."""
        desk = self.base.desk(cursor="updated_at", overlap=OVERLAP)
        waiting = list(changes)
        with SqlReader(desk) as reader:
            start, page = reader.begin(bookmark), None
            position, seen = start.position, set()
            while page is None or not page.ended:
                page = reader.page(position, limit)
                assert page == reader.page(position, limit)
                seen |= {record.id for record in page.records}
                self.mirror |= {record.id: record.values["total"] for record in page.records}
                position = page.position
                for step in waiting.pop(0) if waiting else ():
                    self.act(*step)
        if start.full:
            self.mirror = {name: value for name, value in self.mirror.items() if name in seen}
        return page.bookmark


@settings(max_examples=40)
@given(rounds=ROUNDS, limit=st.integers(1, 4))
def test_no_row_that_stays_is_lost_whatever_happens_between_pages(rounds, limit):
    with tempfile.TemporaryDirectory() as folder:
        world, bookmark = World(Path(folder)), None
        for changes in rounds:
            before, bookmark = bookmark, world.run(bookmark, changes, limit)
            assert before is None or bookmark["at"] >= before["at"]
            assert bookmark is None or bookmark["at"] <= world.base.now.strftime("%Y-%m-%d %H:%M:%S")
        world.run(bookmark, [], limit)
        here = {str(number): value for number, value in world.rows.items()}
        assert {name: world.mirror.get(name) for name in here} == here
