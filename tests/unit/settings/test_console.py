"""The key ``console``: frames are exact origins, roles are known, defaults are careful."""

from __future__ import annotations

import pytest


def test_without_the_key_nobody_frames_it_and_administrators_may_integrate(desk, portal):
    console = desk.load(portal).console
    assert console.frames == ()
    assert (console.portal_users.admin, console.portal_users.employee) == ("integrator", "none")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://Intranet.acme.example", "https://intranet.acme.example"),
        ("https://intranet.acme.example:8443/", "https://intranet.acme.example:8443"),
        ("http://127.0.0.1:8900", "http://127.0.0.1:8900"),
        ("http://localhost:8900", "http://localhost:8900"),
        ("http://[::1]:8900", "http://[::1]:8900"),
    ],
)
def test_a_frame_is_an_exact_origin(desk, portal, written, meant):
    assert desk.load(portal + f'console: {{frames: ["{written}"]}}').console.frames == (meant,)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("https://*.acme.example", "no *"),
        ("*", "no path"),
        ("https://acme.example/page", "no path"),
        ("https://acme.example;script-src", "no *"),
        ("https://acme.example, https://b.example", "no path"),
        ("https://кириллица.рф", "no *"),
        ("intranet.acme.example", "scheme"),
        ("http://intranet.acme.example", "https"),
        ("javascript:alert(1)", "scheme"),
    ],
)
def test_what_is_no_origin_is_a_mistake_with_a_hint(desk, portal, written, hint):
    mistake = desk.mistake(portal + f'console: {{frames: ["https://ok.example", "{written}"]}}', "console.frames.1")
    assert hint in mistake.hint.en
    assert mistake.hint.ru


def test_one_address_is_still_a_list(desk, portal):
    assert desk.mistake(portal + "console: {frames: 'https://a.example'}", "console.frames").expected.en == "a list"


@pytest.mark.parametrize("written", ["console: 5", "console: [1]"])
def test_the_key_holds_keys(desk, portal, written):
    assert "mapping" in desk.mistake(portal + written, "console").expected.en


def test_roles_are_those_of_the_console(desk, portal):
    given = desk.load(portal + "console: {portal_users: {admin: admin, employee: viewer}}").console.portal_users
    assert (given.admin, given.employee) == ("admin", "viewer")
    wrong = desk.mistake(portal + "console: {portal_users: {admin: root}}", "console.portal_users.admin")
    assert "integrator" in wrong.expected.en
    misspelt = desk.mistake(portal + "console: {portal_users: {emploee: none}}", "console.portal_users.emploee")
    assert "employee" in misspelt.hint.en


SEVERAL = """
portals:
  main: {url: "https://a.example", app: {client_id: x, client_secret: y}}
  two: {url: "https://b.example", app: {client_id: x, client_secret: y}}
"""


def test_with_several_bitrix24_nobody_comes_in_from_one_unless_it_is_written(desk):
    assert desk.load(SEVERAL).console.portal_users.admin == "none"
    assert desk.load(SEVERAL + "console: {portal_users: {employee: viewer}}").console.portal_users.admin == "none"
    assert desk.load(SEVERAL + "console: {portal_users: {admin: operator}}").console.portal_users.admin == "operator"


def test_two_applications_of_one_bitrix24_are_still_one(desk):
    one = SEVERAL.replace("b.example", "a.example").replace("client_id: x", "client_id: z", 1)
    assert desk.load(one).console.portal_users.admin == "integrator"
