from __future__ import annotations

import json
from typing import Any

import pytest

from connector.domain.effects import Delete, Edit, Send
from connector.domain.provider import Outgoing, Upload
from connector.domain.request import Reply
from connector.domain.values import File, FileKind, Receipt
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers.telegram import PROVIDER, outbound
from connector.providers.telegram.standin import TelegramStandIn
from tests.contract.providers.recorded import Wire, demo_account, upload

CHAT = "700100"


class Bot:
    """A bot with its stand-in: sends, edits, deletes."""

    def __init__(self) -> None:
        self.settings = demo_account(PROVIDER)
        self.telegram = TelegramStandIn(self.settings)  # type: ignore[arg-type]
        self.wire = Wire(self.telegram.handle)

    def do(self, command: Any, *uploads: Upload) -> Receipt:
        return outbound.send(Outgoing(command=command, uploads=uploads), self.settings, self.wire)  # type: ignore[arg-type]

    def send(self, text: str, *uploads: Upload, reply_to: str = "") -> Receipt:
        return self.do(Send(account="demo", conversation=CHAT, text=text, reply_to=reply_to), *uploads)

    def edit(self, ids: tuple[str, ...], text: str) -> Receipt:
        return self.do(Edit(account="demo", conversation=CHAT, message_ids=ids, text=text))

    def delete(self, *ids: str) -> Receipt:
        return self.do(Delete(account="demo", conversation=CHAT, message_ids=ids))

    def answer(self, status: int, **said: Any) -> None:
        body = json.dumps({"ok": False, "error_code": status, **said}).encode()
        self.telegram.answers.append(Reply(status=status, body=body, content_type="application/json"))

    def sent(self) -> list[str]:
        return [request.path.rpartition("/")[2] for request in self.wire.seen]

    @property
    def heard(self) -> list[str]:
        return self.telegram.heard(CHAT)


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.mark.parametrize(
    ("status", "description", "cause"),
    [
        (403, "Forbidden: bot was blocked by the user", "telegram.blocked"),
        (403, "Forbidden: user is deactivated", "telegram.blocked"),
        (403, "Forbidden: something new", "telegram.forbidden"),
        (400, "Bad Request: chat not found", "telegram.no_chat"),
        (403, "Forbidden: bot can't initiate conversation with a user", "telegram.no_chat"),
        (400, "Bad Request: group chat was upgraded to a supergroup chat", "telegram.migrated"),
        (400, "Bad Request: something new", "telegram.rejected"),
        (409, "Conflict: terminated by other getUpdates request", "telegram.conflict"),
        (413, "Request Entity Too Large", "telegram.too_large"),
        (418, "I'm a teapot", "telegram.rejected"),
    ],
)
def test_what_will_not_pass_is_for_a_person(bot: Bot, status: int, description: str, cause: str):
    bot.answer(status, description=description)
    with pytest.raises(PermanentError) as failure:
        bot.send("текст")
    assert failure.value.cause == cause
    assert description in failure.value.detail
    assert failure.value.hint.ru


@pytest.mark.parametrize("status", [401, 404])
def test_a_revoked_token_stops_the_account(bot: Bot, status: int):
    bot.answer(status, description="Unauthorized")
    with pytest.raises(Stopped) as failure:
        bot.send("текст")
    assert failure.value.state == "needs_reauth"


def test_a_flood_waits_as_long_as_telegram_asks(bot: Bot):
    bot.answer(429, description="Too Many Requests: retry after 9", parameters={"retry_after": 9})
    with pytest.raises(TransientError) as failure:
        bot.send("текст")
    assert (failure.value.retry_after, failure.value.maybe_done) == (9.0, False)


@pytest.mark.parametrize(
    "reply", [Reply(status=502, body=b"<html>"), Reply(status=200, body=b"<html>"), Reply(status=302)]
)
def test_an_answer_that_is_no_answer_leaves_the_effect_in_doubt(bot: Bot, reply: Reply):
    bot.telegram.answers.append(reply)
    with pytest.raises(TransientError) as failure:
        bot.send("текст")
    assert failure.value.maybe_done is True


def test_a_message_without_its_id_is_in_doubt(bot: Bot):
    bot.telegram.answers.append(Reply(body=b'{"ok": true, "result": true}'))
    with pytest.raises(TransientError) as failure:
        bot.send("текст")
    assert failure.value.maybe_done is True


