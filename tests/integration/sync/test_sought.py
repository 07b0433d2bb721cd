"""People and deals that come to the CRM after the records that belong to them are linked then, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.integration.sync.test_dry_runs import done, planned
from tests.integration.sync.world import TYPE, World

PHONE, ORDER = "+79161234567", "A-7"
RULES = """
process: shipments
type: 1036
title: Отгрузки
links: [contact, deal]
---
on: record.shipments
crm:
  contact: {match: [{field: PHONE, is: "{{ record.phone }}"}], create: false}
  deal: {match: [{field: TITLE, is: "{{ record.order }}"}], create: false}
  item:
    process: shipments
    external: {system: wms, id: "{{ record.number }}"}
    set: {TITLE: "№ {{ record.number }}: {{ record.sum }}"}
timeline: {on: item, each: "{{ record.sum }}", text: "{{ record.sum }}"}
"""


@pytest.fixture
def shipments(world: World) -> World:
    world.rules(RULES)
    world.fill(3, phone="", order="")
    world.script.rows["000002"] |= {"phone": PHONE, "order": ORDER}
    world.run()
    return world


def called(world: World, method: str, **params: Any) -> Any:
    return world.connector.portals["main"].call(method, params)


def comes(world: World) -> tuple[int, int]:
    """The contact and the deal of the second shipment, made by a person."""
    fm = [{"typeId": "PHONE", "valueType": "WORK", "value": PHONE}]
    contact = called(world, "crm.item.add", entityTypeId=3, fields={"name": "Анна", "fm": fm})["item"]["id"]
    deal = called(world, "crm.item.add", entityTypeId=2, fields={"title": ORDER})["item"]["id"]
    return int(contact), int(deal)


def second(world: World) -> Mapping[str, Any]:
    [item] = world.items(**{"=xmlId": "wms:000002"})
    return item


def later(world: World, **parts: float) -> None:
    world.house.clock.add(**parts)


def test_whoever_comes_later_is_linked_then(shipments: World):
    contact, deal = comes(shipments)
    later(shipments, minutes=11)
    run = shipments.run()
    assert (second(shipments)["contactId"], second(shipments)["parentId2"]) == (contact, deal)
    assert shipments.counts(run, "changed", "updated", "unchanged") == (0, 1, 0)
    assert [note.en for note in run.notes] == [
        "Contacts, companies or deals that were not in the CRM before are looked for once more. Records: 1."
    ]


def test_a_link_is_all_that_is_written_of_a_record_that_is_the_same(shipments: World):
    """What people changed in the portal meanwhile stays."""
    number = second(shipments)["id"]
    called(shipments, "crm.item.update", entityTypeId=TYPE, id=number, fields={"title": "Рукой"})
    said = len(
        called(shipments, "crm.timeline.comment.list", filter={"ENTITY_ID": number, "ENTITY_TYPE": f"dynamic_{TYPE}"})
    )
    contact, _ = comes(shipments)
    later(shipments, minutes=11)
    shipments.run()
    assert (second(shipments)["title"], second(shipments)["contactId"]) == ("Рукой", contact)
    comments = called(
        shipments, "crm.timeline.comment.list", filter={"ENTITY_ID": number, "ENTITY_TYPE": f"dynamic_{TYPE}"}
    )
    assert len(comments) == said == 1


def test_an_item_that_somebody_deleted_is_not_made_anew_for_a_link(shipments: World):
    called(shipments, "crm.item.delete", entityTypeId=TYPE, id=second(shipments)["id"])
    comes(shipments)
    later(shipments, minutes=11)
    shipments.run()
    assert len(shipments.items()) == 2


def test_a_record_without_anybody_to_look_for_costs_nothing(shipments: World):
    comes(shipments)
    later(shipments, minutes=11)
    shipments.run()
    later(shipments, days=1)
    run = shipments.run()
    assert (run.notes, run.counts["requests"]) == ((), 0)


def test_a_change_at_the_source_is_written_whole(shipments: World):
    contact, _ = comes(shipments)
    shipments.script.rows["000002"]["sum"] = 99
    later(shipments, minutes=11)
    shipments.run()
    assert (second(shipments)["title"], second(shipments)["contactId"]) == ("№ 000002: 99", contact)


def test_rules_that_changed_meanwhile_are_applied_whole(shipments: World):
    shipments.begin()
    later(shipments, minutes=11)
    shipments.connector.journal.seek_rows("shipments", mapping="older")
    shipments.portion()
    later(shipments, minutes=11)
    shipments.connector.journal.seek_rows("shipments", mapping="older")  # a run that was cancelled before it wrote them
    shipments.rules(RULES.replace('"№ ', '"N '))
    assert planned(shipments).counts["updated"] == 3
    shipments.run()
    assert {item["title"] for item in shipments.items()} == {"N 000001: 1", "N 000002: 2", "N 000003: 3"}


def test_a_dry_run_says_who_would_be_linked(shipments: World):
    comes(shipments)
    shipments.script.rows["000003"]["sum"] = 5
    later(shipments, minutes=11)
    found = planned(shipments)
    assert found.fates == {"000002": "updated", "000003": "updated"}
    assert found.fates == done(shipments)
