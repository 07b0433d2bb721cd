"""The overview in a real browser: a house at work, one that has seen nothing, and pages that stay fresh."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from connector.bootstrap import Connector
from connector.domain.events import MessageReceived
from connector.domain.ports import Grant, Installation
from connector.domain.request import Request
from connector.domain.silence import HOUR
from connector.domain.values import Person
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery, Settlement, Step
from tests.e2e.faces.browser import NARROW, OpenPage
from tests.e2e.faces.console_stage import housed, in_every_look, signed_in
from tests.services import Redis

TELEGRAM = 'provider: telegram, portal: main, secret: s3cret, api_url: "http://127.0.0.1:1"'
YAML = f"""
portals:
  main: {{url: "http://127.0.0.1:1", app: {{client_id: local.1, client_secret: secret}}}}
  branch: {{url: "http://127.0.0.1:2", app: {{client_id: local.2, client_secret: secret}}}}
accounts:
  shop: {{{TELEGRAM}, line: 1, token: "1:abc"}}
  support: {{{TELEGRAM}, line: 2, token: "2:abc"}}
  delivery: {{{TELEGRAM}, line: 3, token: "3:abc"}}
"""
TALLY = (
    "INSERT INTO tallies (hour, name, arrived, delivered, parked, p50_ms, p95_ms, last_at, missed, counted_at) VALUES "
    "(:hour, :name, :arrived, :delivered, 0, 400, :p95, :last, :missed, :counted)"
)


@pytest.fixture
def house(tmp_path: Path, redis_server: Redis) -> Iterator[Connector]:
    with housed(tmp_path, redis_server, YAML) as made:
        yield made


def hello(house: Connector, account: str = "shop", *, lane: str = "") -> None:
    """A client writes."""
    now = house.clock()
    event = MessageReceived(account=account, conversation="1", message_id="1", client=Person(id="1"), text="hello")
    request = Request(method="POST", path=f"/hooks/{account}", headers={}, body=b"{}", received_at=now)
    trace = new_trace(now)
    house.journal.accept(
        Envelope(trace=trace, account=account, dedupe_key=trace, request=request),
        [NewDelivery(destination="portal:main", event=event, lane=lane or trace)],
    )


def park(house: Connector) -> None:
    """What waits for the portal cannot be done."""
    lease = house.journal.lease("portal:main")
    assert lease is not None
    claimed = house.journal.claim(lease, lanes=10)
    settled = [Settlement(delivery=one, state="parked", attempts=1, cause="crm.access") for one in claimed]
    house.journal.step(lease, Step(settled=settled))
    house.journal.leave(lease, force=True)


@pytest.fixture
def at_work(house: Connector) -> Connector:
    """A day with a busy shop, a slower support, and deliveries that fell silent; some work waits, some is parked."""
    for portal, member in (("main", "m1"), ("branch", "m2")):
        grant = Grant(
            access_token="a",
            refresh_token="r",
            expires_at=datetime.now(UTC),
            member_id=member,
            client_endpoint="http://127.0.0.1:1/rest/",
            server_endpoint="http://127.0.0.1:1/rest/",
        )
        house.journal.keep_installation(Installation(portal=portal, state="active", grant=grant))
    house.journal.set_state("branch", "needs_reauth", "the refresh token is 180 days old")
    house.journal.remember("reconciled", "main", {"narrow": time.time(), "wide": time.time()}, owner="portal:main")
    for _ in range(3):
        hello(house)
    park(house)
    for _ in range(2):
        hello(house, "support")
    now = time.time()
    start = int(now // HOUR) * HOUR
    rows = [row for place in range(24) for row in hour(place, start - (23 - place) * HOUR, now)]
    with house.journal.store.writing() as db:
        db.execute(text(TALLY), rows)
    return house


def hour(place: int, start: int, now: float) -> list[dict[str, object]]:
    """The rows of one hour; ``place`` counts up to 23, the running one."""
    wave = 1 + math.sin(place / 3.8)
    figures = {
        "": (0, 0),
        "account:shop": (round(90 * wave) + place % 3, round(60 * wave)),
        "account:support": (round(14 * wave), round(9 * wave)),
        "account:delivery": (5 + round(20 * wave) if place < 20 else 0, 0),
        "portal:main": (round(70 * wave), round(120 * wave)),
    }
    quiet = place - 19
    return [
        {
            "hour": start,
            "name": name,
            "arrived": arrived,
            "delivered": delivered,
            "p95": 1240 + 90 * place if name and arrived + delivered else None,
            "last": min(now - 200, start + 3000.0) if arrived else now - 4 * HOUR if name else None,
            "missed": 11.0 * quiet if name == "account:delivery" and quiet > 0 else 0.0,
            "counted": now,
        }
        for name, (arrived, delivered) in figures.items()
    ]


def test_a_house_at_work_is_told_at_a_glance_in_every_look(at_work: Connector, console: str, browser_page: OpenPage):
    in_every_look(console, browser_page, {"overview-busy": "/ops"})
    face = signed_in(browser_page(language="en"), console)
    expect(face.page.locator("#card-account-delivery .pill")).to_have_text("silent")
    expect(face.page.locator("#problems")).to_contain_text("nothing has come for")
    expect(face.page.locator("#card-portal-branch .pill")).to_have_text("must be authorised again")
    shop = face.page.locator("#card-account-shop")
    expect(shop.get_by_role("img")).to_have_attribute("aria-label", re.compile("Arrived by hour: in 24 hours"))
    main = face.page.locator("#card-portal-main")
    parked = main.get_by_role("link", name="3")
    expect(parked).to_have_attribute("href", "/ops/parked?destination=portal:main")
    expect(main.get_by_role("link", name="2")).to_have_attribute("href", "/ops/lanes?destination=portal:main")


def test_a_new_house_invites_to_connect(house: Connector, console: str, browser_page: OpenPage):
    in_every_look(console, browser_page, {"overview-new": "/ops"})
    face = signed_in(browser_page(language="ru"), console, "integrator")
    face.page.get_by_role("link", name="Подключить").click()
    face.page.wait_for_url(f"{console}/ops/connect")
    face.allow("404")


def test_a_viewer_is_told_whom_to_ask(house: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="en"), console, "viewer")
    expect(face.page.locator("#told")).to_contain_text("Ask an integrator")
    expect(face.page.get_by_role("link", name="Connect", exact=True)).to_have_count(0)


def test_the_menu_of_a_narrow_screen_opens_without_scripts(house: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="en", width=NARROW, java_script_enabled=False), console)
    expect(face.page.get_by_role("link", name="Audit")).to_have_count(0)
    face.page.get_by_role("button", name="Menu").click()
    face.screen("console-menu-en-light-360")
    face.page.get_by_role("link", name="Audit").click()
    face.page.wait_for_url(f"{console}/ops/audit")


def test_the_open_menu_is_accessible(house: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="ru", width=NARROW, dark=True), console)
    face.page.get_by_role("button", name="Меню").click()
    expect(face.page.get_by_role("link", name="Обзор")).to_have_attribute("aria-current", "page")
    face.is_accessible()
    face.screen("console-menu-ru-dark-360")
    face.page.keyboard.press("Escape")
    expect(face.page.get_by_role("link", name="Обзор")).to_have_count(0)