def test_a_failure_after_the_first_part_says_that_something_is_with_the_client(bot: Bot):
    answers = iter([None, Reply(status=429, body=b'{"ok": false, "error_code": 429, "description": "Too Many"}')])
    whole = bot.telegram.handle
    bot.wire.handle = lambda request: next(answers, None) or whole(request)
    with pytest.raises(TransientError) as failure:
        bot.send("a" * 5000)
    assert failure.value.maybe_done is True
    assert bot.heard == ["a" * 4096]


def test_formatting_that_telegram_cannot_take_is_left_out(bot: Bot):
    bot.answer(400, description="Bad Request: can't parse entities: bad bounds")
    assert bot.send("[b]да[/b]").ids
    assert bot.heard == ["да"]
    assert [b"entities" in request.body for request in bot.wire.seen] == [True, False]


def test_a_reply_points_at_what_it_answers_once(bot: Bot):
    bot.send("слово " * 1000, reply_to="41")
    bodies = [json.loads(request.body) for request in bot.wire.seen]
    assert [body.get("reply_parameters") for body in bodies] == [
        {"message_id": 41, "allow_sending_without_reply": True},
        None,
    ]


@pytest.mark.parametrize("target", ["abc", "", "-1", "9" * 40])
def test_a_reply_to_a_foreign_id_goes_without_it(bot: Bot, target: str):
    bot.send("да", reply_to=target)
    assert "reply_parameters" not in json.loads(bot.wire.seen[0].body)


def test_a_message_that_shows_nothing_is_not_sent(bot: Bot):
    with pytest.raises(PermanentError) as failure:
        bot.send(" [disk=5] ")
    assert failure.value.cause == "telegram.empty"
    assert bot.wire.seen == []


def test_a_short_text_rides_as_a_caption_and_a_long_one_goes_first(bot: Bot):
    assert len(bot.send("[b]подпись[/b]", upload("a.pdf", b"x")).ids) == 1
    assert bot.sent() == ["sendDocument"]
    receipt = bot.send("т" * 1025, upload("b.pdf", b"x"))
    assert len(receipt.ids) == 2
    assert bot.sent()[1:] == ["sendMessage", "sendDocument"]
    assert bot.heard == ["подпись", "[a.pdf]", "т" * 1025, "[b.pdf]"]


@pytest.mark.parametrize(
    ("kind", "mime", "size", "method"),
    [
        ("image", "image/png", 10, "sendPhoto"),
        ("image", "image/svg+xml", 10, "sendDocument"),
        ("image", "image/gif", 10, "sendDocument"),
        ("image", "image/jpeg", 10 * 2**20 + 1, "sendDocument"),
        ("voice", "audio/ogg; codecs=opus", 10, "sendVoice"),
        ("voice", "audio/webm", 10, "sendDocument"),
        ("audio", "audio/mpeg", 10, "sendAudio"),
        ("video", "video/mp4", 10, "sendVideo"),
        ("video", "video/x-matroska", 10, "sendDocument"),
        ("sticker", "image/webp", 10, "sendSticker"),
        ("sticker", "application/x-tgsticker", 10, "sendDocument"),
        ("document", "application/zip", 10, "sendDocument"),
    ],
)
def test_a_file_leaves_in_the_way_that_takes_it(bot: Bot, kind: FileKind, mime: str, size: int, method: str):
    bot.send("", upload("file.x", b"0" * size, kind, mime))
    assert bot.sent() == [method]
    assert bot.heard == ["[file.x]"]


def test_the_bytes_and_the_name_of_a_file_arrive_whole(bot: Bot):
    content = bytes(range(256)) * 20
    bot.send("", upload("Счёт №5.pdf", content))
    assert content in bot.wire.seen[0].body
    assert bot.heard == ["[Счёт №5.pdf]"]


def test_a_file_over_the_limit_becomes_a_link_and_the_operator_is_told(bot: Bot):
    big = Upload(
        name="film.mp4", mime="video/mp4", kind="video", size=50 * 2**20 + 1, url="https://c.example/m/t", read=bytes
    )
    receipt = bot.send("кино", big)
    assert bot.heard == ["кино", "film.mp4\nhttps://c.example/m/t"]
    ((english, russian),) = receipt.notes
    assert "film.mp4" in english
    assert "film.mp4" in russian


def test_a_picture_that_is_no_photo_goes_as_a_document(bot: Bot):
    bot.answer(400, description="Bad Request: PHOTO_INVALID_DIMENSIONS")
    assert bot.send("", upload("long.png", b"x", "image", "image/png")).notes == ()
    assert bot.sent() == ["sendPhoto", "sendDocument"]


