"""One conversation seen from both ends: the customer at the provider, the operator in the portal."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from connector.domain.request import Request
from tests.integration.house.crowd import post, post_until_taken
from tests.integration.house.house import House
from tests.integration.house.waiting import until


@dataclass(frozen=True)
class Talk:
    """``name`` is the provider's id of the conversation; the portal's chat is ``<account>.<name>``."""

    house: House
    account: str
    name: str

    @property
    def chat(self) -> str:
        """The external id of the portal's chat."""
        return f"{self.account}.{self.name}"

    def words(self, text: str) -> Request:
        """The request by which the provider would bring ``text``; nothing is sent."""
        with self.house.stage.lock:
            return self.house.standin(self.account).say(self.name, text)

    def post(self, request: Request) -> requests.Response:
        """Send a request once."""
        return post(self.house.url, self.account, request)

    def say(self, text: str) -> Request:
        """The customer writes; returns when the request is taken."""
        request = self.words(text)
        self.deliver(request)
        return request

    def deliver(self, request: Request) -> None:
        """Repeat a request until it is taken."""
        post_until_taken(self.house.url, self.account, request)

    def shown(self, author: str = "client") -> list[str]:
        """The texts of the portal's chat that are not deleted; none while there is no chat."""
        return [row["text"] for row in self.rows(author) if not row["deleted"]]

    def rows(self, author: str = "") -> list[dict[str, Any]]:
        """The messages of the portal's chat."""
        known = {chat["external"] for chat in self.house.sandbox.chats()}
        return self.house.sandbox.messages(self.chat, author) if self.chat in known else []

    def reply(self, text: str = "", files: Iterable[Mapping[str, Any]] = ()) -> int:
        """The operator writes; returns the portal's id of the message."""
        return int(self.house.sandbox.say(self.chat, text, files=files)["id"])

    def reply_row(self, message: int) -> dict[str, Any]:
        """A message of the portal's chat by its id."""
        return next(row for row in self.rows() if row["id"] == message)

    def heard(self) -> list[str]:
        """What the customer sees, without the operator's name before it."""
        return [text.rpartition("\n")[2] for text in self.house.stage.heard(self.account, self.name)]

    def sees(self, *texts: str, seconds: float = 20.0, author: str = "client") -> None:
        """Wait until exactly ``texts`` stand in the portal's chat, in order."""
        until(lambda: self.shown(author) == list(texts), seconds=seconds, what=f"{self.chat} shows {texts}")

    def hears(self, *texts: str, seconds: float = 20.0) -> None:
        """Wait until the customer sees exactly ``texts``, in order."""
        until(lambda: self.heard() == list(texts), seconds=seconds, what=f"{self.chat} hears {texts}")

    def deliveries(self, state: str) -> list[dict[str, Any]]:
        """The deliveries of this conversation in a state, both ways."""
        lanes = (self.chat, f"reply.{self.chat}")
        return [row for row in self.house.journal.list(state=state, limit=2000) if row["lane"] in lanes]

    def settles(self, *texts: str, seconds: float = 20.0) -> None:
        """Wait until the chat shows exactly ``texts`` and nothing is under way that could change it."""
        self.sees(*texts, seconds=seconds)
        self.quiet()
        assert self.shown() == list(texts)

    def quiet(self, seconds: float = 20.0) -> None:
        """Wait until nothing of this conversation is under way; nothing of it may be parked."""
        until(lambda: not self.deliveries("waiting"), seconds=seconds, what=f"{self.chat} is quiet")
        assert self.deliveries("parked") == []


@dataclass(frozen=True)
class Talks:
    """New conversations, each with a name that no test had before."""

    house: House
    numbers: Iterable[int] = itertools.count(7001)

    def new(self, account: str = "shop") -> Talk:
        """A conversation that nobody has begun."""
        return Talk(self.house, account, str(next(iter(self.numbers))))
