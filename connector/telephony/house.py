"""What the rooms of telephony need of the wired connector."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from connector.intake import Account, Intake
from connector.journal import Journal


class House(Protocol):
    """The part of the wired connector that is looked at."""

    @property
    def journal(self) -> Journal: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def portals(self) -> Mapping[str, Any]: ...
    @property
    def accounts(self) -> Mapping[str, Account]: ...
    def clock(self) -> datetime: ...
