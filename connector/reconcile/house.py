"""What reconciling needs of the wired connector."""

from __future__ import annotations

from typing import Protocol

from connector import repair
from connector.handlers.rules import Rules
from connector.intake import Intake


class House(repair.House, Protocol):
    """The part of the wired connector that is looked through."""

    @property
    def intake(self) -> Intake: ...
    @property
    def rules(self) -> Rules: ...
