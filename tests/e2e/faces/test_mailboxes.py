"""Mail at the console in a real browser: mailboxes, the quarantine, the trace of a letter."""

from __future__ import annotations

from playwright.sync_api import expect

from connector.bootstrap import Connector
from connector.domain.mailing import QUARANTINE
from tests.e2e.faces.browser import OpenPage
from tests.e2e.faces.console_stage import in_every_look, signed_in
from tests.e2e.faces.mail_stage import house
from tests.unit.webhooks.mail_house import put, received

__all__ = ["house"]

HELD = f"/ops/parked/list?of=deliveries&cause={QUARANTINE}"


def test_every_page_about_mail_is_accessible_and_quiet(house: Connector, console: str, browser_page: OpenPage):
    rows = house.journal.list(cause=QUARANTINE)
    number, trace = rows[0]["id"], rows[1]["trace"]
    pages = {
        "mail-overview": "/ops",
        "mail-accounts": "/ops/accounts",
        "mail-account": "/ops/accounts/support",
        "mail-account-refused": "/ops/accounts/orders",
        "mail-account-hooks": "/ops/accounts/news",
        "mail-parked": "/ops/parked",
        "mail-quarantine": HELD,
        "mail-quarantine-none": f"{HELD}&q=nothing+like+this",
        "mail-letter": f"/ops/parked/{number}",
        "mail-let-in": f"/ops/parked/preview?of=deliveries&cause={QUARANTINE}&deed=replay",
        "mail-away": f"/ops/parked/preview?of=deliveries&cause={QUARANTINE}&deed=discard",
        "mail-trace": f"/ops/trace/{trace}",
        "mail-traces": "/ops/trace",
        "mail-connect": "/ops/connect?portal=main&account=support",
    }
    in_every_look(console, browser_page, pages)


def test_a_clients_letter_is_found_among_spam_and_let_in(house: Connector, console: str, browser_page: OpenPage):
    face = signed_in(browser_page(language="ru"), console, "operator")
    page = face.page
    page.get_by_role("link", name="Отложено").click()
    page.get_by_role("link", name="Карантин").click()
    page.get_by_role("row", name="Заказ 4512").get_by_role("checkbox").check()
    page.get_by_role("button", name="Пропустить отмеченные…").click()
    expect(page.locator("main")).to_contain_text("1 письмо")
    page.get_by_label("Причина").fill("пишет клиент")
    page.get_by_role("button", name="Пропустить").click()
    expect(page.get_by_role("status")).to_contain_text("Снова в очереди")
    states = [row["state"] for row in house.journal.list(account="support") if row["kind"] == "letter.received"]
    assert sorted(states) == ["done", "parked", "parked", "parked", "waiting"]


def test_the_rest_is_thrown_away_at_once(house: Connector, console: str, browser_page: OpenPage):
    page = signed_in(browser_page(language="en"), console, "operator").page
    page.goto(console + HELD)
    page.get_by_role("button", name="All spam, away…").click()
    page.get_by_label("Why").fill("looked through")
    page.get_by_role("button", name="Throw away: 4").click()
    expect(page.get_by_role("status")).to_contain_text("Discarded")
    page.goto(console + HELD)
    expect(page.get_by_role("status")).to_contain_text("The quarantine is empty")
    assert page.title() != "stolen"


def test_a_long_subject_breaks_no_page(house: Connector, console: str, browser_page: OpenPage):
    for subject in ("x" * 500, "слово " * 80):
        put(house, received(subject, "n" * 200, f"{'a' * 200}@x.ru", "t" * 3000, spam="s" * 300), state="parked",
            cause=QUARANTINE)  # fmt: skip
    face = signed_in(browser_page(language="en", width=360), console, "operator")
    face.page.goto(console + HELD)
    for begin in ("x" * 20, "слово слово"):
        expect(face.page.locator("main")).to_contain_text(begin)
    face.is_accessible()
