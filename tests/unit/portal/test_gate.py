from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
import requests
from structlog.testing import capture_logs

from connector.domain.ports import Installation, PortalState
from connector.errors import PermanentError, Stopped, TransientError
from connector.portal.gate import PROBES
from connector.portal.memory import MemoryInstallations
from connector.portal.rest import Portal
from tests.unit.portal.world import NOW, REST, TOKEN_URL, World, denied, grant

CODES = [
    ("OVERLOAD_LIMIT", "blocked"),
    ("PORTAL_DELETED", "unreachable"),
    ("PAYMENT_REQUIRED", "suspended"),
    ("authorization_error", "needs_reauth"),
    ("APPLICATION_NOT_FOUND", "uninstalled"),
]


@pytest.mark.parametrize(("code", "state"), CODES)
def test_a_stopped_portal_is_left_alone_and_looked_at_rarely(world: World, code, state):
    world.install(grant=grant(expires_at=NOW + timedelta(days=2)))
    world.answer("x.y", denied(code), 503)
    portal = world.portal()
    for _ in range(5):
        with pytest.raises(Stopped) as caught:
            portal.call("x.y")
        assert caught.value.state == state
    assert len(world.sent("x.y")) == 1
    world.clock.pass_(PROBES[state] - 1)
    with pytest.raises(Stopped):
        portal.call("x.y")
    assert len(world.sent("x.y")) == 1
    world.clock.pass_(2)
    for _ in range(3):
        with pytest.raises(Stopped):
            portal.call("x.y")
    assert len(world.sent("x.y")) == 2


def test_a_portal_that_answers_the_probe_is_active_again(world: World):
    world.answer("x.y", denied("OVERLOAD_LIMIT"), 401)
    world.answer("x.y", {"result": 1})
    portal = world.portal()
    with pytest.raises(Stopped):
        portal.call("x.y")
    world.clock.pass_(PROBES["blocked"] + 1)
    assert portal.call("x.y") == 1
    assert portal.call("x.y") == 1
    assert world.store.installation("main").state == "active"  # type: ignore[union-attr]


def test_a_business_error_proves_that_the_portal_works(world: World):
    world.install(state="unreachable", updated_at=NOW)
    world.answer("x.y", denied("ERROR_ARGUMENT"), 400)
    portal = world.portal()
    world.clock.pass_(61)
    with pytest.raises(PermanentError):
        portal.call("x.y")
    assert world.store.installation("main").state == "active"  # type: ignore[union-attr]


def test_a_state_set_elsewhere_is_noticed_within_a_second(world: World):
    world.answer("x.y", {"result": 1})
    portal = world.portal()
    portal.call("x.y")
    world.install(state="blocked", reason="told by another process", updated_at=NOW)
    world.clock.pass_(1)
    with pytest.raises(Stopped) as caught:
        portal.call("x.y")
    assert (caught.value.state, caught.value.detail) == ("blocked", "told by another process")
    assert len(world.sent("x.y")) == 1


def test_the_reason_of_a_stop_is_kept_with_it(world: World):
    world.answer("x.y", denied("OVERLOAD_LIMIT", "REST API is blocked due to overload."), 503)
    with pytest.raises(Stopped):
        world.portal().call("x.y")
    assert "blocked due to overload" in world.store.installation("main").reason  # type: ignore[union-attr]


def test_an_uninstalled_portal_without_tokens_is_never_probed(world: World):
    world.install(state="uninstalled", grant=grant(access_token="", refresh_token="", client_endpoint=""))
    portal = world.portal()
    world.clock.pass_(10 * PROBES["uninstalled"])
    with pytest.raises(Stopped) as caught:
        portal.call("x.y")
    assert caught.value.cause == "portal.not_installed"
    assert not portal.installed()
    assert not world.wire.calls


def test_a_result_is_not_lost_when_the_new_state_cannot_be_kept(world: World):
    class Away(MemoryInstallations):
        def set_state(self, portal: str, state: PortalState, reason: str = "") -> bool:
            raise ConnectionError("the database is away")

    world.store = Away(clock=world.clock)
    world.install(state="blocked", updated_at=NOW - timedelta(hours=1))
    world.answer("x.y", {"result": "done"})
    assert world.portal().call("x.y") == "done"


def test_an_active_portal_is_not_read_again_after_its_call(world: World):
    class Counted(MemoryInstallations):
        reads = 0

        def installation(self, portal: str) -> Installation | None:
            self.reads += 1
            return super().installation(portal)

    world.store = store = Counted(clock=world.clock)
    world.install()

    def slow(body):
        world.clock.pass_(60)
        return 200, {"result": 1}

    world.answer_by("x.y", slow)
    world.portal().call("x.y")
    assert store.reads == 1


