"""Refresh tokens of mailboxes, as the providers need them (domain.ports.Refreshed)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from connector.domain.ports import Refreshed
from connector.errors import SettingsError
from connector.journal import Journal, Vault, open_journal
from tests.conftest import SECRET, FakeClock

NEW = "a new secret key of thirty-two characters or more"
DAY = 86400.0


def test_the_last_one_of_any_process_is_kept_until_it_is_forgotten(opened: Callable[[], Journal]) -> None:
    listen, worker = opened(), opened()
    store: Refreshed = listen
    assert store.refreshed("g") == ""
    listen.keep_refreshed("g", "r2")
    worker.keep_refreshed("g", "r3")
    worker.keep_refreshed("h", "other")
    assert (listen.refreshed("g"), opened().refreshed("h")) == ("r3", "other")
    listen.keep_refreshed("g", "")
    listen.keep_refreshed("g", "")
    assert (worker.refreshed("g"), worker.refreshed("h")) == ("", "other")


def test_none_of_them_lies_open_in_the_database_or_goes_with_a_portal(journal: Journal) -> None:
    journal.keep_refreshed("g", "refresh-secret")
    journal.drop_installation("main", clean=True)
    with journal.store.reading() as db:
        row = str(db.execute(text("SELECT * FROM links")).all())
    assert "'g'" in row
    assert "secret" not in row
    assert journal.refreshed("g") == "refresh-secret"


def test_they_are_sealed_with_the_first_key_and_one_that_no_key_opens_stops_nothing(
    journal: Journal, journal_url: str, clock: FakeClock
) -> None:
    journal.keep_refreshed("g", "r2")
    stranger = open_journal(journal_url, Vault(["a key that everybody has lost by now, long as it is"]), clock=clock)
    stranger.keep_refreshed("lost", "r9")
    both = open_journal(journal_url, Vault([NEW, SECRET]), clock=clock)
    assert both.reseal() == 1
    only_new = open_journal(journal_url, Vault([NEW]), clock=clock)
    assert only_new.refreshed("g") == "r2"
    with pytest.raises(SettingsError, match="CONNECTOR_SECRET_KEY"):
        only_new.refreshed("lost")
    assert stranger.refreshed("lost") == "r9"
    for each in (stranger, both, only_new):
        each.close()


def test_one_that_nobody_used_for_longer_than_any_service_lets_it_live_goes(journal: Journal, clock: FakeClock) -> None:
    journal.keep_refreshed("left", "r2")
    journal.keep_refreshed("used", "r3")
    clock.advance(150 * DAY)
    journal.keep_refreshed("used", "r3")
    assert journal.trim(30)["links"] == 0
    clock.advance(51 * DAY)
    assert journal.trim(30)["links"] == 1
    assert (journal.refreshed("left"), journal.refreshed("used")) == ("", "r3")
