"""Turning the pages of a list that lives: rows come and go before our place while it is read.

A place is an index into a page and the mark of the row before it, the *anchor*. Where the anchor stands elsewhere by
now, rows have shifted, and what was not seen may still be there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from connector.domain.sources import Broken, Record
from connector.errors import PermanentError
from connector.speech import Text

_ROUND = Text(
    "The pages of this source go round in a circle: the page after this one was read before. Check pages: of the "
    "source in connector.yaml (by, param, next, cursor) against the service's documentation.",
    "Страницы источника идут по кругу: следующая уже была прочитана. Сверьте pages: источника в connector.yaml "
    "(by, param, next, cursor) с документацией сервиса.",
)
_IGNORED = Text(
    "The service gives the same page again: it does not heed {name}. Check the source against its documentation.",
    "Сервис снова отдаёт ту же страницу: он не учитывает {name}. Сверьте источник с документацией сервиса.",
)


def mark(row: Record | Broken) -> str:
    """By what a row is known again on the next page."""
    if row.id:
        return row.id
    return "#" + hashlib.sha256(json.dumps(row.values, sort_keys=True, default=str).encode()).hexdigest()[:16]


def resume(marks: Sequence[str], at: int, anchor: str) -> int | None:
    """The index after the anchor: ``at``, unless rows have shifted; ``None``: it is not on this page.

    Then pages are *sought* backwards, one after the other, by ``at`` 0 with the anchor, until one has it or the list
    begins. Without an anchor a page is read from ``at`` on.
    """
    if not anchor or (at and marks[at - 1 : at] == [anchor]):
        return at
    return marks.index(anchor) + 1 if anchor in marks else None


def once_only(slug: str, circle: Mapping[str, Any] | None, place: Any) -> dict[str, Any]:
    """Brent's cycle detection, so small that it lies in a position: ``circle`` after going to ``place``.

    Raises ``PermanentError`` (``<slug>.circle``) once ``place`` is one where we have been.
    """
    here = hashlib.sha256(json.dumps(place, sort_keys=True).encode()).hexdigest()[:16]
    known, steps = (circle or {}).get("mark"), (circle or {}).get("steps", 0) + 1
    if here == known:
        raise PermanentError(f"{slug}.circle", hint=_ROUND)
    return {"mark": here if steps & (steps - 1) == 0 else known, "steps": steps}


def again(slug: str, times: int, same: bool, name: str) -> int:
    """How many pages in a row have begun with the ``same`` row, ``times`` before this one.

    Raises ``PermanentError`` (``<slug>.ignored``) at the second repetition: the first may be rows that have shifted by
    a page. ``name`` is what the service does not seem to heed.
    """
    if same and times:
        raise PermanentError(f"{slug}.ignored", hint=_IGNORED.with_(name=name))
    return times + 1 if same else 0
