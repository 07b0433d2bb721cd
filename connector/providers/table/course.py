"""How far a run has come, as JSON between two pages and between two runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from connector.domain.sources import Broken, Position, Record
from connector.speech import Text


@dataclass(kw_only=True)
class Course:
    """A position while it is gone on from, and the page that comes of it.

    ``seen`` are fingerprints by name of what was read, ``waiting`` of what was left with the time since when it is so,
    ``todo`` of what is to come: the first is being read, ``at`` is the offset in its lines. ``whole`` ends when
    something could not be read as it was; then the next run reads everything again.
    """

    full: bool
    whole: bool
    seen: dict[str, str]
    waiting: dict[str, tuple[str, float]]
    todo: list[tuple[str, str]]
    at: int = 0
    notes: list[Text] = field(default_factory=list)
    rows: list[Record] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    bytes: int = 0

    @classmethod
    def of(cls, position: Position) -> Self:
        """As :meth:`told` told it."""
        return cls(
            full=position["full"],
            whole=position["whole"],
            seen=dict(position["seen"]),
            waiting={name: (mark, since) for name, (mark, since) in position["waiting"].items()},
            todo=[(name, mark) for name, mark in position["todo"]],
            at=position["at"],
            notes=[Text(*note) for note in position["notes"]],
        )

    def told(self, manner: str) -> dict[str, Any]:
        """The position; ``manner`` is how files are read now."""
        todo, notes = [list(each) for each in self.todo], [list(note) for note in self.notes]
        return {**self.kept(manner), "full": self.full, "todo": todo, "at": self.at, "notes": notes}

    def kept(self, manner: str) -> dict[str, Any]:
        """The bookmark: what the next run must know."""
        waiting = {name: list(told) for name, told in self.waiting.items()}
        return {"manner": manner, "whole": self.whole, "seen": self.seen, "waiting": waiting}

    def count(self) -> int:
        """The rows of the page so far, broken ones too."""
        return len(self.rows) + len(self.broken)

    def next(self) -> None:
        """Go on to the file after this."""
        self.todo.pop(0)
        self.at = 0

    def leave(self, note: Text) -> None:
        """The file that was to be read is not; what it tells was not seen."""
        self.notes.append(note)
        self.whole = False
        self.next()
