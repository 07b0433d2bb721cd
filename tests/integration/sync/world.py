"""One process, a portal with a smart process, and a source that the test writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connector.bootstrap import Connector
from connector.domain.sources import SourceSettings
from connector.journal import Run
from connector.sync.engine import Portion, portion
from tests import services
from tests.integration.promises.one_process import OneProcess, one_process
from tests.integration.sync.scripted import Script

TYPE = 1036
SHIPMENTS = """
on: record.shipments
crm:
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    match: [external]
    set: {TITLE: "№ {{ record.number }}: {{ record.sum }}"}
---
on: record.shipments.gone
crm:
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    match: [external]
    create: false
    set: {TITLE: "№ {{ record.number }} (gone)"}
"""


@dataclass(kw_only=True)
class World:
    """``connector`` is the house with the source ``shipments``; ``script`` is what the source holds."""

    house: OneProcess
    connector: Connector
    script: Script

    def rules(self, text: str) -> None:
        """Publish this and nothing else."""
        folder = self.connector.settings.mappings
        assert folder is not None
        folder.mkdir(exist_ok=True)
        (folder / "shipments.yaml").write_text(text, encoding="utf-8")
        self.connector.rulebook.publish()

    def fill(self, count: int, **values: Any) -> None:
        """So many shipments."""
        for number in range(1, count + 1):
            self.script.rows[f"{number:06}"] = {"number": f"{number:06}", "sum": number, **values}

    def settings(self, **values: Any) -> None:
        """Change the settings of the source."""
        sources = {"shipments": self.connector.settings.sources["shipments"].model_copy(update=values)}
        settings = self.connector.settings.model_copy(update={"sources": sources})
        self.connector = replace(self.connector, settings=settings)

    def begin(self, **how: Any) -> Run:
        """Begin a run."""
        run = self.connector.journal.begin_run("shipments", trigger="person", **how)
        assert run is not None
        return run

    def portion(self, *, stop: Callable[[], bool] = lambda: False, **how: Any) -> Portion:
        """One portion of it."""
        return portion(self.connector, "shipments", stop=stop, **how)

    def run(self, **how: Any) -> Run:
        """A whole run; what waits for later is waited for by turning the clock."""
        begun = self.begin(**how)
        for _ in range(200):
            went = self.portion()
            if went.state == "over":
                break
            assert went.run is not None, went
            if went.state == "later":
                self.house.clock.more += max(went.run.due_at - self.house.clock(), went.run.due_at - went.run.due_at)
        found = self.connector.journal.run_of(begun.id)
        assert found is not None
        return found

    def counts(self, run: Run, *names: str) -> tuple[int, ...]:
        """Some counts of a run as it is now."""
        found = self.connector.journal.run_of(run.id)
        assert found is not None
        return tuple(found.counts[name] for name in names)

    def items(self, **filters: Any) -> list[Mapping[str, Any]]:
        """The shipments in the portal."""
        with self.connector.portals["main"].bulk() as bulk:
            pages = list(bulk.rows("crm.item.list", {"entityTypeId": TYPE, "select": ["*"], "filter": filters}))
        return [item for page in pages for item in page]

    def writes(self) -> int:
        """How many items the portal was told to add or to change."""
        told = self.house.sandbox.counters()["methods"]
        return sum(told.get(name, 0) for name in ("crm.item.add", "crm.item.update"))


@contextmanager
def world(folder: Path, redis: services.Redis, database_url: str, **settings: Any) -> Iterator[World]:
    """A fresh one."""
    with one_process(folder, redis, database_url) as house:
        house.sandbox.furnish(types=[{"entityTypeId": TYPE, "title": "Отгрузки", "isClientEnabled": "Y"}])
        script = Script()
        given = {"source": "shipments", "provider": "scripted", "portal": "main", "id": "number", **settings}
        sources = {"shipments": SourceSettings.model_validate(given)}
        whole = house.connector.settings.model_copy(update={"sources": sources})
        connector = replace(house.connector, settings=whole, roles={"scripted": script.role()})
        made = World(house=house, connector=connector, script=script)
        made.rules(SHIPMENTS)
        yield made
