"""The first administrator of the console: there is no default one, and no default password."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from connector import repair
from connector.cli.output import Output
from connector.cli.users import read_password
from connector.errors import PermanentError, TransientError
from connector.journal import Journal, Vault, open_journal
from connector.journal.users import User
from connector.settings.storage import storage
from connector.speech import Text

_TRIES = 3
_WHO = Text("Administrator of the console", "Администратор консоли")
_MADE = Text(
    "Administrator of the console: {name}. Sign in at /ops once `connector run` is up.",
    "Администратор консоли: {name}. Вход на /ops, когда запущен `connector run`.",
)
_SKIPPED = Text(
    "Nobody may sign in to the console yet: connector user add NAME --role admin",
    "В консоль пока никто не может войти: connector user add ИМЯ --role admin",
)
_NOT_MADE = Text("No administrator was made: {why}", "Администратор не создан: {why}")


def make_admin(out: Output, path: Path, env: Mapping[str, str], *, name: str, file: str, ask: bool) -> str | None:
    """Makes one when nobody may sign in yet; returns the name, ``None`` when nobody was made.

    ``name`` with ``file`` (``-`` is stdin) asks nothing; with ``ask`` what is missing is asked for. The journal is that
    of the settings just written: its variables need not be set yet. Raises ``PermanentError`` for what was given.
    """
    where = storage(path, env)
    vault = Vault([key.get_secret_value() for key in where.secret_keys])
    journal = open_journal(where.database_url, vault)
    try:
        if any(user.disabled_at is None and user.role == "admin" for user in journal.users()):
            return None
        if name and (file or ask):
            made: User | None = _add(journal, name, read_password(out, name, file))
        else:
            made = _asked(journal, out) if ask else None
    except TransientError as away:
        out.say(_NOT_MADE, why=out.words(away.hint))
        return None
    finally:
        journal.close()
    out.say(_MADE, name=made.name) if made else out.say(_SKIPPED)
    return made.name if made else None


def _asked(journal: Journal, out: Output) -> User | None:
    """Asks until the name and the password will do, three times at most."""
    for _ in range(_TRIES):
        name = str(click.prompt(out.words(_WHO), default="admin", err=True))
        try:
            return _add(journal, name, read_password(out, name, ""))
        except PermanentError as error:
            out.say(_NOT_MADE, why=out.words(error.hint))
    return None


def _add(journal: Journal, name: str, password: str) -> User:
    return journal.add_user(name, "admin", password, who=repair.somebody(), why="connector init")
