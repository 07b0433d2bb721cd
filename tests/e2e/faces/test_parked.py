"""The repair bench in a real browser: find, look, preview, retry, discard; and who sees nothing of it."""

from __future__ import annotations

from playwright.sync_api import expect

from connector.bootstrap import Connector
from tests.e2e.faces.bench_stage import SECRET, seed
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import in_every_look, signed_in


def test_every_page_of_the_bench_is_accessible_and_quiet(house: Connector, console: str, browser_page: OpenPage):
    made = seed(house)
    number, hostile = made["parked"][1], made["parked"][-1]
    pages = {
        "parked": "/ops/parked",
        "parked-filter": "/ops/parked?q=nothing+like+this",
        "parked-list": "/ops/parked/list?of=deliveries&cause=line.not_connected",
        "parked-requests": "/ops/parked/list?of=envelopes",
        "parked-item": f"/ops/parked/{number}",
        "parked-hostile": f"/ops/parked/{hostile}",
        "parked-request": f"/ops/parked/envelope/{made['unread'][0]}",
        "parked-binary": f"/ops/parked/envelope/{made['unread'][1]}",
        "parked-preview": "/ops/parked/preview?of=deliveries&deed=replay",
        "parked-discard": "/ops/parked/preview?of=deliveries&deed=discard&cause=telegram.blocked",
        "parked-reread": "/ops/parked/preview?of=envelopes&deed=replay",
        "parked-done": "/ops/parked/done/0",
    }
    in_every_look(console, browser_page, pages, name="operator")


def test_nothing_parked_looks_friendly(console: str, browser_page: OpenPage):
    in_every_look(console, browser_page, {"parked-empty": "/ops/parked"}, name="operator")


def test_a_person_finds_looks_previews_and_retries(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    face = signed_in(browser_page(language="en"), console, "operator")
    page = face.page
    page.get_by_role("link", name="Parked").click()
    page.get_by_text("Filter and search").click()
    page.get_by_label("Search").fill("чайник")
    page.get_by_label("Where to").select_option("portal:main")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("status")).to_contain_text("Parked: 1 by this filter")
    page.get_by_role("link", name="line.not_connected").click()
    page.get_by_role("link", name="message from a client").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delivery №")
    expect(page.locator("main")).to_contain_text("Хочу вернуть чайник")
    expect(page.locator("main")).to_contain_text("x-telegram-bot-api-secret-token: ***")
    assert SECRET not in page.content()
    page.get_by_role("button", name="Replay…").click()
    expect(page.locator("main")).to_contain_text("1 delivery in 1 conversation")
    expect(page.locator("main")).to_contain_text("is stopped (not installed)")
    face.screen("console-parked-walk-preview")
    page.get_by_label("Why").fill("the line is connected again")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("status")).to_contain_text("Wait again: 1 delivery")
    face.is_accessible()
    face.screen("console-parked-walk-done")
    page.get_by_role("link", name="shop.1002").click()
    expect(page.locator("main")).to_contain_text("Хочу вернуть чайник")
    page.get_by_role("link", name="Parked", exact=True).click()
    expect(page.locator("#parked-groups")).to_contain_text("Parked: 8")
    page.get_by_role("link", name="Audit").click()
    expect(page.locator(".lines li").first).to_contain_text("the line is connected again")
    expect(page.locator(".lines li").first).to_contain_text("replayed · 1 delivery")


def test_the_ticked_ones_are_discarded_without_scripts(house: Connector, console: str, browser_page: OpenPage):
    made = seed(house)
    face = signed_in(browser_page(language="ru", java_script_enabled=False), console, "operator")
    page = face.page
    page.goto(f"{console}/ops/parked/list?of=deliveries&cause=telegram.blocked")
    page.get_by_label(f"отметить {made['blocked'][0]}").check()
    page.get_by_role("button", name="Отбросить отмеченные…").click()
    expect(page.locator("main")).to_contain_text("Отбросить навсегда: 1 доставка в 1 диалоге")
    page.get_by_label("Причина").fill("клиент заблокировал")
    page.get_by_role("button", name="Отбросить").click()
    expect(page.get_by_role("status")).to_contain_text("Отброшено: 1 доставка")
    assert [house.journal.show(number)["state"] for number in made["blocked"]] == ["discarded", "parked"]


def test_hostile_words_run_nowhere(house: Connector, console: str, browser_page: OpenPage):
    made = seed(house)
    face = signed_in(browser_page(language="en"), console, "operator")
    paths = (
        "/ops/parked",
        "/ops/parked/list?of=deliveries",
        "/ops/parked/list?of=envelopes",
        f"/ops/parked/{made['parked'][-1]}",
        f"/ops/parked/envelope/{made['unread'][0]}",
        "/ops/parked/preview?of=deliveries&deed=replay&q=<script>document.title='stolen'</script>",
    )
    for path in paths:
        face.page.goto(console + path)
        assert face.page.evaluate("document.querySelectorAll('main img, main script').length") == 0
        assert "stolen" not in face.page.title()


def test_a_viewer_sees_nothing_of_it(house: Connector, console: str, browser_page: OpenPage):
    seed(house)
    face = signed_in(browser_page(language="en"), console, "viewer")
    face.allow("403")
    expect(face.page.get_by_role("link", name="Parked")).to_have_count(0)
    for path in ("/ops/parked", "/ops/parked/1", "/ops/parked/preview?deed=replay"):
        face.page.goto(console + path)
        expect(face.page.get_by_role("alert")).to_contain_text("Your role does not allow this")
        assert "чайник" not in face.page.content()
