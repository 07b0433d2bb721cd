"""The facts a handler may lean on: who is connected to what, and the packaged mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.domain.events import ButtonPressed, MessageEdited, MessageReceived, dump
from connector.domain.mailbox import MailSettings
from connector.domain.provider import Provider
from connector.domain.telephony import PbxSettings
from connector.domain.values import Person, StoredFile
from connector.errors import PermanentError
from connector.handlers.judging import NO_RULES, Mappings
from connector.speech import Text
from mappings.open_line import chat_block, open_line_items
from mappings.people import user_block

NO_APPLICATION = Text(
    "Portal {portal} has only a webhook, and Open Lines need an OAuth application. Add `app:` to it in connector.yaml, "
    "install the application, then replay.",
    "У портала {portal} есть только вебхук, а открытым линиям нужно приложение OAuth. Добавьте ему `app:` в "
    "connector.yaml, установите приложение и повторите доставку.",
)


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """One account: its provider, its portal, and the line from the settings (``None``: chosen in Bitrix24).

    ``pbx`` is what the settings say of a PBX, ``mail`` what they say of a mailbox.
    """

    name: str
    provider: Provider
    portal: str
    line: int | None
    pbx: PbxSettings | None = None
    mail: MailSettings | None = None


@dataclass(frozen=True, kw_only=True)
class PortalFacts:
    """One configured portal: language of notes in its chats, and its connector id per provider slug."""

    name: str
    language: str
    connectors: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything handlers know beyond the event itself. ``at`` is when the delivery at hand arrived, ``late`` how many
    seconds ago that was; ``replayed``: a person wanted it done now."""

    public_url: str
    accounts: Mapping[str, AccountFacts]
    portals: Mapping[str, PortalFacts]
    mappings: Mappings = NO_RULES
    at: datetime | None = None
    late: float = 0.0
    replayed: bool = False

    def connector(self, account: str) -> str:
        """The connector id under which ``account`` speaks to its portal. A portal without an application has none:
        then ``PermanentError`` says so (trap 15)."""
        facts = self.accounts[account]
        found = self.portals[facts.portal].connectors.get(facts.provider.slug)
        if found is None:
            raise PermanentError("portal.no_application", hint=NO_APPLICATION.with_(portal=facts.portal))
        return found

    def say(self, account: str, text: Text, **values: object) -> str:
        """``text`` in the language of the account's portal."""
        return text.with_(**values).say(self.portals[self.accounts[account].portal].language)

    def items(
        self, event: MessageReceived, files: Sequence[StoredFile], notes: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """``MESSAGES[]`` items for ``imconnector.send.messages``, in order."""
        facts = self.accounts[event.account]
        return open_line_items(
            json.loads(dump(event)),
            [{"url": file.url, "name": file.name} for file in files],
            slug=facts.provider.slug,
            language=self.portals[facts.portal].language,
            notes=notes,
        )

    def user(self, account: str, client: Person) -> dict[str, Any]:
        """The ``user`` block of ``client``."""
        return user_block(vars(client), slug=self.accounts[account].provider.slug)

    def chat(self, event: MessageReceived | MessageEdited | ButtonPressed | Any) -> dict[str, Any]:
        """The ``chat`` block of the event's conversation."""
        return chat_block({"account": event.account, "conversation": event.conversation})
