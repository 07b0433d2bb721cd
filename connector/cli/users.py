"""``connector user``: who may sign in to the console. There is no default user and no default password."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from connector import repair
from connector.cli.output import Output
from connector.cli.shape import answering, tools
from connector.cli.words import say
from connector.errors import PermanentError
from connector.journal.users import ROLES, Role
from connector.speech import Text

_COLUMNS = (Text("name", "имя"), Text("role", "роль"), Text("since", "с"), Text("disabled", "отключён"))
_NOBODY = Text(
    "Nobody may sign in yet: connector user add NAME --role admin",
    "Пока никто не может войти: connector user add ИМЯ --role admin",
)
_ADDED = Text("{name} may sign in at {url}/ops as {role}.", "{name} может войти на {url}/ops с ролью {role}.")
_CHANGED = Text("Done; {name} is signed out everywhere.", "Сделано; все сеансы {name} завершены.")
_ASK = Text("Password of {name}", "Пароль для {name}")
_AGAIN = Text("Once more", "Ещё раз")
_DIFFER = Text("They differ. Run it again", "Пароли не совпали. Запустите ещё раз")
_UNREADABLE = Text("The file {file} cannot be read ({why})", "Файл {file} не читается ({why})")

_name = click.argument("name")
_role = click.Choice(ROLES)
_file = click.option(
    "--password-file",
    "file",
    default="",
    help=say("read the password from this file; - is stdin", "взять пароль из файла; - это stdin"),
)


def _deed(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--who`` and ``--why`` of the audit."""
    why = click.option(
        "--why", default="command line", show_default=True, help=say("the reason, for the audit", "причина, для аудита")
    )
    who = click.option("--who", default="", help=say("your name for the audit", "ваше имя для аудита"))
    return why(who(command))


@click.group(help=say("Who may sign in to the console.", "Кто может входить в консоль."))
def user() -> None:
    """The group."""


@user.command(help=say("A new user; asks for the password.", "Новый пользователь; спросит пароль."))
@_name
@click.option(
    "--role",
    type=_role,
    required=True,
    help=say(
        "viewer looks; operator also repairs; integrator also connects; admin also manages users",
        "viewer смотрит; operator ещё и чинит; integrator ещё и подключает; admin ещё и ведёт пользователей",
    ),
)
@_file
@_deed
@answering
def add(out: Output, name: str, role: Role, file: str, who: str, why: str) -> None:
    """The password never stands on the command line: others could read it there."""
    house = tools(click.get_current_context()).connector()
    password = read_password(out, name, file)
    made = house.journal.add_user(name, role, password, who=who or repair.somebody(), why=why)
    out.say(_ADDED, name=made.name, role=role, url=house.settings.public_url.rstrip("/"))
    out.document(asdict(made))


@user.command("list", help=say("All users with their roles.", "Все пользователи и их роли."))
@answering
def list_(out: Output) -> None:
    """Names and roles; passwords are not kept."""
    found = tools(click.get_current_context()).connector().journal.users()
    out.table(_COLUMNS, [(one.name, one.role, one.created_at, one.disabled_at) for one in found], empty=_NOBODY)
    out.document([asdict(one) for one in found])


@user.command(help=say("Shut a user out, at once.", "Закрыть пользователю вход, сразу."))
@_name
@_deed
@answering
def disable(out: Output, name: str, who: str, why: str) -> None:
    """They are signed out everywhere at once."""
    house = tools(click.get_current_context()).connector()
    house.journal.disable_user(name, who=who or repair.somebody(), why=why)
    _done(out, name)


@user.command(help=say("Let a user in again.", "Снова открыть пользователю вход."))
@_name
@_deed
@answering
def enable(out: Output, name: str, who: str, why: str) -> None:
    """With the same role and password as before."""
    house = tools(click.get_current_context()).connector()
    house.journal.enable_user(name, who=who or repair.somebody(), why=why)
    _done(out, name)


@user.command(help=say("Give a user another role.", "Дать пользователю другую роль."))
@_name
@click.argument("role", type=_role)
@_deed
@answering
def role(out: Output, name: str, role: Role, who: str, why: str) -> None:
    """They sign in anew, with the new role."""
    house = tools(click.get_current_context()).connector()
    house.journal.set_role(name, role, who=who or repair.somebody(), why=why)
    _done(out, name)


@user.command(help=say("Give a user another password; asks for it.", "Дать пользователю другой пароль; спросит его."))
@_name
@_file
@_deed
@answering
def password(out: Output, name: str, file: str, who: str, why: str) -> None:
    """Whoever knew the old one is signed out."""
    house = tools(click.get_current_context()).connector()
    new = read_password(out, name, file)
    house.journal.set_password(name, new, who=who or repair.somebody(), why=why)
    _done(out, name)


def _done(out: Output, name: str) -> None:
    out.say(_CHANGED, name=name)
    out.document({"name": name, "signed_out": True})


def read_password(out: Output, name: str, file: str) -> str:
    """Typed twice, unseen; or the first line of the file. Raises ``PermanentError``."""
    if file:
        return _first_line(file)
    typed = str(click.prompt(out.words(_ASK, name=name), hide_input=True, err=True))
    if typed != click.prompt(out.words(_AGAIN), hide_input=True, err=True):
        raise PermanentError("user.passwords_differ", hint=_DIFFER)
    return typed


def _first_line(file: str) -> str:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = _UNREADABLE.with_(file=file, why=type(error).__name__)
        raise PermanentError("user.password_file", hint=hint) from error
    return text.partition("\n")[0].rstrip("\r")
