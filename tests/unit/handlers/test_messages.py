"""A client's message becomes one keyed call, provable and in its line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.domain.effects import Acknowledge, Fetch, Remember
from connector.domain.events import (
    ButtonPressed,
    ConversationBlocked,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
)
from connector.domain.values import File, Person, StoredFile
from connector.errors import PermanentError
from connector.handlers import messages
from connector.handlers.lines import seen_in_chat
from connector.speech import Text

from .driving import Driver, Turn, rules

ANNA = Person(id="700", first_name="Anna", phone="+7 900 111-22-33", email="not an address")
TAKEN = {"SUCCESS": True, "DATA": {"RESULT": [{"SUCCESS": True, "session": {"ID": "5", "CHAT_ID": "17"}}]}}
SEND = "imconnector.send.messages"


def received(**more: Any) -> MessageReceived:
    return MessageReceived(
        **{"account": "shop", "conversation": "700", "message_id": "55", "client": ANNA, "text": "Hi"} | more
    )


def test_a_message_is_one_call_with_a_key_from_provider_ids() -> None:
    driver = Driver({SEND: TAKEN})
    driver.run(messages.message_received(received(), rules()))
    [call] = driver.named(SEND)
    assert call.key == "in:shop:700:55"
    assert call.params["CONNECTOR"] == "cabc123_telegram"
    assert call.params["LINE"] == "1"
    [item] = call.params["MESSAGES"]
    assert item["chat"] == {"id": "shop.700"}
    assert item["user"] == {"id": "telegram.700", "name": "Anna", "phone": "+79001112233"}
    assert item["message"] == {"id": "55", "text": "Hi"}


def test_the_chat_is_remembered_with_its_line() -> None:
    driver = Driver({SEND: TAKEN})
    driver.run(messages.message_received(received(), rules()))
    assert driver.links["chat", "shop.700"] == {"chat_id": "17", "session_id": "5", "line": "1"}


def test_a_conversation_keeps_the_line_it_began_with() -> None:
    links = {("chat", "shop.700"): {"chat_id": "17", "line": "9"}, ("line", "shop"): {"connector": "c", "line": "2"}}
    driver = Driver({SEND: TAKEN}, links)
    driver.run(messages.message_received(received(), rules()))
    assert driver.named(SEND)[0].params["LINE"] == "9"


def test_a_line_bound_in_the_slider_overrides_the_settings() -> None:
    driver = Driver({SEND: TAKEN}, {("line", "shop"): {"connector": "c", "line": "2"}})
    driver.run(messages.message_received(received(), rules()))
    assert driver.named(SEND)[0].params["LINE"] == "2"


def test_without_any_line_the_message_parks_and_says_what_to_do() -> None:
    with pytest.raises(PermanentError) as refusal:
        Driver().run(messages.message_received(received(), rules(line=None)))
    assert refusal.value.cause == "line.none"
    assert "shop" in refusal.value.hint.ru


def test_only_the_last_part_of_a_message_may_be_joined_by_the_next_one() -> None:
    driver = Driver({SEND: TAKEN})
    driver.run(messages.message_received(received(text="x" * 45_000), rules()))
    assert [call.joins for call in driver.named(SEND)] == ["", "", "MESSAGES"]


def test_files_are_brought_here_first() -> None:
    stored = StoredFile(key="k", name="a.pdf", mime="application/pdf", size=3, url="https://hub.example/media/t")
    driver = Driver({SEND: TAKEN, Fetch: stored})
    driver.run(messages.message_received(received(files=(File(ref="f1", name="a.pdf"),)), rules()))
    assert driver.of(Fetch)[0].origin == "account:shop"
    assert driver.named(SEND)[0].params["MESSAGES"][0]["message"]["files"] == [{"url": stored.url, "name": "a.pdf"}]


def test_a_file_that_cannot_be_brought_is_told_to_the_operator() -> None:
    lost = PermanentError("media.too_large", hint=Text("too large", "слишком большой"))
    driver = Driver({SEND: TAKEN, Fetch: lost})
    driver.run(messages.message_received(received(files=(File(ref="f1", name="film.mp4"),)), rules()))
    message = driver.named(SEND)[0].params["MESSAGES"][0]["message"]
    assert "film.mp4" in message["text"]
    assert "слишком большой" in message["text"]
    assert "files" not in message


def test_a_refused_item_is_tried_once_without_doubtful_client_data() -> None:
    refused = {"SUCCESS": True, "DATA": {"RESULT": [{"SUCCESS": False, "ERRORS": ["bad phone"]}]}}
    driver = Driver({SEND: [Turn(refused), Turn(TAKEN)]})
    driver.run(messages.message_received(received(), rules()))
    first, second = driver.named(SEND)
    assert "phone" in first.params["MESSAGES"][0]["user"]
    assert "phone" not in second.params["MESSAGES"][0]["user"]
    assert first.key == second.key


def test_an_item_refused_twice_parks_with_the_portals_words() -> None:
    refused = {"SUCCESS": True, "DATA": {"RESULT": [{"SUCCESS": False, "ERRORS": ["пользователь не создан"]}]}}
    with pytest.raises(PermanentError) as refusal:
        Driver({SEND: refused}).run(messages.message_received(received(), rules()))
    assert "пользователь не создан" in refusal.value.hint.en


def test_success_without_a_session_is_not_success() -> None:
    answer = {"SUCCESS": True, "DATA": {"RESULT": [{"SUCCESS": True}]}}
    with pytest.raises(PermanentError) as refusal:
        Driver({SEND: answer}).run(messages.message_received(received(), rules()))
    assert refusal.value.cause == "openlines.not_stored"


def test_very_long_text_goes_on_in_further_messages_with_keys_of_their_own() -> None:
    driver = Driver({SEND: TAKEN})
    driver.run(messages.message_received(received(text="word " * 9000), rules()))
    calls = driver.named(SEND)
    assert [call.key for call in calls] == ["in:shop:700:55", "in:shop:700:55.2", "in:shop:700:55.3"]
    assert all(len(call.params["MESSAGES"][0]["message"]["text"]) <= 20_000 for call in calls)


def test_an_edit_updates_the_text_in_the_chat() -> None:
    driver = Driver()
    event = MessageEdited(account="shop", conversation="700", message_id="55", client=ANNA, text="Hello")
    driver.run(messages.message_edited(event, rules()))
    [call] = driver.named("imconnector.update.messages")
    assert call.params["MESSAGES"][0]["message"] == {"id": "55", "text": "Hello"}


def test_each_deleted_message_is_deleted_in_the_chat() -> None:
    driver = Driver()
    event = MessageDeleted(account="shop", conversation="700", message_ids=("55", "56"), client=ANNA)
    driver.run(messages.message_deleted(event, rules()))
    ids = [call.params["MESSAGES"][0]["message"]["id"] for call in driver.named("imconnector.delete.messages")]
    assert ids == ["55", "56"]


def test_a_button_press_reads_like_a_message_and_is_acknowledged() -> None:
    event = ButtonPressed(account="shop", conversation="700", press_id="p1", data="yes", label="Да", client=ANNA)
    driver = Driver({SEND: TAKEN})
    driver.run(messages.button_pressed(event, rules()))
    assert driver.named(SEND)[0].params["MESSAGES"][0]["message"] == {"id": "press.p1", "text": "▸ Да"}
    [effect] = Driver().run(messages.button_acknowledged(event, rules()))
    assert effect == Acknowledge(account="shop", conversation="700", press_id="p1")


def test_a_block_is_noted_only_in_a_chat_that_exists() -> None:
    event = ConversationBlocked(account="shop", conversation="700", client=ANNA, position=8)
    assert Driver().run(messages.conversation_blocked(event, rules())) == []
    driver = Driver(links={("chat", "shop.700"): {"chat_id": "17", "line": "1"}})
    driver.run(messages.conversation_blocked(event, rules()))
    [note] = driver.named("im.message.add")
    assert note.params["SYSTEM"] == "Y"
    assert note.params["DIALOG_ID"] == "chat17"


def test_album_parts_merge_into_one_message() -> None:
    parts = [
        received(message_id="55", text="", files=(File(ref="a"),), album="g"),
        received(message_id="56", text="both", files=(File(ref="b"),), album="g"),
    ]
    whole = messages.merged(parts)
    assert whole.message_id == "55"
    assert whole.text == "both"
    assert [file.ref for file in whole.files] == ["a", "b"]


def history(*ids: str) -> dict[str, Any]:
    rows = {str(n): {"params": {"connectorMid": [mid]}} for n, mid in enumerate(ids)}
    return {"sessionId": 5, "chatId": 17, "message": rows}


@pytest.mark.parametrize(
    "links",
    [
        {("chat", "shop.700"): {"chat_id": "17", "line": "1"}},
        {("session", "shop.700"): {"session_id": "5"}},
        {},
    ],
    ids=["chat known", "session known", "found by its activity"],
)
def test_a_message_in_the_history_is_proven(links: dict[tuple[str, str], Any]) -> None:
    rows = [{"ASSOCIATED_ENTITY_ID": "5", "PROVIDER_PARAMS": {"USER_CODE": "cabc123_telegram|1|shop.700|33"}}]
    answers = {"imopenlines.session.history.get": history("54", "55"), "crm.activity.list": rows}
    driver = Driver(answers, links)
    driver.run(seen_in_chat("shop.700", "shop", "700", "1", "55", rules()))
    assert driver.returned == {"ID": "5", "CHAT_ID": "17"}


def test_a_message_absent_from_the_history_is_not_proven() -> None:
    driver = Driver(
        {"imopenlines.session.history.get": history("54")}, {("chat", "shop.700"): {"chat_id": "17", "line": "1"}}
    )
    driver.run(seen_in_chat("shop.700", "shop", "700", "1", "55", rules()))
    assert driver.returned is None


def test_another_conversations_activity_proves_nothing() -> None:
    rows = [{"ASSOCIATED_ENTITY_ID": "5", "PROVIDER_PARAMS": {"USER_CODE": "cabc123_telegram|1|shop.7001|33"}}]
    driver = Driver({"crm.activity.list": rows})
    driver.run(seen_in_chat("shop.700", "shop", "700", "1", "55", rules()))
    assert driver.returned is None
    assert driver.of(Remember) == []


def test_a_portal_with_only_a_webhook_parks_and_says_that_an_application_is_needed() -> None:
    known = rules()
    bare = replace(known, portals={"main": replace(known.portals["main"], connectors={})})
    with pytest.raises(PermanentError) as refusal:
        Driver().run(messages.message_received(received(), bare))
    assert refusal.value.cause == "portal.no_application"
