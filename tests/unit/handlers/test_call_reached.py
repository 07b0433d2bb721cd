"""Clients who were missed and then answered in a chat wait no more, and replies to others cost nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from connector.domain.callbacks import CallBackChanged, ClientReached
from connector.domain.effects import Emit, Recall
from connector.domain.events import ReplyDelivered
from connector.domain.values import Im
from connector.handlers import replies
from connector.handlers.calls import reached

from .calling import AT, PHONE, rules
from .driving import Driver
from .test_call_missed import DUE, GONE, OPEN

WAITING = ("call.due", "main")
REPLY = ReplyDelivered(
    portal="main",
    connector="cabc123_telegram",
    line="1",
    account="shop",
    conversation="700",
    im=Im(chat_id="17", message_id="901"),
    message_ids=("t1",),
    author="27",
)
REACHED = ClientReached(portal="main", account="shop", conversation="700", chat_id="17")
LIST = (WAITING, {PHONE: {"rows": ["C_12"], "at": AT.isoformat()}})
CHAT = (("chat", "shop.700"), {"chat_id": "17", "session_id": "5", "line": "1"})
DIALOG = {"entity_data_2": "LEAD|0|COMPANY|0|CONTACT|12|DEAL|4"}


def replied(event: ReplyDelivered, *links: tuple[tuple[str, str], Any], given: Any = None) -> Driver:
    driver = Driver(links=dict(links))
    driver.run(replies.reply_delivered(event, given or rules()))
    return driver


def test_a_reply_asks_and_tells_nothing_while_nothing_is_due() -> None:
    driver = replied(REPLY, CHAT)
    assert not driver.of(Emit)
    methods = [effect.method for effect in driver.effects if hasattr(effect, "method")]
    assert methods == ["imconnector.send.status.delivery"]


def test_a_portal_without_telephony_does_not_even_look() -> None:
    given = replace(rules(), accounts={"shop": rules().accounts["shop"]})
    driver = replied(REPLY, LIST, given=given)
    assert not any(effect.kind.startswith("call.") for effect in driver.of(Recall))


@pytest.mark.parametrize("author", ["0", ""])
def test_the_systems_own_words_reach_nobody(author: str) -> None:
    assert not replied(replace(REPLY, author=author), LIST).of(Emit)


def test_an_operators_reply_completes_what_is_due_for_the_chats_client() -> None:
    [emit] = replied(REPLY, LIST, CHAT).of(Emit)
    assert emit.event == REACHED
    assert emit.destination == "portal:main"
    driver = Driver({"imopenlines.dialog.get": DIALOG}, dict([LIST, CHAT, (DUE, [OPEN])]))
    driver.run(reached.client_reached(REACHED, rules()))
    assert driver.named("crm.activity.update")[0].params == {"id": 91, "fields": {"COMPLETED": "Y"}}
    assert driver.links[DUE] is None
    assert driver.links["event.talked", f"main/{PHONE}"] == {"at": AT.isoformat()}


def test_a_chat_is_asked_about_once_a_session() -> None:
    other = (WAITING, {"+79990000000": {"rows": ["C_99"], "at": AT.isoformat()}})
    driver = Driver({"imopenlines.dialog.get": DIALOG}, dict([other, CHAT]))
    driver.run(reached.client_reached(REACHED, rules()))
    driver.run(reached.client_reached(REACHED, rules()))
    assert len(driver.named("imopenlines.dialog.get")) == 1
    assert not driver.named("crm.activity.update")
    quiet = replied(REPLY, *driver.links.items())
    assert not quiet.of(Emit)
    missed_since = replied(REPLY, *{**driver.links, WAITING: LIST[1]}.items())
    assert len(missed_since.of(Emit)) == 1
    next_session = replied(REPLY, *{**driver.links, CHAT[0]: {**CHAT[1], "session_id": "6"}}.items())
    assert len(next_session.of(Emit)) == 1


def test_a_chat_that_is_bound_to_nobody_completes_nothing() -> None:
    driver = Driver({"imopenlines.dialog.get": GONE}, dict([LIST, CHAT, (DUE, [OPEN])]))
    driver.run(reached.client_reached(REACHED, rules()))
    assert not driver.named("crm.activity.update")
    assert driver.links[DUE] == [OPEN]


def changed(driver: Driver, phone: str, *rows: str, at: datetime = AT) -> Any:
    driver.run(reached.callback_changed(CallBackChanged(portal="main", phone=phone, rows=rows), rules(at=at)))
    return driver.links.get(WAITING)


def test_the_list_of_all_that_is_due_grows_and_shrinks_one_by_one() -> None:
    driver = Driver()
    changed(driver, PHONE, "C_12")
    assert list(changed(driver, "+79990000000", "L_3")) == [PHONE, "+79990000000"]
    assert changed(driver, "+79990000000", "L_4")["+79990000000"]["rows"] == ["L_4"]
    assert list(changed(driver, "+79990000000")) == [PHONE]
    assert changed(driver, PHONE) is None


def test_the_list_keeps_neither_what_is_weeks_old_nor_more_than_it_can_hold() -> None:
    driver = Driver(links={WAITING: {str(n): {"rows": ["C_1"], "at": AT.isoformat()} for n in range(reached.MOST)}})
    kept = changed(driver, PHONE, "C_12")
    assert len(kept) == reached.MOST
    assert PHONE in kept
    assert "0" not in kept
    assert list(changed(driver, PHONE, "C_12", at=AT + timedelta(days=15))) == [PHONE]
