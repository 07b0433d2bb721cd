"""When too much would be taken away at once, nothing is."""

from __future__ import annotations

import pytest

from connector.sync.access.brake import allowed
from tests.unit.access.making import access, held, moved, plan_of, row, seen, target, user

SALES = {"group": "Sales", "department": 12}


def names(count: int) -> list[str]:
    return [f"p{number}" for number in range(1, count + 1)]


def company(count: int) -> list:
    return [user(number, name, 12, 1) for number, name in enumerate(names(count), 1)]


@pytest.mark.parametrize(
    ("managed", "percent", "most"), [(3, 20, 1), (10, 20, 2), (100, 20, 20), (100, 0, 1), (1, 50, 1)]
)
def test_one_may_always_go_and_more_only_up_to_the_brake(managed: int, percent: float, most: int):
    assert allowed(managed, percent) == most


def shrunk(present: int, count: int, **more):
    """Of ``count`` managed people only ``present`` are still in the group."""
    rows = [row(name, *(["Sales"] if number <= present else [])) for number, name in enumerate(names(count), 1)]
    numbers = range(1, count + 1)
    return seen(
        access(SALES, **more),
        rows,
        company(count),
        {"department:12": dict.fromkeys(numbers, "in")},
        {"department:12": {number: held("Sales") for number in numbers}},
    )


def test_removing_one_of_three_is_no_mass_removal():
    assert moved(plan_of(shrunk(2, 3)), "department:12") == ({}, {3})


def test_more_than_the_brake_takes_nobody_out_until_a_person_says_so():
    plan = plan_of(shrunk(4, 10))
    assert moved(plan, "department:12") == ({}, set())
    assert [(one.target, one.revokes, one.managed) for one in plan.braked] == [("department:12", 6, 10)]
    assert moved(plan_of(shrunk(4, 10), allow_gone=True), "department:12") == ({}, {5, 6, 7, 8, 9, 10})


def test_a_braked_target_still_takes_new_people_in():
    survey = shrunk(4, 10)
    rows = [row(name, "Sales") for name in names(4)] + [row("new", "Sales")]
    survey = seen(
        access(SALES),
        rows,
        [*company(10), user(11, "new", 1)],
        {"department:12": survey.sites[target("department:12")].actual},
        {"department:12": survey.managed[target("department:12")]},
    )
    plan = plan_of(survey)
    assert moved(plan, "department:12") == ({11: "in"}, set())
    assert plan.braked


def test_an_empty_source_takes_away_nothing_not_even_from_one():
    survey = seen(access(SALES), [], company(1), {"department:12": {1: "in"}}, {"department:12": {1: held("Sales")}})
    plan = plan_of(survey)
    assert moved(plan, "department:12") == ({}, set())
    assert "nobody at all" in plan.braked[0].why.en


def test_a_renamed_group_looks_like_a_rename_and_nobody_is_taken_out():
    numbers = range(1, 9)
    rows = [row(name, "Sales and Marketing") for name in names(8)]
    survey = seen(
        access(SALES, brake=100),
        rows,
        company(8),
        {"department:12": dict.fromkeys(numbers, "in")},
        {"department:12": {number: held("Sales") for number in numbers}},
        was_groups=["Sales"],
    )
    (braked,) = plan_of(survey).braked
    assert "looks like a rename" in braked.why.en
    assert "Sales and Marketing" in braked.why.ru


def test_a_group_that_was_there_before_is_no_new_name():
    numbers = range(1, 9)
    survey = seen(
        access(SALES, brake=100),
        [row(name, "Everybody") for name in names(8)],
        company(8),
        {"department:12": dict.fromkeys(numbers, "in")},
        {"department:12": {number: held("Sales") for number in numbers}},
        was_groups=["Sales", "Everybody"],
    )
    (braked,) = plan_of(survey).braked
    assert "is gone from the source" in braked.why.en


def test_a_target_taken_out_of_the_settings_waits_for_a_person():
    survey = seen(
        access(),
        [row(name, "Sales") for name in names(2)],
        company(2),
        {"department:12": {1: "in", 2: "in"}},
        {"department:12": {1: held("Sales"), 2: held("Sales")}},
    )
    assert "no longer in the settings" in plan_of(survey).braked[0].why.en
    assert moved(plan_of(survey, allow_gone=True), "department:12")[1] == {1, 2}
