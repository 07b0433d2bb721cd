"""A queue reads back as user ids; what it was written as is found again (facts/bitrix24-telephony-crm.md §3.6)."""

from __future__ import annotations

from connector.sync.access.writing_queues import entries_of
from tests.unit.access.making import user

DEPARTMENT = {"ENTITY_TYPE": "department", "ENTITY_ID": "10"}


def one(number: int) -> dict[str, str]:
    return {"ENTITY_TYPE": "user", "ENTITY_ID": str(number)}


def line(*people: int, departments: dict[int, str] | None = None) -> dict:
    told = {str(p): {"USER_ID": str(p), "DEPARTMENT_ID": (departments or {}).get(p, "0")} for p in people}
    return {"QUEUE": [str(number) for number in people], "QUEUE_FULL": told}


def test_the_portal_tells_by_which_department_somebody_stands_there():
    queue = line(5, 1, 2, 7, departments={1: "10", 2: "10"})
    assert entries_of(queue, [], {}) == [one(5), DEPARTMENT, one(7)]


def test_where_it_does_not_what_we_wrote_last_tells():
    users = {1: user(1, "a", 10), 2: user(2, "b", 10), 5: user(5, "c", 10)}
    ours = [one(5), DEPARTMENT]
    assert entries_of(line(5, 1, 2), ours, users) == [one(5), DEPARTMENT]


def test_who_came_into_the_department_since_then_changes_nothing():
    users = {number: user(number, f"p{number}", 10) for number in (1, 2, 3)}
    assert entries_of(line(1, 2, 3), [DEPARTMENT], users) == [DEPARTMENT]


def test_who_was_put_in_by_hand_stays_where_they_are():
    users = {1: user(1, "a", 10), 9: user(9, "z", 44)}
    assert entries_of(line(9, 1), [DEPARTMENT], users) == [one(9), DEPARTMENT]


def test_an_empty_list_of_php_is_no_map():
    assert entries_of({"QUEUE": ["4"], "QUEUE_FULL": []}, [], {}) == [one(4)]
