from __future__ import annotations

from dataclasses import replace

import pytest

from connector.sync.access.matching import matched
from connector.sync.access.people import people_of
from tests.unit.access.making import access, kept, row, user

SETTINGS = access()


def find(*rows, users, known=None):
    return matched(people_of(rows, SETTINGS).people, users, known or {})


def test_one_group_per_row_adds_up_to_one_person():
    rows = [kept({"guid": "a", "mail": "Ivan@Acme.ru", "groups": name}) for name in ("Sales", "Support")]
    (person,) = people_of(rows, SETTINGS).people
    assert (person.email, set(person.groups)) == ("ivan@acme.ru", {"Sales", "Support"})


def test_groups_in_one_text_are_split():
    (person,) = people_of([kept({"guid": "a", "groups": "Sales; Support ;"})], access(split=";")).people
    assert person.groups == {"Sales", "Support"}


@pytest.mark.parametrize("word", [False, 0, "0", "no", "N", "False", "нет", "disabled"])
def test_a_plain_no_makes_a_leaver(word):
    (person,) = people_of([row("ivan", "Sales", active=word)], SETTINGS).people
    assert not person.active


@pytest.mark.parametrize("word", [True, 1, "1", "yes", "active", "", None])
def test_an_empty_column_says_nothing(word):
    (person,) = people_of([row("ivan", "Sales", active=word)], SETTINGS).people
    assert person.active


def test_a_tombstone_is_a_leaver_unless_another_row_says_that_they_are_there():
    gone = kept({"guid": "a", "mail": "a@acme.ru", "groups": "Sales"}, gone=True)
    alive = kept({"guid": "a", "mail": "a@acme.ru", "groups": "Support"})
    assert [person.active for person in people_of([gone], SETTINGS).people] == [False]
    (person,) = people_of([gone, alive], SETTINGS).people
    assert (person.active, set(person.groups)) == (True, {"Support"})


def test_a_row_without_any_id_is_told_with_its_place():
    people = people_of([kept({"name": "Ivan"})], SETTINGS)
    assert people.people == ()
    assert "staff.csv:2" in people.problems[0].en


def test_the_external_id_is_stronger_than_the_e_mail():
    users = [
        user(1, "ivan", xml_id="guid-ivan", email="old@acme.ru"),
        user(2, "other", email="ivan@acme.ru", xml_id=""),
    ]
    matches = find(row("ivan"), users=users)
    assert [(number, match.how) for number, match in matches.of.items()] == [(1, "xml_id")]


def test_the_e_mail_finds_whatever_its_capitals():
    matches = find(row("ivan", mail="IVAN@acme.ru"), users=[user(1, "ivan", xml_id="", email="Ivan@Acme.RU")])
    assert matches.of[1].how == "email"


def test_whom_we_found_before_is_found_again_under_another_e_mail():
    matches = find(row("ivan", mail="new@acme.ru"), users=[user(1, "ivan", xml_id="1C-77")], known={"guid-ivan": 1})
    assert matches.of[1].how == "known"


def test_of_users_with_one_e_mail_nobody_is_guessed_and_nothing_is_taken_from_them():
    users = [user(1, "a", xml_id="", email="ivan@acme.ru"), user(2, "b", xml_id="", email="ivan@acme.ru")]
    matches = find(row("ivan"), users=users)
    assert matches.of == {}
    assert set(matches.unclear) == {1, 2}
    assert "(1)" in matches.unmatched[0].why.en
    assert "(2)" in matches.unmatched[0].why.ru


def test_a_dismissed_namesake_does_not_stand_in_the_way():
    users = [user(1, "a", xml_id="", email="ivan@acme.ru", active=False), user(2, "b", xml_id="", email="ivan@acme.ru")]
    assert list(find(row("ivan"), users=users).of) == [2]


def test_two_people_with_one_e_mail_are_both_reported():
    rows = [row("ivan", mail="sales@acme.ru"), row("petr", mail="sales@acme.ru")]
    matches = find(*rows, users=[user(1, "sales", xml_id="")])
    assert matches.of == {}
    assert len(matches.unmatched) == 2
    assert set(matches.unclear) == {1}


def test_who_is_found_by_external_id_wins_over_who_only_shares_the_e_mail():
    rows = [row("ivan"), row("petr", mail="ivan@acme.ru")]
    matches = find(*rows, users=[user(1, "ivan")])
    assert matches.of[1].person.external_id == "guid-ivan"
    assert [each.person.external_id for each in matches.unmatched] == ["guid-petr"]


def test_strangers_may_be_invited_but_the_dismissed_and_outsiders_are_only_reported():
    users = [user(2, "petr", active=False), user(3, "olga", employee=False)]
    matches = find(row("ivan"), row("petr"), row("olga"), users=users)
    assert [(each.person.name, each.unknown) for each in matches.unmatched] == [
        ("ivan", True),
        ("petr", False),
        ("olga", False),
    ]


def test_a_leaver_whom_nobody_knows_is_not_reported():
    assert find(row("ivan", active=False), users=[]).unmatched == ()


@pytest.mark.parametrize("record", ["guid-ivan", "guid-ivan|Sales", "Ivan@acme.ru"])
def test_whose_a_broken_row_without_values_is_its_id_may_tell(record: str):
    broken = replace(kept({}, cause="source.broken"), record=record)
    matches = find(broken, users=[user(1, "ivan")])
    assert set(matches.unclear) == {1}


def test_nobody_knows_where_somebody_with_a_broken_row_belongs():
    broken = kept({"guid": "guid-ivan", "mail": "ivan@acme.ru"}, cause="source.broken")
    matches = find(broken, users=[user(1, "ivan")])
    assert "staff.csv:2" in matches.unclear[1].en
