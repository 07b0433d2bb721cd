"""Which event goes where."""

from __future__ import annotations

import pytest

from connector.domain import events
from connector.domain.events import Event
from connector.domain.values import Im, Person
from connector.routes import portal_routes, routes
from tests.unit.webhooks.world import account

CLIENT = Person(id="1")
PLACE = {"account": "shop", "conversation": "5"}
CHAT = {"portal": "main", "connector": "c1_fake", "line": "1", "conversation": "5"}
IM = Im(chat_id="9", message_id="77")

FROM_ACCOUNTS: list[tuple[Event, list[str]]] = [
    (events.MessageReceived(**PLACE, message_id="1", client=CLIENT), ["portal:main"]),
    (events.MessageEdited(**PLACE, message_id="1", client=CLIENT), ["portal:main"]),
    (events.MessageDeleted(**PLACE, message_ids=("1",), client=CLIENT), ["portal:main"]),
    (events.ConversationBlocked(**PLACE, client=CLIENT), ["portal:main"]),
    (events.ConversationUnblocked(**PLACE, client=CLIENT), ["portal:main"]),
    (events.ButtonPressed(**PLACE, press_id="p", data="d", client=CLIENT), ["portal:main", "account:shop"]),
    (events.Ignored(what="typing"), []),
]

FROM_PORTALS: list[tuple[Event, str]] = [
    (events.ReplyWritten(**CHAT, account="shop", im=IM), "account:shop"),
    (events.ReplyEdited(**CHAT, account="shop", im=IM, message_ids=("1",)), "account:shop"),
    (events.ReplyDeleted(**CHAT, account="shop", im=IM, message_ids=("1",)), "account:shop"),
    (events.DialogStarted(**CHAT, account="shop", session_id="3"), "portal:main"),
    (events.DialogFinished(**CHAT, account="shop", session_id="3"), "portal:main"),
    (events.AppInstalled(portal="main"), "portal:main"),
    (events.AppUninstalled(portal="main"), "portal:main"),
    (events.LineConnected(portal="main", connector="c1_fake", line="1", account="shop"), "portal:main"),
    (events.LineDisconnected(portal="main", connector="c1_fake", line="1"), "portal:main"),
]


@pytest.mark.parametrize(("event", "destinations"), FROM_ACCOUNTS, ids=lambda value: getattr(value, "kind", None))
def test_what_a_client_does_goes_to_the_portal(event: Event, destinations: list[str]):
    wanted = routes(event, account("shop"))
    assert [delivery.destination for delivery in wanted] == destinations
    assert all((delivery.lane, delivery.position) == (event.lane, event.position) for delivery in wanted)


@pytest.mark.parametrize(("event", "destination"), FROM_PORTALS, ids=lambda value: getattr(value, "kind", None))
def test_what_an_operator_does_goes_to_the_account_and_the_rest_to_the_portal(event: Event, destination: str):
    wanted = portal_routes(event, "main", {"shop": account("shop")})
    assert wanted is not None
    assert [(delivery.destination, delivery.lane) for delivery in wanted] == [(destination, event.lane)]


def test_a_reply_for_an_account_of_another_portal_is_for_nobody():
    reply = events.ReplyWritten(**CHAT, account="shop", im=IM)
    assert portal_routes(reply, "main", {"shop": account("shop", portal="other")}) is None
    assert portal_routes(reply, "main", {}) is None


def test_the_order_of_replies_is_the_portals_own():
    (delivery,) = portal_routes(events.ReplyWritten(**CHAT, account="shop", im=IM), "main", {"shop": account("shop")})
    assert delivery.position == 77
