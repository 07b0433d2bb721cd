from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import requests

from connector.domain.ports import NO_LOAD
from connector.errors import PermanentError, Stopped, TransientError
from tests.unit.portal.world import NOW, REST, World, denied, grant, pair


def test_a_call_posts_json_with_the_token_in_the_body(world: World):
    world.answer("crm.deal.get", {"result": {"ID": "1"}, "time": {"operating": 0.5}})
    assert world.portal().call("crm.deal.get", {"id": 1, "auth": "forged"}) == {"ID": "1"}
    assert world.sent("crm.deal.get") == [{"id": 1, "auth": "access-1"}]
    headers = world.wire.calls[0].request.headers
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("bitrix24-connector/")
    assert len(headers["X-Request-ID"]) == 32
    assert "access-1" not in str(world.wire.calls[0].request.url)


@pytest.mark.parametrize("result", [True, None, [], {}, 58943, "text", {"items": [1]}])
def test_any_shape_of_result_is_a_result(world: World, result):
    world.answer("x.y", {"result": result})
    assert world.portal().call("x.y") == result


def test_every_request_is_taken_from_the_budget_in_its_class(world: World):
    world.answer("x.y", {"result": 1})
    portal = world.portal()
    portal.call("x.y")
    portal.call("x.y", live=False)
    assert world.budget.spent == [True, False]


def test_the_call_sleeps_what_the_budget_says(world: World):
    class Slow(type(world.budget)):  # type: ignore[misc]
        def spend(self, load=NO_LOAD, *, live=True) -> float:
            return 1.5

    world.budget = Slow()
    world.answer("x.y", {"result": 1})
    world.portal().call("x.y")
    assert world.clock.slept == [1.5]


def test_an_expired_token_is_renewed_once_and_kept_before_it_is_used(world: World):
    kept_at_use = []

    def by_token(body):
        kept_at_use.append(world.store.installation("main").grant.access_token)  # type: ignore[union-attr]
        return (200, {"result": "ok"}) if body["auth"] == "access-2" else (401, denied("expired_token"))

    world.answer_by("x.y", by_token)
    world.token()
    assert world.portal().call("x.y") == "ok"
    assert kept_at_use == ["access-1", "access-2"]
    assert len(world.renewals()) == 1


def test_a_token_that_stays_expired_is_not_renewed_forever(world: World):
    world.answer("x.y", denied("expired_token"), 401)
    world.token()
    with pytest.raises(TransientError) as caught:
        world.portal().call("x.y")
    assert not caught.value.maybe_done
    assert len(world.renewals()) == 1


def test_an_invalid_token_twice_needs_a_person(world: World):
    world.answer("x.y", denied("invalid_token"), 401)
    world.token()
    with pytest.raises(Stopped) as caught:
        world.portal().call("x.y")
    assert caught.value.state == "needs_reauth"
    assert world.store.installation("main").state == "needs_reauth"  # type: ignore[union-attr]
    assert len(world.renewals()) == 1


def test_a_token_known_to_be_over_is_renewed_before_the_call(world: World):
    world.install(grant=grant(expires_at=NOW))
    world.token()
    world.answer("x.y", {"result": 1})
    world.portal().call("x.y")
    assert [body["auth"] for body in world.sent("x.y")] == ["access-2"]


def test_missing_authorization_is_asked_once_more(world: World):
    world.answer("x.y", denied("NO_AUTH_FOUND"), 401)
    world.answer("x.y", {"result": 1})
    assert world.portal().call("x.y") == 1
    assert world.renewals() == []


def test_many_callers_renew_one_time(world: World):
    renewed = threading.Event()

    def by_token(body):
        return (200, {"result": "ok"}) if body["auth"] == "access-2" else (401, denied("expired_token"))

    world.answer_by("x.y", by_token)
    world.token()
    world.clock.really = 0.02
    portal, results = world.portal(), []

    def work():
        results.append(portal.call("x.y"))
        renewed.set()

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == ["ok"] * 12
    assert len(world.renewals()) == 1


def test_a_query_limit_pauses_everybody(world: World):
    world.answer("x.y", denied("QUERY_LIMIT_EXCEEDED", "Too many requests"), 503)
    portal = world.portal()
    for _ in range(2):
        with pytest.raises(TransientError) as caught:
            portal.call("x.y")
        assert not caught.value.maybe_done
    assert world.budget.pauses == [2.0, 4.0]
    assert caught.value.retry_after == 4.0


