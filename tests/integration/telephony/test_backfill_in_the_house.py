"""Calls of an outage and calls without an end, through the whole house into a portal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.domain.calls import CallAnswered, CallEnded, CallRinging, CallStarted
from connector.domain.events import Event
from connector.domain.request import Request
from connector.intake import new_trace
from connector.journal import Envelope, NewDelivery
from connector.routes import routes
from connector.telephony.history import Report, backfill
from connector.telephony.watchdog import watch
from tests.integration.telephony.recorder import CLIENT, Recorder, recorder
from tests.services import Redis
from tests.unit.telephony.pbx import Past


class Office:
    """The house, and a PBX that keeps a history."""

    def __init__(self, house: Recorder) -> None:
        self.house, self.past = house, Past()
        accounts = house.connector.accounts
        assert isinstance(accounts, dict)
        office = accounts["office"]
        telephony = office.provider.telephony
        assert telephony is not None
        # Asterisk has none: its provider is left alone, this account's is another one.
        remembers = replace(office.provider, telephony=replace(telephony, history=self.past))
        accounts["office"] = replace(office, provider=remembers)

    def now(self) -> datetime:
        return self.house.clock()

    def hear(self, *events: Event) -> None:
        """What the PBX tells in time."""
        connector, now = self.house.connector, self.now()
        for event in events:
            wanted: list[NewDelivery] = routes(event, connector.accounts["office"], now=now)
            trace = new_trace(now)
            request = Request(method="STREAM", path="/listen/office", headers={}, body=b"", received_at=now)
            connector.intake.keep(Envelope(trace=trace, account="office", dedupe_key=trace, request=request), wanted)
        self.house.work()

    def look(self) -> Report | None:
        """A look at the history, and the rest that calls are given before they are closed."""
        report = backfill(self.house.connector, "office")
        self.house.work()
        self.house.later(3600)
        return report

    def calls(self) -> list[dict[str, Any]]:
        return [call for call in self.house.sandbox.phone_calls() if str(call["external_id"]).startswith("office.")]


@pytest.fixture
def office(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Office]:
    with recorder(tmp_path, redis_server.url, journal_url) as made:
        made.install()
        yield Office(made)


def past(office: Office, call: str, *, ago: float, talk: int) -> CallEnded:
    at = office.now() - timedelta(seconds=ago)
    told: dict[str, Any] = {"direction": "incoming", "client": CLIENT, "line": "74951234567", "employee": ""}
    began = at - timedelta(seconds=talk + 10)
    return CallEnded(account="office", call=call, at=at, past=True, started_at=began, talk=talk, **told)


def test_calls_of_an_outage_come_with_their_real_times_and_without_cards(office: Office) -> None:
    office.past.calls = [past(office, "a", ago=7200, talk=60), past(office, "b", ago=7140, talk=0)]
    began = [event.started_at for event in office.past.calls if isinstance(event, CallEnded)]
    assert office.look() == Report(found=2)
    calls = {call["external_id"]: call for call in office.calls()}
    assert sorted(calls) == ["office.a", "office.b"]  # one number, a minute apart: two calls (trap 20)
    assert [calls[name]["duration"] for name in sorted(calls)] == [60, 0]
    times = [datetime.fromtimestamp(calls[name]["began"], UTC) for name in sorted(calls)]
    assert times == [at.replace(microsecond=0) for at in began if at]
    assert "show" not in {change["act"] for call in calls.values() for change in call["cards"]}
    for _ in range(3):
        assert office.look() == Report()
    assert len(office.calls()) == 2


def test_a_call_whose_end_was_lost_is_ended_by_the_history_once(office: Office) -> None:
    told: dict[str, Any] = {"account": "office", "call": "c", "at": office.now()}
    about: dict[str, Any] = {"direction": "incoming", "client": CLIENT, "line": "74951234567"}
    office.hear(
        CallStarted(**told, **about, leg="1"), CallRinging(**told, employee="101"), CallAnswered(**told, employee="101")
    )
    assert [call["live"] for call in office.calls()] == [True]
    office.house.clock.add(900)
    office.past.calls = [past(office, "c", ago=400, talk=490)]
    assert office.look() == Report(found=1)
    assert [(call["live"], call["duration"]) for call in office.calls()] == [(False, 490)]


def test_a_call_that_nothing_tells_the_end_of_is_closed_by_the_watchdog_once(office: Office) -> None:
    told: dict[str, Any] = {"account": "office", "call": "d", "at": office.now()}
    office.hear(
        CallStarted(**told, direction="incoming", client=CLIENT, line="74951234567", leg="1"),
        CallRinging(**told, employee="101"),
    )
    office.house.clock.add(4 * 3600)
    assert watch(office.house.connector) == 1
    office.house.work()
    office.house.later(86400)
    assert [(call["live"], call["duration"]) for call in office.calls()] == [(False, 0)]
    assert office.house.connector.journal.links_like("call.open") == []
    assert watch(office.house.connector) == 0
