"""What we keep of each portal, tokens sealed: ``domain.ports.Installations``."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update

from connector.domain.effects import Remember
from connector.domain.ports import Grant, Installation, PortalState
from connector.journal.desk import Desk, moment
from connector.journal.engine import upsert
from connector.journal.guests import end_guests
from connector.journal.links import write_links
from connector.journal.people import write_audit
from connector.journal.refreshed import reseal_refreshed
from connector.journal.rows import pack
from connector.journal.schema import installations, links

_EXPORTED = 500  # links per row of the export


class PortalStore(Desk):
    """Installations, and the links that go with them."""

    def installation(self, portal: str) -> Installation | None:
        """What is kept, tokens open; ``None`` for a portal never installed. Raises ``SettingsError`` for a lost key."""
        with self.store.reading() as db:
            row = _row(db, portal)
        return None if row is None else self._open(row)

    def portals_of(self, member_id: str) -> list[str]:
        """The portals in the settings that are this Bitrix24, one for each application of ours; none: a stranger."""
        wanted = select(installations.c.portal).where(installations.c.member_id == member_id)
        with self.store.reading() as db:
            return list(db.execute(wanted.order_by(installations.c.portal)).scalars())

    def keep_installation(self, installation: Installation) -> None:
        """Write all of it."""
        now = self.now()
        values = {
            "member_id": installation.grant.member_id,
            "state": installation.state,
            "reason": installation.reason,
            "grant_sealed": self._seal_grant(installation.grant),
            "tokens_sealed": self._seal_tokens(installation.application_tokens),
            "updated_at": now,
        }
        with self.store.writing() as db:
            statement = upsert(db.dialect.name, installations).values(portal=installation.portal, **values)
            db.execute(statement.on_conflict_do_update(index_elements=["portal"], set_=values))

    def keep_grant(self, portal: str, grant: Grant) -> None:
        """Replace the token pair; other fields stay. A portal that is not known yet becomes active with it."""
        now = self.now()
        changed = {"grant_sealed": self._seal_grant(grant), "updated_at": now}
        named = {"member_id": grant.member_id}
        fresh = {"state": "active", "reason": "", "tokens_sealed": self._seal_tokens(())}
        with self.store.writing() as db:
            statement = upsert(db.dialect.name, installations).values(portal=portal, **changed, **named, **fresh)
            known = {**changed, **named} if grant.member_id else changed
            db.execute(statement.on_conflict_do_update(index_elements=["portal"], set_=known))

    def set_state(self, portal: str, state: PortalState, reason: str = "") -> bool:
        """Note how the portal is; a portal never installed stays unknown. ``True`` for the one who changed it."""
        now = self.now()
        values = {"state": state, "reason": reason, "updated_at": now}
        noted = update(installations).where(installations.c.portal == portal).values(values)
        with self.store.writing() as db:
            if db.execute(noted.where(installations.c.state != state)).rowcount == 1:
                _count_stop(db, portal, state, now)
                return True
            db.execute(noted)
        return False

    def claim_probe(self, portal: str, pause: float) -> bool:
        """Whether the caller may look at a stopped portal: one of all, ``pause`` seconds after the last word on it."""
        now, kept = self.now(), installations.c
        due = (kept.portal == portal) & (kept.state != "active") & (kept.updated_at <= now - pause)
        with self.store.writing() as db:
            return db.execute(update(installations).where(due).values(updated_at=now)).rowcount == 1

    def let_probe(self, portal: str) -> None:
        """The next :meth:`claim_probe` succeeds at once."""
        stopped = (installations.c.portal == portal) & (installations.c.state != "active")
        with self.store.writing() as db:
            db.execute(update(installations).where(stopped).values(updated_at=0.0))

    def drop_installation(self, portal: str, *, clean: bool) -> None:
        """Forget the tokens; the portal stays known as uninstalled. With ``clean`` its links go too.

        Links are exported into the audit before they go (trap 16).
        """
        now = self.now()
        with self.store.writing() as db:
            row = _row(db, portal)
            end_guests(db, portal)
            if row is not None:
                self._forget(db, row, now)
            if clean:
                _drop_links(db, portal, now)

    def reseal(self) -> int:
        """Seal every kept secret with the first key (after a rotation); returns how many portals and mailboxes."""
        with self.store.writing() as db:
            rows = db.execute(select(installations).with_for_update()).mappings().all()
            for row in rows:
                sealed = {name: self.vault.reseal(row[name]) for name in ("grant_sealed", "tokens_sealed")}
                db.execute(update(installations).where(installations.c.portal == row["portal"]).values(sealed))
            return len(rows) + reseal_refreshed(db, self.vault)

    def _open(self, row: RowMapping) -> Installation:
        grant: dict[str, Any] = json.loads(self.vault.unseal(row["grant_sealed"]))
        return Installation(
            portal=row["portal"],
            state=row["state"],
            grant=Grant(**{**grant, "expires_at": datetime.fromisoformat(grant["expires_at"])}),
            application_tokens=tuple(json.loads(self.vault.unseal(row["tokens_sealed"]))),
            reason=row["reason"],
            updated_at=moment(row["updated_at"]),
        )

    def _forget(self, db: Connection, row: RowMapping, now: float) -> None:
        """Nothing is opened for it, so that an uninstall works with a lost key as well."""
        grant = Grant(
            access_token="",
            refresh_token="",
            expires_at=moment(now),
            member_id=row["member_id"],
            client_endpoint="",
            server_endpoint="",
        )
        values = {
            "state": "uninstalled",
            "grant_sealed": self._seal_grant(grant),
            "tokens_sealed": self._seal_tokens(()),
            "updated_at": now,
        }
        db.execute(update(installations).where(installations.c.portal == row["portal"]).values(values))

    def _seal_grant(self, grant: Grant) -> str:
        return self.vault.seal(pack({**asdict(grant), "expires_at": grant.expires_at.isoformat()}))

    def _seal_tokens(self, tokens: tuple[str, ...]) -> str:
        return self.vault.seal(pack(list(tokens)))


def _row(db: Connection, portal: str) -> RowMapping | None:
    return db.execute(select(installations).where(installations.c.portal == portal)).mappings().first()


def _count_stop(db: Connection, portal: str, state: PortalState, now: float) -> None:
    """For the metrics: who scrapes is another process than the one that stopped. Link ``stops``: ``{state: count}``."""
    if state == "active":
        return
    name = (links.c.kind == "stops") & (links.c.key == portal)
    kept = db.execute(select(links.c.value).where(name)).scalar()
    counts: dict[str, int] = json.loads(kept) if kept else {}
    told = Remember("stops", portal, {**counts, state: counts.get(state, 0) + 1})
    write_links(db, [told], owner="", now=now)


def _drop_links(db: Connection, portal: str, now: float) -> None:
    mine = links.c.owner == f"portal:{portal}"
    rows = db.execute(select(links.c.kind, links.c.key, links.c.value).where(mine)).all()
    kept = [[row.kind, row.key, json.loads(row.value)] for row in rows]
    for start in range(0, len(kept), _EXPORTED):
        write_audit(
            db,
            now,
            who="portal",
            what="links.exported",
            why="removed with its settings and data",
            target=f"portal:{portal}",
            detail=pack(kept[start : start + _EXPORTED]),
        )
    db.execute(delete(links).where(mine))
