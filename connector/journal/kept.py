"""Requests that are kept until somebody reads them: what is pushed to a source."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import RowMapping, Select, func, select, tuple_

from connector.domain.sources import Kept
from connector.journal.desk import Desk, moment
from connector.journal.schema import envelopes

_ROOM = 16 * 1024 * 1024  # bytes of bodies that are given at once


class KeptRequests(Desk):
    """Reading kept requests in the order in which they were written."""

    def kept_requests(self, account: str, since: float, trace: str, limit: int) -> Sequence[Kept]:
        """Those of ``account`` behind the place (``since``, ``trace``), by the time they were written, then by trace.

        At most ``limit``, and of large ones fewer, but never none while there are some.
        """
        with self.store.reading() as db:
            sizes = [(row.trace, row.size) for row in db.execute(_behind(account, since, trace, limit))]
            wanted = _fitting(sizes)
            rows = db.execute(_bodies(wanted)).mappings().all() if wanted else []
        return [_kept(row) for row in rows]


def _behind(account: str, since: float, trace: str, limit: int) -> Select[str, int]:
    place = tuple_(envelopes.c.created_at, envelopes.c.trace)
    return (
        select(envelopes.c.trace, func.length(envelopes.c.body).label("size"))
        .where(envelopes.c.account == account, envelopes.c.created_at >= since, place > (since, trace))
        .order_by(envelopes.c.created_at, envelopes.c.trace)
        .limit(limit)
    )


def _fitting(sizes: Sequence[tuple[str, int]]) -> list[str]:
    """The first of them that have room together; one always has."""
    room, fitting = _ROOM, list[str]()
    for trace, size in sizes:
        room -= size
        if fitting and room < 0:
            break
        fitting.append(trace)
    return fitting


def _bodies(traces: Sequence[str]) -> Select[str, float, bytes, str]:
    mine = envelopes.c
    wanted = select(mine.trace, mine.created_at, mine.body, mine.headers).where(mine.trace.in_(traces))
    return wanted.order_by(mine.created_at, mine.trace)


def _kept(row: RowMapping) -> Kept:
    return Kept(
        trace=row["trace"],
        at=moment(row["created_at"]),
        body=bytes(row["body"]),
        content_type=str(json.loads(row["headers"]).get("content-type", "")),
    )
