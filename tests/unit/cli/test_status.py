from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from connector.domain.ports import Grant, Installation, PortalState
from connector.domain.silence import Silence
from connector.domain.states import STATES
from connector.journal import JournalAway
from connector.speech import Text
from connector.status import STALE, overview


class Spool:
    def __init__(self, pending: bool = False) -> None:
        self._pending = pending

    def pending(self) -> bool:
        return self._pending


class Redis:
    def ping(self) -> bool:
        return True


class Book:
    """A journal with one destination."""

    def __init__(self, *, oldest: float = 0.0, due: bool = False, mark: dict[str, Any] | None = None) -> None:
        self.oldest, self.due, self.mark = oldest, due, mark
        self.quiet: list[Silence] = []

    def recall(self, kind: str, key: str) -> Any:
        return self.mark if (kind, key) == ("reconciled", "main") else None

    def stats(self) -> dict[str, dict[str, Any]]:
        figures = {"waiting": 1, "lanes": 1, "parked": 0, "done_last_hour": 0, "oldest": self.oldest, "leased": False}
        return {"portal:main": figures}

    def parked_envelopes(self) -> int:
        return 2

    def due_destinations(self) -> list[str]:
        return ["portal:main"] if self.due else []

    def silences(self) -> list[Silence]:
        return self.quiet


class AwayBook(Book):
    def stats(self) -> dict[str, dict[str, Any]]:
        raise JournalAway("away")

    parked_envelopes = due_destinations = silences = stats  # type: ignore[assignment]


class Budget:
    def level(self) -> dict[str, float]:
        return {"used": 3.0, "burst": 50.0, "per_second": 2.0}


class Portal:
    budget = Budget()
    connector_prefix = "c1_"

    def __init__(self, state: Any = "active") -> None:
        self.state = state

    def installation(self) -> Installation:
        grant = Grant(
            access_token="a",
            refresh_token="r",
            expires_at=datetime.now(UTC) + timedelta(hours=1),
            member_id="m",
            client_endpoint="https://a/rest/",
            server_endpoint="https://o/rest/",
        )
        return Installation(portal="main", state=self.state, grant=grant, reason="unpaid")


class House:
    def __init__(self, book: Book | None = None, *, portal: Portal | None = None, spool: bool = False) -> None:
        self.journal, self.spool, self.redis = book or Book(), Spool(spool), Redis()
        self.portals = {"main": portal or Portal()}
        shop = SimpleNamespace(provider=SimpleNamespace(telephony=None), settings=None)
        self.accounts: dict[str, Any] = {"shop": shop}
        self.settings = SimpleNamespace(sources={})

    def clock(self) -> datetime:
        return datetime.now(UTC)


def problems(house: House) -> str:
    return " ".join(problem.en for problem in overview(house).problems)


def test_a_quiet_house_has_no_problems():
    seen = overview(House())
    assert (seen.problems, seen.parked_envelopes, seen.portals[0].budget["used"]) == ((), 2, 3.0)


def test_old_work_that_nobody_takes_is_a_problem():
    assert "connector worker" in problems(House(Book(oldest=STALE + 1, due=True)))


def test_old_work_that_waits_for_its_next_try_is_none():
    assert problems(House(Book(oldest=STALE + 1, due=False))) == ""


def test_a_stopped_portal_is_a_problem_with_its_reason():
    assert "suspended (unpaid)" in problems(House(portal=Portal("suspended")))


@pytest.mark.parametrize("state", [state for state in get_args(PortalState) if state != "active"])
def test_people_read_the_state_of_a_portal_in_words(state: str):
    [problem] = overview(House(portal=Portal(state))).problems
    assert not re.search(r"[a-z]_[a-z]", problem.en)
    assert f": {STATES[state].ru} (" in problem.ru


def test_a_database_that_is_away_is_told_and_hides_the_rest():
    seen = overview(House(AwayBook(), spool=True))
    assert (seen.database, seen.destinations, seen.portals) == (False, (), ())
    assert "DATABASE_URL" in problems(House(AwayBook()))


def test_a_spool_that_nobody_feeds_back_is_a_problem():
    assert "connector clock" in problems(House(spool=True))


def test_the_replies_that_were_found_within_a_day_are_counted():
    now = datetime.now(UTC).timestamp()
    mark = {"narrow": now, "wide": now, "found": [[now - 90000, 5], [now - 3600, 2], [now, 1]], "total": 8}
    seen = overview(House(Book(mark=mark)))
    assert (seen.portals[0].found, seen.problems) == (3, ())


def test_dialogs_that_cannot_be_looked_through_are_a_problem():
    mark = {"narrow": datetime.now(UTC).timestamp(), "unreadable": 4}
    assert "histories of 4 dialogs" in problems(House(Book(mark=mark)))


def test_a_house_that_has_not_looked_back_for_hours_is_told():
    mark = {"narrow": datetime.now(UTC).timestamp() - 2 * 3600}
    assert "connector portal reconcile main" in problems(House(Book(mark=mark)))
    assert "reconcile" not in problems(House(Book(mark=mark), portal=Portal("suspended")))


def test_a_channel_that_is_too_quiet_is_a_problem_and_one_no_longer_configured_is_none():
    book = Book()
    since = datetime.now(UTC) - timedelta(hours=5)
    book.quiet = [Silence(name=name, since=since, missed=23) for name in ("account:shop", "account:gone", "test:shop")]
    told = overview(House(book))
    assert [one.name for one in told.silences] == ["account:shop"]
    assert "shop: nothing has come for 5 h, usually about 23 requests" in problems(House(book))
    assert "ничего не приходит уже 5 ч, обычно" in told.problems[0].ru


class Waiting(Book):
    """Replies of the account ``shop`` wait."""

    heads: tuple[Any, ...] = ()

    def stats(self) -> dict[str, dict[str, Any]]:
        [figures] = super().stats().values()
        return {"account:shop": figures}

    def waiting_lanes(self, destination: str) -> list[Any]:
        return [SimpleNamespace(head=head) for head in self.heads]


def waiting(hint: Text | None, minutes: float) -> SimpleNamespace:
    return SimpleNamespace(hint=hint, created_at=datetime.now(UTC) - timedelta(minutes=minutes))


def test_why_replies_to_clients_wait_is_told_by_the_oldest_that_was_tried():
    book = Waiting(oldest=600)
    book.heads = (waiting(None, 9), waiting(Text("Login refused", "Вход запрещён"), 10), waiting(Text("x", "x"), 5))
    [problem] = overview(House(book)).problems
    assert problem == Text(
        "shop: replies to clients wait (10 min). Login refused", "shop: ответы клиентам ждут (10 мин). Вход запрещён"
    )


def test_replies_that_only_wait_their_turn_are_no_problem():
    book = Waiting(oldest=600)
    book.heads = (waiting(None, 9), waiting(Text("later", "позже"), 1))
    assert overview(House(book)).problems == ()
