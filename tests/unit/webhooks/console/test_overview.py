"""The overview: the day of every portal and account, what needs somebody, and where to go from it."""

from __future__ import annotations

import re

import pytest

from connector.domain.events import MessageReceived
from connector.domain.request import Request
from connector.domain.silence import Silence
from connector.domain.values import Person
from connector.journal import Envelope, JournalAway, NewDelivery, Settlement, Step
from connector.journal.hours import Tally
from connector.journal.tallies import Day
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import Console


def hello(console: Console, key: str, account: str = "shop", *, state: str = "accepted") -> None:
    event = MessageReceived(account=account, conversation=key, message_id=key, client=Person(id="1"), text="hello")
    request = Request(method="POST", path="/hooks", headers={}, body=b"", received_at=console.clock())
    envelope = Envelope(trace=f"t{key}", account=account, dedupe_key=key, request=request, state=state)  # type: ignore[arg-type]
    new = [NewDelivery(destination="portal:main", event=event, lane=key)] if state == "accepted" else []
    console.journal.accept(envelope, new)


def settle(console: Console, state: str) -> None:
    journal = console.journal
    lease = journal.lease("portal:main")
    assert lease
    settled = [
        Settlement(delivery=one, state=state, attempts=1)  # type: ignore[arg-type]
        for one in journal.claim(lease, lanes=10)
    ]
    journal.step(lease, Step(settled=settled))
    journal.leave(lease, force=True)


def card(page: str, name: str) -> str:
    found = re.search(rf'<li class="card" id="card-{name}".*?</li>', page, re.DOTALL)
    assert found, name
    return found[0]


def figure(page: str, name: str, label: str) -> str:
    found = re.search(rf"<dt>{re.escape(label)}</dt><dd[^>]*>(.*?)</dd>", card(page, name), re.DOTALL)
    assert found, label
    return re.sub("<.*?>", "", found[1]).strip()


def test_the_figures_of_a_day_are_shown_by_side(console: Console, clock: FakeClock):
    for key in ("1", "2", "3"):
        hello(console, key)
    clock.advance(2)
    settle(console, "done")
    clock.advance(60)
    console.journal.tally()
    hello(console, "4")
    page = console.signed_in().get("/ops").text
    assert figure(page, "account-shop", "arrived in 24 h") == "4"
    assert figure(page, "account-shop", "95% get there in") == "2\xa0s"
    assert figure(page, "portal-main", "delivered in 24 h") == "3"
    assert figure(page, "portal-main", "waiting") == "1"
    assert "no request yet" in card(page, "account-bar")
    words = re.sub(r"<.*?>", "", page)
    assert "In 24 hours 4 came in, 3 reached Bitrix24, 0 went out to clients." in words


def test_what_waits_and_what_is_parked_leads_to_its_page(console: Console):
    hello(console, "1")
    settle(console, "parked")
    hello(console, "2")
    page = console.signed_in("operator").get("/ops").text
    assert 'href="/ops/lanes?destination=portal:main"' in card(page, "portal-main")
    assert 'href="/ops/parked?destination=portal:main"' in card(page, "portal-main")
    assert "parked work" in card(page, "portal-main")
    viewer = console.signed_in("viewer").get("/ops").text
    assert "/ops/parked" not in viewer
    assert figure(viewer, "portal-main", "parked") == "1"


def test_unreadable_requests_lead_to_the_bench_and_name_no_command(console: Console):
    hello(console, "1", state="parked")
    page = console.signed_in("operator").get("/ops").text
    assert "1 request could not be read" in page
    assert 'href="/ops/parked/list?of=envelopes"' in page
    assert "connector journal" not in page


@pytest.mark.parametrize(("role", "invited"), [("integrator", True), ("viewer", False)])
def test_a_house_that_has_heard_nothing_invites_to_connect(console: Console, role: str, invited: bool):
    page = console.signed_in(role).get("/ops").text
    assert "Nothing has come in yet" in page
    assert ('<a class="main" href="/ops/connect">' in page) is invited
    assert ("Ask an integrator" in page) is not invited
    hello(console, "1")
    assert "Nothing has come in yet" not in console.signed_in(role).get("/ops").text


def test_a_silent_channel_is_called_so_on_its_card_and_above(console: Console, clock: FakeClock):
    silence = Silence(name="account:shop", since=clock(), missed=23)
    console.journal.silences = lambda: [silence]
    hello(console, "1")
    page = console.signed_in().get("/ops").text
    assert '<span class="pill bad">silent</span>' in card(page, "account-shop")
    assert "Usually about 23 requests" in card(page, "account-shop")
    assert "shop: nothing has come for" in page
    assert "молчит" in console.signed_in(language="ru").get("/ops").text
    assert page.index("card-account-shop") < page.index("card-account-bar")


def test_the_chart_is_told_to_those_who_do_not_see_it(console: Console):
    hours = tuple(range(0, 24 * 3600, 3600))
    rows = {hours[9]: Tally(hour=hours[9], name="account:shop", arrived=1204)}
    console.journal.day = lambda: Day(hours=hours, rows={"account:shop": rows}, whole=True)
    page = console.signed_in().get("/ops").text
    told = "Arrived by hour: in 24 hours 1,204, most at 09:00: 1,204, hours with nothing: 23"
    assert f'aria-label="{told}"' in card(page, "account-shop")
    assert "Delivered by hour: nothing in 24 hours" in card(page, "portal-main")


def test_everything_that_changes_is_live(console: Console):
    hello(console, "1")
    page = console.signed_in().get("/ops").text
    live = re.findall(r'<\w+[^>]* id="([\w-]+)" data-live', page)
    assert {"problems", "told", "portals", "accounts", "card-portal-main", "card-account-shop"} <= set(live)
    assert len(live) == len(set(live))


def test_what_is_no_longer_configured_is_shown_as_long_as_it_has_work(console: Console):
    hello(console, "1")
    del console.connector.portals["main"]
    page = console.signed_in().get("/ops").text
    assert "No longer in connector.yaml" in page
    assert "portal:main" in page


def test_the_figures_away_leave_the_rest_of_the_page(console: Console):
    def away() -> Day:
        raise JournalAway("pulled out")

    console.journal.day = away
    assert "main" in console.signed_in().get("/ops").text


def test_a_clock_that_does_not_count_is_told(console: Console):
    console.journal.day = lambda: Day(hours=(0,), rows={}, whole=False)
    page = console.signed_in().get("/ops").text
    assert "connector clock" in page
