"""The scripted conversation, played through every provider that has a stand-in, and checked on both sides."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests

from connector.demo.house import DemoHouse, until
from connector.speech import Text

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
BURST_CHATS, BURST_MESSAGES = 5, 4
REPEATS = 5


@dataclass(frozen=True, kw_only=True)
class Row:
    """How one step went. ``seconds`` is from the act to the checked result; ``detail`` is empty when all is well."""

    account: str
    step: Text
    seconds: float
    detail: str = ""

    @property
    def ok(self) -> bool:
        """The step held."""
        return not self.detail


class Conversation:
    """One customer of one account, and the operator on the other side."""

    def __init__(self, house: DemoHouse, account: str, name: str = "700") -> None:
        self.house, self.account, self.name = house, account, name
        self.standin = house.standins[account]
        self.external = f"{account}.{name}"

    def post(self, request: Any) -> int:
        """The provider delivers a webhook; the HTTP status of our answer."""
        return self.house.post(self.account, request).status_code

    def messages(self, author: str = "client", name: str = "") -> list[dict[str, Any]]:
        """What stands in the chat at the portal."""
        external = f"{self.account}.{name}" if name else self.external
        known = [chat["id"] for chat in self.house.sandbox.chats() if chat["external"] == external]
        return self.house.sandbox.messages(known[0], author) if known else []

    def reply(self, text: str, files: Any = ()) -> int:
        """The operator writes; the portal's message id."""
        return int(self.house.sandbox.say(self.external, text, files=files)["id"])

    def heard(self) -> str:
        """What the customer sees, as one text."""
        return "\n".join(self.standin.heard(self.name))

    def delivered(self, message: int) -> bool:
        """The portal knows that the customer has it."""
        return any(row["id"] == message and row["delivered"] for row in self.messages("operator"))


def play(house: DemoHouse) -> Iterator[Row]:
    """Every step for every account that somebody stands in for, one row each."""
    for account in sorted(house.standins):
        talk = Conversation(house, account)
        memory: dict[str, Any] = {}
        for step, act in _STEPS:
            yield timed(account, step, partial(act, talk, memory))


def timed(account: str, step: Text, act: Callable[[], None]) -> Row:
    """Do one step and tell how it went."""
    begun = time.monotonic()
    try:
        act()
        detail = ""
    except (AssertionError, TimeoutError, LookupError, requests.RequestException) as error:
        detail = str(error) or type(error).__name__
    return Row(account=account, step=step, seconds=time.monotonic() - begun, detail=detail)


def check(held: bool, otherwise: str) -> None:
    """Raise ``AssertionError`` that says ``otherwise``."""
    if not held:
        raise AssertionError(otherwise)


def _once(talk: Conversation, text: str) -> None:
    until(f"{text!r} in the chat", lambda: any(text in row["text"] for row in talk.messages()), 20)
    found = [row for row in talk.messages() if text in row["text"]]
    check(len(found) == 1, f"{text!r} stands {len(found)} times in the chat")


def _text(talk: Conversation, memory: dict[str, Any]) -> None:
    memory["first"] = talk.standin.say(talk.name, "Good day, is the order ready?")
    check(talk.post(memory["first"]) < 300, "the webhook was not accepted")
    _once(talk, "is the order ready")


def _file(talk: Conversation, memory: dict[str, Any]) -> None:
    talk.post(talk.standin.attach(talk.name, "receipt.png", PICTURE, "The receipt"))

    def arrived() -> list[dict[str, Any]]:
        return [row for row in talk.messages() if row["files"]]

    [row] = until("the file in the chat", arrived, 20)
    check(row["files"][0]["size"] == len(PICTURE), f"the file has {row['files'][0]['size']} bytes")


def _edit(talk: Conversation, memory: dict[str, Any]) -> None:
    edited = talk.standin.edit(memory["first"], "Good day, is order 17 ready?")
    if edited is None:
        return
    talk.post(edited)
    _once(talk, "is order 17 ready")
    check(not any("the order ready" in row["text"] for row in talk.messages()), "the old text still stands")


