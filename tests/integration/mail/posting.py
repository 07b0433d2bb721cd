"""An account of mail, and letters to send by it."""

from __future__ import annotations

from typing import Any

import requests

from connector.domain.effects import Send
from connector.domain.letters import Heading
from connector.domain.provider import Outgoing, Upload
from connector.domain.values import Receipt
from connector.providers import posting
from connector.providers.postal import PostalSettings
from connector.providers.postman import Postman

CONVERSATION = "0123456789abcdef"
OURS = f"t.{CONVERSATION}.9f8e7d6c@acme.test"
US, CLIENT = "support@acme.test", "anna@client.test"


def account(port: int, **smtp: Any) -> PostalSettings:
    """Ours; ``smtp`` is what it says besides."""
    told = {"host": "127.0.0.1", "port": port, "security": "none", **smtp}
    return PostalSettings.model_validate(
        {"account": "support", "provider": "mail", "portal": "main", "line": 1, "address": US, "smtp": told}
    )


def outgoing(text: str = "Добрый день", *uploads: Upload, message_id: str = OURS, **heading: Any) -> Outgoing:
    """A letter to the client."""
    told = Heading(**{"to": CLIENT, "subject": "Re: Заказ", "message_id": message_id, **heading})
    return Outgoing(
        command=Send(account="support", conversation=CONVERSATION, text=text, heading=told), uploads=uploads
    )


def sent(settings: PostalSettings, *what: Any, **heading: Any) -> Receipt:
    """Sent by an account without folders."""
    return posting.send(outgoing(*what, **heading), settings, Postman(settings, requests.Session()))


def upload(name: str, size: int, read: bytes | None = None) -> Upload:
    """A file of so many bytes."""
    data = b"x" * size if read is None else read
    return Upload(
        name=name, mime="application/pdf", kind="document", size=size, url=f"https://we.test/{name}", read=lambda: data
    )
