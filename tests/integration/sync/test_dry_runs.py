"""A dry run says of each row what the run then does, and writes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sync.planning import Forecast, forecast
from tests.integration.sync.world import SHIPMENTS, World


def planned(world: World, **how: Any) -> Forecast:
    given = {"full": False, "allow_gone": False} | how
    settings = world.connector.settings.sources["shipments"]
    before = world.writes(), world.connector.journal.mirror_counts("shipments")
    found = forecast(world.connector, settings, told=lambda so_far: None, **given)
    assert (world.writes(), world.connector.journal.mirror_counts("shipments")) == before
    return found


def done(world: World, **how: Any) -> dict[str, str]:
    """What the run really did with each row that it settled."""
    run = world.run(**how)
    rows = world.connector.journal.mirror_rows("shipments", run=run.id, limit=1000)
    return {row.record: "parked" if row.state == "parked" else row.outcome for row in rows}


def change(world: World) -> None:
    """Some of everything: new, changed, gone, broken, wrong for the rules."""
    for name in ("000005", "000006"):
        world.script.rows[name]["sum"] = 9
    for name in ("000010", "000011"):
        del world.script.rows[name]
    world.script.broken = {"000020"}
    world.script.rows["000020"]["sum"] = "?"
    world.script.rows["000021"].pop("sum")
    world.script.rows["000099"] = {"number": "000099", "sum": 1}


def test_the_first_load(world: World):
    world.fill(60)
    found = planned(world)
    assert found.fates == done(world)
    (run,) = world.connector.journal.runs_of("shipments")
    assert 0 < found.requests <= run.counts["requests"] <= found.requests + 2


def test_some_of_everything(world: World):
    world.fill(60)
    world.run()
    change(world)
    found = planned(world)
    assert found.counts["updated"] == 4
    assert (found.counts["created"], found.counts["parked"], found.missing) == (1, 2, 2)
    assert found.fates == done(world)


def test_changed_rules(world: World):
    world.fill(30)
    world.run()
    world.rules(
        SHIPMENTS.replace("№ {{ record.number }}:", "{{ 'N' if record.sum > 15 else '№' }} {{ record.number }}:")
    )
    found = planned(world)
    assert (found.counts["updated"], found.counts["unchanged"]) == (15, 15)
    assert found.fates == done(world)


@pytest.mark.parametrize("allow_gone", [False, True])
def test_the_brake(world: World, allow_gone: bool):
    world.fill(20)
    world.run()
    for name in sorted(world.script.rows)[:9]:
        del world.script.rows[name]
    found = planned(world, allow_gone=allow_gone)
    assert found.braked is not allow_gone
    assert found.fates == done(world, allow_gone=allow_gone)


def test_clients_that_several_records_share(world: World):
    world.rules("""
on: record.shipments
crm:
  contact: {match: [phone], set: {NAME: "{{ record.client }}", PHONE: "{{ record.phone }}"}}
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    set: {TITLE: "№ {{ record.number }}"}
""")
    world.fill(12, phone="+79001112233", client="Иван")
    world.script.rows["000013"] = {"number": "000013", "phone": "+79001112244", "client": "Ольга"}
    found = planned(world)
    assert found.fates == done(world)
    assert found.writes == world.writes()


def test_what_was_parked_for_want_of_a_field_is_tried_again(world: World):
    world.rules("""
process: shipments
type: 1040
title: Отгрузки
fields: [{name: SUM, title: Сумма}]
---
on: record.shipments
crm:
  deal: {match: [{field: UF_CRM_ORDER_NO, is: "{{ record.number }}"}], create: false}
  item:
    process: shipments
    external: {system: wms, id: "{{ record.number }}"}
    set: {TITLE: "№ {{ record.number }}", UF_SUM: "{{ record.sum }}"}
""")
    world.fill(3)
    assert planned(world).counts["parked"] == world.run().counts["parked"] == 3
    field = {"fieldName": "UF_CRM_ORDER_NO", "userTypeId": "string", "entityId": "CRM_DEAL"}
    world.connector.portals["main"].call("userfieldconfig.add", {"moduleId": "crm", "field": field})
    found = planned(world)
    assert found.counts["created"] == 3
    assert found.fates == done(world)


def test_without_rules_nothing_would_be_done_and_that_is_said(world: World):
    world.rules("on: dialog.finished\nline: 1\n")
    world.fill(2)
    found = planned(world)
    assert found.counts["unchanged"] == 2
    assert any("on: record.shipments" in note.en for note in found.notes)
