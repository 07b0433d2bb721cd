"""Smart processes described by a set, rules on their items, and the card."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from mappings.faults import RuleError
from mappings.outcome import Key, Outcome
from mappings.processes import Option, Process, ProcessField, Stage
from tests.unit.mappings.sets import event, record
from tests.unit.mappings.shapes import KINDS, loaded

SHIPMENTS = """
process: shipments
type: 1036
title: {en: Shipments, ru: Отгрузки}
fields:
  - {name: TRACK_NO, title: {en: Track, ru: Трек}}
  - {name: CARRIER, type: enumeration, title: Carrier, options: [DHL, {id: cdek, title: {en: CDEK, ru: СДЭК}}]}
stages:
  - {id: NEW, title: New}
  - {id: DELIVERED, title: {en: Delivered, ru: Доставлено}, color: "#7BD500", final: success}
links: [contact, deal, contact]
"""
ITEM = 'crm: {item: {process: shipments, external: {system: wms, id: "{{ record.id }}"}, set: {stageId: NEW}}}'
CARD = """
on: [message.received]
card:
  process: shipments
  of: company
  latest: 2
  order: {createdTime: desc}
  title: "Shipments of {{ event.client.first_name }}"
  line: "{{ item.title }} · {{ item.stage }} · {{ item.UF_TRACK_NO }}"
"""


def test_a_process_is_read_as_it_is_written() -> None:
    found = loaded(shipments=SHIPMENTS).processes["shipments"]
    assert found == Process(
        name="shipments",
        file="shipments.yaml",
        at=2,
        type_id=1036,
        title=("Shipments", "Отгрузки"),
        fields=(
            ProcessField(name="TRACK_NO", title=("Track", "Трек")),
            ProcessField(
                name="CARRIER",
                type="enumeration",
                title=("Carrier", "Carrier"),
                options=(Option(id="DHL", title=("DHL", "DHL")), Option(id="cdek", title=("CDEK", "СДЭК"))),
            ),
        ),
        stages=(
            Stage(id="NEW", title=("New", "New")),
            Stage(id="DELIVERED", title=("Delivered", "Доставлено"), color="#7BD500", final="success"),
        ),
        links=("contact", "deal"),
    )


def test_a_process_is_part_of_the_version() -> None:
    before, after = loaded(shipments=SHIPMENTS), loaded(shipments=SHIPMENTS.replace("New", "Fresh"))
    assert before.version != after.version
    assert "shipments.yaml" in before.files


def test_a_later_file_replaces_the_process_of_its_name() -> None:
    found = loaded(a=SHIPMENTS, b="process: shipments\ntype: 1038\ntitle: Parcels\n").processes
    assert [(process.type_id, process.title[0]) for process in found.values()] == [(1038, "Parcels")]


def test_a_rule_may_name_the_process_instead_of_its_number() -> None:
    found = loaded(shipments=f"{SHIPMENTS}---\non: record.orders\n{ITEM}\n")
    (wish,) = found.decide("record.orders", record(id="7")).wishes
    assert (wish.entity, wish.type_id, wish.external) == ("item", 1036, ("wms", "7"))


def test_a_rule_may_stand_in_a_file_before_that_of_its_process() -> None:
    found = loaded(a=f"on: record.orders\n{ITEM}\n", z=SHIPMENTS)
    assert found.rules[0].wishes[0].type_id == 1036


def test_a_number_may_be_looked_for_without_being_written() -> None:
    rule = """
on: record.orders
crm:
  contact:
    match: [{field: PHONE, is: "{{ record.phone }}"}, {field: email, is: "{{ record.mail }}"}]
    create: false
  item: {process: shipments, external: {system: wms, id: "{{ record.id }}"}, set: {stageId: NEW}}
"""
    found = loaded(a=rule, z=SHIPMENTS)
    given = record(id="7", phone="8 900 111-22-33", mail="Ann@Acme.ru")
    wish = next(one for one in found.decide("record.orders", given).wishes if one.entity == "contact")
    assert wish.match == (Key(kind="phone", values=("+79001112233",)), Key(kind="email", values=("ann@acme.ru",)))
    assert (wish.set, wish.fill, wish.create) == ({}, {}, False)


def each(status: str) -> tuple[Any, ...]:
    rule = f'on: record.orders\n{ITEM}\ntimeline: {{on: item, each: "{{{{ record.status }}}}", text: Sent}}\n'
    return loaded(a=rule, z=SHIPMENTS).decide("record.orders", record(id="7", status=status)).makings


def test_an_entry_for_each_value_knows_its_value_and_without_one_there_is_none() -> None:
    (making,) = each("sent")
    assert making.fields["each"] == "sent"
    assert each(" ") == ()


def dealt(**more: Any) -> Outcome:
    return loaded(card=CARD, shipments=SHIPMENTS).decide("message.received", event(**more), explain=True)


def test_a_card_knows_what_to_ask_for_and_how_to_say_it() -> None:
    outcome = dealt(client={"first_name": "Анна"})
    (card,) = outcome.cards
    assert (card.type_id, card.of, card.latest, dict(card.order)) == (1036, "company", 2, {"createdTime": "desc"})
    assert (card.title, card.fields) == ("Shipments of Анна", ("UF_TRACK_NO", "stage", "title"))
    assert card.line({"title": "S-1", "stage": "New", "UF_TRACK_NO": None}) == "S-1 · New ·"
    assert not outcome.idle
    assert {"card.title", "card.line"} <= {reason.what for reason in outcome.reasons}


def test_a_line_that_fails_says_where() -> None:
    (card,) = (
        loaded(a='on: message.received\ncard: {items: 1036, line: "{{ item.a + 1 }}"}')
        .decide("message.received", event())
        .cards
    )
    with pytest.raises(RuleError, match=r"a\.yaml:2: card\.line"):
        card.line({"a": "x"})


def test_a_card_has_its_usual_ways() -> None:
    (card,) = (
        loaded(a='on: dialog.started\ncard: {items: 1036, line: "{{ item }}"}')
        .decide("dialog.started", {"event": dict.fromkeys(KINDS["dialog.started"], "")})
        .cards
    )
    assert (card.of, card.latest, dict(card.order), card.title, card.fields) == (
        "contact",
        3,
        {"id": "desc"},
        "",
        ("*",),
    )


def test_a_decision_with_a_card_can_be_told_to_programs() -> None:
    told = asdict(dealt())
    assert str(told["cards"][0]["line"]) == "{{ item.title }} · {{ item.stage }} · {{ item.UF_TRACK_NO }}"
