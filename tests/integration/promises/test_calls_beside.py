"""One call never stands in the way of another, of a card or of talk: mad PBXs, calls of the past, two accounts."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.domain.calls import CallEnded, CallRinging, CallStarted, LegEnded
from connector.telephony import own
from connector.telephony.history import APART, AT_ONCE
from tests.integration.house.waiting import until
from tests.integration.telephony.exchange import CLIENT, LINE, Exchange, exchange
from tests.services import Redis

OTHER, BRANCH = "+79005550000", "+74957654321"
ABOUT: dict[str, Any] = {"direction": "incoming", "client": CLIENT, "line": LINE}
REGISTER = "telephony.externalcall.register"


@pytest.fixture
def office(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Exchange]:
    with exchange(tmp_path, redis_server, journal_url) as made:
        yield made


@contextmanager
def pumping(office: Exchange) -> Iterator[None]:
    """A worker goes on by itself."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            for destination in office.house.connector.journal.due_destinations():
                office.house.connector.pump(destination).run(seconds=2, should_stop=over.is_set)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()


def post(office: Exchange, conversation: str, text: str) -> None:
    """A client writes."""
    with office.house.stage.lock:
        said = office.house.stage.standins["shop"].say(conversation, text)
    url = f"{office.house.connector.settings.public_url}/hooks/shop"
    assert requests.post(f"{url}?{said.query}", said.body, headers=dict(said.headers), timeout=15).ok


def keep(office: Exchange, key: str, events: list[Any], *, after: float = 0.0) -> None:
    connector = office.house.connector
    account = connector.accounts["office"]
    clock = office.house.clock
    assert own.keep(connector.intake, account, key, events, method=own.HISTORY, clock=clock, after=after)


def sees_card(office: Exchange, number: int) -> None:
    """It rings, and the card is there."""
    client = f"+7901000{number:04}"
    office.tell("ringing", f"live-{number}", **{**ABOUT, "client": client}, employee="101")
    until(lambda: office.house.sandbox.phone_calls(phone=client)[0]["shown_to"], what="a card", every=0.01)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_hundreds_of_pieces_of_one_call_delay_no_card_and_it_ends_all_the_same(office: Exchange):
    at = office.house.clock()
    about = {"account": "office", "call": "mad", **ABOUT, "name": "x" * 255}
    pieces: list[Any] = [
        piece
        for n in range(170)
        for piece in (
            CallStarted(**about, at=at + timedelta(milliseconds=n), leg=f"leg-{n}"),
            CallRinging(**about, at=at + timedelta(milliseconds=n), employee=f"{n}"),
            LegEnded(**about, at=at + timedelta(milliseconds=n + 1), leg=f"leg-{n}", employee=f"{n}"),
        )
    ]
    keep(office, "mad", pieces)
    with pumping(office):
        for number in range(3):
            sees_card(office, number)
        assert rest(office)  # all three cards came before it was told
        until(lambda: not rest(office), what="the mad call is told", seconds=200, every=0.5)
    office.tell("ended", "mad", talk=0, cause="missed", after=3)
    office.house.pump()
    office.later(seconds=30)
    [mad] = [call for call in office.calls() if call["external_id"] == "office.mad"]
    assert (mad["live"], mad["status"], mad["shown_to"]) == (False, "304", [])
    assert not office.troubles()


def rest(office: Exchange) -> list[Any]:
    rows = office.house.connector.journal.list("deliveries", state="waiting", limit=5000)
    return [row for row in rows if row["kind"] != "call.settled" and "mad" in row["lane"]]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("missed", "journal_url"),
    [(True, "sqlite"), pytest.param(False, "postgres", marks=pytest.mark.postgres)],
    indirect=["journal_url"],
)
def test_three_hundred_calls_of_the_past_delay_neither_cards_nor_talk(office: Exchange, missed: bool):
    at = office.house.clock() - timedelta(hours=2)
    for n in range(300):
        about = {"account": "office", "call": f"past-{n}", **ABOUT, "client": f"+7902000{n:04}"}
        talk = {"talk": 0, "cause": "missed"} if missed else {"talk": 40, "employee": "101"}
        past = CallEnded(**about, at=at + timedelta(seconds=n), past=True, **talk)
        keep(office, f"past-{n}", [past], after=APART * max(0, n - AT_ONCE))
    office.house.clock.add(seconds=15)
    with pumping(office):
        until(lambda: len(office.calls()) > 20, what="the past is under way", every=0.2)
        meanwhile = 0
        while sum(not call["live"] for call in office.calls()) < 300 and meanwhile < 15:
            sees_card(office, meanwhile)
            sees_message(office, str(700 + meanwhile))
            meanwhile += 1
        assert meanwhile >= 3


