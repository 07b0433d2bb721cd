"""Calls while the portal, Redis or the database are away, or refuse: none is lost or doubled, no card comes late."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connector.domain.request import Request
from connector.intake import Intake
from connector.journal import Envelope, JournalAway, NewDelivery
from connector.providers.standard_webhooks import signed
from tests.integration.telephony.exchange import CLIENT, LINE, SECRET, Exchange, exchange
from tests.services import Redis

ABOUT = {"direction": "incoming", "client": CLIENT, "line": LINE}
REGISTER = "telephony.externalcall.register"


@pytest.fixture
def office(tmp_path: Path, redis_server: Redis, journal_url: str) -> Iterator[Exchange]:
    with exchange(tmp_path, redis_server, journal_url) as made:
        yield made


def whole(office: Exchange, call: str = "c-1") -> None:
    """A call that 101 answers and talks in for 30 seconds."""
    office.tell("started", call, **ABOUT)
    for who in ("101", "102"):
        office.tell("ringing", call, employee=who)
    office.house.pump()
    office.tell("answered", call, employee="101", after=5)
    office.tell("ended", call, employee="101", after=35, talk=30)
    office.house.pump()


def is_there(office: Exchange, began: datetime) -> dict[str, Any]:
    """The only call there is, as it was."""
    [call] = office.calls()
    assert (call["status"], call["duration"], call["employee"], call["live"]) == ("200", 30, 1, False)
    assert abs(call["began"] - began.timestamp()) < 2
    assert call["shown_to"] == []
    return call


def popped(call: dict[str, Any]) -> list[int]:
    """Before whom its card came up."""
    return [card["user"] for card in call["cards"] if card["act"] == "show"]


@pytest.mark.parametrize("how", ["reset", "unavailable", "html"])
def test_a_call_of_an_outage_is_registered_with_its_real_time_and_pops_up_before_nobody(office: Exchange, how: str):
    office.house.sandbox.set_down(how)
    began = office.house.clock()
    whole(office)
    office.later(minutes=3)
    office.house.sandbox.set_down("")
    for _ in range(3):
        office.later(minutes=3)
    assert popped(is_there(office, began)) == []
    assert not office.troubles()


LIMITS = [(503, "QUERY_LIMIT_EXCEEDED", 3), (503, "OVERLOAD_LIMIT", 1)]


@pytest.mark.parametrize(("status", "code", "times"), LIMITS)
def test_a_limit_of_the_portal_is_waited_for(office: Exchange, status: int, code: str, times: int):
    office.house.sandbox.fault("fail", method="telephony.*", status=status, code=code, times=times)
    began = office.house.clock()
    whole(office)
    for _ in range(4):
        office.later(minutes=8)  # after a block the portal is left alone for a quarter of an hour
    is_there(office, began)
    assert not office.troubles()


REFUSALS = [
    ("ERROR_CORE", "User is not found or is not active", "user"),
    ("ERROR_CORE", "Unsupported phone number format", "number"),
    ("ERROR_CORE", "Something that nobody knows", "try it again"),
    ("WRONG_AUTH_TYPE", "Current authorization type is denied for this method", "application"),
    ("insufficient_scope", "The request requires higher privileges than provided by the access token", "permission"),
]


@pytest.mark.parametrize(("code", "words", "said"), REFUSALS)
def test_a_call_that_the_portal_refuses_waits_whole_as_one_delivery_and_is_right_after_a_replay(
    office: Exchange, code: str, words: str, said: str
):
    office.house.sandbox.fault("fail", method=REGISTER, status=400, code=code, description=words, times=-1)
    began = office.house.clock()
    whole(office)
    office.later(seconds=30)
    [waits] = office.house.connector.journal.list("deliveries", state="parked")
    assert waits["kind"] == "call.settled"
    assert said in waits["hint"]["en"]
    office.house.sandbox.clear_faults()
    office.later(minutes=20)
    office.house.connector.journal.replay([waits["id"]], "a person", "mended")
    office.house.pump()
    assert popped(is_there(office, began)) == []
    assert not office.troubles()


def test_who_left_the_company_does_not_keep_a_call_from_being_there(office: Exchange):
    office.house.sandbox.furnish(users=[{"id": 9, "name": "Gone", "last_name": "Away", "extension": "109"}])
    office.tell("ringing", "c-1", **ABOUT, employee="109")
    office.tell("ended", "c-1", after=9, talk=0, cause="missed")
    office.house.pump()
    office.house.sandbox.fault(
        "fail", method=REGISTER, status=400, code="ERROR_CORE", description="User is not found or is not active"
    )
    office.tell("ringing", "c-2", **ABOUT, employee="109")
    office.tell("ended", "c-2", after=9, talk=0, cause="missed")
    office.house.pump()
    office.later(seconds=30)
    assert [(call["status"], call["live"]) for call in office.calls()] == [("304", False)] * 2
    assert not office.troubles()


def test_redis_wiped_in_mid_call_changes_nothing(office: Exchange):
    began = office.house.clock()
    office.tell("ringing", "c-1", **ABOUT, employee="101")
    office.house.pump()
    office.house.connector.redis.flushall()
    office.tell("answered", "c-1", employee="101", after=5)
    office.house.pump()
    office.house.connector.redis.flushall()
    office.tell("ended", "c-1", employee="101", after=35, talk=30)
    office.house.pump()
    office.house.connector.redis.flushall()
    office.later(seconds=45)
    is_there(office, began)


class Away:
    """A journal that does not answer."""

    def accept(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        raise JournalAway("away")


def test_what_a_pbx_tells_while_the_database_is_away_is_known_later_and_pops_up_before_nobody(office: Exchange):
    house, connector = office.house, office.house.connector
    door = Intake(Away(), connector.spool, connector.accounts, house.clock)  # type: ignore[arg-type]
    began = house.clock()
    told: list[tuple[str, float, dict[str, Any]]] = [
        ("ringing", 0, {"employee": "101"}),
        ("answered", 5, {"employee": "101"}),
    ]
    told.append(("ended", 35, {"employee": "101", "talk": 30}))
    for number, (kind, after, data) in enumerate(told):
        body = json.dumps({"type": f"call.{kind}", "data": {"id": "c-1", "at": _after(began, after), **ABOUT, **data}})
        headers = {**signed(f"away-{number}", body, [SECRET], began), "content-type": "application/json"}
        request = Request(method="POST", path="/hooks/office", headers=headers, body=body.encode(), received_at=began)
        assert door.accept("office", request).status == 200
    house.clock.add(minutes=5)
    assert connector.spool.drain(connector.journal.accept) == len(told)
    house.pump()
    office.later(seconds=5)
    assert popped(is_there(office, began)) == []


def _after(began: datetime, seconds: float) -> str:
    return datetime.fromtimestamp(began.timestamp() + seconds, began.tzinfo).isoformat()
