"""The portal's time: what calls are said to take, calls that really take it, and a clock that runs fast."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller, item


@pytest.fixture
def real() -> Iterator[Caller]:
    seconds = {"profile": 0.25, "imconnector.send.messages": 0.15}
    with SandboxServer(burst=0, real_time=True, wall=0.8, seconds=seconds) as server:
        yield Caller(server)


def test_an_answer_says_the_modelled_seconds_without_taking_them(sandbox: SandboxServer) -> None:
    sandbox.set_limits(seconds={"profile": 40.0})
    times = [Caller(sandbox).call("profile")[1]["time"] for _ in range(2)]
    assert [(told["processing"], told["duration"], told["operating"]) for told in times] == [
        (40.0, 40.0, 40.0),
        (40.0, 40.0, 80.0),
    ]
    assert times[0]["finish"] - times[0]["start"] == pytest.approx(40.0)
    assert times[0]["finish"] == pytest.approx(time.time(), abs=30)


def test_a_batch_says_the_seconds_of_each_command_and_of_them_all(app: Caller) -> None:
    app.server.set_limits(seconds={"profile": 2.0, "server.time": 0.5})
    _, body = app.call("batch", cmd={"a": "profile", "b": "server.time", "c": "no.such"})
    told = body["result"]["result_time"]
    assert {key: row["processing"] for key, row in told.items()} == {"a": 2.0, "b": 0.5}
    assert body["time"]["duration"] == 2.5


@pytest.mark.parametrize("method", ["send", "update", "delete"])
def test_messages_cost_their_seconds_one_by_one(desk: Caller, method: str) -> None:
    name = f"imconnector.{method}.messages"
    desk.server.set_limits(seconds={name: 0.2})
    messages = [item(mid=f"m{number}") for number in range(7)]
    _, body = desk.call(name, CONNECTOR="acme_chat", LINE=1, MESSAGES=messages)
    assert body["time"]["processing"] == pytest.approx(1.4)
    assert body["time"]["operating"] == pytest.approx(1.4)


def test_a_refused_call_costs_nothing(desk: Caller) -> None:
    messages = [item(mid=f"m{number}") for number in range(7)]
    desk.call("imconnector.send.messages", CONNECTOR="acme_chat", LINE=2, MESSAGES=messages)
    _, body = desk.call("imconnector.send.messages", CONNECTOR="acme_chat", LINE=1, MESSAGES=[item()])
    assert body["time"]["operating"] == pytest.approx(0.2)


def test_in_real_time_a_call_takes_its_seconds_and_the_answer_shows_it(real: Caller) -> None:
    began = time.monotonic()
    told = real.call("profile")[1]["time"]
    assert time.monotonic() - began >= 0.25
    assert told["processing"] >= 0.25
    assert told["finish"] - told["start"] >= 0.25
    (row,) = real.server.calls(method="profile")
    assert row["ms"] >= 250


def test_in_real_time_the_commands_of_a_batch_follow_each_other(real: Caller) -> None:
    real.connect()
    began = time.monotonic()
    send = "imconnector.send.messages?CONNECTOR=acme_chat&LINE=1&MESSAGES[0][user][id]=u&MESSAGES[0][chat][id]=c"
    _, body = real.call("batch", cmd={"a": "profile", "b": send + "&MESSAGES[0][message][text]=x", "c": "server.time"})
    assert time.monotonic() - began >= 0.45
    assert body["result"]["result_time"]["b"]["processing"] >= 0.15
    assert body["time"]["duration"] >= 0.45


def test_while_one_call_takes_its_time_others_are_answered(real: Caller) -> None:
    url, begun = real.server.webhook_url(), threading.Event()
    real.server.set_limits(seconds={"profile": 0.7})

    def slow() -> int:
        begun.set()
        return requests.get(url + "profile").status_code

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow)
        begun.wait()
        assert requests.get(url + "server.time").status_code == 200
        assert not waiting.done()
        assert waiting.result() == 200


def _page(app: Caller, cmd: dict[str, str]) -> requests.Response:
    body = {"auth": app.grant["access_token"], "cmd": cmd}
    return app.http.post(app.grant["client_endpoint"] + "batch", json=body)


def test_a_request_over_the_wall_is_cut_and_nothing_behind_the_cut_runs(real: Caller) -> None:
    real.server.set_limits(seconds={"crm.contact.add": 0.3})
    answer = _page(real, {f"c{number}": "crm.contact.add?fields[NAME]=A" for number in range(6)})
    assert (answer.status_code, answer.text.startswith("<html>")) == (504, True)
    # Two fit into 0.8 s, the third was under way.
    assert real.server.state()["crm"]["contact"] == 3
    assert real.server.counters()["errors"] == {"GATEWAY_TIMEOUT": 1}


def test_a_wall_of_nought_cuts_nothing() -> None:
    with SandboxServer(burst=0, real_time=True, wall=0, seconds={"profile": 0.05}) as server:
        assert Caller(server).call("profile")[0] == 200


class Now:
    """Real seconds as the test likes them."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def fast(now: Now) -> Iterator[Caller]:
    with SandboxServer(burst=4, per_second=2.0, factor=60.0, clock=now, token_ttl=3600.0) as server:
        yield Caller(server)


def statuses(app: Caller, count: int) -> list[int]:
    return [app.call("server.time")[0] for _ in range(count)]


def test_on_a_fast_clock_the_bucket_leaks_fast(fast: Caller, now: Now) -> None:
    assert statuses(fast, 5) == [200] * 4 + [503]
    now.at += 2.5 / 60
    assert statuses(fast, 4) == [200] * 3 + [503]


def test_on_a_fast_clock_tokens_and_windows_pass_fast(fast: Caller, now: Now) -> None:
    fast.server.set_limits(burst=0, seconds={"profile": 500.0})
    assert [fast.call("profile")[0] for _ in range(2)] == [200, 429]
    now.at += 10.5
    _, body = fast.call("profile")
    assert body["time"]["operating"] == 500.0
    assert body["time"]["operating_reset_at"] - body["time"]["finish"] == pytest.approx(600, abs=1)
    now.at += 50.0
    assert fast.call("profile")[1]["error"] == "expired_token"


def test_on_a_fast_clock_real_time_is_fast_too() -> None:
    with SandboxServer(burst=0, factor=100.0, real_time=True, seconds={"profile": 20.0}) as server:
        app = Caller(server)
        began = time.monotonic()
        told: dict[str, Any] = app.call("profile")[1]["time"]
        assert 0.2 <= time.monotonic() - began < 10
        assert told["processing"] >= 20.0
        assert server.calls(method="profile")[0]["ms"] >= 20_000


def test_a_clock_that_stands_still_is_refused() -> None:
    with pytest.raises(ValueError, match="factor"):
        SandboxServer(factor=0)