@pytest.mark.timeout(120)
def test_a_card_does_not_stand_in_the_queue_of_all_chats(office: Exchange):
    for number in range(500):
        post(office, str(10_000 + number), "hello")
    with pumping(office):
        time.sleep(0.3)  # the crowd has every place
        sees_card(office, 0)
        assert len(office.house.connector.journal.list("deliveries", state="waiting", limit=5000)) > 100


def sees_message(office: Exchange, conversation: str) -> None:
    """A client says a word, and the operator sees it."""
    post(office, conversation, "hello")
    until(lambda: office.house.rows(conversation), what="a message", every=0.01)


def overlapping(office: Exchange) -> int:
    """How many registrations were under way together with another one."""
    rows = [row for row in office.house.sandbox.calls(REGISTER) if row["method"] == REGISTER]
    spans = sorted((row["at"], row["at"] + row["ms"] / 1000) for row in rows)
    return sum(after[0] < before[1] for before, after in itertools.pairwise(spans))


@pytest.mark.parametrize(("other", "together"), [(CLIENT, 0), (OTHER, 1)])
def test_two_calls_of_one_stranger_at_once_are_registered_one_after_the_other(
    office: Exchange, other: str, together: int
):
    office.tell("ringing", "warm", **{**ABOUT, "client": "+79001110000"}, employee="101")
    office.house.pump()
    office.house.sandbox.fault("slow", method=REGISTER, seconds=0.5, times=-1)
    office.tell("ringing", "c-1", **ABOUT, employee="101")
    office.tell("ringing", "c-2", **{**ABOUT, "client": other}, employee="101")
    office.house.pump()
    assert len(office.calls()) == 3
    assert overlapping(office) == together


ODD = ["a.b/c:d#%?&'\"<>{}", "звонок-№1", "x" * 200, "..", "office.c-1", "0", "\u202eabc", "'); DROP TABLE links;--"]


def test_an_id_may_be_any_word(office: Exchange):
    for number, call in enumerate(ODD):
        name = call.replace(" ", "_")
        office.talked(name, direction="incoming", client=f"+7903000{number:04}")
    found = {call["external_id"]: (call["status"], call["live"]) for call in office.calls()}
    assert found == {f"office.{call.replace(' ', '_')}": ("200", False) for call in ODD}
    assert not office.troubles()


def test_two_accounts_of_one_pbx_have_each_the_calls_of_their_lines(
    tmp_path: Path, sqlite_url: str, redis_server: Redis
):
    beside = {"lines": {BRANCH: {}}, "only_lines": True}
    with exchange(tmp_path, redis_server, sqlite_url, beside=beside, only_lines=True) as office:
        for call, line in (("c-1", LINE), ("c-2", BRANCH), ("c-3", "+74950000000")):
            for place in ("office", "branch"):
                about = {"place": place, "direction": "incoming", "client": CLIENT, "line": line, "employee": "101"}
                office.tell("ringing", call, **about)
                office.tell("ended", call, **about, after=30, talk=20)
        office.house.pump()
        office.later(seconds=40)
        found = [(call["external_id"], call["line"], call["duration"], call["live"]) for call in office.calls()]
        assert sorted(found) == [("branch.c-2", BRANCH, 20, False), ("office.c-1", LINE, 20, False)]
        assert not office.house.connector.journal.links_like("call.open", "", limit=10)


def test_one_id_at_two_accounts_is_two_calls(tmp_path: Path, sqlite_url: str, redis_server: Redis):
    with exchange(tmp_path, redis_server, sqlite_url, beside={"lines": {BRANCH: {}}}) as office:
        for place, line, talk in (("office", LINE, 20), ("branch", BRANCH, 10)):
            about = {"place": place, "direction": "incoming", "client": CLIENT, "line": line, "employee": "101"}
            office.tell("ringing", "c-1", **about)
            office.tell("ended", "c-1", **about, after=30, talk=talk)
        office.house.pump()
        office.later(seconds=40)
        found = sorted((call["external_id"], call["duration"], call["live"]) for call in office.calls())
        assert found == [("branch.c-1", 10, False), ("office.c-1", 20, False)]
