"""The page inside the portal: the list for administrators, and the button."""

from __future__ import annotations

import html
import re
from typing import Any

import requests

from connector.sandbox import installing
from tests.integration.portal.world import World


def opened(world: World, *, user: int = 1, lang: str = "ru") -> Any:
    """The page as the portal's frame shows it to the user."""
    sandbox = world.sandbox
    app = sandbox.portal.apps["local.first"]
    return installing.open_app(sandbox.portal, app, f"{world.url}/bitrix24/app", "DEFAULT", [], lang, user)


def look_of(text: str) -> str:
    found = re.search(r'name="look" value="([^"]+)"', text)
    return html.unescape(found[1]) if found else ""


def looked(world: World, ticket: str) -> requests.Response:
    return requests.post(f"{world.url}/bitrix24/app", data={"look": ticket}, timeout=20)


def door_of(text: str) -> dict[str, str]:
    """The hidden fields of the form that opens the console."""
    form = re.search(r'action="/ops/inside">(.*?)</form>', text, re.DOTALL)
    return dict(re.findall(r'name="(\w+)" value="([^"]+)"', form[1])) if form else {}


def ticket_of(text: str) -> str:
    found = re.search(r'action="/bitrix24/app">\s*<input type="hidden" name="ticket" value="([^"]+)"', text)
    return html.unescape(found[1]) if found else ""


def test_an_administrator_sees_the_list_in_green(world: World):
    page = opened(world)
    assert page.status == 200
    assert "Проверяю подключение" in page.html
    answer = looked(world, look_of(page.html))
    assert answer.status_code == 200
    assert 'class="bad"' not in answer.text
    assert "События доходят" in answer.text
    assert ticket_of(answer.text) == ""
    assert f"frame-ancestors {world.sandbox.url}" in answer.headers["Content-Security-Policy"]


def test_an_employee_sees_the_accounts_and_no_list(world: World):
    page = opened(world, user=2)
    assert "shop" in page.html
    assert look_of(page.html) == ""
    assert "администраторам" in page.html


def test_somebody_elses_token_opens_no_list(world: World):
    stranger = world.sandbox.grant(client_id="local.second")["access_token"]
    form = {"member_id": world.kept().grant.member_id, "APPLICATION_TOKEN": world.token(), "AUTH_ID": stranger}
    answer = requests.post(f"{world.url}/bitrix24/app?LANG=en", data=form, timeout=10)
    assert answer.status_code == 200
    assert look_of(answer.text) == ""
    assert "another application" in answer.text


def test_tickets_are_ours_and_for_one_purpose(world: World):
    ticket = look_of(opened(world).html)
    assert looked(world, ticket[:-2] + "xx").status_code == 403
    forged = requests.post(f"{world.url}/bitrix24/app", data={"ticket": ticket}, timeout=10)
    assert forged.status_code == 403
    world.sandbox.unbind("ONAPPUNINSTALL")
    mend = ticket_of(looked(world, look_of(opened(world).html)).text)
    assert mend
    assert looked(world, mend).status_code == 403


def test_the_button_mends_and_is_in_the_audit_with_who_pressed_it(world: World):
    world.sandbox.unbind("ONIMCONNECTORMESSAGEADD")
    page = looked(world, look_of(opened(world, lang="en").html))
    assert 'class="bad"' in page.text
    assert "ONIMCONNECTORMESSAGEADD" in page.text
    pressed = requests.post(f"{world.url}/bitrix24/app", data={"ticket": ticket_of(page.text)}, timeout=10)
    assert "bound anew" in pressed.text
    world.work()
    assert "ONIMCONNECTORMESSAGEADD" in world.handlers()
    trace = next(row["trace"] for row in world.envelopes() if row["method"] == "CLI")
    audit = world.connector.journal.trace(trace)["audit"]
    name = world.sandbox.portal.users[1]
    assert [(row["who"], row["what"]) for row in audit] == [(f"{name.name} {name.last_name} (main #1)", "rebind")]


def test_an_administrator_walks_on_into_the_console_as_a_portal_user(world: World):
    browser = requests.Session()
    door = door_of(opened(world, lang="en").html)
    page = browser.post(f"{world.url}/ops/inside", data=door, headers={"Origin": world.url}, timeout=10)
    name = world.sandbox.portal.users[1]
    assert (page.status_code, page.url) == (200, f"{world.url}/ops")
    assert f"{name.name} {name.last_name} (main #1)" in page.text
    assert f"frame-ancestors {world.sandbox.url}" in page.headers["Content-Security-Policy"]


def test_an_employee_finds_no_door(world: World):
    assert door_of(opened(world, user=2).html) == {}


def test_the_visit_ends_when_the_application_is_removed(world: World):
    browser = requests.Session()
    door = door_of(opened(world).html)
    browser.post(f"{world.url}/ops/inside", data=door, headers={"Origin": world.url}, timeout=10)
    assert browser.get(f"{world.url}/ops/audit", timeout=10).url.endswith("/ops/audit")
    world.sandbox.uninstall()
    world.work()
    assert "/ops/sign-in" in browser.get(f"{world.url}/ops/audit", timeout=10).url


def test_opening_the_page_as_an_administrator_starts_a_portal_without_tokens_again(world: World):
    world.connector.journal.set_state("main", "needs_reauth", "invalid_grant")
    opened(world, user=2)
    assert world.kept().state == "needs_reauth"
    assert look_of(opened(world).html)
    assert world.kept().state == "active"


def test_a_blocked_portal_is_left_alone_by_its_page(world: World):
    world.connector.journal.set_state("main", "blocked", "overload")
    before = len(world.sandbox.calls())
    page = opened(world)
    assert look_of(page.html) == ""
    assert len(world.sandbox.calls()) == before
    assert world.kept().state == "blocked"
