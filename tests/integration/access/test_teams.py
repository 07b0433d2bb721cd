"""Teams, which only REST 3.0 knows (facts/bitrix24-telephony-crm.md §3.3), against the sandbox."""

from __future__ import annotations

import pytest

from tests.integration.access.world import NUMBERS, World, staff

IVAN, PETR, OLGA, ANNA, OLEG = NUMBERS.values()


def team(world: World) -> int:
    return int(world.sandbox.teams()[0]["id"])


def members(world: World) -> dict[int, str]:
    return {int(user): role for user, role in world.sandbox.teams()[0]["members"].items()}


@pytest.fixture
def number(world: World) -> int:
    """The team, led by Oleg, with Anna in it by hand."""
    number = team(world)
    for user, role in ((OLEG, "MEMBER_TEAM_HEAD"), (ANNA, "MEMBER_TEAM_EMPLOYEE")):
        world.portal.call("humanresources.node.member.add", {"nodeId": number, "userIds": [user], "role": role})
    return number


def test_people_come_and_go_and_heads_and_strangers_stay(world: World, number: int):
    settings = world.settings({"group": "Response", "team": number})
    rows = staff(ivan=["Response"], petr=["Response"], oleg=["Response"])
    outcome = world.work(settings, rows)
    assert (outcome.grants, outcome.problems) == (2, ())
    assert set(members(world)) == {OLEG, ANNA, IVAN, PETR}
    assert world.work(settings, rows).changes == []
    world.work(settings, staff(petr=["Response"]))
    assert set(members(world)) == {OLEG, ANNA, PETR}
    assert members(world)[OLEG] == "MEMBER_TEAM_HEAD"


def test_who_was_made_head_of_the_team_meanwhile_stays(world: World, number: int):
    settings = world.settings({"group": "Response", "team": number})
    world.work(settings, staff(ivan=["Response"], petr=["Response"]))
    set_to = {"nodeId": number, "userIds": [IVAN], "role": "MEMBER_TEAM_HEAD"}
    world.portal.call("humanresources.node.member.remove", {"nodeId": number, "userIds": [IVAN]})
    world.portal.call("humanresources.node.member.add", set_to)
    outcome = world.work(settings, staff(petr=["Response"]))
    assert members(world)[IVAN] == "MEMBER_TEAM_HEAD"
    assert "leads this team" in outcome.notes[0].en


def test_a_department_is_no_team_and_an_unknown_node_is_told(world: World):
    nodes = world.portal.call("humanresources.node.list", {"type": "DEPARTMENT", "select": ["id"]})["items"]
    settings = world.settings({"group": "Response", "team": int(nodes[-1]["id"])}, {"group": "Response", "team": 9999})
    outcome = world.work(settings, staff(ivan=["Response"]))
    assert any("write department:" in text.en for text in outcome.problems)
    assert any("team 9999 cannot be read" in text.en for text in outcome.problems)
    assert outcome.grants == 0
