"""Every route below /ops, every role, and nobody."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from werkzeug.routing import Rule

from connector.journal.users import ROLES
from tests.unit.webhooks.console.conftest import Console
from webhooks.app import create_app
from webhooks.console.access import ROUTES, allowed

PLACES: dict[str, Any] = {
    "name": "main",
    "language": "ru",
    "filename": "tokens.css",
    "rest": "nowhere",
    "trace": "none",
    "number": 1,
    "source": "shipments",
}
FORM = {"why": "a test"}


def rules(console: Console) -> list[tuple[str, str, str]]:
    """``(endpoint, method, path)`` of all that the whole application has below /ops."""
    app = create_app(console.connector)
    with app.test_request_context():
        urls = app.url_map.bind("edge.example")
        return [
            (rule.endpoint, method, urls.build(rule.endpoint, {name: PLACES[name] for name in rule.arguments}))
            for rule in app.url_map.iter_rules()
            if _ours(rule)
            for method in sorted(rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"})
        ]


def _ours(rule: Rule) -> bool:
    return rule.rule.startswith("/ops")


def test_every_route_is_in_the_table_and_the_other_way_round(console: Console):
    assert {endpoint for endpoint, _, _ in rules(console)} == set(ROUTES)


@pytest.mark.parametrize("role", [None, *ROLES])
def test_every_route_lets_in_whom_the_table_says(console: Console, role: str | None):
    for endpoint, method, path in rules(console):
        console.clock.advance(61)  # tries to sign in are counted
        browser = console.signed_in(role) if role else console.browser()
        page = "/ops" if role else "/ops/sign-in"
        answer = browser.get(path) if method == "GET" else browser.submit(path, page, **FORM)
        turned_away = (answer.status_code == 303 and "/sign-in" in answer.location) or answer.status_code == 403
        leaving = endpoint == "ops.leave" and role is not None
        leaving = leaving or endpoint == "ops.step_in"  # its ticket decides
        may = allowed(endpoint, role)  # type: ignore[arg-type]
        assert turned_away is not may or leaving, (role, endpoint, method, answer.status_code)
        assert answer.status_code < 500


def test_roles_grow():
    for endpoint in ROUTES:
        able = [allowed(endpoint, role) for role in (None, *ROLES)]
        assert able == sorted(able), endpoint
        assert able[-1]


def test_what_is_not_in_the_table_is_for_nobody():
    assert not any(allowed(endpoint, role) for endpoint in ("ops.new", "", None) for role in (None, *ROLES))


def test_nobody_is_asked_to_sign_in_and_comes_back(console: Console):
    browser = console.browser()
    asked = browser.get("/ops/audit?before=9")
    assert asked.location == "/ops/sign-in?next=/ops/audit?before%3D9"
    answer = browser.sign_in("operator", next="/ops/audit?before=9")
    assert answer.location == "/ops/audit?before=9"


@pytest.mark.parametrize(
    "place",
    ["https://evil.example", "//evil.example", "/ops//x.example", "/opsx", "/hooks/shop", "/ops?\\x", "/ops/../x"],
)
def test_nobody_is_sent_elsewhere_after_signing_in(console: Console, place: str):
    assert console.browser().sign_in("viewer", next=place).location == "/ops"
    assert console.browser().get(f"/ops/language/ru?next={place}").location == "/ops"


def test_another_language_keeps_the_place_and_its_filter(console: Console):
    browser = console.signed_in("viewer")
    place = "/ops/lanes?destination=account:shop&begins=shop.%2B7+9"
    link = re.search(r'href="(/ops/language/ru[^"]*)"', browser.get(place).text)
    assert link
    assert browser.get(html.unescape(link[1])).location == place


def test_a_slash_at_the_end_does_no_harm(console: Console):
    assert "Overview" in console.signed_in().get("/ops/").text


def test_a_page_that_is_not_there_is_said_so(console: Console):
    browser = console.signed_in()
    for path in ("/ops/nowhere", "/ops/portals/other"):
        answer = browser.get(path)
        assert (answer.status_code, "no such page" in answer.text) == (404, True)
