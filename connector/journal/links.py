"""What handlers remember: small JSON values by kind and key."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, delete, select, tuple_

from connector.domain.effects import Remember
from connector.journal.desk import Desk, moment
from connector.journal.engine import upsert
from connector.journal.rows import clean, pack
from connector.journal.schema import links

# Built once: a pump reads and writes links for every message.
_NAMED = (links.c.kind == bindparam("wanted_kind")) & (links.c.key == bindparam("wanted_key"))
_RECALL = select(links.c.value).where(_NAMED)
_RECALL_ALL = select(links.c.kind, links.c.key, links.c.value).where(
    tuple_(links.c.kind, links.c.key).in_(bindparam("names", expanding=True))
)
_WRITTEN = select(links.c.kind, links.c.key, links.c.updated_at).where(
    tuple_(links.c.kind, links.c.key).in_(bindparam("names", expanding=True))
)
_FORGET = delete(links).where(_NAMED)
_SLICE = 2000  # SQLite takes some thousand parameters
_LAST = "\U0010ffff"  # no name goes beyond it, compared bytewise


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link of some kind, and when it was last written."""

    key: str
    value: Any
    at: datetime


class Links(Desk):
    """Reading links, and writing them outside a pump's step."""

    def recall(self, kind: str, key: str) -> Any | None:
        """The remembered JSON value, or ``None``."""
        with self.store.reading() as db:
            value = db.execute(_RECALL, _name(kind, key)).scalar()
        return None if value is None else json.loads(value)

    def recall_all(self, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], Any]:
        """The remembered values of many (kind, key) at once; what is not remembered is absent."""
        asked = {(clean(kind), clean(key)): (kind, key) for kind, key in names}
        every, found = list(asked), dict[tuple[str, str], Any]()
        with self.store.reading() as db:
            for at in range(0, len(every), _SLICE):
                rows = db.execute(_RECALL_ALL, {"names": every[at : at + _SLICE]})
                found |= {asked[row.kind, row.key]: json.loads(row.value) for row in rows}
        return found

    def links_like(self, kind: str, prefix: str = "", *, limit: int = 1000) -> list[Link]:
        """The links of one kind whose key begins with ``prefix``, by their keys; ``limit`` of them at most."""
        begins, named = clean(prefix), links.c.kind == clean(kind)
        wanted = select(links.c.key, links.c.value, links.c.updated_at).where(named)
        if begins:
            wanted = wanted.where(links.c.key >= begins, links.c.key < begins + _LAST)
        with self.store.reading() as db:
            rows = db.execute(wanted.order_by(links.c.key).limit(limit)).all()
        return [Link(key=row.key, value=json.loads(row.value), at=moment(row.updated_at)) for row in rows]

    def links_written(self, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
        """When these (kind, key) were last written; what is not remembered is absent."""
        asked = {(clean(kind), clean(key)): (kind, key) for kind, key in names}
        with self.store.reading() as db:
            rows = db.execute(_WRITTEN, {"names": list(asked)}).all()
        return {asked[row.kind, row.key]: moment(row.updated_at) for row in rows}

    def remember(self, kind: str, key: str, value: Any, *, owner: str = "") -> None:
        """Keep a JSON value; ``None`` forgets it. ``owner`` is the destination it belongs to (``portal:<name>``)."""
        with self.store.writing() as db:
            write_links(db, [Remember(kind, key, value)], owner=owner, now=self.now())

    def links_of(self, owner: str) -> list[dict[str, Any]]:
        """All links that ``owner`` remembered: ``{"kind", "key", "value"}``, for an export."""
        wanted = select(links).where(links.c.owner == owner).order_by(links.c.kind, links.c.key)
        with self.store.reading() as db:
            rows = db.execute(wanted).mappings().all()
        return [{"kind": row["kind"], "key": row["key"], "value": json.loads(row["value"])} for row in rows]


def moment_in(value: Any) -> datetime | None:
    """The moment that a link keeps as ISO text; ``None`` for anything else, and for one without a zone."""
    try:
        at = datetime.fromisoformat(str(value or ""))
    except ValueError:
        return None
    return at if at.tzinfo else None


def write_links(db: Connection, remembered: Sequence[Remember], *, owner: str, now: float) -> None:
    """Keep or forget, in order. An owner once known stays when the edge writes without one."""
    for forget, some in groupby(remembered, key=lambda link: link.value is None):
        if forget:
            db.execute(_FORGET, [_name(link.kind, link.key) for link in some])
            continue
        rows = [
            {
                "kind": clean(link.kind),
                "key": clean(link.key),
                "value": pack(link.value),
                "owner": owner,
                "updated_at": now,
            }
            for link in some
        ]
        db.execute(_keeping(db.dialect.name, bool(owner)), rows)


@cache
def _keeping(dialect: str, owned: bool) -> Insert:
    statement = upsert(dialect, links)
    kept = ("value", "updated_at", "owner") if owned else ("value", "updated_at")
    return statement.on_conflict_do_update(
        index_elements=["kind", "key"], set_={name: statement.excluded[name] for name in kept}
    )


def _name(kind: str, key: str) -> dict[str, str]:
    return {"wanted_kind": clean(kind), "wanted_key": clean(key)}
