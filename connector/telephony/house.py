"""What the rooms of telephony need of the wired connector."""

from __future__ import annotations

from typing import Protocol

from connector.intake import Intake
from connector.listening.health import Seen


class House(Seen, Protocol):
    """The part that is looked at, where something is kept as well."""

    @property
    def intake(self) -> Intake: ...
