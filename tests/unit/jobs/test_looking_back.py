"""The clock's duties towards portals: one that fails keeps no other from its own."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from connector.errors import TransientError
from connector.portal import WANTED, Outcome
from connector.reconcile import mark_of
from connector.reconcile.mark import Mark, keep_mark
from jobs import tasks
from tests.unit.jobs.world import HINT, house

URL = "https://hub.example/bitrix24/events"


class Portal:
    """Says what it was given to every call."""

    connector_prefix = "c1_"

    def __init__(self, name: str, *, installed: bool = True, away: bool = False) -> None:
        self.name, self._installed, self.away = name, installed, away
        self.learned = self.batches = 0

    def installed(self) -> bool:
        return self._installed

    def learn(self) -> None:
        self._here()
        self.learned += 1

    def call(self, method: str, params: Any = None, *, live: bool = True) -> Any:
        self._here()
        return [{"event": name, "handler": URL} for name in WANTED]

    def batch(self, commands: Any, *, live: bool) -> dict[str, Outcome]:
        self._here()
        self.batches += 1
        return {key: Outcome(state="ok", result={}) for key in commands}

    def _here(self) -> None:
        if self.away:
            raise TransientError("network.timeout", hint=HINT)


class Book:
    """Links, a lock that is free, one conversation per portal."""

    def __init__(self) -> None:
        self.links: dict[Any, Any] = {}

    @contextmanager
    def lock(self, name: str, *, ttl: float) -> Any:
        yield True

    def recall(self, kind: str, key: str) -> Any:
        return self.links.get((kind, key))

    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None:
        self.links[kind, key] = value

    def conversations(self, owner: str, **_: Any) -> Any:
        name = owner.partition(":")[2]
        return {f"{name}.7": SimpleNamespace(chat_id="7", sessions=frozenset())}


def home(*portals: Portal) -> Any:
    return house(
        portals={portal.name: portal for portal in portals},
        accounts={portal.name: SimpleNamespace(portal=portal.name) for portal in portals},
        journal=Book(),
        clock=lambda: datetime.now(UTC),
        rules=SimpleNamespace(public_url="https://hub.example", accounts={}),
        settings=SimpleNamespace(limits=SimpleNamespace(message_hours=24, envelope_days=90)),
    )


def test_a_portal_that_is_away_keeps_no_other_from_being_looked_through():
    away, here = Portal("away", away=True), Portal("here")
    house = home(away, here)
    assert tasks.reconcile(house) == 0
    assert (away.batches, here.batches) == (0, 1)
    marks = {name: mark_of(house.connector.journal, name) for name in ("away", "here")}
    assert (marks["away"].failed, marks["here"].failed) == (True, False)


def test_what_was_looked_through_a_moment_ago_is_left_alone():
    portal = Portal("main")
    house = home(portal)
    tasks.reconcile(house)
    tasks.reconcile(house)
    assert portal.batches == 1
    keep_mark(house.connector.journal, "main", Mark())
    tasks.reconcile(house)
    assert portal.batches == 2


def test_a_portal_without_the_application_is_not_asked():
    portal = Portal("main", installed=False, away=True)
    house = home(portal)
    assert (tasks.reconcile(house), tasks.check_handlers(house), tasks.learn_limits(house)) == (0, 0, 0)


def test_limits_are_learned_of_every_portal_that_answers():
    portals = [Portal("away", away=True), Portal("here")]
    assert tasks.learn_limits(home(*portals)) == 1
    assert portals[1].learned == 1


def test_handlers_are_compared_for_every_portal_that_answers():
    assert tasks.check_handlers(home(Portal("away", away=True), Portal("here"))) == 0
