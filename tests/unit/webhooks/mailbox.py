"""A mailbox of fakes: an account of mail that is listened to, or that webhooks bring letters to."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from connector.domain.events import LetterReceived, MessageReceived
from connector.domain.letters import Letter
from connector.domain.provider import Capabilities, Channel, Provider
from connector.domain.values import Person, Receipt
from connector.providers.postal import PostalSettings, dedupe_key, locate, parse
from connector.routes import Account
from connector.speech import Text


def mailbox(name: str = "support", *, listens: bool = True, check: Any = None, **settings: Any) -> Account:
    """A wired account of the fake mail provider."""
    provider = Provider(
        slug="fakemail",
        title=Text("Fake mail", "Учебная почта"),
        settings=PostalSettings,
        capabilities=Capabilities(),
        icon_svg="<svg/>",
        check=check,
        channel=Channel(
            verify=lambda request, settings: None,
            dedupe_key=dedupe_key,
            parse=parse,
            send=lambda outgoing, settings, http: Receipt(),
            locate=locate,
            listen=(lambda settings, listening: None) if listens else None,
        ),
    )
    told = {"address": f"{name}@acme.ru", "smtp": {"host": "smtp.acme.ru"}, "line": 2, **settings}
    made = PostalSettings.model_validate({"account": name, "provider": "fakemail", "portal": "main", **told})
    return Account(
        name=name, settings=made, provider=provider, portal="main", http=SimpleNamespace(request=lambda *_, **__: None)
    )


def letter(
    subject: str = "Where is my order?",
    *,
    client: str = "ann@home.ru",
    account: str = "support",
    conversation: str = "c1",
    text: str = "Hello",
    spam: str = "",
    **more: Any,
) -> LetterReceived:
    """A client's letter as it is read."""
    about = Letter(subject=subject, message_id=f"{conversation}@home.ru", from_address=client, spam=spam, **more)
    message = MessageReceived(
        account=account,
        conversation=conversation,
        message_id=conversation,
        client=Person(id=client, first_name="Ann", email=client),
        text=text,
        letter=about,
    )
    return LetterReceived(account=account, conversation=conversation, message=message)


def stood(state: str, since: datetime, heard: datetime | None = None, why: Any = "") -> dict[str, Any]:
    """What ``listen`` writes of a stream."""
    return {"state": state, "since": since.isoformat(), "heard": heard.isoformat() if heard else "", "why": why}
