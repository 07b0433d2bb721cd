"""Letters to and from one mailbox, through the handlers by hand: links are kept from one to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.effects import Effect, Emit, Look, Send
from connector.domain.events import LetterReceived, LetterWanted, MachineAnswered, MessageReceived, ReplyWritten
from connector.domain.letters import Letter
from connector.domain.mailbox import MailSettings
from connector.domain.provider import Capabilities, Provider
from connector.domain.values import Im, Person, Receipt
from connector.handlers.letters.answering import letter_wanted, letter_written
from connector.handlers.letters.arriving import letter_received, machine_answered
from connector.handlers.rules import AccountFacts, PortalFacts, Rules
from connector.letters.threads import hashed
from connector.speech import Text

from .driving import Driver

AT = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
OURS = "support@acme.ru"
MAIL = Provider(
    slug="mail", title=Text("Mail", "Почта"), settings=MailSettings, capabilities=Capabilities(), icon_svg="<svg/>"
)


def rules(**more: Any) -> Rules:
    """One portal ``main`` with the mailbox ``box``."""
    box = MailSettings(account="box", provider="mail", portal="main", line=1, address=OURS, **more)
    return Rules(
        public_url="https://hub.example",
        accounts={"box": AccountFacts(name="box", provider=MAIL, portal="main", line=1, mail=box)},
        portals={"main": PortalFacts(name="main", language="en", connectors={"mail": "cabc123_mail"})},
        at=AT,
    )


def letter(
    message_id: str,
    *,
    client: str = "ann@home.ru",
    subject: str = "Order",
    answers: str = "",
    references: tuple[str, ...] = (),
    conversation: str = "",
    marked: bool = False,
    text: str = "Hello",
    **more: Any,
) -> LetterReceived:
    """A client's letter as it is read; ``conversation`` is its own word, by default the hash of its root."""
    root = next(iter((*references, *((answers,) if answers else ()))), message_id)
    about = Letter(
        subject=subject,
        message_id=message_id,
        in_reply_to=answers,
        references=references,
        from_address=client,
        to=(OURS,),
        marked=marked,
        **more,
    )
    named = conversation or hashed(root)
    message = MessageReceived(
        account="box",
        conversation=named,
        message_id=f"f{message_id}",
        client=Person(id=client, first_name="Ann", email=client),
        text=text,
        letter=about,
    )
    return LetterReceived(account="box", conversation=named, message=message)


class Post:
    """The mailbox between two runs: its links, what came into chats, what left."""

    def __init__(self, **settings: Any) -> None:
        self.rules = rules(**settings)
        self.links: dict[tuple[str, str], Any] = {}
        self.messages: list[MessageReceived] = []
        self.sent: list[Send] = []
        self.effects: list[Effect] = []
        self.returned: Any = None
        self.answers: dict[Any, Any] = {Look: True, Send: lambda send: Receipt(ids=(send.heading.message_id,))}
        self._number = 900

    def at(self, **later: float) -> None:
        """Time goes by."""
        assert self.rules.at
        self.rules = replace(self.rules, at=self.rules.at + timedelta(**later))

    def come(self, event: LetterReceived, **more: Any) -> str:
        """Its conversation; empty when it did not become a message."""
        self._run(letter_received(event, replace(self.rules, **more)))
        emitted = [effect.event for effect in self.effects if isinstance(effect, Emit)]
        if emitted and isinstance(emitted[0], MachineAnswered):
            self._run(machine_answered(emitted[0], self.rules))
            return ""
        self.messages += emitted
        return emitted[0].conversation if emitted else ""

    def write(self, conversation: str, text: str = "Done", *, author: str = "7", **more: Any) -> Send | None:
        """What an operator writes there (``0``: the line itself); the letter that leaves, if one does."""
        self._number += 1
        return self._leave(
            letter_written(
                ReplyWritten(
                    portal="main",
                    connector="cabc123_mail",
                    line="1",
                    account="box",
                    conversation=conversation,
                    im=Im(chat_id="17", message_id=str(self._number)),
                    author=author,
                    text=f"[b]Ann Lee:[/b] [br]{text}" if author != "0" else text,
                    **more,
                ),
                self.rules,
            )
        )

    def acknowledge(self, conversation: str, because: str = "m1", **more: Any) -> Send | None:
        """The rules want an automatic letter."""
        wanted = LetterWanted(account="box", conversation=conversation, because=because, text="We got it", **more)
        return self._leave(letter_wanted(wanted, self.rules))

    def reply_to(self, send: Send, message_id: str, **more: Any) -> LetterReceived:
        """The client's answer to a letter of ours, as a usual program writes it."""
        assert send.heading
        ours = send.heading
        given: dict[str, Any] = {
            "client": ours.to,
            "subject": ours.subject,
            "answers": ours.message_id,
            "references": (*ours.references, ours.message_id),
            "conversation": ours.message_id.split(".")[1],
            "marked": True,
        }
        return letter(message_id, **{**given, **more})

    def _leave(self, plan: Any) -> Send | None:
        self._run(plan)
        left = [effect for effect in self.effects if isinstance(effect, Send)]
        self.sent += left
        return left[0] if left else None

    def _run(self, plan: Any) -> None:
        driver = Driver(self.answers, self.links)
        try:
            driver.run(plan)
        finally:
            self.effects, self.returned, self.links = driver.effects, driver.returned, driver.links
