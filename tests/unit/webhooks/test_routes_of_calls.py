"""``/route/<account>``, and the questions that a PBX asks by a hook."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.domain.telephony import Found
from connector.telephony.routing import Routed
from tests.unit.telephony.pbx import ALLOWED, pbx
from tests.unit.webhooks.world import World

TOKEN = "a token of the dial plan"
PHONE = "+79001234567"
FOUND = Found(phone=PHONE, name="Анна", user=99, extension="101", entity="CONTACT", entity_id=651)
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Finder:
    """Routing that knows one number."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def find(self, account: str, phone: str) -> Routed:
        self.asked.append((account, phone))
        return Routed(phone=PHONE, found=FOUND, source="portal") if phone == PHONE else Routed(phone=phone)

    def who(self, account: str, phone: str) -> Found | None:
        return self.find(account, phone).found


@pytest.fixture
def finder(world: World) -> Finder:
    finder = Finder()
    world.accounts["office"] = pbx(route_token=TOKEN)
    world.accounts["mute"] = pbx("mute")
    world.connector.routing = finder
    world.connector.intake._who = finder.who
    return finder


@pytest.mark.parametrize(
    "told",
    [
        {"headers": BEARER},
        {"headers": {"X-Route-Token": TOKEN}},
        {"query_string": {"token": TOKEN}},
    ],
)
def test_whoever_knows_the_token_is_told(world: World, finder: Finder, told: dict[str, Any]) -> None:
    query = {"phone": PHONE, **told.pop("query_string", {})}
    answer = world.browser().get("/route/office", query_string=query, **told)
    assert answer.status_code == 200
    assert answer.json == {
        "phone": PHONE,
        "name": "Анна",
        "user": 99,
        "extension": "101",
        "entity": "CONTACT",
        "entity_id": 651,
        "source": "portal",
    }
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("body", [{"data": {"phone": PHONE}}, {"json": {"phone": PHONE}}])
def test_it_may_be_asked_by_post(world: World, finder: Finder, body: dict[str, Any]) -> None:
    assert world.browser().post("/route/office", headers=BEARER, **body).json["extension"] == "101"


def test_a_dial_plan_may_want_the_extension_alone(world: World, finder: Finder) -> None:
    query = {"phone": PHONE, "format": "text", "token": TOKEN}
    answer = world.browser().get("/route/office", query_string=query)
    assert (answer.data, answer.mimetype) == (b"101", "text/plain")
    query["phone"] = "+79990000000"
    assert world.browser().get("/route/office", query_string=query).data == b""


@pytest.mark.parametrize(
    ("place", "headers", "status", "cause"),
    [
        ("/route/office", {}, 401, "route.stranger"),
        ("/route/office", {"Authorization": "Bearer wrong"}, 401, "route.stranger"),
        ("/route/office", {"Authorization": f"Basic {TOKEN}"}, 401, "route.stranger"),
        ("/route/office", {"X-Route-Token": TOKEN[:-1]}, 401, "route.stranger"),
        ("/route/office", {"X-Route-Token": "жетон".encode().decode("latin-1")}, 401, "route.stranger"),
        ("/route/mute", BEARER, 404, "route.off"),
        ("/route/shop", BEARER, 404, "account.unknown"),
        ("/route/nowhere", BEARER, 404, "account.unknown"),
    ],
)
def test_strangers_are_refused_in_words(
    world: World, finder: Finder, place: str, headers: Any, status: int, cause: str
) -> None:
    answer = world.browser().get(place, query_string={"phone": PHONE}, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (status, cause)
    assert answer.json["hint"]
    assert answer.json["hint_ru"]
    assert TOKEN not in answer.text
    assert finder.asked == []


@pytest.mark.parametrize("query", [{}, {"phone": ""}, {"phone": "  "}])
def test_a_question_without_a_number_is_refused(world: World, finder: Finder, query: Any) -> None:
    answer = world.browser().get("/route/office", query_string=query, headers=BEARER)
    assert (answer.status_code, answer.json["error"]) == (400, "route.no_phone")


def test_a_very_long_number_is_cut(world: World, finder: Finder) -> None:
    world.browser().get("/route/office", query_string={"phone": "7" * 3000}, headers=BEARER)
    assert len(finder.asked[0][1]) == 60


def _ask(world: World, headers: Any = ALLOWED, **body: Any) -> Any:
    return world.browser().post("/hooks/office", data=json.dumps(body), headers=headers)


def test_a_hook_that_asks_is_told_and_not_kept_when_it_tells_nothing(world: World, finder: Finder) -> None:
    answer = _ask(world, asks=True, phone=PHONE)
    assert answer.json == {"responsible": "101", "name": "Анна"}
    assert world.journal.kept == []


def test_a_hook_that_asks_and_tells_is_kept_as_well(world: World, finder: Finder) -> None:
    assert _ask(world, asks=True, phone=PHONE, call="c1").json["responsible"] == "101"
    assert [delivery.event.kind for delivery in world.journal.deliveries] == ["call.started"]


def test_a_hook_that_asks_for_a_stranger_is_answered_too(world: World, finder: Finder) -> None:
    assert _ask(world, asks=True, phone="+79990000000").json == {}


def test_a_hook_that_asks_nothing_gets_the_usual_answer(world: World, finder: Finder) -> None:
    assert _ask(world, phone=PHONE, call="c1").data == b"ok"
    assert finder.asked == []


def test_a_question_that_cannot_be_read_is_kept_and_parked(world: World, finder: Finder) -> None:
    answer = world.browser().post("/hooks/office", data=b"{", headers=ALLOWED)
    assert answer.data == b"ok"
    assert [envelope.state for envelope in world.journal.envelopes] == ["parked"]


def test_a_stranger_learns_nothing_by_asking(world: World, finder: Finder) -> None:
    assert _ask(world, headers={"X-Secret": "wrong"}, asks=True, phone=PHONE).status_code == 401
    assert finder.asked == []
