"""Names of columns out of a header, as people write them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any


def named(header: Iterable[Any], rename: Mapping[str, str]) -> list[str]:
    """A name for each column, blanks trimmed: an empty one (or the rest of a merged one) is ``column_3`` by its place,
    and the second of a name is ``name_2``. Then ``rename`` is applied. Blank columns at the end are none.
    """
    own = [" ".join(str("" if cell is None else cell).replace("\0", "").split()) for cell in header]
    while own and not own[-1] and f"column_{len(own)}" not in rename:
        own.pop()
    found, names = set[str](), list[str]()
    for place, name in enumerate(own, 1):
        first = apart(name or f"column_{place}", found)
        found.add(first)
        names.append(apart(rename.get(first, first), names))
    return names


def apart(name: str, taken: Collection[str]) -> str:
    """The name, numbered when it is taken."""
    free, count = name, 1
    while free in taken:
        count += 1
        free = f"{name}_{count}"
    return free
