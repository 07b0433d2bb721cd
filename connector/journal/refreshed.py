"""Refresh tokens that services gave us after the one in the settings, sealed: ``domain.ports.Refreshed``."""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, select, update

from connector.journal.desk import log
from connector.journal.faults import WrongKey
from connector.journal.links import Links
from connector.journal.rows import pack
from connector.journal.schema import links
from connector.journal.vault import Vault

_KIND = "oauth.refresh"
_MINE = links.c.kind == _KIND
_DEAD = 200 * 86400.0  # seconds; a token that nobody used for so long is good at no service


class RefreshTokens(Links):
    """Links whose values are sealed. They are no portal's, and outlive each."""

    def refreshed(self, grant: str) -> str:
        """The one kept last; empty: none. Raises ``SettingsError`` for a lost key."""
        sealed = self.recall(_KIND, grant)
        return "" if sealed is None else self.vault.unseal(sealed)

    def keep_refreshed(self, grant: str, token: str) -> None:
        """In the place of the one before; an empty one forgets it."""
        self.remember(_KIND, grant, self.vault.seal(token) if token else None)


def reseal_refreshed(db: Connection, vault: Vault) -> int:
    """Seal them with the first key; how many. One that no key opens is no reason to stop: the settings' own is used."""
    rows = db.execute(select(links.c.key, links.c.value).where(_MINE).with_for_update()).all()
    done = 0
    for row in rows:
        try:
            sealed = vault.reseal(json.loads(row.value))
        except WrongKey:
            log.warning("oauth.unreadable", grant=row.key)
            continue
        done += db.execute(update(links).where(_MINE, links.c.key == row.key).values(value=pack(sealed))).rowcount
    return done


def trim_refreshed(db: Connection, now: float) -> int:
    """Forget those that nobody uses any more: the settings say another, or the mailbox is gone; how many went."""
    return db.execute(delete(links).where(_MINE, links.c.updated_at < now - _DEAD)).rowcount
