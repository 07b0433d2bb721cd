"""Requests per second and operating seconds (facts/bitrix24-platform.md §3.1, §3.2)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def strict(clock: Clock) -> Iterator[Caller]:
    with SandboxServer(burst=5, per_second=2.0, clock=clock, seconds={"profile": 40.0, "server.time": 0.1}) as server:
        yield Caller(server)


def statuses(app: Caller, count: int) -> list[int]:
    return [app.call("server.time")[0] for _ in range(count)]


def test_the_bucket_takes_a_burst_and_leaks_by_the_second(strict: Caller, clock: Clock) -> None:
    assert statuses(strict, 6) == [200] * 5 + [503]
    clock.now += 0.9
    assert statuses(strict, 1) == [503]
    clock.now += 2.2
    # Refused requests filled it too: 7 in, 6 leaked, so 4 more fit.
    assert statuses(strict, 5) == [200] * 4 + [503]
    assert strict.server.counters()["errors"] == {"QUERY_LIMIT_EXCEEDED": 3}


def test_webhook_and_application_share_the_bucket(strict: Caller) -> None:
    statuses(strict, 5)
    answer = requests.get(strict.server.webhook_url() + "profile")
    assert (answer.status_code, answer.json()["error"]) == (503, "QUERY_LIMIT_EXCEEDED")


def test_a_batch_is_one_request_and_each_command_its_own_seconds(strict: Caller) -> None:
    answer = strict.batch({f"c{number}": "profile" for number in range(15)})
    # 12 calls of 40 s make 480, the 13th crosses the limit and still runs.
    assert len(answer["result"]) == 13
    assert {error["error"] for error in answer["result_error"].values()} == {"OPERATION_TIME_LIMIT"}
    assert answer["result_time"]["c12"]["operating"] == 520.0
    assert strict.server.limits()["level"] == 1


def test_a_method_over_its_seconds_is_blocked_until_the_window_passes(strict: Caller, clock: Clock) -> None:
    strict.batch({f"c{number}": "profile" for number in range(13)})
    status, body = strict.call("profile")
    assert (status, body["error"]) == (429, "OPERATION_TIME_LIMIT")
    assert strict.call("server.time")[0] == 200
    clock.now += 600
    status, body = strict.call("profile")
    assert status == 200
    assert (body["time"]["operating"], body["time"]["operating_reset_at"]) == (40.0, int(clock.now + 600))


def test_another_credential_has_seconds_of_its_own(strict: Caller) -> None:
    strict.batch({f"c{number}": "profile" for number in range(13)})
    assert requests.get(strict.server.webhook_url() + "profile").status_code == 200


def test_a_tenth_of_a_second_is_not_counted(strict: Caller) -> None:
    assert strict.call("server.time")[1]["time"]["operating"] == 0


def test_without_a_limit_operating_is_absent() -> None:
    with SandboxServer(burst=0, operating_limit=0) as server:
        assert "operating" not in Caller(server).call("profile")[1]["time"]


def test_limits_can_be_changed_on_the_way(strict: Caller) -> None:
    statuses(strict, 6)
    strict.server.set_limits(burst=0, operating_limit=0)
    assert set(statuses(strict, 20)) == {200}


@pytest.mark.parametrize("status", [503, 401])
def test_overload_blocks_everything_until_it_is_lifted(app: Caller, status: int) -> None:
    app.server.set_overload(status)
    got, body = app.call("profile")
    assert (got, body["error"]) == (status, "OVERLOAD_LIMIT")
    app.server.set_overload(0)
    assert app.call("profile")[0] == 200


def test_pages_have_fifty_rows(app: Caller) -> None:
    app.server.seed("contact", 120)
    _, first = app.call("crm.contact.list")
    assert (len(first["result"]), first["total"], first["next"]) == (50, 120, 50)
    _, last = app.call("crm.contact.list", start=100)
    assert (len(last["result"]), last["total"], "next" in last) == (20, 120, False)
    # An offset inside a page is that page (§3.5).
    _, odd = app.call("crm.contact.list", start=75)
    assert odd["result"][0]["ID"] == "51"


def test_fast_pages_go_by_id_and_count_nothing(app: Caller) -> None:
    app.server.seed("contact", 120)
    seen, last = [], 0
    while True:
        _, body = app.call("crm.contact.list", start=-1, order={"ID": "ASC"}, filter={">ID": last}, select=["ID"])
        assert (body["total"], "next" in body) == (0, False)
        seen += [int(row["ID"]) for row in body["result"]]
        if len(body["result"]) < 50:
            break
        last = seen[-1]
    assert seen == list(range(1, 121))


def test_multifields_grow_without_an_id_and_go_with_a_bare_one(app: Caller) -> None:
    number = app.result("crm.contact.add", fields={"NAME": "A", "PHONE": [{"VALUE": "+7900"}]})
    app.result("crm.contact.update", id=number, fields={"PHONE": [{"VALUE": "+7900"}]})
    phones = app.result("crm.contact.get", id=number)["PHONE"]
    assert [phone["VALUE"] for phone in phones] == ["+7900", "+7900"]
    app.result("crm.contact.update", id=number, fields={"PHONE": [{"ID": phones[0]["ID"]}]})
    assert app.result("crm.contact.get", id=number)["PHONE"] == phones[1:]
    assert app.result("crm.duplicate.findbycomm", type="PHONE", values=["+7900"]) == {"CONTACT": [number]}
