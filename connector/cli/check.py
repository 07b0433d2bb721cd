"""``connector check``: everything that can be wrong, in plain words, each with what to do."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click
import redis

from connector.bootstrap import Connector
from connector.checkup import account_findings, examined, public_findings, source_findings
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.words import say
from connector.domain.provider import Finding
from connector.errors import ConnectorError, SettingsError
from connector.settings import Settings
from connector.settings.checks import loopback
from connector.settings.mistakes import did_you_mean
from connector.speech import Text
from mappings.faults import BrokenError

_HERE = Text("this machine", "эта машина")
_SETTINGS = Text("The settings are sound: {path}", "Настройки в порядке: {path}")
_NO_ACCOUNTS = Text("There are no accounts yet", "Аккаунтов пока нет")
_NO_ACCOUNTS_HINT = Text("Add one under accounts: (docs/settings.md)", "Добавьте в accounts: (docs/settings.md)")
_VAR = Text("The folder {path} can be written to", "В папку {path} можно писать")
_VAR_HINT = Text("Give this user the rights to {path}", "Дайте этому пользователю права на {path}")
_DATABASE = Text("The database answers and its schema is up to date", "База данных отвечает, её схема актуальна")
_REDIS = Text("Redis answers", "Redis отвечает")
_REDIS_HINT = Text(
    "Start redis-server (apt-get install redis-server) or correct REDIS_URL",
    "Запустите redis-server (apt-get install redis-server) или исправьте REDIS_URL",
)
_PUBLIC = Text("The public address is {url}", "Внешний адрес: {url}")
_PUBLIC_HINT = Text(
    "Set CONNECTOR_PUBLIC_URL to the https:// address by which the internet reaches this machine",
    "Задайте в CONNECTOR_PUBLIC_URL адрес https://, по которому эту машину видно из интернета",
)
_KEYS = Text("CONNECTOR_SECRET_KEY opens what is kept", "CONNECTOR_SECRET_KEY открывает сохранённое")
_OLD_KEYS = Text("There are {count} secret keys; the first one seals", "Секретных ключей {count}; запечатывает первый")
_OLD_KEYS_HINT = Text(
    "Run `connector secrets rotate`, then take the former keys out",
    "Выполните `connector secrets rotate`, затем уберите прежние ключи",
)
_RULES = Text("The rules are sound: {count}, version {version}", "Правила в порядке: {count}, версия {version}")
_RULES_BROKEN = Text(
    "The rules in {folder} have faults, and a former version stays in use: {first}",
    "В правилах в {folder} есть ошибки, работает прежняя версия: {first}",
)
_RULES_HINT = Text("See all of them: `connector mappings check`", "Все ошибки: `connector mappings check`")
_UNKNOWN = Text("There is no portal {name} in connector.yaml.", "Портала {name} в connector.yaml нет.")
_LOOKING = Text("Looking; a test event may take a while", "Проверяю; пробное событие может идти некоторое время")
_ADDRESS = Text("the public address", "внешний адрес")

patience = click.option(
    "--wait",
    type=click.IntRange(0, 300),
    default=15,
    show_default=True,
    help=say(
        "seconds that a test event of the portal may take; 0: none is fired",
        "сколько секунд ждать пробного события портала; 0 — не вызывать",
    ),
)


@click.command(help=say("Look at everything; change nothing.", "Проверить всё, ничего не меняя."))
@click.option(
    "--portal",
    "portal",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[NAME]",
    help=say("only the portal of this name, or all portals", "только этот портал или все порталы"),
)
@patience
@answering
def check(out: Output, portal: str | None, wait: int) -> None:
    """Leaves with 1 when something is bad."""
    house = tools(click.get_current_context()).connector()
    if portal is not None:
        check_portals(out, house, names_of(out, house.settings.portals, portal), wait)
        return
    with out.working(_LOOKING):
        public = list(public_findings(house.settings.public_url, now=house.clock()))
        groups: list[tuple[str, Sequence[Finding]]] = [(out.words(_HERE), machine_findings(house) + public)]
        groups += [(f"portal {name}", list(examined(house, name, wait=wait))) for name in house.portals]
        groups += [(f"account {name}", account_findings(house, name)) for name in house.accounts]
        groups += [(f"source {name}", source_findings(house, name)) for name in house.settings.sources]
    finish(out.findings(groups))


def check_portals(out: Output, house: Connector, names: Collection[str], wait: int) -> None:
    """The list of the portals alone, with the public address through which they reach us."""
    with out.working(_LOOKING):
        public = list(public_findings(house.settings.public_url, now=house.clock()))
        groups = [(f"portal {name}", list(examined(house, name, wait=wait))) for name in names]
    finish(out.findings([*groups, (out.words(_ADDRESS), public)]))


def names_of(out: Output, portals: Collection[str], name: str) -> list[str]:
    """The portal of this name, all of them for an empty one. Leaves with 1 and a hint for one that is not there."""
    if name and name not in portals:
        out.problem("portal.unknown", out.words(_UNKNOWN, name=name), out.words(did_you_mean(name, portals)))
        finish(False)
    return [name] if name else list(portals)


def machine_findings(house: Connector) -> list[Finding]:
    """The settings, the folder, the database, Redis, the key and the public address."""
    settings = house.settings
    findings = [Finding(_SETTINGS.with_(path=settings.path), "ok", code="machine.settings")]
    if not house.accounts and not settings.sources:
        findings.append(Finding(_NO_ACCOUNTS, "warn", _NO_ACCOUNTS_HINT, "machine.accounts"))
    findings.append(_folder(settings.var))
    findings.append(_database(house))
    findings.append(_redis(house.redis))
    findings += [*_keys(house), _rules(house)]
    findings.append(_public(settings))
    return findings


def _folder(var: Path) -> Finding:
    try:
        var.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=var):
            return Finding(_VAR.with_(path=var), "ok", code="machine.folder")
    except OSError:
        return Finding(_VAR.with_(path=var), "bad", _VAR_HINT.with_(path=var), "machine.folder")


def _database(house: Connector) -> Finding:
    try:
        house.journal.ping()
    except ConnectorError as error:
        return Finding(_DATABASE, "bad", error.hint, "machine.database")
    return Finding(_DATABASE, "ok", code="machine.database")


def _redis(client: redis.Redis) -> Finding:
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return Finding(_REDIS, "bad", _REDIS_HINT, "machine.redis", "redis-server")
    return Finding(_REDIS, "ok", code="machine.redis")


def _rules(house: Connector) -> Finding:
    try:
        found = house.rulebook.folder_set()
    except BrokenError as error:
        first = Text(error.faults[0].words("en"), error.faults[0].words("ru"))
        broken = _RULES_BROKEN.with_(folder=house.settings.mappings, first=first)
        return Finding(broken, "bad", _RULES_HINT, "machine.mappings", mend="connector mappings check")
    return Finding(_RULES.with_(count=len(found.rules), version=found.version), "ok", code="machine.mappings")


def _keys(house: Connector) -> list[Finding]:
    try:
        for name in house.portals:
            house.journal.installation(name)
        findings = [Finding(_KEYS, "ok", code="machine.keys")]
    except ConnectorError:
        return []
    except SettingsError as error:
        findings = [Finding(_KEYS, "bad", Text(str(error), str(error)), "machine.keys")]
    count = len(house.settings.secret_keys)
    if count > 1:
        findings.append(
            Finding(
                _OLD_KEYS.with_(count=count), "warn", _OLD_KEYS_HINT, "machine.old_keys", "connector secrets rotate"
            )
        )
    return findings


def _public(settings: Settings) -> Finding:
    parts = urlsplit(settings.public_url)
    known = Finding(_PUBLIC.with_(url=settings.public_url), "ok", code="machine.public")
    if parts.scheme == "https":
        return known
    local = all(loopback(urlsplit(portal.url).hostname or "") for portal in settings.portals.values())
    return Finding(known.what, "warn" if local else "bad", _PUBLIC_HINT, "machine.public")
