"""What handlers remember: small JSON values by kind and key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from connector.domain.effects import Remember
from connector.journal.desk import Desk
from connector.journal.engine import upsert
from connector.journal.rows import clean, pack
from connector.journal.schema import links


class Links(Desk):
    """Reading links, and writing them outside a pump's step."""

    def recall(self, kind: str, key: str) -> Any | None:
        """The remembered JSON value, or ``None``."""
        wanted = select(links.c.value).where(links.c.kind == clean(kind), links.c.key == clean(key))
        with self.store.reading() as db:
            value = db.execute(wanted).scalar()
        return None if value is None else json.loads(value)

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


def write_links(db: Connection, remembered: Sequence[Remember], *, owner: str, now: float) -> None:
    """Keep or forget, in order. An owner once known stays when the edge writes without one."""
    for link in remembered:
        name = {"kind": clean(link.kind), "key": clean(link.key)}
        if link.value is None:
            db.execute(delete(links).where(links.c.kind == name["kind"], links.c.key == name["key"]))
            continue
        values = {"value": pack(link.value), "updated_at": now}
        kept = {**values, "owner": owner} if owner else values
        statement = upsert(db, links).values(**name, **values, owner=owner)
        db.execute(statement.on_conflict_do_update(index_elements=["kind", "key"], set_=kept))
