"""So much of strangers' texts fits on one page: what is long is cut, so that the page stays light whatever came in."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from webhooks.console.masking import visible

# What HTML makes of these characters.
_COSTS = {"<": 4, ">": 4, "&": 5, '"': 5, "'": 5}


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A text, and whether something of it was left out."""

    text: str
    cut: bool = False


class Purse:
    """``left`` bytes of HTML to spend on texts."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, text: str, most: int) -> Cut:
        """As much of ``text`` as ``most`` bytes and the purse allow; invisible characters become visible."""
        room = max(0, min(most, self.left))
        shown = visible(text[: room + 1])
        totals = list(accumulate(map(_cost, shown)))
        kept = bisect_right(totals, room)
        self.left -= totals[kept - 1] if kept else 0
        return Cut(text=shown[:kept], cut=kept < len(shown))

    def word(self, text: str, most: int = 200) -> str:
        """The same for a short text: ``…`` stands for what was left out."""
        taken = self.take(text, most)
        return f"{taken.text}…" if taken.cut else taken.text


def _cost(letter: str) -> int:
    return _COSTS.get(letter) or len(letter.encode(errors="replace"))
