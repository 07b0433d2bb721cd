"""Signing in and staying signed in. The browser holds a random token; only its hash is kept here."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, case, delete, select, update

from connector.errors import PermanentError, Refused
from connector.journal.desk import Desk
from connector.journal.engine import upsert
from connector.journal.passwords import fits
from connector.journal.people import write_audit
from connector.journal.schema import sessions, tries, users
from connector.journal.users import Role, end_sessions, keep_session, named
from connector.speech import Text

IDLE, LONGEST = 12 * 3600.0, 7 * 86400.0  # seconds
_GLANCE = 300.0  # seconds between two notes of the same session being seen
# How many tries at once, and seconds until one more is allowed.
_PER_NAME, _PER_ADDRESS = (5, 60.0), (20, 10.0)
_SWEPT = 200

_WRONG = Text("The name or the password is wrong", "Имя или пароль неверны")
_TOO_OFTEN = Text(
    "Too many tries. Wait a minute and try again", "Слишком много попыток. Подождите минуту и попробуйте снова"
)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who is signed in."""

    name: str
    role: Role


class Sessions(Desk):
    """Every process asks the same tables, so limits and sign-outs hold for all of them."""

    def sign_in(self, name: str, password: str, remote: str) -> str:
        """The token of a new session. Raises ``Refused``: 401 for a wrong name or password, 429 for too many tries."""
        name = _spelled(name)
        self._try_once(name, remote)
        with self.store.reading() as db:
            kept = db.execute(select(users.c.password).where(users.c.name == name)).scalar()
        if not fits(password, kept):
            raise Refused("user.wrong", hint=_WRONG, status=401)
        token, now = secrets.token_urlsafe(32), self.now()
        with self.store.writing() as db:
            still = (users.c.name == name) & (users.c.password == kept) & users.c.disabled_at.is_(None)
            if db.execute(select(users.c.name).where(still).with_for_update()).scalar() is None:
                raise Refused("user.wrong", hint=_WRONG, status=401)
            db.execute(delete(tries).where(tries.c.key == _by_name(name)))
            keep_session(db, marked(token), name, now)
            write_audit(db, now, who=name, what="signed_in", why="console", target=f"user:{name}", detail=remote)
        return token

    def visitor(self, token: str) -> Visitor | None:
        """Whose session it is; ``None`` when it is unknown, ended or too old, or its user is disabled."""
        now = self.now()
        mine = select(users.c.name, users.c.role, sessions.c.seen_at).join(users, users.c.name == sessions.c.name)
        alive = (sessions.c.seen_at > now - IDLE) & (sessions.c.started_at > now - LONGEST)
        found = mine.where(sessions.c.mark == marked(token), alive, users.c.disabled_at.is_(None))
        with self.store.reading() as db:
            row = db.execute(found).first()
        if row is None:
            return None
        if row.seen_at < now - _GLANCE:
            with self.store.writing() as db:
                db.execute(update(sessions).where(sessions.c.mark == marked(token)).values(seen_at=now))
        return Visitor(name=row.name, role=row.role)

    def sign_out(self, token: str, *, everywhere: bool = False) -> None:
        """End the session, or all of its user's; nothing for one that has ended."""
        mine = sessions.c.mark == marked(token)
        with self.store.writing() as db:
            name = db.execute(select(sessions.c.name).where(mine)).scalar()
            if name is None:
                return
            if everywhere:
                end_sessions(db, name)
            else:
                db.execute(delete(sessions).where(mine))
            why = "everywhere" if everywhere else "console"
            write_audit(db, self.now(), who=name, what="signed_out", why=why, target=f"user:{name}")

    def forget_session(self, token: str) -> None:
        """A session that another one takes the place of in the same browser."""
        with self.store.writing() as db:
            db.execute(delete(sessions).where(sessions.c.mark == marked(token)))

    def _try_once(self, name: str, remote: str) -> None:
        """One more try of this address and this name, counted before it is made; then old counts are swept."""
        now = self.now()
        with self.store.writing() as db:
            allowed = _charge(db, _by_address(remote), *_PER_ADDRESS, now)
            allowed = allowed and _charge(db, _by_name(name), *_PER_NAME, now)
        self._sweep(now)
        if not allowed:
            raise Refused("user.too_often", hint=_TOO_OFTEN, status=429)

    def _sweep(self, now: float) -> None:
        old = select(tries.c.key).where(tries.c.free_at < now).limit(_SWEPT).with_for_update(skip_locked=True)
        ended = (sessions.c.seen_at <= now - IDLE) | (sessions.c.started_at <= now - LONGEST)
        with self.store.writing() as db:
            db.execute(delete(tries).where(tries.c.key.in_(list(db.execute(old).scalars()))))
            marks = select(sessions.c.mark).where(ended).limit(_SWEPT).with_for_update(skip_locked=True)
            db.execute(delete(sessions).where(sessions.c.mark.in_(list(db.execute(marks).scalars()))))


def marked(token: str) -> str:
    """What is kept of a token: it cannot be turned back."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _charge(db: Connection, key: str, burst: int, every: float, now: float) -> bool:
    """One statement, so that two processes never both take the last try. A refused try costs nothing."""
    later = case((tries.c.free_at > now, tries.c.free_at), else_=now) + every
    row = upsert(db.dialect.name, tries).values(key=key, free_at=now + every)
    fits_in = tries.c.free_at <= now + (burst - 1) * every
    charged = row.on_conflict_do_update(index_elements=["key"], set_={"free_at": later}, where=fits_in)
    return db.execute(charged.returning(tries.c.key)).scalar() is not None


def _spelled(name: str) -> str:
    """A name that nobody can have counts as one and the same stranger."""
    try:
        return named(name)
    except PermanentError:
        return ""


def _by_name(name: str) -> str:
    return f"name:{name}"


def _by_address(remote: str) -> str:
    """One IPv6 customer has a whole /64."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return "address:unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return f"address:{ipaddress.ip_network((address, 64), strict=False)}"
    return f"address:{address}"
