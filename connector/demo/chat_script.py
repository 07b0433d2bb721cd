"""The scripted conversation of the web chat, by its HTTP contract, checked on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connector.demo.browser import Visitor, words
from connector.demo.house import DemoHouse, until
from connector.demo.script import PICTURE, REPEATS, Row, check, timed
from connector.speech import Text

SECONDS = 20


@dataclass(kw_only=True)
class Talk:
    """The visitor, and the same conversation at the portal."""

    house: DemoHouse
    account: str
    visitor: Visitor
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def external(self) -> str:
        """The chat's name in the portal."""
        return f"{self.account}.{self.visitor.name}"

    def at_portal(self, author: str = "client") -> list[dict[str, Any]]:
        """What stands in the chat at the portal."""
        known = [chat["id"] for chat in self.house.sandbox.chats() if chat["external"] == self.external]
        return self.house.sandbox.messages(known[0], author) if known else []

    def heard(self, text: str) -> dict[str, Any] | None:
        """The operator's message with this text as the visitor sees it now."""
        rows = [row for row in self.visitor.messages("operator") if not row["deleted"]]
        return next((row for row in rows if text in words(row)), None)

    def delivered(self, message: int) -> bool:
        """The portal knows that the visitor has it."""
        return any(row["id"] == message and row["delivered"] for row in self.at_portal("operator"))


def play_chat(house: DemoHouse) -> Iterator[Row]:
    """Every step, one row each; none when the demo has no web chat."""
    account = house.account("webchat")
    if not account:
        return
    talk = Talk(house=house, account=account, visitor=Visitor(house, account, house.url))
    for step, act in _STEPS:
        yield timed(account, step, partial(act, talk))


def _stands_once(talk: Talk, text: str) -> None:
    until(f"{text!r} in the chat", lambda: any(text in row["text"] for row in talk.at_portal()), SECONDS)
    found = [row for row in talk.at_portal() if text in row["text"]]
    check(len(found) == 1, f"{text!r} stands {len(found)} times in the chat")


def _text(talk: Talk) -> None:
    talk.visitor.say("Good day, is the order ready?")
    _stands_once(talk, "is the order ready")


def _file(talk: Talk) -> None:
    talk.visitor.say("The receipt", [talk.visitor.attach("receipt.png", "image/png", PICTURE)])
    [row] = until("the file in the chat", lambda: [row for row in talk.at_portal() if row["files"]], SECONDS)
    check(row["files"][0]["size"] == len(PICTURE), f"the file has {row['files'][0]['size']} bytes")


def _reply(talk: Talk) -> None:
    talk.memory["reply"] = message = int(talk.house.sandbox.say(talk.external, "It is [b]ready[/b], come by.")["id"])
    seen = until("the reply at the visitor", lambda: talk.heard("ready"), SECONDS)
    check(any(part.get("bold") for part in seen["parts"]), "the reply lost its bold words")
    until("the delivery mark in the chat", lambda: talk.delivered(message), SECONDS)


def _reply_file(talk: Talk) -> None:
    content = b"%PDF-1.4 demo"
    talk.house.sandbox.say(talk.external, "The invoice", files=[{"name": "invoice.pdf", "content": content}])

    def arrived() -> list[dict[str, Any]]:
        return [file for row in talk.visitor.messages("operator") for file in row["files"]]

    [file] = until("the file at the visitor", arrived, SECONDS)
    check(file["name"] == "invoice.pdf", f"the file is called {file['name']}")
    check(talk.visitor.content(file["url"]) == content, "the file came changed")


def _reply_edit(talk: Talk) -> None:
    talk.house.sandbox.edit(talk.memory["reply"], "It is ready until six.")
    seen = until("the edited reply at the visitor", lambda: talk.heard("until six"), SECONDS)
    check(seen["edited"] and talk.heard("come by") is None, "the visitor still sees the old reply")


def _reply_delete(talk: Talk) -> None:
    talk.house.sandbox.delete(talk.memory["reply"])
    until("the reply gone at the visitor", lambda: talk.heard("until six") is None, SECONDS)


def _repeated(talk: Talk) -> None:
    number = talk.visitor.say("Did you get this?")
    for _ in range(REPEATS - 1):
        talk.visitor.say("Did you get this?", number=number)
    _stands_once(talk, "Did you get this")
    shown = [row for row in talk.visitor.messages("visitor") if "Did you get this" in words(row)]
    check(len(shown) == 1, f"the visitor sees it {len(shown)} times")


def _foreign(talk: Talk) -> None:
    status = talk.visitor.from_elsewhere()
    check(status == 403, f"a page of another site was answered {status}")


_STEPS: tuple[tuple[Text, Callable[[Talk], None]], ...] = (
    (Text("visitor writes", "посетитель пишет"), _text),
    (Text("visitor sends a file", "посетитель шлёт файл"), _file),
    (Text("operator replies", "оператор отвечает"), _reply),
    (Text("operator sends a file", "оператор шлёт файл"), _reply_file),
    (Text("operator edits", "оператор правит"), _reply_edit),
    (Text("operator deletes", "оператор удаляет"), _reply_delete),
    (Text("same message five times", "одно сообщение пять раз"), _repeated),
    (Text("page of another site", "страница чужого сайта"), _foreign),
)
