"""What a look at tags came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from connector.speech import Text

MOST = 200  # problems and changes that are told one by one


@dataclass(frozen=True, kw_only=True)
class TagChange:
    """The tags of one row (``3.42``, ``task.7``, ``group.5``) or, on the ``source`` side, of one record."""

    record: str
    place: str
    side: Literal["portal", "source"]
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(kw_only=True)
class TagsOutcome:
    """``looked`` records, of them ``unplaced`` that speak of nothing in the portal and ``missing`` whose row is not
    there; rows written in ``portal`` and ``source``, tags ``added`` and ``removed``; ``later`` could not be written
    now, ``held`` were held by the brake. ``problems`` (record, what to do) and ``changes`` are the first of them.

    ``after`` is the record to go on behind; ``finished``: there is none.
    """

    looked: int = 0
    unplaced: int = 0
    missing: int = 0
    portal: int = 0
    source: int = 0
    added: int = 0
    removed: int = 0
    later: int = 0
    held: int = 0
    failed: int = 0
    problems: list[tuple[str, Text]] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    changes: list[TagChange] = field(default_factory=list)
    after: str = ""
    finished: bool = False

    def problem(self, record: str, what: Text) -> None:
        """A record whose tags stay as they are."""
        self.failed += 1
        if len(self.problems) < MOST:
            self.problems.append((record, what))

    def note(self, what: Text) -> None:
        """For a person, once."""
        if what not in self.notes:
            self.notes.append(what)

    def change(self, change: TagChange) -> None:
        """Tags that were written, or would be."""
        if change.side == "portal":
            self.portal += 1
            self.added += len(change.added)
            self.removed += len(change.removed)
        else:
            self.source += 1
        if len(self.changes) < MOST:
            self.changes.append(change)
