"""Users, one's own page and roles in a real browser, and the console inside a portal's frame."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml
from playwright.sync_api import Browser, Error, FrameLocator, expect
from werkzeug.serving import make_server

from connector import registry
from connector.bootstrap import Connector, build
from connector.journal.guests import Guest
from connector.journal.users import ROLES
from connector.sandbox import SandboxServer
from connector.settings import load
from tests import services
from tests.e2e.faces.browser import NARROW, PROGRAMS, WIDE, Face, OpenPage
from tests.e2e.faces.console_stage import HOSTILE, PASSWORD, in_every_look, signed_in
from tests.integration.portal.world import FIRST, MEMBER, Quiet, World, world_of_two
from tests.services import Redis
from webhooks.app import create_app
from webhooks.console.access import allowed
from webhooks.console.showing import MENU

REFUSED = r"40[03] \(|Failed to load resource"


@pytest.fixture
def peopled(house: Connector) -> Connector:
    """With people in it, one of them hostile."""
    journal = house.journal
    for name, role in (
        ("maria.ivanova", "operator"),
        ("night-shift", "viewer"),
        ("p.sidorov@acme.example", "integrator"),
    ):
        journal.add_user(name, role, PASSWORD, who="admin", why="new")  # type: ignore[arg-type]
    journal.disable_user("night-shift", who="admin", why="left")
    for _ in range(2):
        journal.sign_in("maria.ivanova", PASSWORD, "192.0.2.17", "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0")
    return house


def test_users_and_my_page_in_every_look(peopled: Connector, console: str, browser_page: OpenPage):
    pages = {"users": "/ops/users", "user": "/ops/users/maria.ivanova", "me": "/ops/me"}
    in_every_look(console, browser_page, pages)


def test_an_administrator_adds_changes_and_disables_a_user(peopled: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="en"), console)
    page = face.page
    page.get_by_role("link", name="Users").click()
    page.get_by_text("Add a user").click()
    page.get_by_label("Name").fill("Anna")
    page.get_by_label("operator").check()
    page.get_by_label("New password").fill("a long enough one")
    page.get_by_label("Once more").fill("a different one!!")
    page.get_by_label("Why").fill("hired")
    face.allow(REFUSED)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("differ")
    expect(page.get_by_label("Name")).to_have_value("Anna")
    expect(page.get_by_label("operator")).to_be_checked()
    face.screen("console-users-wrong-en-light-1280")
    page.get_by_label("New password").fill("a long enough one")
    page.get_by_label("Once more").fill("a long enough one")
    page.get_by_label("Why").fill("hired")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text("anna may sign in now")
    page.get_by_label("integrator").check()
    page.locator("#why-role").fill("grew")
    page.get_by_role("button", name="Change the role").click()
    expect(page.get_by_role("status")).to_contain_text("new role")
    page.locator("#why-disable").fill("left")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("status")).to_contain_text("may not sign in")
    page.get_by_role("link", name="Audit").click()
    expect(page.locator("main")).to_contain_text("disabled a user")


def test_the_only_administrator_cannot_be_taken_away(peopled: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="ru"), console)
    face.page.goto(f"{console}/ops/users/admin")
    expect(face.page.get_by_text("Это вы")).to_be_visible()
    expect(face.page.get_by_role("button", name="Отключить")).to_have_count(0)
    face.screen("console-user-oneself-ru-light-1280")


def test_my_password_takes_the_present_one(peopled: Connector, console: str, browser_page: OpenPage):
    other = signed_in(browser_page(language="en"), console, "viewer")
    face = signed_in(browser_page(language="en"), console, "viewer")
    page = face.page
    page.get_by_role("link", name="viewer").click()
    expect(page.get_by_text("this one")).to_be_visible()
    for old, told in (("not this one", "present password is wrong"), (PASSWORD, "password is changed")):
        page.get_by_label("Present password").fill(old)
        page.get_by_label("New password").fill("a new fine one")
        page.get_by_label("Once more").fill("a new fine one")
        face.allow(REFUSED)
        page.get_by_role("button", name="Change the password").click()
        expect(page.locator("main .note")).to_contain_text(told)
    other.page.goto(f"{console}/ops")
    expect(other.page).to_have_url(re.compile("/ops/sign-in"))


def test_the_menu_shows_what_the_role_may_and_no_more(console: str, browser_page: OpenPage):
    there = [entry for entry in MENU if entry[0] not in ("ops.calls", "ops.sync")]  # no telephone, no sources here
    for role in ROLES:
        face = signed_in(browser_page(language="en"), console, role)
        shown = [one.strip() for one in face.page.locator("nav a").all_inner_texts()]
        assert shown == [title.en for endpoint, title in there if allowed(endpoint, role)], role


# Inside a portal


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, redis_process: Redis) -> Iterator[World]:
    """An installed Bitrix24 and the web."""
    folder = tmp_path_factory.mktemp("world")
    with world_of_two(folder, redis_process.url, f"sqlite:///{folder}/connector.db") as made:
        made.install()
        made.connector.journal.add_user("boss", "admin", PASSWORD, who="root", why="new")
        yield made


def opened(face: Face, world: World, *, user: int = 1, lang: str = "ru", portal: str = "") -> FrameLocator:
    """The portal's page with the application in a frame, as Bitrix24 opens it: by a form into the frame."""
    place = {"user": user, "lang": lang, "url": f"{world.url}/bitrix24/app"}
    face.page.goto(f"{portal or world.sandbox.url}/app?{urlencode(place)}")
    return face.page.frame_locator("iframe")


