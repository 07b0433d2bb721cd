"""An account of the generic provider and the system at its other end."""

from __future__ import annotations

import json
from typing import Any

from connector.domain.effects import Send
from connector.domain.provider import Outgoing
from connector.providers.generic import outbound
from connector.providers.generic.settings import GenericSettings
from connector.providers.generic.standin import GenericStandIn
from tests.contract.providers.recorded import Wire

# facts/providers.md §5
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_b2xkLXNlY3JldC1vZi10aGUtcmVjb3JkaW5ncy0w"
RAW: dict[str, Any] = {
    "account": "app",
    "provider": "generic",
    "portal": "main",
    "secret": SECRET,
    "deliver_url": "https://chat.example/in",
}


def account(**changes: Any) -> GenericSettings:
    return GenericSettings.model_validate(RAW | changes)


class Receiver:
    """The other end, with the account that delivers to it."""

    def __init__(self, **changes: Any) -> None:
        self.settings = account(**changes)
        self.standin = GenericStandIn(self.settings)
        self.wire = Wire(self.standin.handle)

    def do(self, command: Any, key: str = "", *uploads: Any) -> Any:
        outgoing = Outgoing(command=command, idempotency_key=key, uploads=uploads)
        return outbound.send(outgoing, self.settings, self.wire)

    def send(self, text: str, key: str = "", *uploads: Any) -> Any:
        return self.do(Send(account="app", conversation="7", text=text, reply_to="m1"), key, *uploads)

    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.wire.seen]
