"""Three thousand people in two hundred nested groups: what we ourselves need for it, without the portal."""

from __future__ import annotations

import time

from connector.sync.access.difference import Held
from connector.sync.access.planning import Plan
from tests.unit.access.making import access, plan_of, row, seen, user

PEOPLE, GROUPS, SECONDS = 3000, 200, 30.0
# A group lies in the one of its tens, that one in its hundred: a person is in three groups of the directory and in all.
SETTINGS = access(
    *({"group": f"CN=Team {number:03},*", "department": 100 + number} for number in range(GROUPS)),
    {"group": "CN=All", "workgroup": 5},
    {"group": "CN=Hundred 1*", "queue": 3},
)


def groups_of(number: int) -> list[str]:
    team = number % GROUPS
    return [f"CN=Team {team:03},OU=Groups", f"CN=Ten {team // 10:02}", f"CN=Hundred {team // 100}", "CN=All"]


def directory(**moves: list[str] | None) -> list:
    return [
        row(f"p{number}", *groups)
        for number in range(PEOPLE)
        if (groups := moves.get(f"p{number}", groups_of(number))) is not None
    ]


def run(rows: list, state: dict, managed: dict) -> Plan:
    users = [user(number, f"p{number}", 1, 100 + number % GROUPS) for number in range(PEOPLE)]
    began = time.process_time()
    plan = plan_of(seen(SETTINGS, rows, users, state, managed, was_groups=["CN=Team 000,OU=Groups"]))
    assert time.process_time() - began < SECONDS
    return plan


def loaded() -> tuple[dict, dict]:
    """A portal after the first load, all of it ours."""
    state: dict = {f"department:{100 + number}": {} for number in range(GROUPS)} | {"workgroup:5": {}, "queue:3": {}}
    plan = run(directory(), state, {})
    assert sum(len(steps.grants) for steps in plan.steps) == PEOPLE + PEOPLE + PEOPLE // 2
    managed: dict = {}
    for steps in plan.steps:
        key = steps.target.key
        state[key] = {step.user: step.grade for step in steps.grants}
        managed[key] = {step.user: Held(state="granted", grade=step.grade, groups=step.groups) for step in steps.grants}
    return state, managed


def test_a_move_a_leaver_a_rename_and_a_group_that_lost_most_of_its_people():
    state, managed = loaded()
    moves: dict[str, list[str] | None] = {"p7": groups_of(8), "p11": None}
    moves |= {f"p{number}": ["CN=Team Zero", "CN=All"] for number in range(0, PEOPLE, GROUPS)}
    twenty = [number for number in range(PEOPLE) if number % GROUPS == 20]
    moves |= {f"p{number}": ["CN=All"] for number in twenty[: int(len(twenty) * 0.6)]}
    plan = run(directory(**moves), state, managed)
    steps = {one.target.key: one for one in plan.steps}
    assert [step.user for step in steps["department:107"].revokes] == [7]
    assert [step.user for step in steps["department:108"].grants] == [7]
    assert [step.user for step in steps["workgroup:5"].revokes] == [11]
    why = {one.target: one.why.en for one in plan.braked}
    assert sorted(why) == ["department:100", "department:120"]
    assert "looks like a rename" in why["department:100"]
    assert "9 of 15" in why["department:120"]


def test_nothing_new_is_found_again_at_once():
    state, managed = loaded()
    plan = run(directory(), state, managed)
    assert all((one.grants, one.revokes, one.settled) == ((), (), ()) for one in plan.steps)
