"""``connector init``: the first settings file and the secret key, from a few questions."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from connector.cli.output import Output
from connector.cli.shape import answering, finish
from connector.cli.words import say
from connector.domain.provider import AccountSettings
from connector.registry import models
from connector.settings import config_path
from connector.settings.checks import NAME, wrong_address
from connector.speech import Text

KEY_FILE = "connector.key"

_EXISTS = Text("{path} is there already and was not touched.", "{path} уже есть, и он не тронут.")
_EXISTS_HINT = Text(
    "Edit it, or name another file in CONNECTOR_CONFIG; then: connector check",
    "Измените его или укажите другой файл в CONNECTOR_CONFIG; затем: connector check",
)
_WRITTEN = Text("Written: {path}", "Записано: {path}")
_NEXT = Text("Next:", "Дальше:")

_TEMPLATE = """\
# The settings of the connector. Every key is told in docs/settings.md; `connector check` looks at them all.
portals:
  main:
    url: {url}
    app:
      client_id: {client_id}
      client_secret: "${{B24_CLIENT_SECRET}}"

accounts:
  {account}:
    provider: {provider}
    portal: main
    line: {line}
{fields}"""


@click.command(
    help=say(
        "Write connector.yaml and a secret key. Overwrites nothing.",
        "Записать connector.yaml и секретный ключ. Ничего не перезаписывает.",
    )
)
@click.option("--url", default="", help=say("address of the portal", "адрес портала"))
@click.option("--client-id", default="", help=say("client_id of the application", "client_id приложения"))
@click.option("--provider", default="", help=say("telegram, generic, …", "telegram, generic, …"))
@click.option("--account", default="", help=say("a name for the account", "имя аккаунта"))
@click.option("--line", type=click.IntRange(min=1), help=say("number of the open line", "номер открытой линии"))
@click.option("--yes", is_flag=True, help=say("ask nothing, take the defaults", "не спрашивать, взять умолчания"))
@answering
def init(out: Output, url: str, client_id: str, provider: str, account: str, line: int | None, yes: bool) -> None:
    """Asks for what was not given, unless ``--yes`` or ``--json``."""
    path = config_path()
    if path.exists():
        out.problem("init.exists", out.words(_EXISTS, path=path), out.words(_EXISTS_HINT))
        finish(False)
    ask = not (yes or out.as_json)
    known = sorted(models())
    url = _asked(ask, say("Portal", "Портал"), url, "https://example.bitrix24.ru").rstrip("/")
    client_id = _asked(ask, "client_id", client_id, "local.0000000000000.00000000")
    first = "telegram" if "telegram" in known else known[0]
    provider = _asked(ask, say(f"Provider ({', '.join(known)})", f"Провайдер ({', '.join(known)})"), provider, first)
    account = _asked(ask, say("Account name", "Имя аккаунта"), account, "shop")
    _check_answers(url, provider, account, known)
    model = models()[provider]
    text = _TEMPLATE.format(
        url=json.dumps(url),
        client_id=json.dumps(client_id),
        account=account,
        provider=provider,
        line=line or 1,
        fields="".join(
            _line_of(name, field, account) for name, field in _own_fields(model).items() if field.is_required()
        ),
    )
    _write_new(path, text, 0o644)
    key = path.absolute().parent / KEY_FILE
    written = [path.absolute(), key] if _write_key(key) else [path.absolute()]
    _tell(out, written, key, ["B24_CLIENT_SECRET", *_variables(model, account)])


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


def _own_fields(model: type[AccountSettings]) -> dict[str, FieldInfo]:
    """What the provider adds to every account."""
    return {name: field for name, field in model.model_fields.items() if name not in AccountSettings.model_fields}


def _variable(name: str, account: str) -> str:
    return f"{account}_{name}".upper().replace("-", "_")


def _secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation) or field.annotation is SecretStr


def _line_of(name: str, field: FieldInfo, account: str) -> str:
    value = f'"${{{_variable(name, account)}}}"' if _secret(field) else '""  # docs/settings.md'
    return f"    {name}: {value}\n"


def _variables(model: type[AccountSettings], account: str) -> list[str]:
    fields = _own_fields(model).items()
    return [_variable(name, account) for name, field in fields if field.is_required() and _secret(field)]


def _write_new(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _write_key(path: Path) -> bool:
    """A fresh key, unless one is there or the environment has one."""
    if path.exists() or os.environ.get("CONNECTOR_SECRET_KEY") or os.environ.get("CONNECTOR_SECRET_KEY_FILE"):
        return False
    _write_new(path, secrets.token_urlsafe(48) + "\n", 0o600)
    return True


def _tell(out: Output, written: list[Path], key: Path, variables: list[str]) -> None:
    steps = [f"export {name}=…" for name in variables]
    if key in written:
        steps.insert(0, f"export CONNECTOR_SECRET_KEY_FILE={key}")
    steps += ["export CONNECTOR_PUBLIC_URL=https://…", "connector check", "connector run"]
    for path in written:
        out.say(_WRITTEN, path=path)
    out.say(_NEXT)
    for step in steps:
        out.say(Text(f"  {step}", f"  {step}"))
    out.document({"written": written, "next": steps})
