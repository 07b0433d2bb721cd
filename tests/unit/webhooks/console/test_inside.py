"""From the application's page inside Bitrix24 into the console, and what happens to those who may not."""

from __future__ import annotations

import hmac
import re
from typing import Any

import pytest

from connector.journal.guests import STAY
from connector.settings import ConsoleSettings
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import OURS, Console
from tests.unit.webhooks.world import APPLICATION_TOKEN, MEMBER, PORTAL_URL, installation
from webhooks.app import create_app
from webhooks.guests import DOOR_SECONDS, plain

FRAME = {"Sec-Fetch-Dest": "iframe"}


class Portal:
    """The frame of a portal's page in somebody's browser."""

    def __init__(self, console: Console, **roles: str) -> None:
        self.console = console
        settings = ConsoleSettings.model_validate({"portal_users": roles} if roles else {})
        console.connector.settings.console = settings
        console.journal.keep_installation(installation("main"))
        self.client = create_app(console.connector).test_client()

    def opens(self, token: str = "admin-token", language: str = "en") -> Any:
        form = {"member_id": MEMBER, "APPLICATION_TOKEN": APPLICATION_TOKEN, "AUTH_ID": token}
        return self.client.post(f"/bitrix24/app?LANG={language}", data=form, base_url=OURS)

    def door(self, token: str = "admin-token") -> dict[str, str]:
        return door_of(self.opens(token).text)

    def steps_in(self, door: dict[str, str], origin: str = OURS) -> Any:
        return self.client.post("/ops/inside", data=door, base_url=OURS, headers={"Origin": origin, **FRAME})

    def comes_in(self, token: str = "admin-token") -> None:
        assert self.steps_in(self.door(token)).status_code == 303

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, base_url=OURS, headers={**FRAME, "Accept-Language": "en", **headers})

    def post(self, path: str, **form: str) -> Any:
        cookie = self.client.get_cookie("ops_frame", domain="edge.example", path="/ops").value
        data = {"csrf": hmac.digest(cookie.encode(), b"form", "sha256").hex(), **form}
        return self.client.post(path, data=data, base_url=OURS, headers={"Origin": OURS, **FRAME})


def door_of(page: str) -> dict[str, str]:
    """The hidden fields of the form that opens the console."""
    form = re.search(r'action="/ops/inside">(.*?)</form>', page, re.DOTALL)
    return dict(re.findall(r'name="(\w+)" value="([^"]+)"', form[1])) if form else {}


@pytest.fixture
def portal(console: Console) -> Portal:
    return Portal(console)


def test_an_administrator_goes_on_into_the_console_in_the_same_frame(portal: Portal):
    answer = portal.steps_in(portal.door())
    assert answer.status_code == 303
    assert portal.get(answer.location).location == "/ops"
    page = portal.get("/ops")
    assert "Ivan Petrov (main #7)" in page.text
    assert f"frame-ancestors {PORTAL_URL}" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers


def test_the_cookie_is_of_that_frame_alone_and_no_address_bears_a_ticket_that_opens(portal: Portal):
    door = portal.door()
    answer = portal.steps_in(door)
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "ops_frame=" in value)
    assert {"Secure", "HttpOnly", "Path=/ops", "SameSite=None", "Partitioned"} <= set(cookie.split("; "))
    assert door["ticket"] not in answer.location
    assert portal.opens().headers["Referrer-Policy"] == "same-origin"


def test_over_plain_http_on_one_site_the_cookie_is_lax(console: Console):
    console.connector.settings.public_url = "http://127.0.0.1:8000"
    portal = Portal(console)
    ours = "http://127.0.0.1:8000"
    answer = portal.client.post("/ops/inside", data=portal.door(), base_url=ours, headers={"Origin": ours})
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "ops_frame=" in value)
    assert "SameSite=Lax" in cookie
    assert "Partitioned" not in cookie
    assert "Secure" not in cookie


def test_a_door_opens_once(portal: Portal):
    door = portal.door()
    assert portal.steps_in(door).status_code == 303
    again = portal.steps_in(door)
    assert (again.status_code, "used already" in again.text) == (403, True)
    assert f"frame-ancestors {PORTAL_URL}" in again.headers["Content-Security-Policy"]


def test_a_door_left_open_for_long_says_so_inside_the_frame(portal: Portal, clock: FakeClock):
    door = portal.door()
    clock.advance(DOOR_SECONDS + 1)
    late = portal.steps_in(door)
    assert (late.status_code, "open for too long" in late.text) == (403, True)
    assert f"frame-ancestors {PORTAL_URL}" in late.headers["Content-Security-Policy"]


@pytest.mark.parametrize("spoil", ["", "x", "é\0", "{where}", "{ticket}xx", "{visit}"])
def test_forged_and_mixed_up_tickets_open_nothing(portal: Portal, spoil: str):
    portal.comes_in()
    visit = portal.client.get_cookie("ops_frame", domain="edge.example", path="/ops").value
    portal.client.delete_cookie("ops_frame", domain="edge.example", path="/ops")
    door = portal.door()
    assert portal.steps_in({**door, "ticket": spoil.format(**door, visit=visit)}).status_code == 403
    assert portal.client.get_cookie("ops_frame", domain="edge.example", path="/ops") is None


@pytest.mark.parametrize("spoil", ["", "x", "é\0", "{ticket}", "{where}xx"])
def test_what_may_frame_is_not_taken_from_the_browser(portal: Portal, spoil: str):
    door = portal.door()
    answer = portal.steps_in({**door, "where": spoil.format(**door)})
    assert "bitrix24" not in answer.headers["Content-Security-Policy"]


