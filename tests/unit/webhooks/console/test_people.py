"""``/ops/users``: adding, changing, ending, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connector.errors import Refused
from connector.journal.guests import Guest
from connector.journal.users import ROLES
from connector.settings import ConsoleSettings
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import PASSWORD, Console
from tests.unit.webhooks.console.test_pages import HOSTILE, unexpected
from tests.unit.webhooks.world import installation
from webhooks.console.access import ROUTES
from webhooks.console.agents import browser as browser_words
from webhooks.console.duties import DUTIES, GISTS, TITLES, duties

NEW = {"name": "bert", "role": "operator", "password": "long enough 1", "again": "long enough 1", "why": "new here"}


def role_of(console: Console, name: str) -> str | None:
    return next((user.role for user in console.journal.users() if user.name == name), None)


def signs_in(console: Console, name: str, password: str = PASSWORD) -> bool:
    try:
        return bool(console.journal.sign_in(name, password, ""))
    except Refused:
        return False


def change(console: Console, name: str, deed: str, by: Any = None, **form: str) -> Any:
    browser = by or console.signed_in()
    return browser.submit(f"/ops/users/{name}", "/ops/users", **{"deed": deed, "why": "a reason", **form})


def test_a_user_is_added_with_role_password_and_reason(console: Console):
    browser = console.signed_in()
    answer = browser.submit("/ops/users", "/ops/users", **NEW)
    assert answer.location == "/ops/users/bert?did=added"
    assert "bert may sign in now" in browser.get(answer.location).text
    assert (role_of(console, "bert"), signs_in(console, "bert", "long enough 1")) == ("operator", True)
    note = next(note for note in console.journal.audits() if note.what == "user.added" and note.target == "user:bert")
    assert (note.who, note.why) == ("admin", "new here")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "viewer"}, "already"),
        ({"name": "Б"}, "Latin letters"),
        ({"name": "\0"}, "Latin letters"),
        ({"role": "root"}, "Choose a role"),
        ({"again": "something else"}, "differ"),
        ({"password": "short", "again": "short"}, "12 to 256"),
        ({"why": "  "}, "Say why"),
    ],
)
def test_what_is_wrong_is_said_in_the_form_and_nothing_is_added(console: Console, wrong: dict[str, str], told: str):
    before = len(console.journal.users())
    answer = console.signed_in().submit("/ops/users", "/ops/users", **{**NEW, **wrong})
    assert (answer.status_code, told in answer.text) == (400, True)
    assert 'class="adds" open' in answer.text
    assert NEW["password"] not in answer.text
    assert len(console.journal.users()) == before


def test_every_deed_is_done_and_told(console: Console):
    browser = console.signed_in()
    deeds = [
        ("role", {"role": "integrator"}, "user.role"),
        ("password", {"password": "another one 22", "again": "another one 22"}, "user.password"),
        ("end", {}, "user.ended"),
        ("disable", {}, "user.disabled"),
        ("enable", {}, "user.enabled"),
    ]
    for deed, form, what in deeds:
        answer = change(console, "viewer", deed, browser, **form)
        assert answer.status_code == 303, deed
        assert 'class="note good"' in browser.get(answer.location).text
        note = console.journal.audits(limit=1)[0]
        assert (note.who, note.what, note.why, note.target) == ("admin", what, "a reason", "user:viewer")
    assert role_of(console, "viewer") == "integrator"
    assert signs_in(console, "viewer", "another one 22")


def test_a_disabled_user_is_out_at_once(console: Console):
    viewer = console.signed_in("viewer")
    change(console, "viewer", "disable")
    assert viewer.get("/ops").status_code == 303
    assert "disabled" in console.signed_in().get("/ops/users").text


def test_a_deed_without_a_reason_is_not_done(console: Console):
    assert change(console, "viewer", "disable", why=" ").status_code == 400
    assert signs_in(console, "viewer")


@pytest.mark.parametrize(("deed", "form"), [("disable", {}), ("role", {"role": "viewer"}), ("end", {})])
def test_nobody_changes_their_own_account_by_accident(console: Console, deed: str, form: dict[str, str]):
    console.journal.add_user("second", "admin", PASSWORD, who="root", why="")
    answer = change(console, "admin", deed, **form)
    assert (answer.status_code, "your own account" in answer.text) == (400, True)
    assert role_of(console, "admin") == "admin"
    assert signs_in(console, "admin")


@pytest.mark.parametrize(("deed", "form"), [("disable", {}), ("role", {"role": "viewer"})])
def test_the_last_administrator_stays(console: Console, deed: str, form: dict[str, str]):
    console.connector.settings.console = ConsoleSettings.model_validate({"portal_users": {"admin": "admin"}})
    again = Console(console.world, console.journal, console.clock)
    browser = again.browser()
    browser.client.set_cookie("ops_frame", from_portal(again), domain="edge.example", path="/ops")
    answer = change(again, "admin", deed, browser, **form)
    assert (answer.status_code, "only administrator" in answer.text) == (400, True)
    assert role_of(console, "admin") == "admin"


def from_portal(console: Console, guest: Guest | None = None, key: str = "1") -> str:
    """The cookie of a visit from inside the portal."""
    console.journal.keep_installation(installation("main"))
    guest = guest or Guest(portal="main", user_id="7", title="Ivan", standing="admin")
    console.journal.welcome(f"ticket {key}", 2e9, f"cookie {key}", guest, "192.0.2.7")
    return f"cookie {key}"


def test_however_many_are_in_from_a_portal_they_are_listed_page_by_page(console: Console, clock: FakeClock):
    for number in range(60):
        clock.advance(1)
        guest = Guest(portal="main", user_id=str(number), title=f"guest {number}.", standing="employee")
        from_portal(console, guest, key=str(number))
    browser = console.signed_in()
    first = browser.get("/ops/users").text
    older = re.search(r'href="([^"]*visits=[^"]*)"', first)
    assert older
    rest = browser.get(older[1]).text
    assert re.findall(r"guest (\d+)\.<", first + rest) == [str(number) for number in reversed(range(60))]
    for nonsense in ("nan", "1e999", "-1", "x"):
        assert browser.get(f"/ops/users?visits={nonsense}").status_code == 200


def test_who_is_in_from_a_portal_is_seen_and_sent_out_with_a_reason(console: Console):
    cookie = from_portal(console)
    browser = console.signed_in()
    page = browser.get("/ops/users").text
    assert all(word in page for word in ("Ivan", "main #7", "administrator of the portal"))
    assert browser.submit("/ops/visits", "/ops/users", portal="main", user="7", why="").status_code == 400
    assert console.journal.guest(cookie)
    answer = browser.submit("/ops/visits", "/ops/users", portal="main", user="7", why="left us")
    assert "visit has ended" in browser.get(answer.location).text
    assert console.journal.guest(cookie) is None
    assert (console.journal.audits(limit=1)[0].what, console.journal.audits(limit=1)[0].why) == (
        "user.ended",
        "left us",
    )


def test_the_page_says_whom_the_settings_let_in(console: Console):
    page = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", console.signed_in().get("/ops/users").text))
    assert "Administrators of a portal: integrator. Employees: no way in." in page


def test_users_are_read_page_by_page(console: Console, clock: FakeClock):
    for number in range(60):
        with console.journal.store.writing() as db:
            db.exec_driver_sql(
                f"INSERT INTO users (name, role, password, created_at) VALUES ('u{number:03}', 'viewer', '-', 1)"
            )
    browser, path, seen = console.signed_in(), "/ops/users", []
    while path:
        page = browser.get(path).text
        seen += re.findall(r'href="/ops/users/([\w.]+)"', page)
        more = re.search(r'href="(/ops/users\?after=\w+)"', page)
        path = more[1] if more else ""
    assert seen == sorted(seen)
    assert len(seen) == 64


@pytest.mark.parametrize("path", ["/ops/users/nobody", "/ops/users/" + "x" * 3000, "/ops/users/%00", "/ops/users/%F0"])
def test_a_user_that_is_not_there_is_said_so(console: Console, path: str):
    assert console.signed_in().get(path).status_code == 404


def test_an_unknown_deed_does_nothing(console: Console):
    assert change(console, "viewer", "delete").status_code == 404


def test_hostile_names_stay_words(console: Console):
    from_portal(console, Guest(portal="main", user_id=HOSTILE, title=HOSTILE, standing="employee"))
    browser = console.signed_in()
    pages = [
        browser.get("/ops/users").text,
        browser.get(f"/ops/users?did={HOSTILE}&after=a%00").text,
        browser.get(f"/ops/users/viewer?did={HOSTILE}").text,
        browser.submit("/ops/users", "/ops/users", **{**NEW, "name": HOSTILE, "role": HOSTILE}).text,
        browser.get("/ops/me?did=" + HOSTILE).text,
    ]
    for page in pages:
        assert unexpected(page) == []
    assert "&lt;script&gt;" in pages[0]


def test_every_role_has_words_and_every_duty_a_route():
    assert set(TITLES) == set(GISTS) == set(ROLES)
    assert {endpoint for endpoint, _ in DUTIES} <= set(ROUTES)
    counts = [sum(duty.may for duty in duties(role)) for role in ROLES]
    assert counts == sorted(set(counts)), "each role adds something that is said"
    assert counts[-1] == len(DUTIES)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/128.0 YaBrowser/24.7 Safari/537.36",
            "Yandex Browser, Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/128.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("<script>", "unknown browser"),
        ("", "unknown browser"),
    ],
)
def test_a_browser_is_named_and_never_quoted(agent: str, words: str):
    assert browser_words(agent).en == words
