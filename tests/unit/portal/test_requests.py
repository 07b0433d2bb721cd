"""What every request brings along: its name, its load, and what the budget is told afterwards."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
import structlog

from connector.domain.ports import NO_LOAD
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.portal.memory import OpenBudget
from tests.unit.portal.world import REST, World, denied, pair, webhook_settings

ID = "0123456789abcdef0123456789abcdef"


class Ledger(OpenBudget):
    """Notes what it is told, and how much is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[tuple[str, dict[str, Any], float]] = []
        self.blocked: list[str] = []
        self.learned: tuple[float, float] | None = None

    def note(self, method, time, items=1.0):
        self.noted.append((method, dict(time), items))
        super().note(method, time, items)

    def block(self, method):
        self.blocked.append(method)
        return super().block(method)

    def learn(self, burst, per_second):
        self.learned = (burst, per_second)

    def under_way(self) -> dict[str, float]:
        load: dict[str, float] = {}
        for taken in self.loads:
            for method, items in taken.items():
                load[method] = load.get(method, 0.0) + items
        for method, _, items in self.noted:
            load[method] -= items
        return {method: items for method, items in load.items() if items}


@pytest.fixture
def ledger(world: World) -> Ledger:
    world.budget = made = Ledger()
    made.clock = lambda: world.clock().timestamp()
    return made


def ids(world: World) -> list[str]:
    return [call.request.headers["X-Request-ID"] for call in world.wire.calls]


def test_a_request_goes_by_the_name_it_was_given(world: World):
    world.answer("x.y", {"result": 1})
    portal = world.portal()
    with structlog.testing.capture_logs() as logs:
        portal.call("x.y", {"secret": "s"}, request_id=ID)
        portal.page("x.y", request_id=ID)
    assert ids(world) == [ID, ID]
    assert [(log["event"], log["request"], log["method"]) for log in logs] == [("portal_call", ID, "x.y")] * 2
    assert "secret" not in str(logs)


def test_a_request_without_a_name_gets_one_of_its_own(world: World):
    world.answer("x.y", {"result": 1})
    portal = world.portal()
    portal.call("x.y")
    portal.call("x.y")
    assert len(set(ids(world))) == 2
    assert all(len(name) == 32 for name in ids(world))


def test_a_repeated_call_keeps_its_name(world: World):
    world.answer("x.y", denied("expired_token"), 401)
    world.answer("x.y", {"result": 1})
    world.token()
    world.portal().call("x.y", request_id=ID)
    sent = [call.request.headers["X-Request-ID"] for call in world.wire.calls if "x.y" in str(call.request.url)]
    assert sent == [ID, ID]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (denied("NOT_FOUND"), 400),
        (denied("INTERNAL_SERVER_ERROR"), 500),
        (denied("authorization_error"), 401),
        ({"result": {"result": False, "error": "NAME_REQUIRED"}}, 200),
    ],
)
def test_an_error_tells_which_request_met_it(world: World, body, status):
    world.answer("imconnector.register", body, status)
    with structlog.testing.capture_logs() as logs, pytest.raises(ConnectorError) as caught:
        world.portal().call("imconnector.register", {"NAME": "private"}, request_id=ID)
    assert caught.value.request_id == ID
    failed = [log for log in logs if log["event"] == "portal_call_failed"]
    assert all(log["request"] == ID for log in failed)
    assert "private" not in str(logs)


def test_messages_are_counted_one_by_one(world: World, ledger: Ledger):
    world.answer("imconnector.send.messages", {"result": 1, "time": {"processing": 0.6}})
    portal = world.portal()
    portal.call("imconnector.send.messages", {"MESSAGES": [1, 2, 3]})
    assert ledger.loads == [{"imconnector.send.messages": 3.0}]
    assert ledger.expect("imconnector.send.messages", 1) == pytest.approx(0.2)
    assert ledger.under_way() == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (denied("NOT_FOUND"), 400),
        (denied("QUERY_LIMIT_EXCEEDED"), 503),
        (denied("INTERNAL_SERVER_ERROR"), 500),
        (denied("INVALID_CREDENTIALS"), 401),
    ],
)
def test_a_refused_request_is_not_under_way_any_more(world: World, ledger: Ledger, body, status):
    world.answer("x.y", body, status)
    with pytest.raises(ConnectorError):
        world.portal().call("x.y")
    assert ledger.under_way() == {}


