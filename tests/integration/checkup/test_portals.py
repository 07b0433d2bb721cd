"""The list about a portal, with the portal, the web, the database and Redis as they are."""

from __future__ import annotations

from connector import repair
from connector.checkup import examined
from connector.domain.provider import Finding
from tests.integration.portal.world import World

OLD = "http://127.0.0.9/bitrix24/events"
DEED = repair.Deed(who="anna", why="moved")


def look(world: World, *, wait: float = 10.0) -> dict[str, Finding]:
    return {finding.code: finding for finding in examined(world.connector, "main", wait=wait)}


def wrong(found: dict[str, Finding]) -> dict[str, str]:
    return {code: finding.state for code, finding in found.items() if finding.state != "ok"}


def test_events_reach_us_is_proven_by_one_that_came(world: World):
    found = look(world)
    assert wrong(found) == {}
    assert found["portal.arrival"].state == "ok"
    assert {"portal.budget", "portal.operating", "portal.heard", "portal.line"} <= set(found)


def test_an_event_that_is_lost_on_the_way_is_red_and_silence_is_told(world: World):
    world.sandbox.drop_events(1, "ONAPPTEST")
    found = look(world, wait=0.6)
    assert wrong(found) == {"portal.arrival": "bad", "portal.heard": "warn"}
    assert world.url in str(found["portal.arrival"].hint)


def test_yesterdays_test_event_proves_nothing_today(world: World):
    look(world)
    world.sandbox.drop_events(1, "ONAPPTEST")
    assert look(world, wait=0.6)["portal.arrival"].state == "bad"


def test_a_test_event_of_a_stranger_proves_nothing(world: World):
    world.sandbox.drop_events(1, "ONAPPTEST")
    assert world.tell("ONAPPTEST", "forged", **{"data[QUERY][PROBE]": "0" * 16}) == 403
    assert look(world, wait=0.6)["portal.arrival"].state == "bad"


def test_nothing_is_fired_when_nobody_waits(world: World):
    found = look(world, wait=0)
    assert "portal.arrival" not in found
    assert world.sandbox.calls("event.test") == []


def test_what_really_came_is_told_with_its_age(world: World):
    assert world.tell("ONIMCONNECTORLINEDELETE", world.token(), data="107") == 200
    assert "ago" in look(world, wait=0)["portal.heard"].what.en


def test_rebinding_mends_handlers_that_went_missing(world: World):
    world.sandbox.unbind("ONIMCONNECTORMESSAGEADD")
    found = look(world, wait=0)
    assert found["portal.handlers"].state == "bad"
    assert found["portal.handlers"].mend == "connector portal rebind main"
    repair.rebind(world.connector, "main", DEED)
    world.work()
    assert look(world)["portal.handlers"].state == "ok"


def test_an_address_left_behind_is_named_and_taken_off(world: World):
    portal = world.connector.portals["main"]
    portal.call("event.bind", {"event": "ONAPPUPDATE", "handler": OLD})
    assert look(world, wait=0)["portal.handlers_stale"].mend == f"connector portal unbind main {OLD}"
    assert repair.unbind(world.connector, "main", OLD, DEED) == 1
    assert "portal.handlers_stale" not in look(world, wait=0)
    assert "ONAPPUPDATE" in world.handlers()


def test_an_unfinished_installation_is_red(world: World):
    world.sandbox.portal.apps["local.first"].installed = False
    assert wrong(look(world, wait=0.5))["portal.install_finish"] == "bad"


def test_what_the_portal_lacks_is_told(world: World):
    world.connector.journal.remember("abilities", "main", {"imconnector.chat.name.set": False, "profile": True})
    found = look(world, wait=0)["portal.abilities"]
    assert (found.state, "imconnector.chat.name.set" in found.what.en) == ("warn", True)


def test_methods_that_used_operating_time_are_named(world: World):
    for spent in (350.0, 400.0):
        time = {"operating": spent, "operating_reset_at": 2600, "finish": 2000.0, "duration": 1.0}
        world.connector.portals["main"].budget.note("crm.item.list", time)
    found = look(world, wait=0)["portal.operating"]
    assert "crm.item.list: 400 of 480" in found.what.en
    assert found.state == "warn"


def test_a_portal_that_is_not_installed_has_one_finding(world: World):
    found = list(examined(world.connector, "second", wait=5))
    assert [(finding.code, finding.state) for finding in found] == [("portal.installed", "bad")]
