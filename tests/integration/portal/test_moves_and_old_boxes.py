"""A Bitrix24 that is renamed (facts/bitrix24-platform.md §1.6) and one on an old machine of its own (§4.9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.handlers.portals import ESSENTIAL, EVENTS
from connector.reconcile.handlers import check_handlers
from tests.integration.portal.world import SECOND, World, world_of_two
from tests.services import Redis

OLD_METHODS = ("imconnector.connector.data.set", "event.test")
OLD_EVENTS = ("ONIMCONNECTORDIALOGSTART", "ONIMCONNECTORDIALOGFINISH", "ONAPPPAYMENT")


@pytest.fixture
def small(tmp_path: Path, redis_server: Redis) -> Iterator[Any]:
    """A world on SQLite alone, made by the test with the sandbox's configuration."""
    opened: list[Any] = []

    def make(**config: Any) -> World:
        opened.append(world_of_two(tmp_path, redis_server.url, f"sqlite:///{tmp_path}/connector.db", **config))
        return opened[-1].__enter__()  # type: ignore[no-any-return]

    yield make
    for made in opened:
        made.__exit__(None, None, None)


def test_a_renamed_bitrix24_is_followed_for_every_application_and_its_handlers_stay(world: World):
    world.install()
    world.install(SECOND)
    new = f"localhost:{world.sandbox.port}"
    world.sandbox.rename(new)
    for name in ("main", "second"):
        portal = world.connector.portals[name]
        assert portal.call("crm.contact.add", {"fields": {"NAME": name}})
        assert world.kept(name).grant.domain == new
        assert check_handlers(world.connector, name) == []
    added = world.sandbox.calls("crm.contact.add")
    assert [row["status"] for row in added if row["status"] != 302] == [200, 200]
    assert (
        len(world.sandbox.calls("oauth.app.info")) == 2 + 1 + 2
    )  # both moves; of the two pages, the second asked for each candidate
    assert world.tell("ONCRMDEALADD", world.token()) == 200


def test_renamed_twice_it_is_followed_twice(world: World):
    world.install()
    old = world.sandbox.url.partition("://")[2]
    portal = world.connector.portals["main"]
    for domain in (f"localhost:{world.sandbox.port}", old):
        world.sandbox.rename(domain)
        assert portal.call("profile")["ID"] == "1"
        assert world.kept().grant.domain == domain


def test_an_old_box_is_installed_without_what_it_lacks(small: Any):
    world = small(selfhosted=True, without=OLD_METHODS, without_events=OLD_EVENTS)
    world.install()
    assert world.connector.journal.list("deliveries", state="parked") == []
    assert world.handlers() == sorted(set(EVENTS) - set(OLD_EVENTS))
    assert [line["line"] for line in world.sandbox.state()["statuses"] if line["active"]] == [1]
    known = world.connector.journal.recall("abilities", "main")
    assert {name for name, able in known.items() if not able} == set(OLD_METHODS)


def test_a_box_too_old_to_be_asked_is_installed_all_the_same(small: Any):
    world = small(selfhosted=True, without=("method.get",))
    world.install()
    assert world.connector.journal.recall("abilities", "main") is None
    assert world.handlers() == sorted(EVENTS)


def test_a_box_without_the_event_of_the_replies_says_so(small: Any):
    world = small(selfhosted=True, without_events=tuple(ESSENTIAL))
    world.install()
    parked = world.connector.journal.list("deliveries", state="parked")
    assert [row["cause"] for row in parked] == ["bitrix24.no_such_event"]
