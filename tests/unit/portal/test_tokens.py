from __future__ import annotations

from contextlib import contextmanager

import pytest
import requests

from connector.domain.ports import Grant
from connector.errors import Stopped, TransientError
from connector.portal.memory import MemoryInstallations
from tests.unit.portal.world import NOW, TOKEN_URL, World, denied, grant, pair, settings


def over(world: World) -> None:
    """The access token is over, so that the next call renews it."""
    world.install(grant=grant(expires_at=NOW))
    world.answer("x.y", {"result": 1})


def test_the_secret_goes_to_the_authorization_server_alone(world: World):
    over(world)
    world.token()
    world.portal().call("x.y")
    query = world.renewals()[0]
    assert (query["grant_type"], query["client_secret"], query["refresh_token"]) == (
        ["refresh_token"],
        ["the-secret"],
        ["refresh-1"],
    )
    assert "the-secret" not in str(world.sent("x.y"))


def test_a_lost_answer_is_asked_once_more_with_the_old_token(world: World):
    over(world)
    world.wire.get(TOKEN_URL, body=requests.ReadTimeout("lost"))
    world.token()
    assert world.portal().call("x.y") == 1
    assert [query["refresh_token"] for query in world.renewals()] == [["refresh-1"], ["refresh-1"]]


def test_a_lost_answer_whose_token_was_spent_needs_a_person(world: World):
    over(world)
    world.wire.get(TOKEN_URL, body=requests.ReadTimeout("lost"))
    world.token(denied("invalid_grant"), 400)
    portal = world.portal()
    with pytest.raises(Stopped) as caught:
        portal.call("x.y")
    assert caught.value.state == "needs_reauth"
    assert world.store.installation("main").state == "needs_reauth"  # type: ignore[union-attr]
    assert world.sent("x.y") == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_authorization_server_in_trouble_proves_that_the_call_did_not_run(world: World, status):
    over(world)
    world.token("<html>down</html>", status)
    with pytest.raises(TransientError) as caught:
        world.portal().call("x.y")
    assert not caught.value.maybe_done
    assert world.store.installation("main").state == "active"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("code", "status", "state"),
    [
        ("invalid_client", 400, "needs_reauth"),
        ("wrong_client", 200, "needs_reauth"),
        ("PAYMENT_REQUIRED", 401, "suspended"),
        ("NOT_INSTALLED", 401, "uninstalled"),
        ("invalid_request", 400, "needs_reauth"),
        ("invalid_scope", 403, "needs_reauth"),
    ],
)
def test_every_refusal_to_renew_stops_the_portal(world: World, code, status, state):
    over(world)
    world.token(denied(code), status)
    with pytest.raises(Stopped) as caught:
        world.portal().call("x.y")
    assert caught.value.state == state
    assert world.store.installation("main").state == state  # type: ignore[union-attr]


def test_tokens_of_another_portal_are_not_taken(world: World):
    over(world)
    world.token(pair(member_id="member-2"))
    with pytest.raises(Stopped):
        world.portal().call("x.y")
    assert world.store.installation("main").grant.access_token == "access-1"  # type: ignore[union-attr]


def test_an_answer_without_tokens_is_no_renewal(world: World):
    over(world)
    world.token({"hello": 1})
    with pytest.raises(TransientError):
        world.portal().call("x.y")
    assert world.store.kept == 0


def test_who_waits_for_the_lock_takes_what_the_holder_got(world: World):
    over(world)

    class Busy:
        tries = 0

        @contextmanager
        def lock(self, name: str, *, ttl: float):
            self.tries += 1
            if self.tries == 3:
                world.store.keep_grant("main", grant(access_token="access-7"))
            yield False

    world.locks = Busy()  # type: ignore[assignment]
    world.portal().call("x.y")
    assert [body["auth"] for body in world.sent("x.y")] == ["access-7"]
    assert world.renewals() == []
    assert len(world.clock.slept) == 2


def test_a_lock_that_is_never_free_is_tried_again_later(world: World):
    over(world)

    class Stuck:
        @contextmanager
        def lock(self, name: str, *, ttl: float):
            yield False

    world.locks = Stuck()  # type: ignore[assignment]
    with pytest.raises(TransientError) as caught:
        world.portal().call("x.y")
    assert caught.value.cause == "portal.refresh_busy"
    assert sum(world.clock.slept) == 30.0


def test_a_pair_that_could_not_be_kept_is_kept_the_next_time(world: World):
    class Away(MemoryInstallations):
        failures = 1

        def keep_grant(self, portal: str, grant: Grant) -> None:
            if self.failures:
                self.failures -= 1
                raise ConnectionError("the database is away")
            super().keep_grant(portal, grant)

    world.store = Away()
    over(world)
    world.token()
    world.token(denied("invalid_grant"), 400)
    portal = world.portal()
    with pytest.raises(ConnectionError):
        portal.call("x.y")
    assert world.sent("x.y") == []
    assert portal.call("x.y") == 1
    assert len(world.renewals()) == 1
    assert world.store.installation("main").grant.refresh_token == "refresh-2"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "server", ["https://evil.com/rest/", "https://bitrix.info.evil.com/rest/", "http://oauth.bitrix.info/rest/"]
)
def test_no_secret_goes_to_a_server_that_is_not_on_the_list(world: World, server):
    world.install(grant=grant(expires_at=NOW, server_endpoint=server))
    with pytest.raises(Stopped) as caught:
        world.portal().call("x.y")
    assert caught.value.cause == "portal.auth_host"
    assert not world.wire.calls


def test_a_configured_authorization_server_wins(world: World):
    world.config = settings(auth_url="https://auth.corp.ru")
    over(world)
    world.wire.get("https://auth.corp.ru/oauth/token/", json=pair())
    assert world.portal().call("x.y") == 1


def test_who_waited_behind_a_failed_renewal_shares_its_outcome(world: World):
    over(world)
    world.token("<html>", 502)
    portal = world.portal()
    for _ in range(5):
        with pytest.raises(TransientError) as caught:
            portal.call("x.y")
        assert not caught.value.maybe_done
    assert len(world.renewals()) == 2
    world.clock.pass_(6)
    with pytest.raises(TransientError):
        portal.call("x.y")
    assert len(world.renewals()) == 4
