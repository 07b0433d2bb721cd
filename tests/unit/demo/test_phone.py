from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from connector.demo.marked import parts
from connector.demo.phone import OWNER, Phone, PhoneError
from connector.domain.request import Reply, Request
from connector.providers.telegram import PROVIDER, demo_settings
from connector.providers.telegram.standin import TelegramStandIn

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Post:
    """The connector's door: remembers, and answers with ``status``."""

    def __init__(self) -> None:
        self.got: list[dict] = []
        self.status = 200

    def __call__(self, request: Request) -> SimpleNamespace:
        self.got.append(json.loads(request.body))
        return SimpleNamespace(ok=self.status < 300, status_code=self.status)


class Bot:
    """The connector's side of the Bot API, heard by the phone as the demo's host does."""

    def __init__(self, standin: TelegramStandIn, phone: Phone) -> None:
        self.standin, self.phone = standin, phone

    def call(self, method: str, **fields: object) -> int:
        request = Request(
            method="POST",
            path=f"/bot{self.standin._token}/{method}",
            headers={"content-type": "application/json"},
            body=json.dumps({"chat_id": OWNER, **fields}).encode(),
            received_at=NOW,
        )
        reply: Reply = self.standin.handle(request)
        self.phone.listen(request, reply)
        result = json.loads(reply.body)["result"]
        return result["message_id"] if isinstance(result, dict) else 0


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def bot(post: Post) -> Bot:
    account = {"account": "shop", "portal": "main", **demo_settings("http://127.0.0.1:1")}
    standin = TelegramStandIn(PROVIDER.settings(**account), clock=lambda: NOW)
    return Bot(standin, Phone(standin, "Мария Орлова", post))


def words(bot: Bot) -> list[str]:
    return ["".join(part["text"] for part in row["text"]) for row in bot.phone.screen()]


def test_what_the_owner_writes_leaves_in_their_name_and_is_shown(bot: Bot, post: Post):
    bot.phone.say("Где заказ?")
    [update] = post.got
    assert (update["message"]["from"]["first_name"], update["message"]["chat"]["last_name"]) == ("Мария", "Орлова")
    assert [(row["mine"], row["text"]) for row in bot.phone.screen()] == [(True, [{"text": "Где заказ?"}])]


def test_what_the_connector_does_not_take_is_not_shown_as_sent(bot: Bot, post: Post):
    post.status = 503
    with pytest.raises(PhoneError):
        bot.phone.say("Где заказ?")
    assert bot.phone.screen() == []


def test_answers_come_in_their_place_with_their_looks(bot: Bot):
    bot.phone.say("Раз")
    bot.call("sendMessage", text="Да, 😀 готов", entities=[{"type": "bold", "offset": 7, "length": 5}])
    bot.phone.say("Два")
    assert words(bot) == ["Раз", "Да, 😀 готов", "Два"]
    assert bot.phone.screen()[1]["text"] == [{"text": "Да, 😀 "}, {"text": "готов", "bold": True}]


def test_answers_are_changed_and_taken_back(bot: Bot):
    number = bot.call("sendMessage", text="Готов")
    bot.call("editMessageText", message_id=number, text="Не готов")
    assert words(bot) == ["Не готов"]
    assert bot.phone.screen()[0]["edited"]
    bot.call("deleteMessage", message_id=number)
    assert bot.phone.screen() == []


def test_a_refused_call_changes_nothing(bot: Bot):
    bot.standin.refuse_next()
    request = Request(
        method="POST",
        path=f"/bot{bot.standin._token}/sendMessage",
        headers={"content-type": "application/json"},
        body=json.dumps({"chat_id": OWNER, "text": "Готов"}).encode(),
        received_at=NOW,
    )
    bot.phone.listen(request, bot.standin.handle(request))
    assert bot.phone.screen() == []


def test_other_customers_are_not_on_this_phone(bot: Bot):
    bot.call("sendMessage", chat_id="701", text="Готов")
    assert bot.phone.screen() == []


def test_an_own_message_is_changed_and_one_of_the_bot_is_not(bot: Bot, post: Post):
    bot.phone.say("Где заказ?")
    [row] = bot.phone.screen()
    bot.phone.edit(row["id"], "Где заказ 17?")
    assert post.got[-1]["edited_message"]["text"] == "Где заказ 17?"
    assert post.got[-1]["edited_message"]["from"]["first_name"] == "Мария"
    assert words(bot) == ["Где заказ 17?"]
    number = bot.call("sendMessage", text="Готов")
    with pytest.raises(LookupError):
        bot.phone.edit(number, "Не готов")


def test_only_pictures_are_shown(bot: Bot):
    bot.phone.attach("кот.png", b"png")
    bot.phone.attach("<b>.svg", b"<svg onload='alert(1)'/>")
    assert [row["file"]["image"] for row in bot.phone.screen()] == [True, False]
    file = bot.phone.file(bot.phone.screen()[1]["id"])
    assert file is not None
    assert (file.name, file.content) == ("<b>.svg", b"<svg onload='alert(1)'/>")


def test_looks_that_overlap_are_cut_into_pieces():
    found = parts("abcd", [{"type": "bold", "offset": 0, "length": 3}, {"type": "italic", "offset": 2, "length": 2}])
    assert [part.told() for part in found] == [
        {"text": "ab", "bold": True},
        {"text": "c", "bold": True, "italic": True},
        {"text": "d", "italic": True},
    ]
