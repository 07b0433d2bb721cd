"""Roles in our own console: nobody but the journal is asked, and the next request feels it."""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.effects import Remember
from connector.sync.access.hands import Hands, packs_of
from connector.sync.access.memory import CONSOLE, Move


def write_console(hands: Hands, moves: Sequence[Move]) -> None:
    """Everybody has the highest role that any source gives them; ``by`` says which source gives which."""
    for pack in hands.going(packs_of(moves)):
        hands.settle(pack, more=[_link(hands, move) for move in pack])


def _link(hands: Hands, move: Move) -> Remember:
    others = hands.others.get(move.target, {}).get(move.step.user, {})
    given = {source: held.grade for source, held in others.items()}
    by: dict[str, str] = {**given, **({hands.memory.source: move.step.grade} if move.gives else {})}
    highest = max(by.values(), key=move.target.rank, default="")
    value = {"role": highest, "by": by} if by else None
    return Remember(CONSOLE, f"{hands.memory.portal}.{move.step.user}", value)
