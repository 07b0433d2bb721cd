"""Extensions become users, users extensions, and numbers the people who are responsible for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connector.domain.telephony import Found, LineSettings
from connector.errors import PermanentError
from connector.handlers.calls import people
from connector.speech import Text

from .calling import AT, office, rules
from .driving import Driver

REFUSED = PermanentError("bitrix24.scope", hint=Text("give the scope user", "добавьте право user"))
ANNA = {"ID": "12", "ACTIVE": True, "UF_PHONE_INNER": "101"}
LONG_AGO = (AT - timedelta(days=3)).isoformat()


def told(plan: Any, driver: Driver) -> Any:
    driver.run(plan)
    return driver.returned


def test_an_extension_is_the_user_whose_profile_has_it() -> None:
    driver = Driver({"user.get": [ANNA]})
    assert told(people.user_of("main", "101", rules()), driver) == 12
    assert driver.named("user.get")[0].params == {"FILTER": {"UF_PHONE_INNER": "101", "ACTIVE": True}}
    assert driver.links["phone.user", "main/101"] == {"user": 12, "at": AT.isoformat()}


def test_a_user_is_asked_for_once_in_twelve_hours() -> None:
    driver = Driver({"user.get": [ANNA]})
    told(people.user_of("main", "101", rules()), driver)
    assert told(people.user_of("main", "101", rules(at=AT + timedelta(hours=11))), driver) == 12
    assert len(driver.named("user.get")) == 1
    told(people.user_of("main", "101", rules(at=AT + timedelta(hours=13))), driver)
    assert len(driver.named("user.get")) == 2


def test_nobody_is_asked_for_again_after_ten_minutes() -> None:
    driver = Driver({"user.get": []})
    assert told(people.user_of("main", "101", rules()), driver) == 0
    told(people.user_of("main", "101", rules(at=AT + timedelta(minutes=9))), driver)
    assert len(driver.named("user.get")) == 1
    driver.answers["user.get"] = [ANNA]
    assert told(people.user_of("main", "101", rules(at=AT + timedelta(minutes=11))), driver) == 12


def test_a_portal_that_ignores_the_filter_gives_nobody_else_away() -> None:
    others = [{"ID": "1", "UF_PHONE_INNER": "1010"}, {"ID": "2"}, "rubbish"]
    assert told(people.user_of("main", "101", rules()), Driver({"user.get": others})) == 0


def test_the_profile_wins_over_the_table_and_the_table_over_nobody() -> None:
    table = {"extensions": {"101": {"extension": "101", "user": "40"}}}
    assert told(people.user_of("main", "101", rules(tables=table)), Driver({"user.get": [ANNA]})) == 12
    driver = Driver({"user.get": []})
    assert told(people.user_of("main", "101", rules(tables=table)), driver) == 40
    table["extensions"]["101"]["user"] = "41"
    later = rules(at=AT + timedelta(hours=1), tables=table)
    assert told(people.user_of("main", "101", later), driver) == 41
    assert len(driver.named("user.get")) == 1


def test_without_the_scope_the_table_is_asked_and_what_was_known_holds() -> None:
    table = {"extensions": {"101": {"extension": "101", "user": "40"}}}
    assert told(people.user_of("main", "101", rules(tables=table)), Driver({"user.get": REFUSED})) == 40
    known = {("phone.user", "main/101"): {"user": 7, "at": LONG_AGO}}
    assert told(people.user_of("main", "101", rules()), Driver({"user.get": REFUSED}, known)) == 7


@pytest.mark.parametrize("extension", ["", "  ", "1" * 51, "#12", "@installer"])
def test_what_is_no_extension_is_nobody_and_asks_nobody(extension: str) -> None:
    driver = Driver(links={("phone.user", "main/@installer"): {"user": 1, "at": AT.isoformat()}})
    assert told(people.user_of("main", extension, rules()), driver) == 0
    assert not driver.effects


def test_a_user_has_the_extension_of_their_profile_else_of_the_table() -> None:
    driver = Driver({"user.get": [ANNA]})
    assert told(people.extension_of("main", 12, rules()), driver) == "101"
    assert told(people.extension_of("main", 12, rules()), driver) == "101"
    assert len(driver.named("user.get")) == 1
    table = {"extensions": {"205": {"extension": "205", "user": "40"}}}
    assert told(people.extension_of("main", 40, rules(tables=table)), Driver({"user.get": []})) == "205"
    assert told(people.extension_of("main", 40, rules(tables=table)), Driver({"user.get": REFUSED})) == "205"
    assert told(people.extension_of("main", 41, rules()), Driver({"user.get": []})) == ""
    assert told(people.extension_of("main", 0, rules()), Driver()) == ""


def test_a_call_for_nobody_goes_to_the_line_then_the_account_then_the_installer() -> None:
    lines = {"+7 495 123-45-67": LineSettings(responsible=9), "8800": LineSettings()}
    given = rules(office(responsible=5, lines=lines))
    assert told(people.default_user("main", "office", "74951234567", given), Driver()) == 9
    assert told(people.default_user("main", "office", "8800", given), Driver()) == 5
    assert told(people.default_user("main", "office", "", given), Driver()) == 5
    driver = Driver({"profile": {"ID": "1", "ADMIN": True}})
    assert told(people.default_user("main", "office", "", rules()), driver) == 1
    assert told(people.default_user("main", "office", "", rules()), driver) == 1
    assert len(driver.named("profile")) == 1


def test_an_unknown_installer_is_zero_and_a_known_one_survives_a_refusal() -> None:
    assert told(people.default_user("main", "gone", "", rules()), Driver({"profile": REFUSED})) == 0
    known = {("phone.user", "main/@installer"): {"user": 3, "at": LONG_AGO}}
    assert told(people.default_user("main", "office", "", rules()), Driver({"profile": REFUSED}, known)) == 3


ROWS = [
    {
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": 651,
        "ASSIGNED_BY_ID": 99,
        "NAME": "Анна",
        "ASSIGNED_BY": {"ID": "99", "TIMEMAN_STATUS": "OPENED", "USER_PHONE_INNER": "101"},
    },
    {"CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": "7", "ASSIGNED_BY_ID": "3"},
]
FOUND = Found(phone="+79001234567", name="Анна", user=99, extension="101", entity="CONTACT", entity_id=651)


def test_who_is_responsible_is_asked_once_and_read_from_our_copy() -> None:
    driver = Driver({"telephony.externalCall.searchCrmEntities": ROWS})
    assert told(people.owner_of("main", "+79001234567", rules()), driver) is None
    assert told(people.looked_up("main", "+79001234567", rules()), driver) == FOUND
    assert told(people.owner_of("main", "+79001234567", rules()), driver) == FOUND
    assert len(driver.named("telephony.externalCall.searchCrmEntities")) == 1


def test_our_own_numbers_belong_to_nobody() -> None:
    own = rules(own_phones=frozenset({"+79001234567"}))
    driver = Driver(links={("phone.owner", "main/+79001234567"): {"user": 99}})
    assert told(people.owner_of("main", "+79001234567", own), driver) is None
    assert told(people.looked_up("main", "+79001234567", own), driver) is None
    driver.run(people.learned("main", FOUND, own))
    assert not driver.effects


@pytest.mark.parametrize("answer", [None, {}, "x", [None], [{"CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY_ID": 1}]])
def test_an_odd_answer_about_a_number_is_nobody(answer: Any) -> None:
    driver = Driver({"telephony.externalCall.searchCrmEntities": answer})
    assert told(people.looked_up("main", "+79001234567", rules()), driver) is None
    assert ("phone.owner", "main/+79001234567") not in driver.links
