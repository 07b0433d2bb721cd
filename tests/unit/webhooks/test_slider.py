"""``/bitrix24/settings`` and ``/bitrix24/app``: a person binds an account to a line, and sees what became of it."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest

from connector.domain.events import LineConnected, LineDisconnected
from connector.journal.glance import Heard
from connector.journal.proofs import Fate
from connector.speech import Text
from tests.unit.webhooks.world import APPLICATION_TOKEN, MEMBER, NOW, PORTAL_URL, World

OPTIONS = {"CONNECTOR": "cabc123_fake", "LINE": "3", "ACTIVE_STATUS": False}
ADDRESS = "/bitrix24/settings?DOMAIN=acme.bitrix24.ru&LANG=en"


def opened(world: World, browser=None, address: str = ADDRESS, **more: str):
    form = {
        "member_id": MEMBER,
        "APPLICATION_TOKEN": APPLICATION_TOKEN,
        "AUTH_ID": "viewer",
        "PLACEMENT": "SETTING_CONNECTOR",
        "PLACEMENT_OPTIONS": json.dumps(OPTIONS),
        **more,
    }
    return (browser or world.browser()).post(address, data=form)


def ticket(page) -> str:
    return html.unescape(re.search(r'name="ticket" value="([^"]+)"', page.text)[1])


def submit(browser, page, do: str, account: str):
    return browser.post("/bitrix24/settings", data={"ticket": ticket(page), "do": do, "account": account})


def test_the_slider_shows_the_accounts_of_the_connector(world: World):
    page = opened(world)
    assert page.status_code == 200
    assert re.findall(r'name="account" value="(\w+)"', page.text) == ["shop", "bar"]
    assert "Not connected" in page.text
    assert f"frame-ancestors {PORTAL_URL}" in page.headers["Content-Security-Policy"]


def test_the_slider_speaks_the_language_of_the_portal(world: World):
    assert "Не подключено" in opened(world, address=ADDRESS.replace("LANG=en", "LANG=ru")).text


@pytest.mark.parametrize("wrong", [{"APPLICATION_TOKEN": "x"}, {"member_id": "x"}, {"APPLICATION_TOKEN": ""}])
def test_the_slider_opens_for_the_portal_only(world: World, wrong: dict[str, str]):
    assert opened(world, **wrong).status_code == 403


@pytest.mark.parametrize("options", ["", "[]", "{broken", '{"CONNECTOR": "foreign_one", "LINE": "3"}'])
def test_an_unknown_connector_is_said_in_the_frame(world: World, options: str):
    page = opened(world, PLACEMENT_OPTIONS=options)
    assert page.status_code == 400
    assert f"frame-ancestors {PORTAL_URL}" in page.headers["Content-Security-Policy"]


def test_a_choice_is_kept_for_the_portals_lane_and_the_page_waits(world: World):
    browser = world.browser()
    page = submit(browser, opened(world, browser), "connect", "bar")

    (delivery,) = world.journal.deliveries
    assert delivery.event == LineConnected(portal="main", connector="cabc123_fake", line="3", account="bar")
    assert (delivery.destination, delivery.lane) == ("portal:main", "portal")
    assert "Saved" in page.text
    assert 'http-equiv="refresh"' in page.text


def test_the_page_looks_again_until_the_line_is_connected(world: World):
    browser = world.browser()
    page = submit(browser, opened(world, browser), "connect", "bar")
    view = html.unescape(re.search(r"url=([^\"]+)", page.text)[1])

    assert 'http-equiv="refresh"' in browser.get(view).text
    world.journal.links["line", "bar"] = {"connector": "cabc123_fake", "line": "3"}
    done = browser.get(view)
    assert "Connected" in done.text
    assert 'http-equiv="refresh"' not in done.text


def test_what_bitrix24_refuses_is_said_and_the_page_looks_no_more(world: World):
    browser = world.browser()
    page = submit(browser, opened(world, browser), "connect", "bar")
    view = html.unescape(re.search(r"url=([^\"]+)", page.text)[1])
    (envelope,) = world.journal.envelopes
    world.journal.fates["portal:main", envelope.dedupe_key] = Fate(
        trace="t", state="parked", hint=Text("no such line", "нет такой линии"), created_at=NOW, settled_at=NOW
    )
    told = browser.get(view)
    assert "no such line" in told.text
    assert 'http-equiv="refresh"' not in told.text
    assert 'value="bar" checked' in told.text


def test_a_wait_that_is_long_is_said(world: World, clock):
    browser = world.browser()
    page = submit(browser, opened(world, browser), "connect", "bar")
    view = html.unescape(re.search(r"url=([^\"]+)", page.text)[1])
    assert "longer than usual" not in browser.get(view).text
    clock.advance(30)
    told = browser.get(view).text
    assert "longer than usual" in told
    assert 'content="10;url=' in told


def test_each_account_is_told_with_how_it_stands(world: World, clock):
    world.journal.links["line", "shop"] = {"connector": "cabc123_fake", "line": "3"}
    world.journal.links["line", "bar"] = {"connector": "cabc123_fake", "line": "7"}
    world.journal.figures = {"account:shop": {"waiting": 2, "parked": 1}}
    world.journal.heard["shop"] = Heard(hour=1, last=clock() - timedelta(minutes=12))
    page = opened(world).text
    for words in ("serves this line", "replies waiting: 2", "need a person: 1", "last heard 12 min ago"):
        assert words in page.replace("</span>", "").replace('<span class="warn-word">', "")
    assert "now serves line 7" in page
    assert "nothing came in 24 hours" in page


def test_only_the_portal_may_frame_the_page_and_no_site_is_let_in_beside_it(world: World):
    browser = world.browser()
    page = opened(world, browser)
    for answer in (page, submit(browser, page, "connect", "bar")):
        policy = answer.headers["Content-Security-Policy"]
        assert re.search(r"frame-ancestors ([^;]*)", policy)[1] == PORTAL_URL
        assert "form-action 'self'" in policy
        assert "default-src 'none'" in policy
        assert "X-Frame-Options" not in answer.headers


def test_a_form_that_is_too_old_says_so_in_the_frame(world: World, clock):
    browser = world.browser()
    page = opened(world, browser)
    clock.advance(3601)
    told = submit(browser, page, "connect", "shop")
    assert told.status_code == 403
    assert "open it again from Bitrix24" in told.text
    assert f"frame-ancestors {PORTAL_URL}" in told.headers["Content-Security-Policy"]
    assert world.journal.kept == []


def test_a_connected_line_can_be_disconnected(world: World):
    world.journal.links["line", "shop"] = {"connector": "cabc123_fake", "line": "3"}
    browser = world.browser()
    page = opened(world, browser)
    assert 'value="disconnect"' in page.text
    submit(browser, page, "disconnect", "shop")
    assert [d.event for d in world.journal.deliveries] == [
        LineDisconnected(portal="main", connector="cabc123_fake", line="3", asked=True)  # so the portal is told
    ]


def test_pressing_twice_is_pressing_once(world: World):
    browser = world.browser()
    page = opened(world, browser)
    for _ in range(2):
        assert submit(browser, page, "connect", "shop").status_code == 200
    assert len(world.journal.deliveries) == 1


def test_an_account_of_elsewhere_cannot_be_chosen(world: World):
    browser = world.browser()
    assert submit(browser, opened(world, browser), "connect", "ghost").status_code == 400
    assert world.journal.kept == []


def test_a_form_that_we_did_not_hand_out_is_refused(world: World):
    browser = world.browser()
    genuine = ticket(opened(world, browser))
    payload, _, signature = genuine.partition(".")
    for forged in ("", "x", f"{payload}x.{signature}", f"{payload}.{signature[:-2]}", genuine[::-1], "й.ж"):
        answer = browser.post("/bitrix24/settings", data={"ticket": forged, "do": "connect", "account": "shop"})
        assert answer.status_code == 403, forged
    assert world.journal.kept == []


def test_a_form_expires(world: World, clock):
    browser = world.browser()
    page = opened(world, browser)
    clock.advance(3601)
    assert submit(browser, page, "connect", "shop").status_code == 403


def test_a_view_cannot_be_used_as_a_form(world: World):
    browser = world.browser()
    page = submit(browser, opened(world, browser), "connect", "bar")
    view = html.unescape(re.search(r"view=([^\"]+)", page.text)[1])
    assert browser.post("/bitrix24/settings", data={"ticket": view, "do": "connect"}).status_code == 403


def test_no_token_of_the_viewer_is_kept(world: World):
    browser = world.browser()
    submit(browser, opened(world, browser), "connect", "shop")
    kept = repr(world.journal.kept)
    assert "viewer" not in kept
    assert APPLICATION_TOKEN not in kept


def test_the_application_page_shows_the_portal_its_accounts(world: World):
    world.journal.links["line", "shop"] = {"connector": "cabc123_fake", "line": "3"}
    form = {"member_id": MEMBER, "APPLICATION_TOKEN": APPLICATION_TOKEN}
    page = world.browser().post("/bitrix24/app?LANG=ru", data=form)
    assert page.status_code == 200
    assert "shop" in page.text
    assert "Учебный канал" in page.text
    assert "выберите в Контакт-центре" in page.text


def test_the_application_page_tells_a_stranger_nothing(world: World):
    page = world.browser().get("/bitrix24/app")
    assert page.status_code == 200
    assert "shop" not in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert world.browser().post("/bitrix24/app", data={"member_id": MEMBER}).status_code == 403
