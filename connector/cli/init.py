"""``connector init``: settings, key and first administrator from a few questions, and where one stands after that."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from connector.checkup.facts import PLACEHOLDER
from connector.cli.first_admin import make_admin
from connector.cli.first_file import KEY_FILE, Answers, usual_name, wanted, with_key, write_key, write_new
from connector.cli.output import Output
from connector.cli.shape import answering, finish
from connector.cli.standing import tell_standing
from connector.cli.words import say
from connector.registry import models
from connector.settings import config_path
from connector.settings.checks import NAME, wrong_address
from connector.speech import Text

__all__ = ["KEY_FILE", "init"]

_PROVIDERS = ", ".join(sorted(models()))
_EXISTS = Text("{path} is there already and is left as it is.", "{path} уже есть и остаётся как есть.")
_WRITTEN = Text("Written: {path}", "Записано: {path}")
_NEXT = Text("Set these, then go on with `connector init`:", "Задайте это, затем продолжите с `connector init`:")


@click.command(
    help=say(
        "Write connector.yaml and a secret key, make the first administrator, and show each step to the first message "
        "or call. Overwrites nothing: run it again to see where you stand.",
        "Записать connector.yaml и секретный ключ, создать первого администратора и показать шаги до первого "
        "сообщения или звонка. Ничего не перезаписывает: запустите снова, чтобы увидеть, что осталось.",
    ),
    short_help=say("Begin: settings, key, first administrator.", "Начать: настройки, ключ, первый администратор."),
)
@click.option(
    "--url",
    default="",
    help=say("address of the portal: https://acme.bitrix24.ru", "адрес портала: https://acme.bitrix24.ru"),
)
@click.option(
    "--client-id", default="", help=say("client_id of the application: local.…", "client_id приложения: local.…")
)
@click.option(
    "--provider",
    default="",
    help=say("channel or telephone system: {}", "канал или телефонная станция: {}").format(_PROVIDERS),
)
@click.option(
    "--account",
    default="",
    help=say("your name for the account: a-z, digits, - _", "ваше имя для аккаунта: a-z, цифры, - _"),
)
@click.option(
    "--line",
    type=click.IntRange(min=1),
    help=say(
        "number of the open line in Bitrix24; telephone systems have none",
        "номер открытой линии в Битрикс24; у телефонных станций её нет",
    ),
)
@click.option(
    "--set",
    "told",
    multiple=True,
    metavar="NAME=VALUE",
    help=say(
        "what the provider must be told and is no secret: host=192.0.2.10; may be repeated",
        "что провайдеру нужно знать и что не секрет: host=192.0.2.10; можно повторять",
    ),
)
@click.option(
    "--admin", default="", help=say("name of the console's first administrator", "имя первого администратора консоли")
)
@click.option(
    "--password-file",
    "file",
    default="",
    help=say("file with their password; - reads stdin", "файл с его паролем; - читает stdin"),
)
@click.option("--yes", is_flag=True, help=say("ask nothing, take the defaults", "не спрашивать, взять умолчания"))
@answering
def init(out: Output, admin: str, file: str, yes: bool, **given: Any) -> None:
    """Asks for what was not given, unless ``--yes`` or ``--json``."""
    path = config_path().absolute()
    key, ask = path.parent / KEY_FILE, not (yes or out.as_json)
    if path.exists():
        _again(out, path, key, admin=admin, file=file)
        return
    answers = _questions(ask, **given)
    write_new(path, answers.text(), 0o644)
    written = [path, key] if write_key(key, os.environ) else [path]
    for one in written:
        out.say(_WRITTEN, path=one)
    env = with_key(os.environ, key)
    made = make_admin(out, path, env, name=admin, file=file, ask=ask)
    commands = _commands(answers, key if key in written else None)
    out.say(_NEXT)
    for command in commands:
        out.say(Text(f"  {command}", f"  {command}"))
    _, told = tell_standing(out, path, env)
    out.document({"written": written, "admin": made, "next": commands, **told})


def _again(out: Output, path: Path, key: Path, *, admin: str, file: str) -> None:
    """Nothing is written; leaves with 1 while a step is missing."""
    out.say(_EXISTS, path=path)
    env = with_key(os.environ, key)
    made = make_admin(out, path, env, name=admin, file=file, ask=False) if admin else None
    proven, told = tell_standing(out, path, env)
    out.document({"written": [], "admin": made, "next": [], **told})
    finish(proven)


def _questions(
    ask: bool, *, url: str, client_id: str, provider: str, account: str, line: int | None, told: tuple[str, ...]
) -> Answers:
    known = sorted(models())
    url = _asked(ask, say("Portal", "Портал"), url, "https://example.bitrix24.ru").rstrip("/")
    client_id = _asked(ask, "client_id", client_id, PLACEHOLDER)
    first = "telegram" if "telegram" in known else known[0]
    provider = _asked(ask, say(f"Provider ({', '.join(known)})", f"Провайдер ({', '.join(known)})"), provider, first)
    model = models().get(provider)
    default = usual_name(model) if model else "shop"
    account = _asked(ask, say("Account name", "Имя аккаунта"), account, default)
    _check_answers(url, provider, account, known)
    model = models()[provider]
    given = _told(told, wanted(model, account))
    facts = {name: _asked(ask, name, given.get(name, ""), value) for name, value in wanted(model, account).items()}
    return Answers(
        url=url, client_id=client_id, provider=provider, account=account, line=line or 1, model=model, told=facts
    )


def _told(told: tuple[str, ...], known: Mapping[str, str]) -> dict[str, str]:
    """``--set`` by name. Raises ``click.BadParameter``."""
    given = dict(one.partition("=")[::2] for one in told)
    for name, value in given.items():
        if name not in known:
            listed = ", ".join(known) or "—"
            wrong = say("{name}: may be set here: {known}", "{name}: здесь можно задать: {known}")
            raise click.BadParameter(wrong.format(name=name[:40], known=listed), param_hint="--set")
        if not value:
            raise click.BadParameter(say("write NAME=VALUE", "пишите ИМЯ=ЗНАЧЕНИЕ"), param_hint="--set")
    return given


def _asked(ask: bool, question: str, given: str, default: str) -> str:
    if given or not ask:
        return given or default
    return str(click.prompt(question, default=default))


def _check_answers(url: str, provider: str, account: str, known: list[str]) -> None:
    wrong = wrong_address(url)
    if wrong is not None:
        raise click.BadParameter(say(*wrong[0]), param_hint="--url")
    if provider not in known:
        raise click.BadParameter(", ".join(known), param_hint="--provider")
    if not NAME.fullmatch(account):
        raise click.BadParameter("[a-z][a-z0-9_-]*", param_hint="--account")


def _commands(answers: Answers, key: Path | None) -> list[str]:
    exported = [f"export CONNECTOR_SECRET_KEY_FILE={key}"] if key else []
    exported += [f"export {name}=…" for name in answers.variables()]
    return [*exported, "export CONNECTOR_PUBLIC_URL=https://…", "connector check", "connector run"]