def test_a_probe_without_an_answer_is_a_probe_all_the_same(world: World):
    world.install(state="unreachable", updated_at=NOW - timedelta(hours=1))
    world.wire.post(f"{REST}x.y.json", body="<html>", status=502)
    portal = world.portal()
    with pytest.raises(TransientError):
        portal.call("x.y")
    with pytest.raises(Stopped):
        portal.call("x.y")
    assert len(world.wire.calls) == 1


def away(world: World) -> None:
    world.wire.post(f"{REST}x.y.json", body=requests.ConnectionError("no route"))


def lost(world: World, portal: Portal) -> None:
    with pytest.raises(TransientError):
        portal.call("x.y")


def state(world: World) -> str:
    installation = world.store.installation("main")
    return installation.state if installation else ""


def test_a_portal_that_nobody_reaches_for_ten_minutes_is_unreachable(world: World):
    away(world)
    one, another = world.portal(), world.portal()
    lost(world, one)
    world.clock.pass_(599)
    lost(world, another)
    assert state(world) == "active"
    world.clock.pass_(1)
    lost(world, another)
    assert state(world) == "unreachable"
    with pytest.raises(Stopped):
        one.call("x.y")


@pytest.mark.parametrize(
    "answer", [(200, '{"result": 1}'), (503, '{"error": "QUERY_LIMIT_EXCEEDED"}'), (502, "<html>")]
)
def test_any_answer_in_between_begins_the_count_anew(world: World, answer: tuple[int, str]):
    portal = world.portal()
    away(world)
    lost(world, portal)
    world.clock.pass_(400)
    world.wire.replace("POST", f"{REST}x.y.json", status=answer[0], body=answer[1])
    with suppress(TransientError):
        portal.call("x.y")
    world.clock.pass_(400)
    world.wire.replace("POST", f"{REST}x.y.json", body=requests.ConnectionError("no route"))
    lost(world, portal)
    assert state(world) == "active"


def test_a_slow_portal_is_no_absent_portal(world: World):
    world.install(grant=grant(expires_at=NOW + timedelta(days=2)))
    world.wire.post(f"{REST}x.y.json", body=requests.ReadTimeout("slow"))
    portal = world.portal()
    for _ in range(3):
        lost(world, portal)
        world.clock.pass_(601)
    assert state(world) == "active"


def test_an_absent_authorization_server_is_no_absent_portal(world: World):
    world.install(grant=grant(expires_at=NOW))
    world.wire.get(TOKEN_URL, body=requests.ConnectionError("no route"))
    portal = world.portal()
    for _ in range(3):
        lost(world, portal)
        world.clock.pass_(601)
    assert state(world) == "active"


def test_of_many_processes_one_probes(world: World):
    world.install(state="blocked", updated_at=NOW)
    world.answer("x.y", denied("OVERLOAD_LIMIT"), 503)
    world.clock.pass_(901)
    for portal in [world.portal() for _ in range(4)]:
        with pytest.raises(Stopped):
            portal.call("x.y")
    assert len(world.sent("x.y")) == 1


def test_the_alarm_is_raised_once_for_each_change(world: World):
    world.answer("x.y", denied("OVERLOAD_LIMIT"), 503)
    portals = [world.portal() for _ in range(3)]
    with capture_logs() as logs:
        for _ in range(2):
            for portal in portals:
                with pytest.raises(Stopped):
                    portal.call("x.y")
            world.clock.pass_(PROBES["blocked"])
    stops = [line for line in logs if line["event"] == "portal_stopped"]
    assert [(line["log_level"], line["state"], line["portal"]) for line in stops] == [("error", "blocked", "main")]
    assert len(world.sent("x.y")) == 2


def test_the_reason_tells_since_when_and_a_probe_does_not_change_it(world: World):
    world.install(grant=grant(expires_at=NOW + timedelta(days=2)))
    world.answer("x.y", denied("PAYMENT_REQUIRED", "Subscription has been ended"), 401)
    portal = world.portal()
    for _ in range(2):
        with pytest.raises(Stopped):
            portal.call("x.y")
        world.clock.pass_(PROBES["suspended"])
    reason = world.store.installation("main").reason  # type: ignore[union-attr]
    assert "Subscription has been ended" in reason
    assert "since 2026-05-01 12:00 UTC" in reason


def test_a_word_about_a_payment_only_makes_us_look(world: World):
    world.install(state="suspended", updated_at=NOW)
    world.answer("x.y", denied("PAYMENT_REQUIRED"), 401)
    portal = world.portal()
    portal.hasten()
    assert state(world) == "suspended"
    with pytest.raises(Stopped) as caught:
        portal.call("x.y")
    assert caught.value.cause == "bitrix24.unpaid"
    world.wire.replace("POST", f"{REST}x.y.json", json={"result": 1})
    with pytest.raises(Stopped):
        portal.call("x.y")
    portal.hasten()
    assert portal.call("x.y") == 1
    assert state(world) == "active"