@pytest.mark.parametrize(("lang", "width", "dark"), [("ru", WIDE, False), ("en", NARROW, True)])
def test_the_console_opens_inside_the_portal(world: World, browser_page: OpenPage, lang: str, width: int, dark: bool):
    face = browser_page(language=lang, width=width, dark=dark)
    app = opened(face, world, lang=lang)
    door = app.get_by_role("button", name="Открыть консоль" if lang == "ru" else "Open the console")
    expect(door).to_be_visible()
    expect(app.get_by_text("Состояние подключения" if lang == "ru" else "How the connection stands")).to_be_visible()
    face.screen(f"app-page-{lang}-{'dark' if dark else 'light'}-{width}")
    door.click()
    expect(app.get_by_role("heading", level=1)).to_have_text("Обзор" if lang == "ru" else "Overview")
    face.screen(f"console-framed-{lang}-{'dark' if dark else 'light'}-{width}")
    frame = face.page.frame("app")
    assert frame is not None
    frame.goto(f"{world.url}/ops/me")
    expect(app.get_by_role("heading", level=1)).to_contain_text("(main #1)")
    face.screen(f"console-framed-me-{lang}-{'dark' if dark else 'light'}-{width}")


def test_an_employee_finds_no_door(world: World, browser_page: OpenPage):
    app = opened(browser_page(language="ru"), world, user=2)
    expect(app.get_by_text("администраторам")).to_be_visible()
    expect(app.get_by_role("button", name="Открыть консоль")).to_have_count(0)


def test_another_site_cannot_frame_the_console_not_even_with_the_cookie(world: World, browser_page: OpenPage):
    face = browser_page(language="ru")
    app = opened(face, world)
    app.get_by_role("button", name="Открыть консоль").click()
    expect(app.get_by_role("heading", level=1)).to_have_text("Обзор")
    face.allow("frame-ancestors|Framing|ERR_BLOCKED_BY_RESPONSE|Refused to|40[03]")
    with SandboxServer(burst=0, client_id="local.first", client_secret="the-secret-of-the-first") as thief:
        thief.grant()
        stolen = opened(face, world, portal=thief.url)
        expect(stolen.get_by_role("button", name="Открыть консоль")).to_have_count(0)
        frame = face.page.frame("app")
        assert frame is not None
        for path in ("/ops", "/ops/sign-in", "/bitrix24/app"):
            with pytest.raises(Error, match="ERR_BLOCKED_BY_RESPONSE"):
                frame.goto(f"{world.url}{path}")


