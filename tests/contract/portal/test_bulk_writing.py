"""Many writes on a whole portal: few requests, an outcome for each, nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connector.errors import PermanentError, Stopped, TransientError
from connector.portal import RedisBudget
from connector.sandbox import SandboxServer
from connector.settings import BudgetSettings
from tests import services
from tests.contract.portal.conftest import House
from tests.contract.portal.timed import timed

ADD, UPDATE = "crm.contact.add", "crm.contact.update"


def adds(count: int, prefix: str = "N") -> Iterator[tuple[str, str, dict[str, Any]]]:
    for number in range(count):
        yield f"{prefix}{number}", ADD, {"fields": {"NAME": f"{prefix}{number}"}}


def names(house: House) -> Counter[str]:
    with house.portal().bulk() as bulk:
        return Counter(row["NAME"] for page in bulk.rows("crm.contact.list") for row in page)


@pytest.mark.slow
def test_twenty_thousand_updates_are_four_hundred_requests():
    with SandboxServer(operating_limit=0, burst=0) as sandbox:
        house = House(sandbox)
        sandbox.seed("contact", 20_000)
        portal = house.installed()
        before = sandbox.counters()["requests"]
        with portal.bulk() as bulk:
            updates = (
                (number, UPDATE, {"id": number, "fields": {"NAME": f"U{number}"}}) for number in range(1, 20_001)
            )
            states = [(key, outcome.state) for key, outcome in bulk.write(updates)]
        assert states == [(number, "ok") for number in range(1, 20_001)]
        assert sandbox.counters()["requests"] - before == 400
        assert set(names(house)) == {f"U{number}" for number in range(1, 20_001)}


@pytest.mark.slow
def test_jobs_side_by_side_share_the_budget_and_provoke_no_refusal(redis_server: services.Redis):
    with SandboxServer(burst=30, per_second=20.0, operating_limit=0) as sandbox:
        house = House(sandbox)
        figures = BudgetSettings(burst=30, per_second=20.0)
        house.budget = RedisBudget(redis_server.client(), "acme", figures)  # type: ignore[assignment]
        portal = house.installed()

        def job(first: int) -> list[str]:
            with portal.bulk() as bulk:
                return [outcome.state for _, outcome in bulk.write(adds(500, f"{first}-"))]

        with ThreadPoolExecutor(4) as pool:
            states = [state for states in pool.map(job, range(4)) for state in states]
        assert states == ["ok"] * 2000
        assert sandbox.counters()["errors"] == {}
        assert len(names(house)) == 2000


def test_a_bad_row_fails_alone_and_outcomes_keep_the_order(house: House):
    house.sandbox.seed("contact", 120)
    with house.installed().bulk() as bulk:
        updates = ((f"row {number}", UPDATE, {"id": number, "fields": {"NAME": "ok"}}) for number in range(110, 131))
        outcomes = dict(bulk.write(updates))
    assert list(outcomes) == [f"row {number}" for number in range(110, 131)]
    assert [outcome.state for outcome in outcomes.values()] == ["ok"] * 11 + ["failed"] * 10
    assert {outcome.error.cause for outcome in outcomes.values() if outcome.error} == {"bitrix24.not_found"}


def test_commands_are_taken_as_they_are_needed(house: House):
    taken = 0

    def supply() -> Iterator[tuple[str, str, dict[str, Any]]]:
        nonlocal taken
        for command in adds(100_000):
            taken += 1
            yield command

    with house.installed().bulk() as bulk:
        outcomes = bulk.write(supply())
        assert taken == 0
        for _ in range(60):
            next(outcomes)
        assert taken <= 150


def test_a_text_that_a_batch_would_rewrite_goes_alone_and_in_its_turn(house: House):
    fields = [{"fields": {"NAME": name}} for name in ("a", "b", "see $result[x] there", "d", "e")]
    with house.installed().bulk() as bulk:
        numbers = [outcome.result for outcome in bulk.calls(ADD, fields)]
    assert numbers == sorted(numbers)
    assert "see $result[x] there" in names(house)
    assert len(house.sandbox.calls("batch")) == 2


@pytest.mark.parametrize(("kind", "ran"), [("reset_before", 0), ("reset_after", 1)])
def test_a_lost_answer_leaves_its_commands_in_doubt_and_the_others_go_on(house: House, kind: str, ran: int):
    with house.installed().bulk() as bulk:
        outcomes = bulk.write(adds(150))
        first = [next(outcomes) for _ in range(50)]
        house.sandbox.fault(kind, method="batch")
        rest = list(outcomes)
    assert [outcome.state for _, outcome in first] == ["ok"] * 50
    lost, done = rest[:50], rest[50:]
    assert {outcome.state for _, outcome in lost} == {"failed"}
    assert all(isinstance(outcome.error, TransientError) and outcome.error.maybe_done for _, outcome in lost)
    assert [outcome.state for _, outcome in done] == ["ok"] * 50
    assert names(house) == Counter(f"N{number}" for number in range(150) if ran or not 50 <= number < 100)


def test_a_batch_that_was_cut_in_the_middle_is_not_replayed(house: House):
    house.sandbox.fault("reset_after", method=ADD)
    with house.installed().bulk() as bulk:
        outcomes = [outcome for _, outcome in bulk.write(adds(60))]
    assert [outcome.state for outcome in outcomes] == ["failed"] * 50 + ["ok"] * 10
    assert set(names(house)) == {"N0", *(f"N{number}" for number in range(50, 60))}


def test_a_batch_that_is_too_large_goes_in_halves(house: House):
    house.sandbox.fault("fail", method="batch", status=413, body="<html>413</html>", times=2)
    with house.installed().bulk() as bulk:
        assert {outcome.state for _, outcome in bulk.write(adds(60))} == {"ok"}
    assert len([row for row in house.sandbox.calls("batch", limit=100) if row["status"] == 200]) == 5
    assert names(house) == Counter(f"N{number}" for number in range(60))


def test_slow_commands_fill_a_batch_by_their_seconds(house: House):
    house.sandbox.set_limits(burst=0, operating_limit=0, seconds={ADD: 8.0})
    with house.installed().bulk() as bulk:
        assert {outcome.state for _, outcome in bulk.write(adds(200))} == {"ok"}
    commands = [row["request"] for row in house.sandbox.calls(ADD, limit=1000)]
    sizes = list(Counter(commands).values())
    assert max(sizes[1:]) <= 5
    assert sizes[5] == 5


def test_commands_wait_for_operating_time_while_other_methods_go_on():
    with timed(operating_limit=20.0, seconds={ADD: 1.0, "profile": 0.01}, burst=0) as house:
        commands = [
            (f"{number}", "profile" if number % 2 else ADD, {"fields": {"NAME": str(number)}}) for number in range(200)
        ]
        with house.installed().bulk() as bulk:
            outcomes = list(bulk.write(iter(commands)))
        assert [key for key, _ in outcomes] == [key for key, _, _ in commands]
        assert {outcome.state for _, outcome in outcomes} == {"ok"}
        rows = house.sandbox.calls(limit=1000)
        blocked = next(index for index, row in enumerate(rows) if row["error"] == "OPERATION_TIME_LIMIT")
        later = [row["method"] for row in rows[blocked:] if row["status"] == 200 and row.get("batch")]
        assert later[:60].count("profile") > 50
        assert names(house) == Counter(str(number) for number in range(0, 200, 2))


def test_a_stopped_portal_ends_the_run_with_an_outcome_for_all_that_was_taken(house: House):
    with house.installed().bulk() as bulk:
        outcomes = bulk.write(adds(500))
        seen = [next(outcomes) for _ in range(50)]
        house.sandbox.uninstall()
        with pytest.raises(Stopped):
            seen.extend(outcomes)
    states = [outcome.state for _, outcome in seen]
    assert [key for key, _ in seen] == [f"N{number}" for number in range(len(seen))]
    assert states == ["ok"] * 50 + ["not_run"] * (len(seen) - 50)
    assert isinstance(seen[-1][1].error, Stopped)


def test_a_portal_that_stays_away_ends_the_run_and_proves_that_nothing_ran(house: House):
    with house.installed().bulk() as bulk:
        house.sandbox.stop()
        outcomes = []
        with pytest.raises(TransientError) as caught:
            outcomes.extend(bulk.write(adds(60)))
    assert (caught.value.cause, caught.value.maybe_done) == ("network.no_connection", False)
    house.sandbox.start()
    assert names(house) == Counter()


def test_a_supply_that_breaks_is_carried_to_its_end_first(house: House):
    def broken() -> Iterator[tuple[str, str, dict[str, Any]]]:
        yield from adds(30)
        raise OSError("the source went away")

    seen = []
    with house.installed().bulk() as bulk, pytest.raises(OSError, match="went away"):
        seen.extend(bulk.write(broken()))
    assert [outcome.state for _, outcome in seen] == ["ok"] * 30


def test_what_is_refused_for_all_ends_the_run(house: House):
    house.sandbox.fault("fail", method="batch", status=403, code="insufficient_scope", times=-1)
    with house.installed().bulk() as bulk, pytest.raises(PermanentError) as caught:
        list(bulk.write(adds(60)))
    assert caught.value.cause == "bitrix24.scope"
    assert len(house.sandbox.calls("batch")) == 1
