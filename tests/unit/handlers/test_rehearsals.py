"""What operators answer the test client comes back to us and goes to nobody."""

from __future__ import annotations

from typing import Any

from connector.domain.effects import Delete, Edit, Emit, Remember, Send
from connector.domain.events import ReplyDeleted, ReplyDelivered, ReplyEdited, ReplyWritten
from connector.domain.values import Im, Receipt
from connector.handlers import HANDLERS
from connector.handlers.rehearsals import ANSWERED, CONVERSATION

from .driving import Driver, rules

SAME: dict[str, Any] = {
    "portal": "main",
    "connector": "cabc123_telegram",
    "line": "1",
    "account": "shop",
    "im": Im(chat_id="17", message_id="901"),
}
TEST: dict[str, Any] = {**SAME, "conversation": CONVERSATION}


def driven(event: Any) -> Driver:
    driver = Driver({Send: Receipt(ids=("t1",)), Edit: Receipt(ids=("t1",))})
    driver.run(HANDLERS["account", event.kind](event, rules()))
    return driver


def test_an_answer_is_remembered_and_reported_as_delivered():
    driver = driven(ReplyWritten(**TEST, text="it works", author="1"))
    assert driver.of(Send) == []
    assert driver.of(Remember) == [Remember(ANSWERED, "shop", {"chat_id": "17", "message_id": "901"})]
    assert [(emit.event, emit.destination) for emit in driver.of(Emit)] == [
        (ReplyDelivered(**TEST, message_ids=("test.901",)), "portal:main")
    ]


def test_what_the_line_says_by_itself_is_no_answer():
    driver = driven(ReplyWritten(**TEST, text="Welcome!", author="0"))
    assert driver.of(Remember) == driver.of(Send) == []
    assert len(driver.of(Emit)) == 1


def test_a_change_and_a_deletion_go_to_nobody_either():
    assert driven(ReplyEdited(**TEST, message_ids=("test.901",), text="x")).of(Edit) == []
    driver = driven(ReplyDeleted(**TEST, message_ids=("test.901",)))
    assert driver.effects == driver.of(Delete) == []


def test_everybody_else_is_answered_as_ever():
    driver = driven(ReplyWritten(**SAME, conversation="700", text="hello", author="1"))
    assert [send.text for send in driver.of(Send)] == ["hello"]
    assert driver.of(Remember) == []
