"""The stream that keeps open pages fresh."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from connector.domain.request import Request
from connector.journal import Envelope, JournalAway
from connector.journal.sessions import IDLE, Visitor
from connector.journal.tallies import Day
from tests.conftest import FakeClock
from tests.unit.webhooks.console.conftest import Console
from webhooks.console.live import MOST, WHO_EVERY, Presence, Pulse


class Heart:
    """A journal that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked, self.away, self.seconds = 0, False, 0.0

    def pulse(self) -> str:
        self.asked += 1
        if self.away:
            raise JournalAway("pulled out")
        return f"v{self.asked}"

    def now(self) -> float:
        return self.seconds


def test_many_streams_ask_once_a_second_together():
    heart = Heart()
    pulse = Pulse(heart, now=heart.now)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: pulse.version(), range(200))) == {"v1"}
    heart.seconds = 1.0
    assert [pulse.version() for _ in range(9)] == ["v2"] * 9
    assert heart.asked == 2


def test_a_database_that_is_away_changes_nothing():
    heart = Heart()
    pulse = Pulse(heart, now=heart.now)
    pulse.version()
    heart.seconds, heart.away = 1.0, True
    assert pulse.version() == "v1"


def test_a_stream_goes_on_as_long_as_the_session():
    visitor: list[Visitor | None] = [Visitor(name="anna", role="viewer")]
    heart = Heart()
    asked: list[int] = []

    def look() -> Visitor | None:
        asked.append(1)
        return visitor[0]

    here = Presence(look, now=heart.now)
    assert [here.goes_on() for _ in range(5)] == [True] * 5
    assert asked == []
    heart.seconds = WHO_EVERY
    assert here.goes_on()
    visitor[0] = None
    assert here.goes_on()
    heart.seconds = 2 * WHO_EVERY
    assert not here.goes_on()


def test_a_database_that_is_away_signs_nobody_out():
    heart = Heart()

    def away() -> Visitor | None:
        raise JournalAway("pulled out")

    here = Presence(away, now=heart.now)
    heart.seconds = WHO_EVERY
    assert here.goes_on()


def test_the_first_frame_is_the_version_of_the_page(console: Console):
    browser = console.signed_in("viewer")
    page = browser.get("/ops").text
    answer = browser.get("/ops/live")
    lines = answer.iter_encoded()
    assert (next(lines), answer.mimetype) == (b"retry: 2000\n\n", "text/event-stream")
    version = next(lines).removeprefix(b"data: ").strip().decode()
    assert f'data-version="{version}"' in page
    answer.close()


def test_a_page_bears_the_version_of_before_it_was_read(console: Console, clock: FakeClock):
    """What comes while the page is read makes another version, so nothing is missed."""
    journal, browser = console.journal, console.signed_in("viewer")
    reading = journal.day

    def day() -> Day:
        request = Request(method="POST", path="/hooks/shop", headers={}, body=b"", received_at=clock())
        journal.accept(Envelope(trace="t1", account="shop", dedupe_key="1", request=request), [])
        return reading()

    journal.day = day
    page = browser.get("/ops").text
    assert f'data-version="{journal.pulse()}"' not in page


def test_nobody_listens_without_signing_in(console: Console):
    assert console.browser().get("/ops/live").status_code == 303


def test_a_page_for_nobody_tells_no_version(console: Console):
    page = console.browser().get("/ops/sign-in").text
    assert "data-version" not in page
    assert "live.js" not in page


def test_a_page_that_renews_itself_keeps_no_session_alive(console: Console, clock: FakeClock):
    browser = console.signed_in("viewer")
    for _ in range(3):
        clock.advance(IDLE / 2 - 60)
        last = browser.get("/ops", **{"X-Live": "1"}).status_code
    assert last == 303


def test_a_stream_that_is_opened_again_and_again_keeps_no_session_alive(console: Console, clock: FakeClock):
    """Browsers come back by themselves when a stream ends, hour after hour."""
    browser = console.signed_in("viewer")
    for _ in range(3):
        clock.advance(IDLE / 2 - 60)
        answer = browser.get("/ops/live")
        answer.close()
    assert answer.status_code == 303


def test_open_pages_never_take_all_connections_of_a_process(console: Console):
    browser = console.signed_in("viewer")
    streams = [browser.get("/ops/live") for _ in range(MOST)]
    assert browser.get("/ops/live").status_code == 429
    assert browser.get("/ops").status_code == 200
    for answer in streams:
        answer.close()
    assert browser.get("/ops/live").status_code == 200
