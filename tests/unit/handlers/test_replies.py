"""An operator's reply leaves once per part, and its outcome goes back to the chat."""

from __future__ import annotations

from typing import Any

import pytest

from connector.domain.effects import Delete, Edit, Emit, Fetch, Send
from connector.domain.events import ReplyDeleted, ReplyDelivered, ReplyEdited, ReplyRefused, ReplyWritten
from connector.domain.values import File, Im, Receipt, StoredFile
from connector.errors import PermanentError
from connector.handlers import replies
from connector.speech import Text

from .driving import Driver, Turn, rules

SAME: dict[str, Any] = {
    "portal": "main",
    "connector": "cabc123_telegram",
    "line": "1",
    "account": "shop",
    "conversation": "700",
    "im": Im(chat_id="17", message_id="901"),
}
BLOCKED = PermanentError("telegram.blocked", hint=Text("blocked the bot", "заблокировал бота"))


def stored(name: str) -> StoredFile:
    return StoredFile(key=name, name=name, mime="image/png", size=1, url=f"https://hub.example/media/{name}")


def test_a_text_is_one_send_keyed_by_the_portals_message_id() -> None:
    driver = Driver({Send: Receipt(ids=("t1",))})
    driver.run(replies.reply_written(ReplyWritten(**SAME, text="[b]Ann:[/b] Hello"), rules()))
    [send] = driver.of(Send)
    assert send.key == "out:main:901:0"
    assert (send.account, send.conversation, send.text) == ("shop", "700", "[b]Ann:[/b] Hello")
    [emit] = driver.of(Emit)
    assert emit.destination == "portal:main"
    assert emit.event == ReplyDelivered(**SAME, message_ids=("t1",))


def test_every_file_has_a_key_of_its_own_and_the_text_rides_with_the_first() -> None:
    driver = Driver(
        {Fetch: lambda effect: stored(effect.file.name), Send: lambda send: Receipt(ids=(send.files[0].name,))}
    )
    files = (File(ref="u1", name="a.png"), File(ref="u2", name="b.png"))
    driver.run(replies.reply_written(ReplyWritten(**SAME, text="see", files=files), rules()))
    sends = driver.of(Send)
    assert [(send.text, send.files[0].name, send.key) for send in sends] == [
        ("see", "a.png", "out:main:901:0"),
        ("", "b.png", "out:main:901:1"),
    ]
    assert {fetch.origin for fetch in driver.of(Fetch)} == {"portal:main"}
    assert driver.of(Emit)[0].event.message_ids == ("a.png", "b.png")


def test_a_refusal_goes_to_the_operator_and_the_delivery_parks() -> None:
    driver = Driver({Send: BLOCKED})
    with pytest.raises(PermanentError):
        driver.run(replies.reply_written(ReplyWritten(**SAME, text="x", author="27"), rules()))
    [emit] = driver.of(Emit)
    assert emit.event == ReplyRefused(**SAME, why=("blocked the bot", "заблокировал бота"), author="27")


def test_an_empty_reply_sends_nothing_and_reports_nothing() -> None:
    assert Driver().run(replies.reply_written(ReplyWritten(**SAME), rules())) == []


def test_an_edit_reaches_the_provider_and_its_refusal_the_operator() -> None:
    event = ReplyEdited(**SAME, message_ids=("t1",), text="new", author="27")
    driver = Driver({Edit: Receipt(ids=())})
    driver.run(replies.reply_edited(event, rules()))
    assert driver.of(Edit)[0].message_ids == ("t1",)
    refused = Driver({Edit: BLOCKED})
    with pytest.raises(PermanentError):
        refused.run(replies.reply_edited(event, rules()))
    assert isinstance(refused.of(Emit)[0].event, ReplyRefused)


def test_a_deletion_reaches_the_provider() -> None:
    driver = Driver()
    driver.run(replies.reply_deleted(ReplyDeleted(**SAME, message_ids=("t1",)), rules()))
    assert driver.of(Delete)[0].message_ids == ("t1",)


def test_the_delivery_status_echoes_im_and_carries_all_ids() -> None:
    driver = Driver()
    driver.run(replies.reply_delivered(ReplyDelivered(**SAME, message_ids=("t1", "t2")), rules()))
    [call] = driver.named("imconnector.send.status.delivery")
    assert call.params == {
        "CONNECTOR": "cabc123_telegram",
        "LINE": "1",
        "MESSAGES": [
            {
                "im": {"chat_id": "17", "message_id": "901"},
                "message": {"id": ["t1", "t2"]},
                "chat": {"id": "shop.700"},
            }
        ],
    }


def test_the_refusal_note_is_a_system_message_in_the_portals_language() -> None:
    driver = Driver()
    driver.run(replies.reply_refused(ReplyRefused(**SAME, why=("blocked the bot", "заблокировал бота")), rules()))
    [note] = driver.named("im.message.add")
    assert note.params == {"DIALOG_ID": "chat17", "MESSAGE": "Не доставлено: заблокировал бота", "SYSTEM": "Y"}
    assert note.key == "note:main:901:refused"


def test_a_note_that_the_chat_refuses_becomes_a_notification_to_the_author() -> None:
    denied = PermanentError("b24.access_denied", hint=Text("no", "нет"))
    driver = Driver({"im.message.add": [Turn(denied)]})
    driver.run(replies.reply_refused(ReplyRefused(**SAME, why=("a", "б"), author="27"), rules(language="en")))
    [notice] = driver.named("im.notify")
    assert notice.params["USER_ID"] == "27"
    assert notice.params["MESSAGE"] == "Not delivered: a"
