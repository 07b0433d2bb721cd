"""What the rooms of telephony need of the wired connector."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from connector.intake import Account, Intake
from connector.journal import Journal


class Seen(Protocol):
    """The part of the wired connector that is looked at."""

    @property
    def journal(self) -> Journal: ...
    @property
    def accounts(self) -> Mapping[str, Account]: ...
    def clock(self) -> datetime: ...


class House(Seen, Protocol):
    """The same where something is kept as well."""

    @property
    def intake(self) -> Intake: ...
