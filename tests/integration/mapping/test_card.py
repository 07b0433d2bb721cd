"""A client writes, and whoever takes the conversation sees their shipments; the client sees nothing of it."""

from __future__ import annotations

from typing import Any

from connector.domain.values import Person
from connector.sync.shaping import ensure
from tests.integration.mapping.world import World

SHIPMENTS = """
process: shipments
type: 1036
title: Отгрузки
fields: [{name: TRACK_NO, title: Трек}]
stages: [{id: SENT, title: Отправлена}, {id: DELIVERED, title: Доставлена, final: success}]
links: [contact]
---
on: record.shipments
crm:
  contact: {match: [{field: PHONE, is: "{{ record.phone }}"}], create: false}
  item:
    process: shipments
    external: {system: wms, id: "{{ record.id }}"}
    set: {TITLE: "{{ record.id }}", stageId: "{{ record.stage }}", UF_TRACK_NO: "{{ record.track }}"}
timeline: {on: item, each: "{{ record.stage }}", text: "{{ record.stage }}"}
---
name: who it is
on: message.received
crm:
  contact: {match: [external], external: {system: shop, id: "{{ event.client.id }}"}, create: false}
---
name: shipments
on: [message.received, dialog.started]
card:
  process: shipments
  latest: 2
  title: Отгрузки клиента
  line: "{{ item.title }} · {{ item.stage }} · {{ item.UF_TRACK_NO }}"
"""
TOLD = "Отгрузки клиента\nS-3 · Отправлена · 80[\u200bb]3\nS-2 · Доставлена · 802"


def furnished(world: World) -> None:
    """Rules, the process, a contact that writes as 501, and three shipments of theirs."""
    world.rules(shipments=SHIPMENTS)
    connector = world.house.connector
    assert (
        ensure(world.portal, connector.journal, connector.rulebook.current().processes.values(), connector.clock) == ()
    )
    anna = {
        "name": "Анна",
        "originatorId": "shop",
        "originId": "501",
        "fm": [{"typeId": "PHONE", "value": "+79001112233"}],
    }
    world.crm("crm.item.add", entityTypeId=3, fields=anna)
    rows = [("S-1", "DELIVERED", "801"), ("S-2", "DELIVERED", "802"), ("S-3", "SENT", "80[b]3")]
    for number, stage, track in rows:
        world.done(world.record("shipments", number, phone="8 900 111-22-33", stage=stage, track=track))


def asked(world: World) -> list[tuple[str, Any]]:
    return [(method, params) for method, params in world.portal.writes if method == "im.message.add"]


def test_the_shipments_are_linked_and_seen_once_in_the_session(world: World) -> None:
    furnished(world)
    world.house.say("501", "Где посылка?")
    world.house.pump()
    world.house.say("501", "Ау")
    world.house.pump()
    ((_, params),) = asked(world)
    assert (params["MESSAGE"], params["SYSTEM"]) == (TOLD, "Y")
    assert world.house.heard("501") == []
    assert world.parked() == []


def test_a_stranger_brings_no_note_and_a_broken_card_holds_nothing_back(world: World) -> None:
    furnished(world)
    world.house.say("502", "Здравствуйте")
    world.house.pump()
    assert asked(world) == []
    world.rules(shipments=SHIPMENTS.replace("{{ item.title }}", "{{ item.title + 1 }}"))
    world.house.say("501", "Где посылка?")
    world.house.pump()
    assert len(world.house.rows("501")) == 1
    (parked,) = world.parked()
    assert (parked["kind"], parked["cause"]) == ("event.mapped", "mapping.failed")


def test_a_dry_run_says_the_note_and_writes_nothing(world: World) -> None:
    furnished(world)
    world.rules(quiet="on: dialog.finished\nline: 1\n")
    world.house.say("501", "Здравствуйте")
    world.house.pump()
    world.rules(shipments=SHIPMENTS)
    before = len(world.portal.writes)
    tried = world.tried(world.message("Где посылка?", Person(id="501"), "77")).tried
    assert [(write.method, write.params["MESSAGE"]) for write in tried.writes if write.method == "im.message.add"] == [
        ("im.message.add", TOLD)
    ]
    assert len(world.portal.writes) == before
