"""Runs of people and of tags, through the engine: led all together, braked, foreseen."""

from __future__ import annotations

from typing import Any

from connector.domain.access import AccessSettings
from connector.domain.tagging import TaggingSettings
from connector.sync.planning import Forecast, forecast
from tests.integration.sync.world import World

ACCESS = {
    "person": {"external_id": "guid", "email": "mail", "name": "name"},
    "groups": "groups",
    "targets": [{"group": "Sales", "workgroup": 0}],
}


def people(world: World, count: int) -> int:
    """So many employees, in the source's group Sales; the workgroup that it leads to."""
    world.house.sandbox.seed("users", count)
    world.house.sandbox.furnish(groups=[{"NAME": "Sales", "OWNER_ID": 1, "MEMBERS": [1]}])
    group = next(int(row["ID"]) for row in world.house.sandbox.groups() if row["NAME"] == "Sales")
    targets = [{"group": "Sales", "workgroup": group}]
    world.settings(access=AccessSettings.model_validate({**ACCESS, "targets": targets}), page=7)
    seeded = [user for user in world.house.sandbox.users() if str(user.get("XML_ID", "")).startswith("guid-")]
    for user in seeded[:count]:
        mail = str(user["EMAIL"])
        row = {"guid": str(user["XML_ID"]), "mail": mail, "name": mail, "groups": ["Sales"]}
        world.script.rows[str(user["XML_ID"])] = row
    return group


def members(world: World, group: int) -> int:
    found = world.connector.portals["main"].call("sonet_group.user.get", {"ID": group})
    return len(found) - 1  # its owner


def foreseen(world: World, **how: Any) -> Forecast:
    settings = world.connector.settings.sources["shipments"]
    given = {"full": False, "allow_gone": False} | how
    return forecast(world.connector, settings, told=lambda so_far: None, **given)


def test_people_are_led_together_and_a_second_run_changes_nothing(world: World):
    group = people(world, 20)
    planned = foreseen(world)
    assert planned.people is not None
    assert (planned.people.grants, members(world, group)) == (20, 0)
    run = world.run()
    assert (run.state, run.counts["created"], members(world, group)) == ("done", 20, 20)
    assert any("20" in note.en for note in run.notes)
    again = world.run()
    assert (again.state, again.counts["created"], again.counts["updated"]) == ("done", 0, 0)


def test_who_left_loses_the_access_and_too_many_do_not(world: World):
    group = people(world, 20)
    world.run()
    names = sorted(world.script.rows)
    del world.script.rows[names[0]]
    assert (world.run().state, members(world, group)) == ("done", 19)
    for name in names[1:13]:
        world.script.rows[name]["groups"] = []
    held = foreseen(world)
    assert held.braked
    run = world.run()
    assert (run.state, members(world, group)) == ("braked", 19)
    assert run.hint is not None
    assert "--allow-gone" in run.hint.ru
    assert (world.run(allow_gone=True).state, members(world, group)) == ("done", 7)


def test_tags_follow_the_rows_that_rules_led_to(world: World):
    world.rules("""
on: record.shipments
crm:
  contact: {match: [phone], set: {NAME: "{{ record.name }}", PHONE: "{{ record.phone }}"}}
""")
    find = {"entity": "contact"}
    world.settings(tags=TaggingSettings.model_validate({"column": "tags", "find": find, "field": "UF_CRM_SEGMENTS"}))
    world.script.rows = {
        "1": {"number": "1", "name": "Анна", "phone": "+79000000001", "tags": ["vip", "retail"]},
        "2": {"number": "2", "name": "Борис", "phone": "+79000000002", "tags": []},
    }
    run = world.run()
    assert run.state == "done"
    assert tags(world) == {"Анна": {"vip", "retail"}, "Борис": set()}
    world.script.rows["1"]["tags"] = ["vip"]
    world.script.rows["2"]["tags"] = ["new"]
    assert world.run().state == "done"
    assert tags(world) == {"Анна": {"vip"}, "Борис": {"new"}}


def tags(world: World) -> dict[str, set[str]]:
    """What the contacts' field says, in words."""
    portal = world.connector.portals["main"]
    rows = portal.call("crm.contact.userfield.list", {"filter": {"FIELD_NAME": "UF_CRM_SEGMENTS"}})
    words = {int(option["ID"]): option["VALUE"] for row in rows for option in row.get("LIST") or []}
    found = portal.call("crm.item.list", {"entityTypeId": 3, "select": ["*"], "useOriginalUfNames": "Y"})
    return {
        item["name"]: {words[int(number)] for number in item.get("UF_CRM_SEGMENTS") or []} for item in found["items"]
    }
