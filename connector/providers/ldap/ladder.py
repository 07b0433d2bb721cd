"""Groups within groups: in which groups somebody is who is in these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set


class Ladder:
    """``parents`` are the groups that each group is directly in; circles are no harm."""

    def __init__(self, parents: Mapping[int, Set[int]]) -> None:
        self._parents = parents
        self._known: dict[int, frozenset[int]] = {}

    def above(self, groups: Iterable[int]) -> set[int]:
        """``groups`` and all that they are in, through however many others."""
        return {group for start in groups for group in self._climb(start)}

    def _climb(self, start: int) -> frozenset[int]:
        if start not in self._known:
            seen, ahead = {start}, [start]
            while ahead:
                found = self._parents.get(ahead.pop(), frozenset()) - seen
                seen |= found
                ahead += found
            self._known[start] = frozenset(seen)
        return self._known[start]
