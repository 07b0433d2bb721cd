"""What a dry run says is what the real run does; a plan comes true; new rules change only what they change."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from connector.domain.values import Person
from connector.rulebook.explaining import plan_of
from connector.rulebook.planning import Planned, planned
from connector.rulebook.records import rows
from connector.rulebook.sending import sent
from connector.rulebook.trying import Wanted, memory_of
from tests.integration.mapping.world import World

CHAT = """
version: 1
name: people
on: message.received
tags: [{add: "{{ category }}", when: category}, {add: vip, when: event.text | matches('срочно')}]
crm:
  contact:
    match: [phone, email]
    set: {NAME: "{{ event.client.first_name }}", PHONE: "{{ event.client.phone }}"}
    fill: {LAST_NAME: "{{ event.client.last_name }}"}
  deal:
    match: [open]
    create: event.text | matches('купить|заказ')
    set: {TITLE: "{{ event.text | cut(30) }}", COMMENTS: "{{ event.channel }}"}
timeline: {on: contact, text: "Сказал: {{ event.text | cut(50) }}"}
activity: {on: deal, title: Перезвонить, deadline: "{{ event.at | plus(hours=2) }}"}
notify: {users: [1], text: "{{ event.client.first_name }}: {{ category }}"}
"""
SOURCE = """
version: 1
name: customers
on: record.customers
tags: ["{{ record.level }}"]
crm:
  contact:
    match: [external, phone]
    external: {system: erp, id: "{{ record.id }}"}
    set: {NAME: "{{ record.name }}", PHONE: "{{ record.phone }}"}
"""
SHIPMENT_SETTINGS = """
version: 1
tag_fields: {"1036": UF_CRM_%s_TAGS}
"""
SHIPMENT = """
version: 1
on: record.shipments
tags: ["{{ record.carrier }}"]
crm:
  item: {type: 1036, external: {system: wms, id: "{{ record.id }}"}, set: {TITLE: "№ {{ record.id }}"}}
