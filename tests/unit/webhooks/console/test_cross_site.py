"""Other sites can neither post to the console nor frame it, on any route; the routes are those of the application."""

from __future__ import annotations

import pytest

from tests.unit.webhooks.console.conftest import Console
from tests.unit.webhooks.console.test_access import FORM, rules

FOREIGN = ("https://evil.example", "null", "https://edge.example.evil.example", "http://edge.example", "")


def posts(console: Console) -> list[str]:
    """All addresses that take a form."""
    found = sorted({path for _, method, path in rules(console) if method not in ("GET", "HEAD", "OPTIONS")})
    assert len(found) > 5
    return found


def counted(console: Console) -> int:
    """How many deeds the audit knows."""
    return console.journal.audits(limit=1)[0].id


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_form_of_another_site_does_nothing_anywhere(console: Console, origin: str):
    browser = console.signed_in()
    form, before = {"csrf": browser.seal(), **FORM}, counted(console)
    for path in posts(console):
        assert browser.post(path, form, origin=origin).status_code == 403, path
    assert counted(console) == before
    assert browser.get("/ops").status_code == 200


def test_a_form_without_its_seal_does_nothing_anywhere(console: Console):
    browser, other = console.signed_in(), console.signed_in("viewer")
    before = counted(console)
    for path in posts(console):
        for seal in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": other.seal()}):
            assert browser.post(path, {**FORM, **seal}).status_code == 403, path
    assert counted(console) == before
    assert browser.get("/ops").status_code == 200


def test_nobody_frames_any_page(console: Console):
    browser = console.signed_in()
    for endpoint, method, path in rules(console):
        if method == "GET" and endpoint != "ops.live":
            headers = browser.get(path).headers
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
            assert headers["X-Frame-Options"] == "DENY", path
            assert headers["X-Content-Type-Options"] == "nosniff", path


def test_no_page_may_be_read_by_another_site(console: Console):
    browser = console.signed_in()
    for endpoint, method, path in rules(console):
        if method == "GET" and endpoint != "ops.live":
            answer = browser.get(path, Origin="https://evil.example")
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")], path
