"""Signing in and staying signed in. The browser holds a random token; only its hash is kept here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update

from connector.errors import PermanentError, Refused
from connector.journal.desk import moment
from connector.journal.passwords import fits, hashed
from connector.journal.people import write_audit
from connector.journal.schema import sessions, users
from connector.journal.tries import Tries, forgive, marked
from connector.journal.users import Role, Seat, end_sessions, keep_session, named
from connector.speech import Text

IDLE, LONGEST = 12 * 3600.0, 7 * 86400.0  # seconds
_GLANCE = 300.0  # seconds between two notes of the same session being seen
_SWEPT = 200
_SHOWN = 100

_WRONG = Text("The name or the password is wrong", "Имя или пароль неверны")
_OLD_WRONG = Text("The present password is wrong", "Текущий пароль неверен")


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who is signed in. ``portal`` is empty for users of our own."""

    name: str
    role: Role
    portal: str = ""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One browser of a user; ``here`` is the one that asks."""

    started_at: datetime
    seen_at: datetime
    seat: Seat
    here: bool


class Sessions(Tries):
    """Every process asks the same tables, so limits and sign-outs hold for all of them."""

    def sign_in(self, name: str, password: str, remote: str, agent: str = "") -> str:
        """The token of a new session. Raises ``Refused``: 401 for a wrong name or password, 429 for too many tries."""
        name = _spelled(name)
        self.try_once(name, remote)
        self._sweep()
        kept = self._fitting(name, password, _WRONG)
        token, now = secrets.token_urlsafe(32), self.now()
        with self.store.writing() as db:
            still = (users.c.name == name) & (users.c.password == kept) & users.c.disabled_at.is_(None)
            if db.execute(select(users.c.name).where(still).with_for_update()).scalar() is None:
                raise Refused("user.wrong", hint=_WRONG, status=401)
            forgive(db, name, remote)
            keep_session(db, marked(token), name, now, Seat(remote=remote, agent=agent))
            write_audit(db, now, who=name, what="signed_in", why="console", target=f"user:{name}", detail=remote)
        return token

    def renew_password(self, name: str, old: str, new: str, seat: Seat) -> str:
        """One's own password; every session ends, and one begins anew: its token.

        Raises ``Refused`` as :meth:`sign_in` does, ``PermanentError`` (``user.weak_password``).
        """
        self.try_once(name, seat.remote)
        known = self._fitting(name, old, _OLD_WRONG)
        kept, token, now = hashed(new, name=name), secrets.token_urlsafe(32), self.now()
        with self.store.writing() as db:
            mine = (users.c.name == name) & (users.c.password == known) & users.c.disabled_at.is_(None)
            if db.execute(update(users).where(mine).values(password=kept)).rowcount != 1:
                raise Refused("user.wrong", hint=_OLD_WRONG, status=401)
            forgive(db, name, seat.remote)
            end_sessions(db, name)
            keep_session(db, marked(token), name, now, seat)
            write_audit(db, now, who=name, what="user.password", why="one's own", target=f"user:{name}")
        return token

    def visitor(self, token: str, *, watching: bool = False) -> Visitor | None:
        """Whose session it is; ``None`` when it is unknown, ended or too old, or its user is disabled.

        ``watching`` when an open page asks by itself: that keeps no session alive.
        """
        now = self.now()
        mine = select(users.c.name, users.c.role, sessions.c.seen_at).join(users, users.c.name == sessions.c.name)
        found = mine.where(sessions.c.mark == marked(token), _alive(now), users.c.disabled_at.is_(None))
        with self.store.reading() as db:
            row = db.execute(found).first()
        if row is None:
            return None
        if row.seen_at < now - _GLANCE and not watching:
            with self.store.writing() as db:
                db.execute(update(sessions).where(sessions.c.mark == marked(token)).values(seen_at=now))
                db.execute(update(users).where(users.c.name == row.name).values(seen_at=now))
        return Visitor(name=row.name, role=row.role)

    def sessions_of(self, name: str, token: str = "") -> list[Session]:
        """The sessions of a user that go on, the latest first; ``token`` is the one that asks."""
        mine = select(sessions).where(sessions.c.name == name, _alive(self.now()))
        with self.store.reading() as db:
            rows = db.execute(mine.order_by(sessions.c.seen_at.desc(), sessions.c.mark).limit(_SHOWN)).all()
        return [
            Session(
                started_at=moment(row.started_at),
                seen_at=moment(row.seen_at),
                seat=Seat(remote=row.remote, agent=row.agent),
                here=row.mark == marked(token),
            )
            for row in rows
        ]

    def present(self) -> dict[str, int]:
        """``{name: sessions that go on}``."""
        counted = select(sessions.c.name, func.count()).where(_alive(self.now())).group_by(sessions.c.name)
        with self.store.reading() as db:
            return {name: int(count) for name, count in db.execute(counted)}

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

    def end_others(self, token: str) -> None:
        """All sessions of this one's user but this one."""
        mark = marked(token)
        with self.store.writing() as db:
            name = db.execute(select(sessions.c.name).where(sessions.c.mark == mark)).scalar()
            if name is None:
                return
            db.execute(delete(sessions).where(sessions.c.name == name, sessions.c.mark != mark))
            write_audit(db, self.now(), who=name, what="signed_out", why="the others", target=f"user:{name}")

    def forget_session(self, token: str) -> None:
        """A session that another one takes the place of in the same browser."""
        with self.store.writing() as db:
            db.execute(delete(sessions).where(sessions.c.mark == marked(token)))

    def _fitting(self, name: str, password: str, hint: Text) -> str:
        """What is kept of the password, when it is the right one."""
        with self.store.reading() as db:
            kept: str | None = db.execute(select(users.c.password).where(users.c.name == name)).scalar()
        right = fits(password, kept)
        if kept is None or not right:
            raise Refused("user.wrong", hint=hint, status=401)
        return kept

    def _sweep(self) -> None:
        now = self.now()
        with self.store.writing() as db:
            marks = select(sessions.c.mark).where(~_alive(now)).limit(_SWEPT).with_for_update(skip_locked=True)
            db.execute(delete(sessions).where(sessions.c.mark.in_(list(db.execute(marks).scalars()))))


def _alive(now: float) -> ColumnElement[bool]:
    return (sessions.c.seen_at > now - IDLE) & (sessions.c.started_at > now - LONGEST)


def _spelled(name: str) -> str:
    """A name that nobody can have counts as one and the same stranger."""
    try:
        return named(name)
    except PermanentError:
        return ""
