"""The guided tour: each step is done when it was observed, never because somebody pressed "next"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.demo.counting import Key, Sight


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything the proofs look at. ``lanes`` are the visitor's conversations, ``chats`` their ids in the portal,
    ``talks`` counts their calls there that have a recording, ``shipments`` what the warehouse has there.
    """

    sight: Sight
    lanes: frozenset[str]
    chats: frozenset[int]
    opened: frozenset[int]
    stories: int
    replies: tuple[Mapping[str, Any], ...]
    talks: int
    shipments: int
    down: bool

    @property
    def mine(self) -> tuple[Key, ...]:
        """What the visitor wrote, in order."""
        return tuple(key for key in self.sight.kept if key[0] in self.lanes)


@dataclass
class Tour:
    """``done`` holds the steps that were proven; they are looked at in order, one by one."""

    done: list[str] = field(default_factory=list)
    _during: set[Key] = field(default_factory=set)
    _stories: int = 0

    def look(self, facts: Facts) -> None:
        """Tick off what is proven by now."""
        if facts.down:
            self._during |= {key for key in facts.mine if not facts.sight.standing.get(key)}
        for name, proof in PROOFS.items():
            if name in self.done:
                continue
            if not proof(self, facts):
                return
            self.done.append(name)
            self._stories = facts.stories

    def _wrote(self, facts: Facts) -> bool:
        return bool(facts.mine)

    def _opened(self, facts: Facts) -> bool:
        return bool(facts.chats & facts.opened)

    def _answered(self, facts: Facts) -> bool:
        return any(reply["files"] and not reply["sending"] for reply in facts.replies)

    def _read(self, facts: Facts) -> bool:
        return facts.stories > self._stories

    def _talked(self, facts: Facts) -> bool:
        return facts.talks > 0

    def _shipped(self, facts: Facts) -> bool:
        return facts.shipments > 0

    def _wrote_twice(self, facts: Facts) -> bool:
        return len(self._during) > 1

    def _came_back(self, facts: Facts) -> bool:
        score = facts.sight.score(self._during)
        whole = score.delivered == score.sent and not score.doubled
        return whole and not facts.down and all(facts.sight.in_order(lane) for lane, _ in self._during)


PROOFS: Mapping[str, Callable[[Tour, Facts], bool]] = {
    "write": Tour._wrote,
    "desk": Tour._opened,
    "file": Tour._answered,
    "story": Tour._read,
    "call": Tour._talked,
    "stock": Tour._shipped,
    "down": Tour._wrote_twice,
    "back": Tour._came_back,
}
