from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.ports import Installation, PortalState
from connector.errors import PermanentError, Stopped, TransientError
from connector.portal.gate import PROBES
from connector.portal.memory import MemoryInstallations
from tests.unit.portal.world import NOW, REST, World, denied, grant

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


def test_a_state_set_elsewhere_is_noticed_within_seconds(world: World):
    world.answer("x.y", {"result": 1})
    portal = world.portal()
    portal.call("x.y")
    world.install(state="blocked", reason="told by another process", updated_at=NOW)
    world.clock.pass_(6)
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
        def set_state(self, portal: str, state: PortalState, reason: str = "") -> None:
            raise ConnectionError("the database is away")

    world.store = Away()
    world.install(state="blocked", updated_at=NOW - timedelta(hours=1))
    world.answer("x.y", {"result": "done"})
    assert world.portal().call("x.y") == "done"


def test_an_active_portal_is_not_read_again_after_its_call(world: World):
    class Counted(MemoryInstallations):
        reads = 0

        def installation(self, portal: str) -> Installation | None:
            self.reads += 1
            return super().installation(portal)

    world.store = store = Counted()
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
