"""Signing in: the cookie, the forms, the limits."""

from __future__ import annotations

import pytest

from connector.journal.sessions import IDLE
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import OURS, Console


def test_the_cookie_is_for_this_site_and_no_script(console: Console):
    cookie = next(
        value for value in console.browser().sign_in("viewer").headers.getlist("Set-Cookie") if "ops_session=" in value
    )
    assert {"Secure", "HttpOnly", "Path=/ops", "SameSite=Lax"} <= set(cookie.split("; "))


def test_over_plain_http_the_cookie_is_not_marked_secure(console: Console):
    console.connector.settings.public_url = "http://127.0.0.1:8000"
    again = Console(console.world, console.journal, console.clock)
    browser = again.browser()
    page = browser.client.get("/ops/sign-in", base_url="http://127.0.0.1:8000")
    assert not any("Secure" in value for value in page.headers.getlist("Set-Cookie"))


def test_signing_in_changes_the_session(console: Console):
    browser = console.signed_in("viewer")
    former = browser.session
    form = {"name": "admin", "password": "correct horse battery", "csrf": browser.seal()}
    browser.post("/ops/sign-in", form)
    assert browser.session != former
    assert console.journal.visitor(former) is None


@pytest.mark.parametrize(("name", "password"), [("viewer", "a guess"), ("stranger", "a guess"), ("<b>", "x" * 3000)])
def test_what_was_wrong_is_not_told(console: Console, name: str, password: str):
    answer = console.browser().sign_in(name, password)
    assert (answer.status_code, "The name or the password is wrong" in answer.text) == (401, True)
    assert password not in answer.text


def test_guessing_is_slowed(console: Console):
    statuses = [console.browser().sign_in("viewer", "guess").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_signing_out_ends_the_session_here_or_everywhere(console: Console):
    one, two, three = (console.signed_in() for _ in range(3))
    kept = one.session
    assert one.submit("/ops/sign-out").location == "/ops/sign-in"
    assert (one.session, console.journal.visitor(kept)) == ("", None)
    two.submit("/ops/sign-out", everywhere="yes")
    assert three.get("/ops").status_code == 303


def test_a_session_that_ended_is_asked_to_sign_in(console: Console, clock: FakeClock):
    browser = console.signed_in()
    assert browser.get("/ops").status_code == 200
    clock.advance(IDLE)
    assert browser.get("/ops").status_code == 303


def test_a_new_role_or_password_ends_sessions(console: Console):
    browser = console.signed_in("viewer")
    console.journal.set_role("viewer", "admin", who="root", why="grew")
    assert browser.get("/ops").status_code == 303


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://edge.example", "https://edge.example.ru", ""]
)
def test_a_form_from_elsewhere_is_refused(console: Console, origin: str):
    browser = console.signed_in()
    answer = browser.post("/ops/sign-out", {"csrf": browser.seal()}, origin=origin)
    assert answer.status_code == 403
    assert console.journal.visitor(browser.session)


def test_without_an_origin_the_referer_must_be_ours(console: Console):
    browser = console.signed_in()
    form = {"csrf": browser.seal(), "why": "x"}
    assert browser.post("/ops/portals/main/mend", form, origin=None).status_code == 403
    told = browser.client.post(
        "/ops/portals/main/mend", data=form, base_url=OURS, headers={"Referer": f"{OURS}/ops/portals/main"}
    )
    assert told.status_code == 303


@pytest.mark.parametrize("seal", ["", "0" * 64, "ё"])
def test_a_form_without_its_seal_is_refused(console: Console, seal: str):
    browser = console.signed_in()
    assert browser.post("/ops/sign-out", {"csrf": seal}).status_code == 403
    assert browser.post("/ops/sign-out").status_code == 403
    assert console.browser().post("/ops/sign-in", {"name": "viewer", "csrf": seal}).status_code == 403


def test_the_seal_of_one_session_opens_no_other(console: Console):
    mine, theirs = console.signed_in(), console.signed_in("viewer")
    assert mine.post("/ops/sign-out", {"csrf": theirs.seal()}).status_code == 403


def test_signing_in_and_out_is_in_the_audit(console: Console):
    console.signed_in("viewer").submit("/ops/sign-out")
    notes = [(note.who, note.what) for note in console.journal.audits(limit=2)]
    assert notes == [("viewer", "signed_out"), ("viewer", "signed_in")]
