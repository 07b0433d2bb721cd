"""What is remembered of a row and a record whose tags were merged: link ``tagsync`` by ``<portal>.<row>|<source>``."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connector.sync.tags.merging import Known
from connector.sync.tags.spelling import Spelled, key_of, spelled

TAGSYNC = "tagsync"
"""{"source", "portal", "agreed": tags as written, "by": {key: giver}, "record": its id, "stale": hash, "at": ISO}"""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A link as it was read. ``stale`` is the hash of the record that we wrote tags back to: as long as its row in the
    mirror has it, the mirror tells what was there before.
    """

    known: Known
    source: Spelled
    record: str
    stale: str
    value: Mapping[str, Any] = field(repr=False)


def memory_of(value: Any) -> Memory | None:
    """The link's value as it is worked with."""
    if not isinstance(value, Mapping):
        return None
    known = Known(
        source=_keys(value.get("source")),
        portal=_keys(value.get("portal")),
        agreed=_keys(value.get("agreed")),
        by=dict(value.get("by") or {}),
    )
    record, stale = str(value.get("record") or ""), str(value.get("stale") or "")
    return Memory(known=known, source=spelled(value.get("source") or ()), record=record, stale=stale, value=value)


def link_value(
    after: Known, names: Spelled, *, record: str, stale: str, before: Memory | None, now: datetime
) -> dict[str, Any] | None:
    """The link's new value; ``None`` when it says what it said before."""
    value: dict[str, Any] = {
        "source": _written(after.source, names),
        "portal": _written(after.portal, names),
        "agreed": _written(after.agreed, names),
        "by": dict(sorted(after.by.items())),
        "record": record,
        "stale": stale,
    }
    if before is not None and {**value, "at": before.value.get("at")} == before.value:
        return None
    return {**value, "at": now.isoformat(timespec="seconds")}


def _keys(tags: Any) -> frozenset[str]:
    return frozenset(key_of(tag) for tag in tags or ())


def _written(keys: Set[str], names: Spelled) -> list[str]:
    return sorted(names.get(key, key) for key in keys)