def test_a_hostile_name_from_a_portal_stays_a_name(world: World, browser_page: OpenPage):
    guest = Guest(portal="main", user_id="9", title=HOSTILE, standing="admin")
    world.connector.journal.welcome("ticket", 2e9, "cookie", guest, "192.0.2.9")
    for lang, width in (("ru", WIDE), ("en", NARROW)):
        face = signed_in(browser_page(language=lang, width=width), world.url, "boss")
        face.page.goto(f"{world.url}/ops/users")
        expect(face.page.locator("main")).to_contain_text("onerror")
        face.is_accessible()
        face.screen(f"console-users-guest-{lang}-light-{width}")
        assert "stolen" not in face.page.title()


# Over https, from another site, with other sites' cookies blocked: as in a cloud portal


@pytest.fixture
def far_away(tmp_path: Path, redis_server: Redis) -> Iterator[World]:
    """A portal at ``127.0.0.1`` and a console at ``https://localhost``: two sites to a browser."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxServer(burst=0, operating_limit=0.0, member_id=MEMBER, **FIRST))
        plain, secure = services.free_port(), services.free_port()
        env = {
            "CONNECTOR_SECRET_KEY": "k" * 40,
            "CONNECTOR_PUBLIC_URL": f"https://localhost:{secure}",
            "DATABASE_URL": f"sqlite:///{tmp_path}/connector.db",
            "REDIS_URL": redis_server.url,
        }
        told = {"portals": {"main": {"url": sandbox.url, "app": FIRST}}, "accounts": {}}
        (tmp_path / "connector.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
        connector = build(load(tmp_path / "connector.yaml", env, registry.models()))
        stack.callback(connector.journal.close)
        app = create_app(connector)
        for port, kind in ((plain, None), (secure, "adhoc")):
            server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet, ssl_context=kind)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            stack.callback(server.shutdown)
        sandbox.install(url=f"http://127.0.0.1:{plain}/bitrix24/install", mode="page")
        yield World(connector=connector, sandbox=sandbox)


@pytest.fixture
def strict(chromium: Browser) -> Iterator[Face]:
    """A tab of a browser that keeps no cookies of other sites."""
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--test-third-party-cookie-phaseout"]
    program = next(found for name in PROGRAMS if (found := shutil.which(name)))
    browser = chromium.browser_type.launch(executable_path=program, args=arguments)
    face = Face(browser.new_context(locale="en-GB", ignore_https_errors=True).new_page())
    yield face
    browser.close()
    assert not face.unexpected()


def test_the_visit_holds_in_another_sites_frame_that_keeps_no_cookies(far_away: World, strict: Face):
    app = opened(strict, far_away, lang="en")
    app.get_by_role("button", name="Open the console").click()
    expect(app.get_by_role("heading", level=1)).to_have_text("Overview")
    app.get_by_role("link", name="Portals").click()
    expect(app.get_by_role("heading", level=1)).to_have_text("Portals")
    app.get_by_role("link", name="(main #1)").click()
    app.get_by_label("Time zone").select_option("Asia/Omsk")
    app.get_by_role("button", name="Save").click()
    expect(app.get_by_role("status")).to_contain_text("this zone now")
    expect(app.locator("footer")).to_contain_text("Asia/Omsk")
    kept = {cookie["name"]: cookie for cookie in strict.page.context.cookies()}
    assert kept["ops_frame"]["partitionKey"] == "http://127.0.0.1"
    assert kept["ops_zone"]["partitionKey"] == "http://127.0.0.1"
    strict.page.goto(f"{far_away.url}/ops")
    expect(strict.page).to_have_url(re.compile("/ops/sign-in"))
