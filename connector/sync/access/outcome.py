"""What came of a run over access groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from connector.speech import Text
from connector.sync.access.brake import Braked
from connector.sync.access.matching import Unmatched

__all__ = ["AccessOutcome", "Braked", "Change", "Unmatched"]

What = Literal["granted", "revoked", "invited", "dismissed", "learned"]
State = Literal["planned", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that a run did, would do (``planned``) or could not do. ``user`` is 0 for somebody who has none."""

    what: What
    target: str
    user: int
    person: str
    grade: str
    why: str
    state: State


@dataclass(kw_only=True)
class AccessOutcome:
    """Counts, and what a person should know. ``finished`` is false when the run was told to stop: run it again, it
    goes on. ``braked`` targets wait for ``--allow-gone``; ``problems`` are what the portal or the source refused.
    """

    grants: int = 0
    revokes: int = 0
    unmatched: tuple[Unmatched, ...] = ()
    braked: tuple[Braked, ...] = ()
    notes: tuple[Text, ...] = ()
    problems: tuple[Text, ...] = ()
    changes: list[Change] = field(default_factory=list)
    finished: bool = True
