"""People who opened the application inside their portal: sessions without an account of ours, short and not renewed.

They end with the installation: nobody comes in by a portal that is uninstalled or is another Bitrix24 by now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from connector.errors import Refused
from connector.journal.desk import Desk, moment
from connector.journal.people import write_audit
from connector.journal.rows import clean
from connector.journal.schema import guests, installations
from connector.journal.tries import marked, use_up
from connector.speech import Text

STAY = 8 * 3600.0  # seconds; then the portal is asked anew who they are
_GLANCE = 300.0
_SWEPT = 200

Standing = Literal["admin", "employee"]

_USED = Text(
    "This door has been used already; open the application in Bitrix24 again",
    "По этой ссылке уже вошли; откройте приложение в Битрикс24 ещё раз",
)
_GONE = Text(
    "The application is no longer installed in this Bitrix24; install it again",
    "Приложение больше не установлено в этом Битрикс24; установите его снова",
)


@dataclass(frozen=True, kw_only=True)
class Guest:
    """A user of a portal, by the portal's own word. ``title`` is the name that they have there."""

    portal: str
    user_id: str
    title: str
    standing: Standing

    @property
    def name(self) -> str:
        """As the audit names them: ``Ivan Petrov (main #17)``."""
        return f"{self.title} ({self.portal} #{self.user_id})".strip()


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One session of a guest."""

    guest: Guest
    started_at: datetime
    seen_at: datetime
    remote: str


class Guests(Desk):
    """Coming in by a ticket that is good once, staying, leaving."""

    def welcome(self, ticket: str, until: float, token: str, guest: Guest, remote: str) -> None:
        """A session for ``token``; ``ticket`` (good ``until`` then, unix seconds) is used up.

        Raises ``Refused`` 403: the ticket was used before, or the portal is not installed.
        """
        now = self.now()
        with self.store.writing() as db:
            if not use_up(db, ticket, until, now):
                raise Refused("ticket.used", hint=_USED, status=403)
            member = _member(db, guest.portal)
            if member is None:
                raise Refused("portal.not_installed", hint=_GONE, status=403)
            _sweep(db, now)
            row = {
                "mark": marked(token),
                "portal": guest.portal,
                "member_id": member,
                "user_id": guest.user_id,
                "title": clean(guest.title),
                "standing": guest.standing,
                "remote": clean(remote)[:64],
            }
            db.execute(insert(guests).values(**row, started_at=now, seen_at=now))
            target = f"portal:{guest.portal}"
            write_audit(db, now, who=guest.name, what="signed_in", why="bitrix24", target=target, detail=remote)

    def guest(self, token: str) -> Guest | None:
        """Whose session it is; ``None`` when it is unknown, ended or too old, or the portal is not there any more."""
        now = self.now()
        with self.store.reading() as db:
            row = db.execute(_present(now).where(guests.c.mark == marked(token))).first()
        if row is None:
            return None
        if row.seen_at < now - _GLANCE:
            with self.store.writing() as db:
                db.execute(update(guests).where(guests.c.mark == marked(token)).values(seen_at=now))
        return _guest(row)

    def visits(self, *, limit: int = 50, before: float | None = None) -> list[Visit]:
        """Sessions that go on, the newest first; ``before`` is the start of the last one seen (unix seconds)."""
        wanted = _present(self.now()).order_by(guests.c.started_at.desc(), guests.c.mark).limit(limit)
        if before is not None:
            wanted = wanted.where(guests.c.started_at < before)
        with self.store.reading() as db:
            rows = db.execute(wanted).all()
        return [
            Visit(guest=_guest(row), started_at=moment(row.started_at), seen_at=moment(row.seen_at), remote=row.remote)
            for row in rows
        ]

    def end_guest(self, portal: str, user_id: str, *, who: str, why: str) -> int:
        """End all sessions of one person; how many there were."""
        mine = (guests.c.portal == portal) & (guests.c.user_id == user_id)
        with self.store.writing() as db:
            ended = db.execute(delete(guests).where(mine)).rowcount
            if ended:
                target = f"{portal} #{user_id}"
                write_audit(db, self.now(), who=who, what="user.ended", why=why, target=target)
        return ended

    def forget_guest(self, token: str) -> None:
        """Signed out, or another session takes its place in the same browser."""
        with self.store.writing() as db:
            db.execute(delete(guests).where(guests.c.mark == marked(token)))


def end_guests(db: Connection, portal: str) -> None:
    """The portal is no longer ours: nobody comes in by it."""
    db.execute(delete(guests).where(guests.c.portal == portal))


def _present(now: float) -> Select[Any]:
    ours = (installations.c.portal == guests.c.portal) & (installations.c.member_id == guests.c.member_id)
    alive = (guests.c.started_at > now - STAY) & (installations.c.state != "uninstalled")
    return select(guests).join(installations, ours).where(alive)


def _member(db: Connection, portal: str) -> str | None:
    there = (installations.c.portal == portal) & (installations.c.state != "uninstalled")
    return db.execute(select(installations.c.member_id).where(there)).scalar()


def _sweep(db: Connection, now: float) -> None:
    old = select(guests.c.mark).where(guests.c.started_at <= now - STAY).limit(_SWEPT)
    db.execute(
        delete(guests).where(guests.c.mark.in_(list(db.execute(old.with_for_update(skip_locked=True)).scalars())))
    )


def _guest(row: Row[Any]) -> Guest:
    return Guest(portal=row.portal, user_id=row.user_id, title=row.title, standing=row.standing)
