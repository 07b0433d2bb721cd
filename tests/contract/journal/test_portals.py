"""Installations and locks, as the portal room needs them (domain.ports)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from connector.domain.effects import Remember
from connector.domain.ports import Grant, Installation, Installations, Locks
from connector.errors import SettingsError
from connector.journal import Journal, Step, Vault, open_journal
from tests.conftest import SECRET, FakeClock
from tests.contract.journal.making import leased

GRANT = Grant(
    access_token="access-secret",
    refresh_token="refresh-secret",
    expires_at=datetime(2026, 3, 1, 13, 0, tzinfo=UTC),
    member_id="m1",
    client_endpoint="https://acme.bitrix24.ru/rest/",
    server_endpoint="https://oauth.bitrix.info/rest/",
    application_token="app-secret",
    scope="imconnector",
    user_id="1",
    domain="acme.bitrix24.ru",
)
INSTALLED = Installation(portal="main", state="active", grant=GRANT, application_tokens=("app-secret", "hook-secret"))


def test_the_journal_is_what_the_portal_room_asks_for(journal: Journal) -> None:
    store: Installations = journal
    locks: Locks = journal
    assert store.installation("main") is None
    with locks.lock("x", ttl=1) as taken:
        assert taken


def test_an_installation_comes_back_as_it_was(journal: Journal, clock: FakeClock) -> None:
    journal.keep_installation(INSTALLED)
    assert journal.installation("main") == replace(INSTALLED, updated_at=clock())
    assert journal.portals_of("m1") == ["main"]
    assert journal.portals_of("stranger") == []


def test_no_secret_lies_open_in_the_database(journal: Journal) -> None:
    journal.keep_installation(INSTALLED)
    with journal.store.reading() as db:
        row = str(db.execute(text("SELECT * FROM installations")).all())
    assert "m1" in row
    assert "secret" not in row
    assert "secret" not in repr(INSTALLED)


def test_a_new_pair_replaces_the_old_one_and_nothing_else(journal: Journal) -> None:
    journal.keep_installation(INSTALLED)
    journal.set_state("main", "needs_reauth", "expired")
    fresh = replace(GRANT, access_token="a2", refresh_token="r2")
    journal.keep_grant("main", fresh)
    kept = journal.installation("main")
    assert kept is not None
    assert (kept.grant, kept.application_tokens) == (fresh, INSTALLED.application_tokens)
    assert (kept.state, kept.reason) == ("needs_reauth", "expired")


def test_a_pair_for_a_portal_never_seen_makes_it_known(journal: Journal) -> None:
    journal.keep_grant("main", GRANT)
    kept = journal.installation("main")
    assert kept is not None
    assert (kept.state, kept.grant) == ("active", GRANT)


def test_the_state_of_an_unknown_portal_is_not_kept(journal: Journal) -> None:
    journal.set_state("nobody", "blocked")
    assert journal.installation("nobody") is None


def test_of_many_who_note_a_new_state_one_is_told_so(opened: Callable[[], Journal]) -> None:
    journals = [opened() for _ in range(3)]
    journals[0].keep_installation(INSTALLED)
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda number: journals[number % 3].set_state("main", "blocked", "why"), range(12)))
    assert told.count(True) == 1
    kept = journals[0].installation("main")
    assert kept is not None
    assert (kept.state, kept.reason) == ("blocked", "why")
    assert journals[0].set_state("main", "active")


def test_of_many_who_want_to_probe_one_may(opened: Callable[[], Journal], clock: FakeClock) -> None:
    journals = [opened() for _ in range(3)]
    journals[0].keep_installation(INSTALLED)
    assert not journals[0].claim_probe("main", 0)
    journals[0].set_state("main", "blocked")
    assert not journals[1].claim_probe("main", 900)
    clock.advance(900)
    with ThreadPoolExecutor(6) as pool:
        mine = list(pool.map(lambda number: journals[number % 3].claim_probe("main", 900), range(12)))
    assert mine.count(True) == 1
    clock.advance(10)
    assert not journals[2].claim_probe("main", 900)
    journals[1].let_probe("main")
    assert journals[2].claim_probe("main", 900)
    assert not journals[0].claim_probe("nobody", 0)


def test_two_applications_of_one_bitrix24_are_two_installations(journal: Journal) -> None:
    journal.keep_installation(INSTALLED)
    journal.keep_installation(replace(INSTALLED, portal="second", grant=replace(GRANT, client_id="local.2")))
    assert journal.portals_of("m1") == ["main", "second"]
    journal.drop_installation("second", clean=False)
    kept = journal.installation("main")
    assert kept is not None
    assert (kept.state, kept.grant.access_token) == ("active", "access-secret")


def test_an_uninstalled_portal_has_no_tokens_but_its_links(journal: Journal) -> None:
    journal.keep_installation(INSTALLED)
    journal.step(leased(journal), Step(remember=[Remember("chat", "shop.42", 1)]))
    journal.drop_installation("main", clean=False)
    kept = journal.installation("main")
    assert kept is not None
    assert (kept.state, kept.grant.access_token, kept.grant.refresh_token) == ("uninstalled", "", "")
    assert kept.application_tokens == ()
    assert journal.recall("chat", "shop.42") == 1


def test_a_clean_removal_exports_the_links_of_that_portal_and_forgets_them(journal: Journal) -> None:
    journal.keep_installation(INSTALLED)
    journal.step(leased(journal), Step(remember=[Remember("chat", f"shop.{n}", {"n": n}) for n in range(501)]))
    journal.step(leased(journal, "portal:other"), Step(remember=[Remember("chat", "shop.other", 1)]))
    journal.remember("line", "shop", 2)
    journal.remember("chat", "shop.7", {"n": 77})
    journal.drop_installation("main", clean=True)
    assert journal.links_of("portal:main") == []
    assert journal.recall("chat", "shop.7") is None
    assert (journal.recall("chat", "shop.other"), journal.recall("line", "shop")) == (1, 2)
    with journal.store.reading() as db:
        details = db.execute(text("SELECT detail FROM audit WHERE what = 'links.exported'")).scalars().all()
    assert len(details) == 2
    assert '["chat","shop.7",{"n":77}]' in "".join(details)


def test_dropping_what_was_never_there_is_quiet(journal: Journal) -> None:
    journal.drop_installation("nobody", clean=True)
    assert journal.installation("nobody") is None


def test_keys_are_rotated_without_losing_a_token(journal: Journal, journal_url: str, clock: FakeClock) -> None:
    journal.keep_installation(INSTALLED)
    new = "a new secret key of thirty-two characters or more"
    both = open_journal(journal_url, Vault([new, SECRET]), clock=clock)
    assert both.reseal() == 1
    only_new = open_journal(journal_url, Vault([new]), clock=clock)
    assert only_new.installation("main") == replace(INSTALLED, updated_at=clock())
    with pytest.raises(SettingsError, match="CONNECTOR_SECRET_KEY"):
        journal.installation("main")
    journal.drop_installation("main", clean=False)
    both.close()
    only_new.close()


def test_of_many_that_want_a_lock_one_gets_it(opened: Callable[[], Journal]) -> None:
    journals = [opened() for _ in range(3)]
    with journals[0].lock("refresh:main", ttl=30) as first:
        assert first

        def attempt(number: int) -> bool:
            with journals[number % 3].lock("refresh:main", ttl=30) as taken:
                return taken

        with ThreadPoolExecutor(6) as pool:
            assert not any(pool.map(attempt, range(12)))
        with journals[1].lock("refresh:other", ttl=30) as other:
            assert other
    with journals[2].lock("refresh:main", ttl=30) as again:
        assert again


def test_a_lock_is_free_after_an_error(journal: Journal) -> None:
    with pytest.raises(KeyError), journal.lock("x", ttl=30):
        raise KeyError
    with journal.lock("x", ttl=30) as again:
        assert again


def test_time_ends_a_lock_and_its_former_holder_does_not_free_it(journal: Journal, clock: FakeClock) -> None:
    with journal.lock("x", ttl=5) as first:
        assert first
        clock.advance(6)
        second = journal.lock("x", ttl=60)
        assert second.__enter__()
    with journal.lock("x", ttl=5) as third:
        assert not third
    second.__exit__(None, None, None)
