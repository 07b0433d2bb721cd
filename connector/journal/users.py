"""Who may use the console: local accounts with a role. Every change is in the audit and ends the user's sessions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from connector.errors import PermanentError
from connector.journal.desk import Desk, moment
from connector.journal.engine import upsert
from connector.journal.passwords import hashed
from connector.journal.people import write_audit
from connector.journal.rows import clean
from connector.journal.schema import sessions, users
from connector.speech import Text

Role = Literal["viewer", "operator", "integrator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do all that those before it may

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_BAD_NAME = Text(
    "A name has Latin letters, digits and . _ @ -, begins with a letter or a digit, and has 64 characters at most",
    "В имени латинские буквы, цифры и . _ @ -, первая — буква или цифра, всего не больше 64 знаков",
)
_EXISTS = Text(
    "There is a user {name} already. A new password: `connector user password {name}`",
    "Пользователь {name} уже есть. Новый пароль: `connector user password {name}`",
)
_UNKNOWN = Text(
    "There is no user {name}. See `connector user list`", "Пользователя {name} нет. Посмотрите `connector user list`"
)
_LAST_ADMIN = Text(
    "{name} is the only administrator who may sign in. Make somebody else an administrator first",
    "{name} — единственный администратор, который может войти. Сначала назначьте ещё одного администратора",
)


@dataclass(frozen=True, kw_only=True)
class User:
    """One account of the console. ``disabled_at`` is ``None`` while it may sign in, ``seen_at`` until it has."""

    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Where somebody sits: the address, and what the browser calls itself."""

    remote: str = ""
    agent: str = ""


class Users(Desk):
    """Adding, changing, listing. ``who`` and ``why`` go into the audit."""

    def add_user(self, name: str, role: Role, password: str, *, who: str, why: str) -> User:
        """A new user. Raises ``PermanentError``: ``user.bad_name``, ``user.weak_password``, ``user.exists``."""
        name, now = named(name), self.now()
        row = {"name": name, "role": role, "password": hashed(password, name=name), "created_at": now}
        with self.store.writing() as db:
            added = upsert(db.dialect.name, users).values(row).on_conflict_do_nothing().returning(users.c.name)
            if db.execute(added).scalar() is None:
                raise PermanentError("user.exists", hint=_EXISTS.with_(name=name))
            write_audit(db, now, who=who, what="user.added", why=why, target=f"user:{name}", detail=role)
        return User(name=name, role=role, created_at=moment(now))

    def users(self, *, after: str = "", limit: int | None = None) -> list[User]:
        """All of them, or those whose names come ``after``, by name."""
        columns = (users.c[name] for name in ("name", "role", "created_at", "disabled_at", "seen_at"))
        wanted = select(*columns).where(users.c.name > after).order_by(users.c.name).limit(limit)
        with self.store.reading() as db:
            return [_user(row) for row in db.execute(wanted).mappings()]

    def set_role(self, name: str, role: Role, *, who: str, why: str) -> None:
        """Another role. Raises ``PermanentError`` (``user.unknown``), as all of these do.

        ``user.last_admin`` for the only administrator who may sign in: somebody must be able to add users.
        """
        leaves = role != "admin"
        self._change(name, {"role": role}, who=who, what="user.role", why=why, detail=role, leaves=leaves)

    def set_password(self, name: str, password: str, *, who: str, why: str) -> None:
        """Another password; ``user.weak_password`` for one that is none."""
        kept = hashed(password, name=named(name))
        self._change(name, {"password": kept}, who=who, what="user.password", why=why)

    def disable_user(self, name: str, *, who: str, why: str) -> None:
        """They may not sign in any more; the audit goes on naming them. ``user.last_admin`` as for a role."""
        self._change(name, {"disabled_at": self.now()}, who=who, what="user.disabled", why=why, leaves=True)

    def enable_user(self, name: str, *, who: str, why: str) -> None:
        """They may sign in again."""
        self._change(name, {"disabled_at": None}, who=who, what="user.enabled", why=why)

    def end_user(self, name: str, *, who: str, why: str) -> None:
        """Signed out everywhere, by somebody else."""
        self._change(name, {}, who=who, what="user.ended", why=why)

    def _change(
        self,
        name: str,
        values: dict[str, Any],
        *,
        who: str,
        what: str,
        why: str,
        detail: str = "",
        leaves: bool = False,
    ) -> None:
        name = named(name)
        with self.store.writing() as db:
            if leaves:
                _keep_an_admin(db, name)
            if db.execute(update(users).where(users.c.name == name).values({"name": name, **values})).rowcount != 1:
                raise PermanentError("user.unknown", hint=_UNKNOWN.with_(name=name))
            end_sessions(db, name)
            write_audit(db, self.now(), who=who, what=what, why=why, target=f"user:{name}", detail=detail)


def named(name: str) -> str:
    """The one spelling of a user's name. Raises ``PermanentError`` (``user.bad_name``)."""
    spelled = name.strip().lower()
    if not _NAME.fullmatch(spelled):
        raise PermanentError("user.bad_name", hint=_BAD_NAME)
    return spelled


def _keep_an_admin(db: Connection, name: str) -> None:
    """Two administrators who take each other's rights at the same moment wait for each other here."""
    able = (users.c.role == "admin") & users.c.disabled_at.is_(None)
    found = db.execute(select(users.c.name).where(able).order_by(users.c.name).with_for_update()).scalars()
    if list(found) == [name]:
        raise PermanentError("user.last_admin", hint=_LAST_ADMIN.with_(name=name))


def end_sessions(db: Connection, name: str) -> None:
    """Signed out everywhere."""
    db.execute(delete(sessions).where(sessions.c.name == name))


def keep_session(db: Connection, mark: str, name: str, now: float, seat: Seat) -> None:
    """A session that begins now."""
    place = {"remote": clean(seat.remote)[:64], "agent": clean(seat.agent)[:300]}
    db.execute(insert(sessions).values(mark=mark, name=name, started_at=now, seen_at=now, **place))
    db.execute(update(users).where(users.c.name == name).values(seen_at=now))


def _user(row: RowMapping) -> User:
    disabled, seen = row["disabled_at"], row["seen_at"]
    return User(
        name=row["name"],
        role=row["role"],
        created_at=moment(row["created_at"]),
        disabled_at=None if disabled is None else moment(disabled),
        seen_at=None if seen is None else moment(seen),
    )