"""
NAMES = ("Анна", "Bob", "Вера", "Олег")
TEXTS = ("срочно верните деньги", "хочу купить лицензии", "привет", "сделайте заказ срочно", "сколько стоит?")
PHONES = ("+79001112233", "+79001112244", "+79001112255", "")


def met(wanted: Sequence[Wanted], done: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """The writes are the same but for what was not there yet."""
    assert [write.method for write in wanted] == [method for method, _ in done]
    new: dict[Any, Any] = {}
    for write, (_, params) in zip(wanted, done, strict=True):
        assert _with(json.loads(json.dumps(write.params)), json.loads(json.dumps(params)), new)


def _with(said: Any, real: Any, new: dict[Any, Any]) -> bool:
    """Equal, where a number below zero (or its text) stands for one and the same real number."""
    if isinstance(said, dict) and isinstance(real, dict):
        return said.keys() == real.keys() and all(_with(said[name], real[name], new) for name in said)
    if isinstance(said, list) and isinstance(real, list):
        return len(said) == len(real) and all(_with(one, other, new) for one, other in zip(said, real, strict=True))
    text = str(said)
    if text.startswith("-") and text[1:].isdigit():
        return bool(new.setdefault(text, str(real)) == str(real))
    if "_-" in text:
        return text.partition("_-")[0] == str(real).partition("_")[0]
    return bool(said == real)


@pytest.mark.parametrize("seed", range(3))
def test_a_dry_run_says_what_the_real_run_does(world: World, seed: int) -> None:
    chance = random.Random(seed)
    world.rules(chat=CHAT)
    for number in range(12):
        name, phone = chance.choice(NAMES), chance.choice(PHONES)
        client = Person(id=f"c{phone[-2:] or name}", first_name=name, last_name=chance.choice(("", "Ли")), phone=phone)
        event = world.message(chance.choice(TEXTS), client, f"m{number}")
        told = world.tried(event)
        assert told.outcome is not None
        done = world.done(event)
        if told.tried.error is None:
            met(told.tried.writes, done)
        else:
            assert world.parked()[0]["cause"] == told.tried.error.cause
    assert len(world.crm("crm.item.list", entityTypeId=3)["items"]) <= len(PHONES) + len(NAMES)


def test_a_dry_run_writes_nothing(world: World) -> None:
    world.rules(chat=CHAT)
    event = world.message(TEXTS[0], Person(id="7", first_name="Анна", phone=PHONES[0]), "m1")
    before = len(world.house.sandbox.calls())
    told = world.tried(event)
    assert len(told.tried.writes) >= 3
    fresh = world.house.sandbox.calls()[before:]
    assert fresh
    assert not [row["method"] for row in fresh if row["writes"]]


def write_source(path: Path, chance: random.Random) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "name", "phone", "level"])
        for number in range(20):
            table.writerow([number, chance.choice(NAMES), chance.choice(PHONES), chance.choice(("gold", "silver", ""))])


def plan(world: World, path: Path) -> Planned:
    connector = world.house.connector
    rules = world.ruled()
    return planned(
        rows(path),
        lambda row: plan_of(world.record("customers", row.id, **row.values), rules),
        memory_of(connector.journal),
        connector.portals["main"],
        lambda done: None,
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_comes_true(world: World, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    source = tmp_path / "customers.csv"
    write_source(source, chance)
    world.rules(customers=SOURCE)
    for phone in (PHONES[0], PHONES[1], PHONES[1]):  # one is there once, one twice: nobody can tell who is meant
        fm = [{"typeId": "PHONE", "valueType": "WORK", "value": phone}]
        world.crm("crm.item.add", entityTypeId=3, fields={"name": "Old", "fm": fm})
    before = len(world.portal.writes)
    said = plan(world, source)
    assert len(world.portal.writes) == before
    done = world.loaded([world.record("customers", row.id, **row.values) for row in rows(source)])
    methods = Counter(method for method, _ in done)
    assert methods["crm.item.add"] == said.counts["create"]
    assert len(world.parked()) == said.counts["quarantine"]
    assert len(done) == said.writes
    after = plan(world, source)
    assert after.counts["create"] == 0
    assert after.counts["quarantine"] == said.counts["quarantine"]
    assert after.counts["skip"] > said.counts["skip"]


def test_the_same_event_under_new_rules_changes_what_they_changed_and_doubles_nothing(world: World) -> None:
    world.rules(chat=CHAT)
    client = Person(id="7", first_name="Анна", phone=PHONES[0])
    event = world.message("срочно хочу купить", client, "m1")
    first = world.done(event)
    assert Counter(method for method, _ in first)["crm.item.add"] == 2
    assert world.done(event, turn="again") == []
    world.rules(chat=CHAT.replace("Сказал:", "Написал:").replace("add: vip", "add: gold"))
    told = world.tried(event)
    second = world.done(event)
    met(told.tried.writes, second)
    assert {method for method, _ in second} <= {
        "crm.timeline.comment.update", "crm.item.update", "crm.contact.userfield.update", "crm.deal.userfield.update",
    }  # fmt: skip
    comments = world.crm("crm.timeline.comment.list", filter={"ENTITY_TYPE": "contact", "ENTITY_ID": 1})
    assert [row["COMMENT"] for row in comments if "казал" in row["COMMENT"] or "аписал" in row["COMMENT"]] == [
        "Написал: срочно хочу купить"
    ]
    assert world.done(event, turn="again") == []


def test_records_sent_twice_are_one(world: World) -> None:
    world.rules(customers=SOURCE)
    records = [world.record("customers", "1", name="Анна", phone=PHONES[0], level="gold")]
    assert world.loaded(records)
    connector = world.house.connector
    assert sent(records, connector.rulebook.current(), connector.intake.keep, connector.clock) == 0


def test_two_strangers_with_one_number_are_one_contact(world: World) -> None:
    world.rules(customers=SOURCE)
    twins = [world.record("customers", number, name="Анна", phone=PHONES[0], level="") for number in ("1", "2")]
    writes = world.done(*twins)
    assert [method for method, _ in writes] == ["crm.item.add"]
    assert len(world.crm("crm.item.list", entityTypeId=3)["items"]) == 1


def test_whoever_was_deleted_is_made_anew(world: World) -> None:
    world.rules(customers=SOURCE)
    world.done(world.record("customers", "1", name="Анна", phone=PHONES[0], level=""))
    world.crm("crm.item.delete", entityTypeId=3, id=1)
    world.done(world.record("customers", "2", name="Анна", phone=PHONES[0], level=""))
    assert [item["id"] for item in world.crm("crm.item.list", entityTypeId=3)["items"]] == [2]
    assert world.parked() == []


def test_a_dry_run_makes_the_tag_field_of_a_smart_process_once(world: World) -> None:
    world.house.sandbox.furnish(types=[{"entityTypeId": 1036, "title": "Отгрузки"}])
    (kind,) = world.crm("crm.type.list")["types"]
    world.rules(_settings=SHIPMENT_SETTINGS % kind["id"], shipments=SHIPMENT)
    first, second = (world.record("shipments", number, carrier=f"carrier {number}") for number in ("7", "8"))
    for record in (first, second):
        told = world.tried(record)
        assert told.tried.error is None
        met(told.tried.writes, world.done(record))
    said = Counter(method for method, _ in world.portal.writes)
    assert (said["userfieldconfig.add"], said["userfieldconfig.update"], said["crm.item.add"]) == (1, 1, 2)


def test_a_contact_without_a_name_is_called_by_what_it_is_known_by(world: World) -> None:
    world.rules(customers=SOURCE)
    world.done(world.record("customers", "1", name="", phone=PHONES[0], level=""))
    (item,) = world.crm("crm.item.list", entityTypeId=3)["items"]
    assert item["name"] == PHONES[0]


def test_a_contact_made_for_a_number_is_found_by_it_from_another_channel(world: World) -> None:
    rule = "version: 1\non: message.received\ncrm: {contact: {match: [phone], set: {COMMENTS: '{{ event.account }}'}}}"
    world.rules(people=rule)
    for account, person in (("shop", "7"), ("site", "8")):
        client = Person(id=person, first_name="Анна", phone=PHONES[0])
        world.done(world.message("привет", client, "m1", account))
    (contact,) = world.crm("crm.item.list", entityTypeId=3, select=["*"])["items"]
    assert [row["value"] for row in contact["fm"]] == [PHONES[0]]
    assert contact["comments"] == "site"
