"""A process dies at any moment of a run: the next goes on, everything is in the portal once, nothing is left out."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import Any

from connector.sync.engine import LEASE_SECONDS, portion
from tests.integration.promises.dying import DiedError, Doom
from tests.integration.sync.test_dry_runs import change
from tests.integration.sync.world import World

WRITES = ("keep_page", "sync_step", "went_on", "end_run", "mark_gone", "leave", "renew", "retry_rows", "rewrite_rows")
SOME = 7  # moments that are tried; all of them with EVERY_MOMENT=1
CLIENTS = """
on: record.shipments
crm:
  contact: {match: [phone], set: {NAME: "{{ record.client }}", PHONE: "{{ record.phone }}"}}
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    set: {TITLE: "№ {{ record.number }}: {{ record.sum }}"}
---
on: record.shipments.gone
crm:
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    create: false
    set: {TITLE: "№ {{ record.number }} (gone)"}
"""


class Mortal:
    """The journal of a process that dies at a moment; from then on it writes nothing any more."""

    def __init__(self, journal: Any, doom: Doom) -> None:
        self._journal, self._doom, self._dead = journal, doom, False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._journal, name)
        if name not in WRITES:
            return found

        def told(*args: Any, **more: Any) -> Any:
            self._moment(f"before {name}")
            result = found(*args, **more)
            self._moment(f"after {name}")
            return result

        return told

    def _moment(self, what: str) -> None:
        if self._dead:
            raise DiedError(what)
        try:
            self._doom(what)
        except DiedError:
            self._dead = True
            raise


def live(world: World, doom: Doom) -> None:
    """Whatever is open is gone on with until it is over, by one process after another."""
    for _ in range(50):
        connector = replace(world.connector, journal=Mortal(world.connector.journal, doom))
        try:
            went = portion(connector, "shipments", stop=lambda: False)
        except DiedError:
            world.house.clock.add(seconds=LEASE_SECONDS + 1)
            continue
        if went.state in ("over", "idle"):
            return
        if went.state == "later":
            world.house.clock.add(seconds=120)
    raise AssertionError("the run never ends")


def story(world: World, doom: Doom) -> tuple[Any, ...]:
    """A first load and a run with some of everything; what is in the portal and in the mirror then."""
    world.rules(CLIENTS)
    world.settings(page=20)
    world.fill(60)
    for number, row in enumerate(world.script.rows.values()):
        row.update(client=f"Клиент {number // 3}", phone=f"+7900000{number // 3:04}")
    for edit in (lambda world: None, change):
        edit(world)
        world.begin()
        live(world, doom)
    rows = world.connector.journal.mirror_rows("shipments", limit=1000)
    return (
        sorted(str(item["title"]) for item in world.items()),
        sorted((row.record, row.state, row.gone) for row in rows),
        contacts(world),
    )


def contacts(world: World) -> list[str]:
    with world.connector.portals["main"].bulk() as bulk:
        pages = list(bulk.rows("crm.item.list", {"entityTypeId": 3, "select": ["id", "name"]}))
    return sorted(str(item["name"]) for page in pages for item in page)


def test_whatever_the_moment_everything_is_there_once(world: World):
    counting = Doom()
    wanted = story(world, counting)
    assert counting.moments > 20
    step = int(os.environ.get("EVERY_MOMENT", "0"))
    every = (
        range(1, counting.moments + 1, step) if step else sorted(random.sample(range(1, counting.moments + 1), SOME))
    )
    for moment in every:
        forget(world)
        doom = Doom(moment)
        assert story(world, doom) == wanted, f"died at moment {moment}: {doom.last}"


def forget(world: World) -> None:
    """An empty portal and an empty journal again."""
    portal = world.connector.portals["main"]
    with portal.bulk() as bulk:
        for kind in (1036, 3):
            pages = list(bulk.rows("crm.item.list", {"entityTypeId": kind, "select": ["id"]}))
            gone = [{"entityTypeId": kind, "id": item["id"]} for page in pages for item in page]
            assert all(outcome.state == "ok" for outcome in bulk.calls("crm.item.delete", gone))
    with world.connector.journal.store.writing() as db:
        for table in ("records", "runs", "sources", "ledger", "links", "destinations"):
            db.exec_driver_sql(f"DELETE FROM {table}")
    world.script.rows.clear()
    world.script.broken = set()