def test_a_lost_request_is_not_under_way_any_more(world: World, ledger: Ledger):
    world.wire.post(f"{REST}x.y.json", body=requests.ReadTimeout("t"))
    with pytest.raises(TransientError):
        world.portal().call("x.y")
    assert ledger.under_way() == {}


def test_each_attempt_is_a_request_of_its_own(world: World, ledger: Ledger):
    world.answer("x.y", denied("expired_token"), 401)
    world.answer("x.y", {"result": 1})
    world.token(pair())
    world.portal().call("x.y")
    assert len(ledger.spent) == 2
    assert ledger.under_way() == {}


def test_refusals_of_one_moment_are_one_reason_to_wait(world: World, ledger: Ledger):
    together = threading.Barrier(6)

    def refuse(body):
        together.wait(10)
        return 503, denied("QUERY_LIMIT_EXCEEDED")

    world.answer_by("x.y", refuse)
    world.answer("x.z", denied("QUERY_LIMIT_EXCEEDED"), 503)
    portal, waits = world.portal(), []

    def work():
        with pytest.raises(TransientError) as caught:
            portal.call("x.y")
        waits.append(caught.value.retry_after)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert waits == [2.0] * 6
    with pytest.raises(TransientError) as caught:
        portal.call("x.z")
    assert caught.value.retry_after == 4.0


def test_nothing_is_sent_when_the_portal_was_stopped_while_the_call_waited(world: World):
    class Slow(OpenBudget):
        def spend(self, load=NO_LOAD, *, live=True) -> float:
            super().spend(load, live=live)
            return 5.0

    def stop(seconds: float) -> None:
        world.clock.pass_(seconds)
        world.store.set_state("main", "blocked", "overload")

    world.budget = Slow()
    world.clock.sleep = stop  # type: ignore[method-assign]
    with pytest.raises(Stopped) as caught:
        world.portal().call("x.y")
    assert caught.value.state == "blocked"
    assert not world.wire.calls


@pytest.mark.parametrize(
    ("info", "figures"),
    [
        ({"LICENSE": "ru_ent250", "LICENSE_FAMILY": "ent"}, (250.0, 5.0)),
        ({"LICENSE": "ru_std", "LICENSE_FAMILY": "std"}, (50.0, 2.0)),
        ({"LICENSE": "ru_selfhosted", "LICENSE_FAMILY": ""}, (0.0, 2.0)),
        ({"SCOPE": ["crm"], "LICENSE": "ru_selfhosted"}, (0.0, 2.0)),
        ({"SCOPE": ["crm"], "LICENSE": "ru_ent250"}, (50.0, 2.0)),
        ([], (50.0, 2.0)),
    ],
)
def test_the_plan_tells_the_figures_of_the_budget(world: World, ledger: Ledger, info, figures):
    world.answer("app.info", {"result": info})
    tariff = world.portal().learn()
    assert ledger.learned == (tariff.burst, tariff.per_second) == figures
    assert ledger.spent == [False]


def test_a_webhook_learns_as_well(world: World, ledger: Ledger):
    world.config = webhook_settings()
    world.answer("app.info", {"result": {"SCOPE": [], "LICENSE": "de_selfhosted"}}, base=f"{REST}1/the-code/")
    assert world.portal().learn().burst == 0.0
    assert ledger.learned == (0.0, 2.0)


def test_a_limit_that_only_a_batch_shows_blocks_the_method(world: World, ledger: Ledger):
    errors = {"a": denied("OPERATION_TIME_LIMIT"), "b": denied("NOT_FOUND")}
    answer = {"result": [], "result_error": errors, "result_total": [], "result_next": [], "result_time": []}
    world.answer("batch", {"result": answer})
    outcomes = world.portal().batch({"a": ("x.y", {}), "b": ("x.z", {})}, request_id=ID)
    assert ledger.blocked == ["x.y"]
    assert isinstance(outcomes["b"].error, PermanentError)
    assert [outcome.error.request_id for outcome in outcomes.values()] == [ID, ID]
    assert ledger.under_way() == {}
