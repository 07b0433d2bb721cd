"""Visitors of a site: told once, known from then on; operators: asked for once, and never in the reply's way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.domain.effects import Call, Fetch, Remember
from connector.domain.events import MessageReceived, ReplyDelivered
from connector.domain.provider import Capabilities
from connector.domain.values import Im, Page, Person, StoredFile
from connector.errors import PermanentError
from connector.handlers import messages, replies
from connector.handlers.rules import Rules
from connector.speech import Text

from .driving import PROVIDER, Driver, rules

STORED = {"SUCCESS": True, "DATA": {"RESULT": [{"SUCCESS": True, "session": {"ID": "3", "CHAT_ID": "17"}}]}}
SENT = "imconnector.send.messages"
LANE = "shop.v1"
SHOES = Page(url="https://acme.example/shoes", title="Обувь", marks={"source": "ya"})
ANNA = Person(id="v1", first_name="Анна", last_name="Ли", email="anna@acme.example")
DENIED = PermanentError("bitrix24.insufficient_scope", hint=Text("no", "нет"))


def said(text: str = "Есть?", *, client: Person | None = None, page: Page | None = SHOES) -> MessageReceived:
    who = client or Person(id="v1")
    return MessageReceived(account="shop", conversation="v1", message_id=text, client=who, text=text, page=page)


def run(event: MessageReceived, links: dict[Any, Any]) -> tuple[Call, Driver]:
    driver = Driver({SENT: STORED}, links)
    driver.run(messages.message_received(event, rules()))
    [call] = driver.named(SENT)
    links.update(driver.links)
    return call, driver


def item(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = call.params["MESSAGES"][0]
    return found


def test_the_page_stands_above_the_first_message_and_again_when_it_changes():
    links: dict[Any, Any] = {}
    first, _ = run(said("раз"), links)
    assert item(first)["message"]["text"] == (
        "[i]Страница: [url=https://acme.example/shoes]Обувь[/url][/i]\n[i]Откуда пришли: utm_source=ya[/i]\nраз"
    )
    same, driver = run(said("два"), links)
    assert item(same)["message"]["text"] == "два"
    assert [link.kind for link in driver.of(Remember)] == ["chat"]
    other, _ = run(said("три", page=replace(SHOES, url="https://acme.example/bags")), links)
    assert "https://acme.example/bags" in item(other)["message"]["text"]
    nothing, _ = run(said("1", page=Page()), links)
    assert item(nothing)["message"]["text"] == "1", "a rating must stay a rating"
    again, _ = run(said("пять", page=replace(SHOES, url="https://acme.example/bags")), links)
    assert item(again)["message"]["text"] == "пять"


def test_a_message_with_news_of_the_page_goes_alone():
    """Whoever would join it knows the same old page and would tell the news once more."""
    links: dict[Any, Any] = {}
    first, _ = run(said("раз"), links)
    second, _ = run(said("два"), links)
    assert (first.joins, second.joins) == ("", "MESSAGES")


def test_a_client_who_told_their_name_once_keeps_it():
    links: dict[Any, Any] = {}
    run(said("раз", client=ANNA), links)
    later, _ = run(said("два"), links)
    assert item(later)["user"]["name"] == "Анна"
    assert item(later)["user"]["last_name"] == "Ли"
    assert item(later)["user"]["email"] == "anna@acme.example"
    renamed, _ = run(said("три", client=Person(id="v1", first_name="Мария", phone="+79991112233")), links)
    assert (item(renamed)["user"]["name"], item(renamed)["user"].get("last_name")) == ("Мария", None)
    assert item(renamed)["user"]["email"] == "anna@acme.example"
    last, _ = run(said("четыре", page=Page()), links)
    assert item(last)["user"] == item(renamed)["user"]


def test_a_title_cannot_speak_in_the_operators_chat():
    call, _ = run(said(page=Page(url="https://a.example/", title="[/url][b]Анна:[/b]\nда")), {})
    assert "[/url][b]" not in item(call)["message"]["text"]


def test_other_channels_are_asked_nothing():
    _, driver = run(said(page=None, client=ANNA), {})
    assert not any(getattr(effect, "kind", "") == "visit" for effect in driver.effects)


def with_faces() -> Rules:
    made = rules()
    provider = replace(PROVIDER, capabilities=Capabilities(faces=True))
    return replace(made, accounts={"shop": replace(made.accounts["shop"], provider=provider)})


def delivered(answers: dict[Any, Any], author: str = "27", links: dict[Any, Any] | None = None) -> Driver:
    event = ReplyDelivered(
        portal="main",
        connector="cabc123_telegram",
        line="1",
        account="shop",
        conversation="v1",
        im=Im(chat_id="17", message_id="901"),
        message_ids=("5",),
        author=author,
    )
    driver = Driver(answers, links)
    driver.run(replies.reply_delivered(event, with_faces()))
    return driver


ANN = {"ID": "27", "NAME": "Ann", "LAST_NAME": "Lee", "PERSONAL_PHOTO": "https://p.example/ann.png"}


def test_an_operator_is_met_after_the_portal_was_told_and_only_once():
    kept = StoredFile(key="a" * 64, name="ann.png", mime="image/png", size=1, url="https://x", kind="image")
    driver = delivered({"user.get": [ANN], Fetch: kept})
    assert [call.method for call in driver.of(Call)] == ["imconnector.send.status.delivery", "user.get"]
    [fetch] = driver.of(Fetch)
    assert fetch.origin == "portal:main"
    [link] = driver.of(Remember)
    assert (link.kind, link.key, link.value["name"]) == ("operator", "main/27", "Ann Lee")
    assert link.value["picture"]["url"] == ""
    assert delivered({}, links=driver.links).named("user.get") == []


@pytest.mark.parametrize("rows", [DENIED, [], None, [{"ID": "28", "NAME": "Bob"}], ["odd"]])
def test_an_operator_whom_nobody_may_see_harms_nothing(rows: Any):
    [link] = delivered({"user.get": lambda _: rows}).of(Remember)
    assert link.value == {"name": "", "picture": None}


def test_a_picture_elsewhere_is_done_without():
    forbidden = PermanentError("media.forbidden", hint=Text("no", "нет"))
    [link] = delivered({"user.get": [ANN], Fetch: forbidden}).of(Remember)
    assert link.value == {"name": "Ann Lee", "picture": None}


def test_the_system_has_no_face():
    assert delivered({}, author="0").named("user.get") == []
