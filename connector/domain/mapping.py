"""What the integrator's rules have a say in: events as in :mod:`connector.domain.events`, which tells them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, kw_only=True)
class EventMapped:
    """Rules want something of the CRM of ``portal``. ``about`` is the view of what happened, ``at`` in it ISO text."""

    kind: Literal["event.mapped"] = "event.mapped"
    portal: str
    about: dict[str, Any]
    position: ClassVar[int] = 0

    @property
    def lane(self) -> str:
        """What concerns one client stays in order; the conversation itself never waits for it."""
        return f"crm.{self.about.get('account', '')}.{self.about.get('conversation', '')}"


@dataclass(frozen=True, kw_only=True)
class RecordChanged:
    """A record of a source is new or changed, or ``gone`` from it. ``record`` is its id there, ``values`` all of its
    columns (of one that is gone as they were last). ``again``: it is the same as ever, and whoever was not in the CRM
    when it was written is looked for once more.
    """

    kind: Literal["record.changed"] = "record.changed"
    portal: str
    source: str
    record: str
    values: dict[str, Any]
    gone: bool = False
    again: bool = False
    position: ClassVar[int] = 0

    @property
    def on(self) -> str:
        """The kind that rules for it are written on."""
        return f"record.{self.source}.gone" if self.gone else f"record.{self.source}"

    @property
    def lane(self) -> str:
        """One record."""
        return f"record.{self.source}.{self.record}"
