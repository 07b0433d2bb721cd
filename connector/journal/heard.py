"""What was last heard of a sender: a green dashboard over a dead channel is the worst of all (trap 18)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from connector.journal.desk import Desk, moment
from connector.journal.schema import envelopes


class Heard(Desk):
    """Two cheap looks at the envelopes."""

    def arrived(self, account: str, dedupe_key: str) -> datetime | None:
        """When the request known by this key was received, ``None`` while it was not."""
        mine = (envelopes.c.account == account) & (envelopes.c.dedupe_key == dedupe_key)
        with self.store.reading() as db:
            at = db.execute(select(envelopes.c.received_at).where(mine)).scalar()
        return None if at is None else moment(at)

    def last_heard(self, account: str, path: str, *, within: float, but: str = "") -> datetime | None:
        """When the newest request to ``path`` was received, at most ``within`` seconds ago.

        Those whose dedupe key begins with ``but`` do not count.
        """
        kept = envelopes.c
        wanted = select(kept.received_at).where(
            kept.account == account, kept.path == path, kept.method == "POST", kept.created_at > self.now() - within
        )
        if but:
            wanted = wanted.where(~kept.dedupe_key.startswith(but, autoescape=True))
        with self.store.reading() as db:
            at = db.execute(wanted.order_by(kept.created_at.desc(), kept.trace.desc()).limit(1)).scalar()
        return None if at is None else moment(at)
