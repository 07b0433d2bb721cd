"""``connector portal``."""

from __future__ import annotations

import os
from collections.abc import Collection

import click

from connector import repair, settings
from connector.bootstrap import Connector
from connector.cli.check import portal_findings
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.words import say
from connector.portal.selfcheck import NEEDED
from connector.settings.mistakes import did_you_mean
from connector.speech import Text

_COLUMNS = (
    Text("portal", "портал"),
    Text("address", "адрес"),
    Text("works by", "работает через"),
    Text("state", "состояние"),
)
_NONE = Text("connector.yaml names no portals.", "В connector.yaml нет порталов.")
_UNKNOWN = Text("There is no portal {name} in connector.yaml.", "Портала {name} в connector.yaml нет.")
_QUEUED = Text(
    "The connectors and events of {name} will be bound anew in a moment. Follow it: connector journal trace {trace}",
    "Коннекторы и события {name} сейчас будут привязаны заново. Следить: connector journal trace {trace}",
)
_WHERE = Text(
    "In {url}: Developer resources → Other → Local application. Fill in:",
    "В {url}: Разработчикам → Другое → Локальное приложение. Заполните:",
)
_FIELDS = (
    ("handler", Text("Your handler path", "Путь вашего обработчика")),
    ("install", Text("Initial installation path", "Путь для первоначальной установки")),
    ("rights", Text("Rights (scope)", "Права (scope)")),
)
_THEN = Text(
    "Save, copy client_id and client_secret into connector.yaml, start `connector run`, and open the application in "
    "the portal once: that installs it. Then: connector check",
    "Сохраните, перенесите client_id и client_secret в connector.yaml, запустите `connector run` и один раз откройте "
    "приложение в портале: этим оно установится. Затем: connector check",
)
_NOT_PUBLIC = Text(
    "CONNECTOR_PUBLIC_URL is not set, so these addresses lead to this computer only.",
    "CONNECTOR_PUBLIC_URL не задан, поэтому эти адреса ведут только на этот компьютер.",
)


@click.group(help=say("Bitrix24 portals.", "Порталы Битрикс24."))
def portal() -> None:
    """The group."""


@portal.command("list", help=say("The portals of connector.yaml.", "Порталы из connector.yaml."))
@answering
def list_(out: Output) -> None:
    """With the state of each."""
    house = tools(click.get_current_context()).connector()
    rows = []
    for name, known in house.settings.portals.items():
        installation = house.portals[name].installation()
        state = installation.state if installation else "not_installed"
        by = "app" if known.app else "webhook"
        rows.append({"portal": name, "url": known.url, "by": by, "state": state})
    out.table(_COLUMNS, [tuple(row.values()) for row in rows], empty=_NONE)
    out.document(rows)


@portal.command(help=say("Look at one portal, or at all.", "Проверить один портал или все."))
@click.argument("name", required=False)
@answering
def check(out: Output, name: str | None) -> None:
    """Asks the portal itself; changes nothing."""
    house = tools(click.get_current_context()).connector()
    names = _names(out, house, name)
    finish(out.findings([(f"portal {one}", portal_findings(house, one)) for one in names]))


@portal.command(
    help=say(
        "Register connectors and events anew and connect the lines.",
        "Заново зарегистрировать коннекторы и события и подключить линии.",
    )
)
@click.argument("name", required=False)
@click.option("--why", default="rebind", help=say("the reason, for the audit", "причина, для аудита"))
@click.option("--who", default="", help=say("your name for the audit", "ваше имя для аудита"))
@answering
def rebind(out: Output, name: str | None, why: str, who: str) -> None:
    """Safe to repeat; after a change of address or of accounts."""
    house = tools(click.get_current_context()).connector()
    deed = repair.Deed(who=who or repair.somebody(), why=why)
    traces = {one: repair.rebind(house, one, deed) for one in _names(out, house, name, bound=True)}
    for one, trace in traces.items():
        out.say(_QUEUED, name=one, trace=trace)
    out.document(traces)


@portal.command(
    help=say(
        "What to paste into the application's card in Bitrix24.",
        "Что вставить в карточку приложения в Битрикс24.",
    )
)
@click.argument("name", required=False)
@answering
def install(out: Output, name: str | None) -> None:
    """Prints; changes nothing."""
    portals, public = settings.sketch(None, os.environ)
    values = {
        "handler": f"{public}/bitrix24/app",
        "install": f"{public}/bitrix24/install",
        "rights": ", ".join(NEEDED),
    }
    for one in [name] if name and _known(out, portals, name) else portals:
        out.say(_WHERE, url=portals[one])
        out.pairs((title, values[key]) for key, title in _FIELDS)
    out.say(_THEN)
    if not public.startswith("https://"):
        out.say(_NOT_PUBLIC)
    out.document({**values, "rights": list(NEEDED)})


def _known(out: Output, portals: Collection[str], name: str) -> bool:
    """Leaves with 1 and a hint for a portal that is not in the settings."""
    if name not in portals:
        out.problem("portal.unknown", out.words(_UNKNOWN, name=name), out.words(did_you_mean(name, portals)))
        finish(False)
    return True


def _names(out: Output, house: Connector, name: str | None, *, bound: bool = False) -> list[str]:
    """The portal named, or all of them (with ``bound`` those that have an application)."""
    if name is None:
        return [one for one, known in house.settings.portals.items() if known.app or not bound]
    return [name] if _known(out, house.portals, name) else []
