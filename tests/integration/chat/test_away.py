"""The database or the disk is away: nothing is lost, nothing is doubled, and the visitor is told to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connector.bootstrap import Connector
from connector.intake import Intake
from connector.journal import JournalAway
from connector.journal.spool import Spool
from tests.integration.chat.browsing import Browser
from webhooks.app import create_app


class Pulled:
    """A journal whose database can be pulled out."""

    def __init__(self, journal: Any) -> None:
        self.journal, self.away = journal, False

    def __getattr__(self, name: str) -> Any:
        there = getattr(self.journal, name)
        return self._guarded(there) if callable(there) else there

    def _guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.away:
                raise JournalAway("pulled out")
            return method(*args, **kwargs)

        return call


class FullDisk(Spool):
    """Nothing more fits."""

    def append(self, *args: Any) -> None:
        raise OSError("no space left")


@pytest.fixture
def pulled(house: Connector) -> Pulled:
    return Pulled(house.journal)


def browsing(house: Connector, pulled: Pulled, spool: Spool) -> Browser:
    """A visitor of the house with this journal and this spool."""
    intake = Intake(journal=pulled, spool=spool, accounts=house.accounts, clock=house.clock)
    return Browser(create_app(replace(house, journal=pulled, spool=spool, intake=intake)).test_client())


def test_the_database_goes_away_and_nothing_is_lost_or_doubled(house: Connector, pulled: Pulled):
    """The way into the portal is the spool; the browser comes again until the conversation knows it as well."""
    browser = browsing(house, pulled, house.spool)
    visitor = browser.arrive()
    words = browser.words("не пропадёт")
    pulled.away = True
    for _ in range(2):
        answer = browser.ask("POST", "/messages", words)
        assert (answer.status_code, answer.json["error"]) == (503, "journal.away")
        assert int(answer.headers["Retry-After"]) >= 1
    assert browser.ask("GET", "/state").status_code == 503
    assert browser.ask("POST", "/visitors", {}).status_code == 201, "a visitor is let in all the same"
    pulled.away = False
    house.spool.drain(house.journal.accept)
    kept = house.journal.list("envelopes", account="site")
    assert [row["dedupe_key"] for row in kept] == [f"{visitor}:{words['id']}"]
    assert browser.shown() == []
    assert browser.ask("POST", "/messages", words).status_code == 202
    assert browser.shown() == ["не пропадёт"]
    assert len(house.journal.list("envelopes", account="site")) == 1


def test_a_full_disk_is_said_and_the_browser_comes_again(house: Connector, pulled: Pulled):
    browser = browsing(house, pulled, FullDisk(house.settings.var / "full"))
    browser.arrive()
    words = browser.words()
    pulled.away = True
    answer = browser.ask("POST", "/messages", words)
    assert (answer.status_code, answer.json["error"]) == (503, "chat.not_kept")
    pulled.away = False
    assert browser.ask("POST", "/messages", words).status_code == 202
    assert browser.shown() == ["Есть?"]
