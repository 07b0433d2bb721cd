"""Tries to sign in, and tickets that are used once: counted for all processes together."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, case, delete, select

from connector.domain.addresses import network
from connector.errors import Refused
from connector.journal.desk import Desk
from connector.journal.engine import upsert
from connector.journal.rows import clean
from connector.journal.schema import sessions, tries
from connector.speech import Text

# How many tries at once, and seconds until one more is allowed.
_PER_NAME, _PER_ADDRESS = (5, 60.0), (20, 10.0)
_SWEPT = 200

_TOO_OFTEN = Text(
    "Too many tries. Wait a minute and try again", "Слишком много попыток. Подождите минуту и попробуйте снова"
)


class Tries(Desk):
    """What every way in asks first."""

    def try_once(self, name: str, remote: str) -> None:
        """One more try of this address and this name, counted before it is made. Raises ``Refused`` 429."""
        now = self.now()
        with self.store.writing() as db:
            allowed = _charge(db, _by_address(remote), *_PER_ADDRESS, now)
            allowed = allowed and _charge(db, _by_name(db, name, remote), *_PER_NAME, now)
        with self.store.writing() as db:
            _sweep(db, now)
        if not allowed:
            raise Refused("user.too_often", hint=_TOO_OFTEN, status=429)


def forgive(db: Connection, name: str, remote: str) -> None:
    """The password was right: earlier slips do not count."""
    db.execute(delete(tries).where(tries.c.key == _by_name(db, name, remote)))


def use_up(db: Connection, ticket: str, until: float, now: float) -> bool:
    """Whether nobody has used ``ticket`` yet; from now on somebody has. It expires by itself at ``until``."""
    _sweep(db, now)
    row = upsert(db.dialect.name, tries).values(key=f"ticket:{marked(ticket)}", free_at=until)
    return db.execute(row.on_conflict_do_nothing().returning(tries.c.key)).scalar() is not None


def marked(token: str) -> str:
    """What is kept of a token: it cannot be turned back."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _sweep(db: Connection, now: float) -> None:
    old = select(tries.c.key).where(tries.c.free_at < now).limit(_SWEPT).with_for_update(skip_locked=True)
    db.execute(delete(tries).where(tries.c.key.in_(list(db.execute(old).scalars()))))


def _charge(db: Connection, key: str, burst: int, every: float, now: float) -> bool:
    """One statement, so that two processes never both take the last try. A refused try costs nothing."""
    later = case((tries.c.free_at > now, tries.c.free_at), else_=now) + every
    row = upsert(db.dialect.name, tries).values(key=key, free_at=now + every)
    fits_in = tries.c.free_at <= now + (burst - 1) * every
    charged = row.on_conflict_do_update(index_elements=["key"], set_={"free_at": later}, where=fits_in)
    return db.execute(charged.returning(tries.c.key)).scalar() is not None


def _by_name(db: Connection, name: str, remote: str) -> str:
    """The key of a name's tries: of its own where it is signed in, so that strangers elsewhere cannot lock it out."""
    here = (sessions.c.name == name) & (sessions.c.remote == clean(remote)) & (sessions.c.remote != "")
    known = db.execute(select(sessions.c.mark).where(here).limit(1)).first()
    return f"name:{name}" + (f" {_by_address(remote)}" if known else "")


def _by_address(remote: str) -> str:
    return f"address:{network(remote)}"
