"""Makes events of one block: they share the account and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from connector.domain.calls import AboutCall
from connector.providers.asterisk.channels import Party

Told = TypeVar("Told", bound=AboutCall)


@dataclass(frozen=True, kw_only=True)
class Telling:
    """``account`` and ``at`` of every event that it makes."""

    account: str
    at: datetime

    def __call__(self, kind: type[Told], about: Party, **said: Any) -> Told:
        """An event about a channel: its call and leg, unless ``said`` has others."""
        return self.of(kind, said.pop("call", about.call), **{"leg": about.leg, **said})

    def of(self, kind: type[Told], call: str, **said: Any) -> Told:
        """An event about a call."""
        return kind(account=self.account, call=call[:200], at=self.at, **said)
