"""Requests with a past, put into a journal as the connector itself would leave them."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connector.domain.events import MessageReceived, ReplyDelivered, ReplyWritten
from connector.domain.request import Request
from connector.domain.values import File, Im, Person
from connector.journal import CallTrail, Envelope, Journal, NewDelivery, Planned, Settlement, Step
from connector.speech import Text

LINE_OFF = Text(
    "The open line 3 is switched off. Switch it on in the Contact Center and replay.",
    "Открытая линия 3 выключена. Включите её в Контакт-центре и повторите.",
)
NEW_KIND = Text(
    "The sender writes in a way that this version cannot read. Update the connector and replay.",
    "Отправитель пишет так, как эта версия не умеет читать. Обновите коннектор и повторите.",
)


@dataclass(kw_only=True)
class Story:
    """One request and what becomes of it; texts may be anything at all."""

    at: datetime
    text: str = "Где мой заказ?"
    name: str = "Мария"
    account: str = "shop"
    conversation: str = "700001"
    number: int = 1007
    headers: Mapping[str, str] = field(
        default_factory=lambda: {
            "content-type": "application/json",
            "user-agent": "TelegramBot",
            "x-telegram-bot-api-secret-token": "s3cret",
        }
    )
    path: str = "/hooks/shop"
    remote: str = "203.0.113.9"
    files: tuple[File, ...] = ()
    body: bytes = b""
    dedupe: str = ""

    def __post_init__(self) -> None:
        self.trace = f"{int(self.at.timestamp() * 1000):012x}{secrets.token_hex(7)}"
        said = {"message_id": self.number, "from": {"id": self.conversation, "first_name": self.name}}
        update = {"update_id": self.number, "message": {**said, "text": self.text}, "token": "hidden-away"}
        self.body = self.body or json.dumps(update, ensure_ascii=False).encode()

    @property
    def envelope(self) -> Envelope:
        """The request as kept."""
        return self.made()

    def made(self, **changes: Any) -> Envelope:
        """The request, kept otherwise."""
        request = Request(
            method="POST",
            path=self.path,
            headers=self.headers,
            body=self.body,
            received_at=self.at,
            remote=self.remote,
        )
        dedupe = self.dedupe or f"{self.number}-{self.trace[-6:]}"
        made = {"trace": self.trace, "account": self.account, "dedupe_key": dedupe, "request": request}
        return Envelope(**{**made, **changes})

    def message(self) -> NewDelivery:
        """The client's message on its way to the portal."""
        event = MessageReceived(
            account=self.account,
            conversation=self.conversation,
            message_id=str(self.number),
            client=Person(id=self.conversation, first_name=self.name, username=self.name),
            text=self.text,
            files=self.files,
            position=self.number,
        )
        return NewDelivery(destination="portal:main", event=event, lane=event.lane, position=event.position)

    def reply(self) -> NewDelivery:
        """An operator's reply on its way to the client."""
        event = ReplyWritten(**self._from_portal(), text=self.text, author="7")
        return NewDelivery(destination="account:shop", event=event, lane=event.lane, position=event.position)

    def proof(self) -> NewDelivery:
        """What the channel's success means for the portal."""
        event = ReplyDelivered(**self._from_portal(), message_ids=("501",))
        return NewDelivery(destination="portal:main", event=event, lane=event.lane, position=event.position)

    def _from_portal(self) -> dict[str, Any]:
        im = Im(chat_id="77", message_id=str(self.number))
        about = {"portal": "main", "connector": "c_telegram", "line": "1", "account": "shop"}
        return {**about, "conversation": self.conversation, "im": im}


def carried_out(
    journal: Journal,
    story: Story,
    *,
    what: str = "imconnector.send.messages",
    emits: bool = False,
    state: Any = "done",
    outcome: str = "ok",
    key: str = "",
    result: Any = None,
    **settled: Any,
) -> None:
    """The destination's pump was there: one call, one keyed effect, and how the delivery of ``story`` stands then."""
    found = journal.trace(story.trace)["deliveries"][-1]
    lease = journal.lease(found["destination"])
    assert lease is not None
    (claimed,) = journal.claim(lease, lanes=1, only=[found["lane"]])
    assert claimed.trace == story.trace
    about = {"delivery_id": claimed.id, "trace": story.trace, "what": what}
    named = key or f"in:{story.account}:{story.conversation}:{story.number}"
    call = CallTrail(
        started_at=journal.clock(),
        seconds=0.148,
        outcome=outcome,
        request_id=secrets.token_hex(16),
        **about,
    )
    journal.step(lease, Step(planned=[Planned(key=named, **about)]))
    results = [(named, result or {"CHAT_ID": "77", "ID": "41"}, "")] if outcome == "ok" else []
    emitted = [(story.trace, story.proof())] if emits else []
    settlement = Settlement(delivery=claimed, state=state, attempts=1, **settled)
    journal.step(lease, Step(settled=[settlement], results=results, calls=[call], emitted=emitted))
    journal.leave(lease, force=True)


def an_hour(journal: Journal, now: datetime) -> dict[str, Story]:
    """A little of everything; the stories by what they are."""
    told = {
        name: Story(at=now - timedelta(seconds=seconds), number=1000 + seconds, conversation=f"70000{place}")
        for place, (name, seconds) in enumerate((("unread", 900), ("done", 600), ("reply", 300), ("parked", 60)))
    }
    told["reply"].account, told["reply"].path, told["reply"].text = "portal:main", "/bitrix24/events", "Уже в пути"
    unread = told["unread"].made(state="parked", cause="parse.failed", hint=NEW_KIND, detail="KeyError: 'message'")
    with then(journal, told["unread"].at):
        journal.accept(unread, [])
    with then(journal, told["done"].at):
        journal.accept(told["done"].envelope, [told["done"].message()])
        carried_out(journal, told["done"])
        journal.audit("anna", "replay", "the line is on again", "delivery:1", trace=told["done"].trace)
    with then(journal, told["reply"].at):
        journal.accept(told["reply"].envelope, [told["reply"].reply()])
        carried_out(
            journal, told["reply"], what="send", key="out:main:1300:0", result={"message_ids": ["501"]}, emits=True
        )
        carried_out(journal, told["reply"], what="imconnector.send.status.delivery", key="proof:1300", result=True)
    with then(journal, told["parked"].at):
        journal.accept(told["parked"].envelope, [told["parked"].message()])
        refused = {"outcome": "portal.refused", "cause": "portal.refused", "hint": LINE_OFF}
        carried_out(journal, told["parked"], state="parked", **refused)
    waits = Story(at=now - timedelta(seconds=5), number=2000)
    with then(journal, waits.at):
        journal.accept(waits.envelope, [waits.message()])
    return {**told, "waits": waits}


@contextmanager
def then(journal: Journal, at: datetime) -> Iterator[None]:
    """The journal's clock shows ``at`` and a few milliseconds more with every look."""
    usual, looks = journal.clock, itertools.count(1)
    journal.clock = lambda: at + timedelta(milliseconds=11 * next(looks))
    try:
        yield
    finally:
        journal.clock = usual