def test_an_operating_limit_stops_that_method_only_until_its_reset(world: World):
    begun = NOW.timestamp()
    told = {"operating": 300.0, "operating_reset_at": int(begun) + 100, "finish": begun}
    world.answer("x.y", {"result": 1, "time": told})
    world.answer("x.y", denied("OPERATION_TIME_LIMIT"), 429)
    world.answer("x.z", {"result": 2})
    portal = world.portal()
    portal.call("x.y")
    assert portal.operating("X.Y") == 300.0
    for _ in range(2):
        with pytest.raises(TransientError) as caught:
            portal.call("x.y")
        assert (caught.value.cause, caught.value.maybe_done) == ("bitrix24.operating_limit", False)
        assert caught.value.retry_after == 100.0
    assert len(world.sent("x.y")) == 2
    assert portal.call("x.z") == 2
    world.clock.pass_(101)
    with pytest.raises(TransientError):
        portal.call("x.y")
    assert len(world.sent("x.y")) == 3


def test_an_error_inside_the_result_is_an_error(world: World):
    world.answer("imconnector.register", {"result": {"result": False, "error": "NAME_REQUIRED"}})
    with pytest.raises(PermanentError) as caught:
        world.portal().call("imconnector.register")
    assert caught.value.cause == "bitrix24.name_required"


@pytest.mark.parametrize(
    ("trouble", "maybe_done"),
    [
        (requests.ConnectTimeout("t"), False),
        (requests.ReadTimeout("t"), True),
        (requests.ConnectionError(ConnectionResetError("reset")), True),
        (requests.exceptions.ChunkedEncodingError("broken"), True),
    ],
)
def test_a_broken_exchange_says_what_it_proves(world: World, trouble, maybe_done):
    world.wire.post(f"{REST}x.y.json", body=trouble)
    with pytest.raises(TransientError) as caught:
        world.portal().call("x.y")
    assert caught.value.maybe_done is maybe_done
    assert world.store.installation("main").state == "active"  # type: ignore[union-attr]


def test_parameters_that_are_no_json_never_leave(world: World):
    for params in ({"a": float("nan")}, {"a": object()}):
        with pytest.raises(PermanentError) as caught:
            world.portal().call("x.y", params)
        assert caught.value.cause == "portal.not_json"
    assert not world.wire.calls


def test_text_that_php_could_not_read_is_mended(world: World):
    world.answer("x.y", {"result": 1})
    world.portal().call("x.y", {"text": "a\ud800b"})
    assert world.sent("x.y")[0]["text"] == "a?b"


def test_a_portal_that_is_not_installed_is_not_called(world: World):
    world.store.drop_installation("main", clean=False)
    portal = world.portal()
    assert not portal.installed()
    with pytest.raises(Stopped) as caught:
        portal.call("x.y")
    assert (caught.value.state, caught.value.cause) == ("uninstalled", "portal.not_installed")
    assert not world.wire.calls


def test_connector_ids_have_the_applications_own_prefix(world: World):
    portal = world.portal()
    assert portal.connector_id("telegram") == f"{portal.connector_prefix}telegram"
    assert portal.connector_id("My-Mail.2") == f"{portal.connector_prefix}my_mail_2"
    assert portal.connector_prefix == "c8397ef_"
    assert portal.connector_id("x").islower()


def test_an_idle_pair_is_kept_alive_and_a_young_one_is_left(world: World):
    world.token()
    portal = world.portal()
    assert portal.refresh_if_near_expiry() is False
    world.clock.pass_(timedelta(days=31).total_seconds())
    assert portal.refresh_if_near_expiry() is True
    assert portal.refresh_if_near_expiry() is False
    assert len(world.renewals()) == 1


def test_a_dead_refresh_token_found_by_the_clock_stops_the_portal(world: World):
    world.token(denied("invalid_grant"), 400)
    world.install(grant=grant(expires_at=NOW - timedelta(days=200)))
    with pytest.raises(Stopped):
        world.portal().refresh_if_near_expiry()
    assert world.store.installation("main").state == "needs_reauth"  # type: ignore[union-attr]


def test_a_pair_adopted_meanwhile_is_not_stopped_by_an_older_call(world: World):
    def replaced(body):
        world.store.keep_grant("main", replace(grant(), access_token="access-9", refresh_token="refresh-9"))
        return 401, denied("authorization_error")

    world.answer_by("x.y", replaced)
    with pytest.raises(Stopped):
        world.portal().call("x.y")
    assert world.store.installation("main").state == "active"  # type: ignore[union-attr]


def test_pages_tell_where_to_go_on(world: World):
    world.answer("x.list", {"result": [1], "next": 50, "total": "77"})
    page = world.portal().page("x.list")
    assert (page.result, page.next, page.total) == ([1], 50, 77)


def test_a_pair_is_the_answer_of_the_authorization_server(world: World):
    world.install(grant=grant(expires_at=NOW))
    world.token(pair(client_endpoint="https://new.bitrix24.ru/rest/"))
    world.answer("x.y", {"result": 1}, base="https://new.bitrix24.ru/rest/")
    world.portal().call("x.y")
    kept = world.store.installation("main").grant  # type: ignore[union-attr]
    assert (kept.domain, kept.member_id) == ("new.bitrix24.ru", "member-1")
    assert kept.expires_at == NOW + timedelta(hours=1)
