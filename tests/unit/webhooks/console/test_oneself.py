"""``/ops/me``: what I may do, my password, my sessions."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connector.journal.guests import Guest
from connector.journal.users import ROLES
from tests.unit.webhooks.console.conftest import PASSWORD, Console
from tests.unit.webhooks.world import installation

NEW = "another fine one"


def renew(browser: Any, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> Any:
    return browser.submit("/ops/me/password", "/ops/me", old=old, password=new, again=again)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_sees_who_they_are_and_what_they_may(console: Console, role: str):
    page = console.signed_in(role).get("/ops/me").text
    able = re.findall(r'<li class="good"><span class="skip">yes: </span>([^<]+)', page)
    assert f"<h1>{role}</h1>" in page
    assert len(able) == {"viewer": 1, "operator": 6, "integrator": 8, "admin": 9}[role]


def test_a_new_password_ends_all_other_sessions_and_changes_this_one(console: Console):
    here, there = console.signed_in("viewer"), console.signed_in("viewer")
    former = here.session
    answer = renew(here)
    assert answer.location == "/ops/me?did=password"
    assert "password is changed" in here.get(answer.location).text
    assert here.session != former
    assert console.journal.visitor(former) is None
    assert there.get("/ops").status_code == 303
    assert console.browser().sign_in("viewer", NEW).status_code == 303


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"old": "wrong"}, "present password is wrong"),
        ({"again": "different!!!!"}, "differ"),
        ({"new": "short", "again": "short"}, "12 to 256"),
        ({"new": "viewer viewer", "again": "viewer viewer"}, "12 to 256"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(console: Console, form: dict[str, str], told: str):
    browser = console.signed_in("viewer")
    answer = renew(browser, **form)
    assert (answer.status_code, told in answer.text) == (400, True)
    assert browser.get("/ops").status_code == 200
    assert console.browser().sign_in("viewer").status_code == 303


def test_guessing_the_old_password_is_slowed(console: Console):
    browser = console.signed_in("viewer")
    statuses = [renew(browser, old="guess").status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]


def test_my_sessions_are_listed_and_the_others_ended(console: Console):
    here, there = console.signed_in("viewer"), console.signed_in("viewer")
    page = here.get("/ops/me").text
    assert page.count("signed in <time") == 2
    assert page.count("this one") == 1
    assert here.submit("/ops/me/others", "/ops/me").location == "/ops/me?did=others"
    assert there.get("/ops").status_code == 303
    assert "End the others" not in here.get("/ops/me?did=others").text


def test_who_came_from_a_portal_has_no_password_here(console: Console):
    console.journal.keep_installation(installation("main"))
    guest = Guest(portal="main", user_id="7", title="Ivan", standing="admin")
    console.journal.welcome("ticket", 2e9, "cookie", guest, "")
    browser = console.browser()
    browser.client.set_cookie("ops_frame", "cookie", domain="edge.example", path="/ops")
    page = browser.get("/ops/me").text
    assert "You came from the portal" in page
    assert 'type="password"' not in page


def test_a_chosen_zone_wins_over_the_browsers(console: Console):
    browser = console.signed_in("viewer")
    browser.client.set_cookie("ops_zone", "Asia/Omsk", domain="edge.example", path="/ops")
    assert "as the browser tells: Asia/Omsk" in browser.get("/ops/me").text
    browser.submit("/ops/me/zone", "/ops/me", zone="Europe/Moscow")
    page = browser.get("/ops/me?did=zone").text
    assert '<option value="Europe/Moscow" selected>Moscow, GMT+03:00</option>' in page
    assert "Europe/Moscow</span>" in page
    browser.submit("/ops/me/zone", "/ops/me", zone="../etc")
    assert "as the browser tells: Asia/Omsk" in browser.get("/ops/me").text


@pytest.mark.parametrize(("language", "words"), [("en", "Novosibirsk, GMT+07:00"), ("ru", "Новосибирск, GMT+07:00")])
def test_zones_are_named_in_the_readers_language(console: Console, language: str, words: str):
    assert words in console.signed_in("viewer", language).get("/ops/me").text
