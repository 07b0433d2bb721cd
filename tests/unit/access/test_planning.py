"""Who is put where and who is taken out: groups, allow and deny, protection, leavers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.speech import Text
from tests.unit.access.making import access, held, kept, moved, plan_of, row, seen, target, user

SALES = {"group": "Sales", "department": 12}
WHY = Text("why", "почему")


def names(count: int) -> list[str]:
    return [f"p{number}" for number in range(1, count + 1)]


def company(count: int) -> list:
    return [user(number, name, 12, 1) for number, name in enumerate(names(count), 1)]


def test_a_group_leads_to_its_target_whatever_its_capitals():
    survey = seen(access(SALES), [row("p1", "SALES"), row("p2", "Support")], company(2), {"department:12": {}})
    assert moved(plan_of(survey), "department:12") == ({1: "in"}, set())


@pytest.mark.parametrize(
    ("pattern", "group", "fits"),
    [
        ("CN=Sales*", "cn=sales west,OU=groups", True),
        ("CN=Sales?", "CN=Sales1", True),
        ("Sales", "Sales West", False),
        ("[Sales]", "[Sales]", True),
        ("[Sales]*", "[Sales] North", True),
        ("[Sales]", "S", False),
        ("*", "anything", True),
    ],
)
def test_only_star_and_question_mark_are_signs(pattern: str, group: str, fits: bool):
    survey = seen(access({"group": pattern, "queue": 3}), [row("p1", group)], company(1), {"queue:3": {}})
    assert bool(moved(plan_of(survey), "queue:3")[0]) is fits


def test_allow_adds_one_person_and_deny_is_stronger_than_both():
    settings = access(
        SALES,
        allow=[{"person": "p2@acme.ru", "department": 12, "why": "stands in"}, {"person": "#3", "department": 12}],
        deny=[{"person": "guid-p1", "department": 12}, {"person": "P3@acme.ru", "department": 12}],
    )
    survey = seen(settings, [row("p1", "Sales"), row("p2")], company(3), {"department:12": {}})
    assert moved(plan_of(survey), "department:12") == ({2: "in"}, set())


def test_the_chain_of_reasons_names_every_group():
    settings = access(SALES, {"group": "Sales*", "department": 12})
    survey = seen(settings, [row("p1", "Sales", "Sales West")], company(1), {"department:12": {}})
    (steps,) = plan_of(survey).steps
    assert steps.grants[0].chain == 'group "Sales", group "Sales West" → department:12'


def test_the_highest_role_wins():
    settings = access({"group": "Sales", "workgroup": 5}, {"group": "Leads", "workgroup": 5, "role": "moderator"})
    survey = seen(settings, [row("p1", "Sales", "Leads")], company(1), {"workgroup:5": {}})
    assert moved(plan_of(survey), "workgroup:5") == ({1: "moderator"}, set())


def test_whom_we_did_not_put_there_is_never_taken_out():
    survey = seen(access(SALES), [row("p1", "Sales")], company(3), {"department:12": {2: "in", 3: "in"}})
    assert moved(plan_of(survey), "department:12") == ({1: "in"}, set())


def test_somebody_who_was_there_before_us_is_not_ours_when_a_group_leads_there_too():
    survey = seen(access(SALES), [row("p1", "Sales")], company(1), {"department:12": {1: "in"}})
    plan = plan_of(survey)
    assert moved(plan, "department:12") == ({}, set())
    assert plan.steps[0].settled == ()


def test_a_member_whom_we_made_moderator_goes_back_to_member():
    settings = access({"group": "Leads", "workgroup": 5, "role": "moderator"})
    survey = seen(settings, [row("p1")], company(1), {"workgroup:5": {1: "moderator"}})
    managed = {target("workgroup:5"): {1: held("Leads", grade="moderator", had="member")}}
    (step,) = plan_of(replace(survey, managed=managed)).steps[0].revokes
    assert (step.grade, step.was) == ("member", "moderator")


def test_a_mover_leaves_the_old_department_and_keeps_those_that_we_do_not_manage():
    settings = access(SALES, {"group": "Support", "department": 13})
    rows = [row("p1", "Support"), *(row(name, "Sales") for name in names(9)[1:])]
    users = [user(1, "p1", 12, 99), *company(9)[1:]]
    actual = {"department:12": dict.fromkeys(range(1, 10), "in"), "department:13": {}}
    managed = {"department:12": {number: held("Sales") for number in range(1, 10)}}
    plan = plan_of(seen(settings, rows, users, actual, managed))
    assert moved(plan, "department:12") == ({}, {1})
    assert moved(plan, "department:13") == ({1: "in"}, set())


def test_nobody_is_left_without_a_department():
    survey = seen(
        access(SALES),
        [row("p1"), row("p2", "Sales")],
        [user(1, "p1", 12), user(2, "p2", 12)],
        {"department:12": {1: "in", 2: "in"}},
        {"department:12": {1: held("Sales"), 2: held("Sales")}},
    )
    plan = plan_of(survey)
    assert moved(plan, "department:12") == ({}, set())
    assert "last department" in plan.steps[0].kept[1].en


def test_a_queue_is_never_left_empty():
    survey = seen(
        access({"group": "Support", "queue": 3}),
        [row("p1"), row("p2", "Other")],
        company(2),
        {"queue:3": {1: "in"}},
        {"queue:3": {1: held("Support")}},
    )
    assert moved(plan_of(survey), "queue:3") == ({}, set())


def leaving(**more):
    return seen(
        access(SALES),
        [row("p1"), row("p2", "Sales")],
        company(2),
        {"department:12": {1: "in", 2: "in"}},
        {"department:12": {1: held("Sales"), 2: held("Sales")}},
        **more,
    )


def test_the_protected_stay_everywhere():
    plan = plan_of(leaving(protected={1: WHY}))
    assert moved(plan, "department:12") == ({}, set())
    assert plan.steps[0].kept == {1: WHY}


def test_heads_and_owners_stay_where_they_are():
    assert moved(plan_of(leaving(kept={"department:12": {1: WHY}})), "department:12") == ({}, set())


def test_the_protected_of_the_portal_lose_a_role_of_our_console_all_the_same():
    survey = seen(
        access({"group": "Ops", "console": "admin"}),
        [row("p1"), row("p2", "Ops")],
        company(2),
        {"console": {1: "admin", 2: "admin"}},
        {"console": {1: held("Ops", grade="admin"), 2: held("Ops", grade="admin")}},
        protected={1: WHY},
    )
    assert moved(plan_of(survey), "console") == ({}, {1})


def test_a_leaver_loses_what_we_gave_and_is_dismissed_only_when_told():
    rows = [row("p1", "Sales", active=False), row("p2", "Sales")]
    there = {"department:12": {1: "in", 2: "in"}}
    ours = {"department:12": {1: held("Sales"), 2: held("Sales")}}
    plan = plan_of(seen(access(SALES), rows, company(2), there, ours))
    assert moved(plan, "department:12") == ({}, {1})
    assert len(plan.steps) == 1
    plan = plan_of(seen(access(SALES, dismiss=True), rows, company(2), there, ours))
    assert moved(plan, "dismissed") == ({1: "in"}, set())


def test_the_brake_holds_dismissals_too():
    rows = [row(name, "Sales", active=number > 3) for number, name in enumerate(names(6), 1)]
    plan = plan_of(seen(access(SALES, dismiss=True), rows, company(6), {"department:12": {}}))
    assert moved(plan, "dismissed") == ({}, set())
    assert [one.target for one in plan.braked] == ["dismissed"]


def test_somebody_whom_another_source_leads_there_stays_and_is_forgotten_here():
    survey = seen(
        access(SALES),
        [row("p1"), row("p2", "Sales")],
        company(2),
        {"department:12": {1: "in", 2: "in"}},
        {"department:12": {1: held("Sales"), 2: held("Sales")}},
        others={target("department:12"): {1: {"hr": held("Staff")}}},
    )
    (steps,) = plan_of(survey).steps
    assert steps.revokes == ()
    assert set(steps.dropped) == {1}


def test_a_run_that_was_cut_off_finds_out_what_it_had_done():
    survey = seen(
        access(SALES),
        [row("p1", "Sales"), row("p2", "Sales"), row("p3"), row("p4")],
        company(4),
        {"department:12": {1: "in", 4: "in"}},
        {
            "department:12": {
                1: held("Sales", state="granting"),
                2: held("Sales", state="granting"),
                3: held("Sales", state="revoking"),
                4: held("Sales", state="revoking"),
            }
        },
    )
    (steps,) = plan_of(survey).steps
    assert [step.user for step in steps.settled] == [1]
    assert [step.user for step in steps.grants] == [2]
    assert set(steps.dropped) == {3}
    assert [step.user for step in steps.revokes] == [4]


def test_nothing_is_taken_from_somebody_whose_record_is_broken():
    rows = [kept({"guid": "guid-p1", "mail": "p1@acme.ru"}, cause="source.broken"), row("p2", "Sales")]
    survey = seen(
        access(SALES),
        rows,
        company(2),
        {"department:12": {1: "in", 2: "in"}},
        {"department:12": {1: held("Sales"), 2: held("Sales")}},
    )
    assert moved(plan_of(survey), "department:12") == ({}, set())