def _reply(talk: Conversation, memory: dict[str, Any]) -> None:
    memory["reply"] = talk.reply("It is [b]ready[/b], come by.")
    until("the reply at the customer", lambda: "ready" in talk.heard(), 20)
    until("the delivery mark in the chat", lambda: talk.delivered(memory["reply"]), 20)


def _reply_file(talk: Conversation, memory: dict[str, Any]) -> None:
    message = talk.reply("The invoice", [{"name": "invoice.pdf", "content": b"%PDF-1.4 demo"}])
    until("the file at the customer", lambda: "[invoice.pdf]" in talk.heard(), 20)
    until("the delivery mark in the chat", lambda: talk.delivered(message), 20)


def _reply_edit(talk: Conversation, memory: dict[str, Any]) -> None:
    if not talk.house.connector.accounts[talk.account].provider.capabilities.edit:
        return
    talk.house.sandbox.edit(memory["reply"], "It is ready until six.")
    until("the edited reply at the customer", lambda: "until six" in talk.heard(), 20)
    check("come by" not in talk.heard(), "the customer still sees the old reply")


def _reply_delete(talk: Conversation, memory: dict[str, Any]) -> None:
    if not talk.house.connector.accounts[talk.account].provider.capabilities.delete:
        return
    talk.house.sandbox.delete(memory["reply"])
    until("the reply gone at the customer", lambda: "until six" not in talk.heard(), 20)


def _duplicate(talk: Conversation, memory: dict[str, Any]) -> None:
    request = talk.standin.say(talk.name, "Did you get this?")
    statuses = {talk.post(request) for _ in range(REPEATS)}
    check(all(status < 300 for status in statuses), f"answers {statuses}")
    _once(talk, "Did you get this")


def _burst(talk: Conversation, memory: dict[str, Any]) -> None:
    names = [f"8{number:02}" for number in range(BURST_CHATS)]
    wanted = [f"line {number}" for number in range(BURST_MESSAGES)]
    for text in wanted:
        for name in names:
            talk.post(talk.standin.say(name, text))

    def all_in_order() -> bool:
        return all([row["text"] for row in talk.messages(name=name)] == wanted for name in names)

    until("every message of the burst once and in order", all_in_order, 40)


def _refused(talk: Conversation, memory: dict[str, Any]) -> None:
    talk.standin.refuse_next()
    before = talk.heard()
    talk.reply("You will not read this.")
    until("the note to the operator", lambda: talk.messages("system"), 20)
    check(talk.heard() == before, "the customer got something")
    parked = talk.house.connector.journal.list(kind="deliveries", state="parked", destination=f"account:{talk.account}")
    check(len(parked) == 1, f"{len(parked)} deliveries parked instead of one")


def _forged(talk: Conversation, memory: dict[str, Any]) -> None:
    status = talk.post(talk.standin.forge(talk.name, "I am not the provider"))
    check(400 <= status < 500, f"a forged request was answered {status}")


_STEPS: tuple[tuple[Text, Callable[[Conversation, dict[str, Any]], None]], ...] = (
    (Text("customer writes", "клиент пишет"), _text),
    (Text("customer sends a file", "клиент шлёт файл"), _file),
    (Text("customer edits", "клиент правит"), _edit),
    (Text("operator replies", "оператор отвечает"), _reply),
    (Text("operator sends a file", "оператор шлёт файл"), _reply_file),
    (Text("operator edits", "оператор правит"), _reply_edit),
    (Text("operator deletes", "оператор удаляет"), _reply_delete),
    (Text("same request five times", "один запрос пять раз"), _duplicate),
    (Text("burst of 20 over 5 chats", "20 сообщений в 5 чатах"), _burst),
    (Text("provider refuses a reply", "провайдер отказывает"), _refused),
    (Text("forged request", "поддельный запрос"), _forged),
)