def test_another_site_cannot_press_the_door(portal: Portal):
    assert portal.steps_in(portal.door(), origin="https://evil.example").status_code == 403


def test_the_look_comes_back_by_a_form_and_still_has_the_door(portal: Portal):
    page = portal.opens().text
    assert "?look=" not in page
    look = re.search(r'name="look" value="([^"]+)"', page)
    assert look
    again = portal.client.post("/bitrix24/app", data={"look": look[1]}, base_url=OURS)
    assert door_of(again.text)["ticket"]


def test_who_was_proven_long_ago_is_asked_to_come_in_anew_however_often_the_page_was_renewed(
    portal: Portal, clock: FakeClock
):
    look = {"look": re.findall(r'name="look" value="([^"]+)"', portal.opens().text)[0]}
    for _ in range(12):
        clock.advance(290)
        page = portal.client.post("/bitrix24/app", data=look, base_url=OURS)
        assert page.status_code == 200
        look = {"look": re.findall(r'name="look" value="([^"]+)"', page.text)[0]}
    clock.advance(290)
    late = portal.client.post("/bitrix24/app", data=look, base_url=OURS)
    assert (late.status_code, "open for too long" in late.text, door_of(late.text)) == (403, True, {})
    assert f"frame-ancestors {PORTAL_URL}" in late.headers["Content-Security-Policy"]


def test_an_employee_gets_no_door_unless_it_is_written(console: Console):
    assert Portal(console).door("token") == {}
    assert Portal(console, employee="viewer").door("token")


def test_an_administrator_without_a_role_gets_none_either(console: Console):
    assert Portal(console, admin="none").door() == {}


def test_a_role_taken_away_in_the_settings_shuts_the_door_and_ends_the_visit(console: Console):
    portal = Portal(console, admin="operator")
    door = portal.door()
    portal.comes_in()
    assert portal.get("/ops/audit").status_code == 200
    console.connector.settings.console = ConsoleSettings.model_validate({"portal_users": {"admin": "none"}})
    assert (portal.steps_in(door).status_code, portal.get("/ops/audit").status_code) == (403, 403)


def test_an_employee_may_what_their_role_may(console: Console):
    portal = Portal(console, employee="viewer")
    portal.comes_in("token")
    assert portal.get("/ops").status_code == 200
    assert portal.get("/ops/audit").status_code == 403


def test_somebody_elses_token_opens_no_door(portal: Portal):
    assert portal.door("stolen") == {}


def test_a_visit_ends_after_its_time_and_says_so_inside_the_frame(portal: Portal, clock: FakeClock):
    portal.comes_in()
    clock.advance(STAY + 1)
    over = portal.get("/ops")
    assert (over.status_code, "visit is over" in over.text) == (403, True)
    assert f"frame-ancestors {PORTAL_URL}" in over.headers["Content-Security-Policy"]
    assert portal.get("/ops", **{"Sec-Fetch-Dest": "document"}).location == "/ops/sign-in"


def test_an_uninstalled_portal_ends_the_visits(portal: Portal):
    portal.comes_in()
    portal.console.journal.drop_installation("main", clean=False)
    assert portal.get("/ops").status_code == 403


def test_a_portal_taken_out_of_the_settings_ends_the_visits(portal: Portal):
    portal.comes_in()
    del portal.console.connector.portals["main"]
    assert portal.get("/ops").status_code == 303


def test_deeds_of_a_visit_are_sealed_and_named(portal: Portal):
    portal.comes_in()
    assert portal.post("/ops/portals/main/mend", csrf="0" * 64, why="x").status_code == 403
    assert portal.post("/ops/portals/main/mend", why="handlers gone").status_code == 303
    note = portal.console.journal.audits(limit=1)[0]
    assert (note.who, note.what) == ("Ivan Petrov (main #7)", "rebind")


def test_a_browser_that_keeps_no_cookie_is_told_what_to_do(portal: Portal):
    answer = portal.steps_in(portal.door())
    portal.client.delete_cookie("ops_frame", domain="edge.example", path="/ops")
    page = portal.get(answer.location)
    assert (page.status_code, "kept no cookie" in page.text) == (403, True)
    assert f"frame-ancestors {PORTAL_URL}" in page.headers["Content-Security-Policy"]
    assert portal.get("/ops/inside?where=x").location == "/ops"


def test_on_one_site_the_frame_has_its_visit_and_the_window_its_own_session(portal: Portal):
    portal.comes_in()
    form = {"name": "viewer", "password": "correct horse battery"}
    page = portal.get("/ops/sign-in", **{"Sec-Fetch-Dest": "document"})
    assert page.status_code == 303
    portal.client.set_cookie(
        "ops_session",
        portal.console.journal.sign_in(form["name"], form["password"], ""),
        domain="edge.example",
        path="/ops",
    )
    assert "Ivan Petrov" in portal.get("/ops").text
    window = portal.get("/ops", **{"Sec-Fetch-Dest": "document"})
    assert "Ivan Petrov" not in window.text
    assert "frame-ancestors 'none'" in window.headers["Content-Security-Policy"]


def test_the_console_speaks_as_the_portal_does(console: Console):
    portal = Portal(console)
    portal.steps_in(door_of(portal.opens(language="ru").text))
    assert '<html lang="ru">' in portal.get("/ops").text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ivan Petrov", "Ivan Petrov"),
        ("boss (main #1)", "boss main 1"),
        ("a\u202eb\0c\nd", "a b c d"),
        ("x" * 500, "x" * 60),
        ("<b>", "<b>"),
        ("", ""),
    ],
)
def test_a_name_from_a_profile_passes_for_nobody_else(written: str, meant: str):
    assert plain(written) == meant
