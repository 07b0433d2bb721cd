"""Finding envelopes: page by page, and by the names that people hold in their hands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from connector.journal import CallTrail, Journal, Planned, Step, finding, seeking
from connector.journal.finding import Wish
from connector.journal.seeking import Hit
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, leased, settle

BEGIN = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
LOOK = {"accounts": ("shop", "help"), "portals": ("main",)}


def trace_of(number: int) -> str:
    """The trace of the minute ``number``."""
    at = BEGIN + timedelta(minutes=number)
    return f"{int(at.timestamp() * 1000):012x}{number:014x}"


def kept(journal: Journal, number: int, account: str = "shop", state: str = "accepted", lane: str = "") -> str:
    """An envelope of that minute, with one delivery when it has a lane."""
    trace = trace_of(number)
    envelope = an_envelope(f"key-{number}", trace=trace, account=account, state=state, cause="" if lane else "x.y")
    journal.accept(envelope, [a_delivery(lane=lane)] if lane else [])
    return trace


@pytest.fixture
def filled(journal: Journal) -> Journal:
    """Twelve minutes of two accounts."""
    for number in range(12):
        kept(
            journal,
            number,
            account="shop" if number % 3 else "help",
            state="ignored" if number in (4, 9) else "parked" if number == 6 else "accepted",
            lane="" if number in (4, 6, 9) else f"shop.{number % 2}",
        )
    return journal


def all_pages(journal: Journal, wish: Wish, limit: int = 2, **more: int) -> list[int]:
    """The minutes of all that is found, page by page."""
    seen: list[int] = []
    before = None
    for _ in range(40):
        page = journal.envelopes_page(wish, limit=limit, before=before, **more)
        seen += [int(row.trace[12:], 16) for row in page.rows]
        before = page.after
        if before is None:
            return seen
    raise AssertionError("no end")


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({}, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ({"account": "help"}, [9, 6, 3, 0]),
        ({"state": "accepted"}, [11, 10, 8, 7, 5, 3, 2, 1, 0]),
        ({"state": "ignored"}, [9, 4]),
        ({"state": "parked"}, [6]),
        ({"state": "ignored", "account": "help"}, [9]),
        ({"state": "accepted", "account": "help"}, [3, 0]),
        ({"lane": "shop.1"}, [11, 7, 5, 3, 1]),
        ({"lane": "shop.1", "account": "help"}, [3]),
        ({"since": BEGIN + timedelta(minutes=3), "until": BEGIN + timedelta(minutes=6)}, [5, 4, 3]),
        ({"account": "nobody"}, []),
        ({"lane": "nowhere", "state": "parked"}, []),
        ({"account": "a\0b\ud800", "lane": "\0"}, []),
    ],
)
def test_pages_hold_what_fits_without_gaps(filled: Journal, wish: dict[str, object], found: list[int]) -> None:
    assert all_pages(filled, Wish(**wish)) == found  # type: ignore[arg-type]


def test_looking_stops_and_goes_on_where_it_stopped(filled: Journal) -> None:
    page = filled.envelopes_page(Wish(lane="shop.1", account="help"), limit=5, depth=3)
    assert (page.rows, page.short) == ((), True)
    assert all_pages(filled, Wish(state="accepted", account="help"), depth=3) == [3, 0]
    assert all_pages(filled, Wish(lane="shop.1", account="help"), depth=3) == [3]


def test_a_row_tells_where_its_deliveries_are(journal: Journal) -> None:
    envelope = an_envelope()
    journal.accept(envelope, [a_delivery(lane="a"), a_delivery(lane="b", destination="account:shop")])
    lease = leased(journal)
    settle(journal, lease, *journal.claim(lease, lanes=1), state="parked")
    (row,) = journal.envelopes_page(Wish()).rows
    told = [(fate.kind, fate.destination, fate.lane, fate.state) for fate in row.fates]
    assert told == [
        ("message.received", MAIN, "a", "parked"),
        ("message.received", "account:shop", "b", "waiting"),
    ]
    assert (row.account, row.method, row.path) == ("shop", "POST", "/hooks/shop")
    assert journal.envelopes_named([envelope.trace, "none", "\0"]) == (row,)


@pytest.fixture
def named(journal: Journal) -> Journal:
    """An envelope with every kind of name, and one beside it."""
    kept(journal, 1, lane="shop.42")
    kept(journal, 2, lane="help.42")
    lease = leased(journal)
    for delivery in journal.claim(lease, lanes=2):
        if delivery.lane == "shop.42":
            keys = ("in:shop:42:1007", "out:main:555:0", "out:main:555:1")
            about = {"delivery_id": delivery.id, "trace": delivery.trace}
            planned = [Planned(key=key, what="imconnector.send.messages", **about) for key in keys]
            called = CallTrail(
                what="imconnector.send.messages",
                started_at=BEGIN,
                seconds=0.1,
                outcome="ok",
                request_id="f00dfeedf00dfeed",
                **about,
            )
            journal.step(lease, Step(planned=planned, calls=[called, called]))
    return journal


@pytest.mark.parametrize(
    ("words", "how"),
    [
        (trace_of(1), "trace"),
        (trace_of(1).upper(), "trace"),
        (f"  {trace_of(1)} ", "trace"),
        (trace_of(1)[-6:], "tail"),
        (f"…{trace_of(1)[-8:]}", "tail"),
        ("key-1", "dedupe"),
        ("f00dfeedf00dfeed", "request"),
        ("in:shop:42:1007", "key"),
        ("42:1007", "key"),
        ("555", "reply"),
        ("#1", "number"),
        ("shop.42", "lane"),
    ],
)
def test_each_name_leads_to_its_envelope(named: Journal, words: str, how: str) -> None:
    lane = "shop.42" if how == "lane" else ""
    assert Hit(how=how, trace=trace_of(1), lane=lane) in named.seek(words, **LOOK)


def test_a_conversation_is_found_in_every_account(named: Journal) -> None:
    lanes = {hit.lane for hit in named.seek("42", **LOOK) if hit.how == "lane"}
    assert lanes == {"shop.42", "help.42"}


@pytest.mark.parametrize(
    "words",
    ["", " ", "\0", "%", "_______", "' OR 1=1 --", "f00d", "\ud800", "9" * 40, "x" * 10_000, "…", "№", "²²²²²²"],
)
def test_what_names_nothing_finds_nothing(named: Journal, words: str) -> None:
    assert named.seek(words, **LOOK) == []


def test_senders_that_are_not_told_are_not_searched_by_key(named: Journal) -> None:
    assert named.seek("key-1", accounts=(), portals=()) == []


def test_ends_are_compared_among_the_newest_only(named: Journal) -> None:
    assert not [hit for hit in named.seek(trace_of(1)[-6:], **LOOK, tails=1) if hit.how == "tail"]


def test_every_walk_and_every_way_has_an_index(named: Journal) -> None:
    """Told by the database itself: with scans forbidden PostgreSQL still finds a plan without one."""
    if named.store.sqlite:
        pytest.skip("SQLite cannot be forbidden to scan")
    asked = seeking.Asked(words="4242424", **LOOK)
    wishes = [Wish(account="a"), Wish(state="parked"), Wish(state="ignored", account="a"), Wish(lane="l"), Wish()]
    statements = [way(asked) for way in seeking.WAYS.values()] + [finding._fitting(wish, "5", 9, 99) for wish in wishes]
    with named.store.reading() as db:
        db.execute(text("SET LOCAL enable_seqscan = off"))
        for statement in statements:
            words = statement.limit(9).compile(db, compile_kwargs={"literal_binds": True})
            plan = "\n".join(db.execute(text(f"EXPLAIN {str(words).replace(':', chr(92) + ':')}")).scalars())
            assert "Seq Scan" not in plan, plan