def test_a_file_refused_after_the_text_is_told_and_the_rest_goes(bot: Bot):
    replies = iter([None, Reply(status=413, body=b""), None])
    whole = bot.telegram.handle
    bot.wire.handle = lambda request: next(replies, None) or whole(request)
    receipt = bot.send("т" * 2000, upload("a.pdf", b"x"), upload("b.pdf", b"x"))
    assert bot.heard == ["т" * 2000, "[b.pdf]"]
    assert len(receipt.ids) == 2
    assert "a.pdf" in receipt.notes[0][1]


def test_an_edit_that_changes_nothing_is_a_success(bot: Bot):
    ids = bot.send("да").ids
    assert bot.edit(ids, "да") == Receipt()
    assert bot.heard == ["да"]


def test_the_caption_of_a_file_is_edited_in_its_place(bot: Bot):
    ids = bot.send("было", upload("a.pdf", b"x")).ids
    assert bot.edit(ids, "стало") == Receipt()
    assert bot.heard == ["стало", "[a.pdf]"]


def test_a_caption_that_grew_too_long_is_cut_and_told(bot: Bot):
    ids = bot.send("было", upload("a.pdf", b"x")).ids
    assert len(bot.edit(ids, "т" * 1500).notes) == 1
    assert bot.heard == ["т" * 1024, "[a.pdf]"]


def test_a_text_of_several_parts_is_edited_in_all_of_them(bot: Bot):
    ids = bot.send("а" * 5000).ids
    assert bot.edit(ids, "б" * 4999) == Receipt()
    assert bot.heard == ["б" * 4096, "б" * 903]


def test_a_text_that_outgrew_its_messages_is_cut_and_no_file_is_touched(bot: Bot):
    ids = bot.send("да", upload("a.pdf", b"x"), upload("b.pdf", b"x")).ids + bot.send("нет").ids
    notes = bot.edit((ids[2], ids[0], ids[1]), "в" * 9000).notes
    assert len(notes) == 1
    assert bot.heard == ["да", "[a.pdf]", "[b.pdf]", "в" * 4096]


def test_an_edit_that_comes_too_late_is_sent_anew_and_told(bot: Bot):
    receipt = bot.edit(("999",), "поправка")
    assert bot.heard == ["поправка"]
    assert len(receipt.ids) == 1
    assert len(receipt.notes) == 1


def test_a_message_is_not_emptied(bot: Bot):
    ids = bot.send("да").ids
    assert len(bot.edit(ids, "[disk=1]").notes) == 1
    assert bot.heard == ["да"]


def test_deleting_what_is_gone_is_a_success(bot: Bot):
    ids = bot.send("да").ids
    assert bot.delete(*ids) == bot.delete(*ids) == Receipt()
    assert bot.heard == []


def test_what_can_no_longer_be_deleted_is_told_once(bot: Bot):
    for _ in range(2):
        bot.answer(400, description="Bad Request: message can't be deleted for everyone")
    assert len(bot.delete("1", "2").notes) == 1


def test_a_large_file_of_a_client_is_for_a_person(bot: Bot):
    bot.telegram.attach(CHAT, "film.mp4", b"0" * (20 * 2**20 + 1))
    (file_id,) = bot.telegram.files
    with pytest.raises(PermanentError) as failure:
        outbound.locate(File(ref=file_id), bot.settings, bot.wire)  # type: ignore[arg-type]
    assert failure.value.cause == "telegram.too_large"


@pytest.mark.parametrize("path", ["/var/lib/bot/file", "../../etc/passwd", "a/../../b", ""])
def test_a_path_that_leads_elsewhere_is_not_followed(bot: Bot, path: str):
    bot.wire.handle = lambda _: Reply(body=json.dumps({"ok": True, "result": {"file_path": path}}).encode())
    with pytest.raises(PermanentError):
        outbound.locate(File(ref="x"), bot.settings, bot.wire)  # type: ignore[arg-type]


def test_no_error_tells_the_token(bot: Bot):
    bot.answer(400, description="Bad Request: something new")
    with pytest.raises(PermanentError) as failure:
        bot.send("текст")
    token = bot.settings.token.get_secret_value()  # type: ignore[attr-defined]
    assert token not in str(failure.value) + failure.value.detail + repr(bot.settings)
