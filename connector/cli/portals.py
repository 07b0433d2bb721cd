"""``connector portal``."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import click

from connector import reconcile as reconciling
from connector import repair, settings
from connector.bootstrap import Connector
from connector.checkup.card import fields, pairs
from connector.cli.check import check_portals, names_of, patience
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.words import say
from connector.portal.scopes import SCOPES
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
_UNBOUND = Text("{url} had {count} events and has none any more.", "{url}: отвязано событий — {count}.")
_LOOKED = Text(
    "{name}: {chats} dialogs read; replies found: {found}, too late to send by themselves: {late}; delivery statuses "
    "told again: {statuses}; handlers to mend: {handlers}.",
    "{name}: прочитано диалогов: {chats}; найдено ответов: {found}, слишком старых для отправки: {late}; повторено "
    "статусов доставки: {statuses}; обработчиков к починке: {handlers}.",
)
_LOOKED_PARTLY = Text(
    f"{_LOOKED.en} There is more to read: run it again, or leave it to the clock.",
    f"{_LOOKED.ru} Прочитано не всё: запустите ещё раз или предоставьте это процессу clock.",
)
_NOT_SEEN = Text(
    "Dialogs whose history the application may not read: {count}. Let an administrator of the portal open it.",
    "Диалогов, чью историю приложению читать нельзя: {count}. Пусть его откроет администратор портала.",
)
_BUSY = Text(
    "{name} is being looked through by the clock right now; try again in a minute.",
    "{name} сейчас просматривает процесс clock; повторите через минуту.",
)
_NOT_INSTALLED = Text(
    "The application is not installed in the portal {name}. Run: connector portal install {name}",
    "Приложение не установлено в портале {name}. Выполните: connector portal install {name}",
)
_WHERE = Text(
    "In {url}: Developer resources → Other → Local application. Fill in:",
    "В {url}: Разработчикам → Другое → Локальное приложение. Заполните:",
)
_SCOPE = Text("  {name}: {purpose}", "  {name}: {purpose}")
_THEN = Text(
    "Save, copy client_id and client_secret into connector.yaml, start `connector run`, and open the application in "
    "the portal once: that installs it. Then: connector check",
    "Сохраните, перенесите client_id и client_secret в connector.yaml, запустите `connector run` и один раз откройте "
    "приложение в портале — оно установится. Затем: connector check",
)
_NOT_PUBLIC = Text(
    "These addresses lead to this computer only: CONNECTOR_PUBLIC_URL has to be the one by which Bitrix24 reaches it.",
    "Эти адреса ведут только на этот компьютер: задайте в CONNECTOR_PUBLIC_URL адрес, по которому его видит Битрикс24.",
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
@click.argument("name", default="")
@patience
@answering
def check(out: Output, name: str, wait: int) -> None:
    """The same as ``connector check --portal``."""
    house = tools(click.get_current_context()).connector()
    check_portals(out, house, names_of(out, house.settings.portals, name), wait)


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
        "Take an address left behind off the events of our application.",
        "Отвязать от событий приложения адрес, оставшийся от переезда.",
    )
)
@click.argument("name")
@click.argument("url")
@click.option("--why", default="unbind", help=say("the reason, for the audit", "причина, для аудита"))
@click.option("--who", default="", help=say("your name for the audit", "ваше имя для аудита"))
@answering
def unbind(out: Output, name: str, url: str, why: str, who: str) -> None:
    """``connector check --portal`` names such addresses."""
    house = tools(click.get_current_context()).connector()
    names_of(out, house.settings.portals, name)
    count = repair.unbind(house, name, url, repair.Deed(who=who or repair.somebody(), why=why))
    out.say(_UNBOUND, count=count, url=url)
    out.document({"portal": name, "url": url, "unbound": count})


@portal.command(
    help=say(
        "Look for replies, delivery statuses and handlers that the portal lost.",
        "Найти ответы, статусы доставки и обработчики, которые портал потерял.",
    )
)
@click.argument("name", required=False)
@answering
def reconcile(out: Output, name: str | None) -> None:
    """What the clock does every few minutes, now. Leaves with 1 when a portal could not be looked through wholly."""
    house = tools(click.get_current_context()).connector()
    names = [one for one in _names(out, house, name, bound=True) if name or house.portals[one].installed()]
    told = {one: _look_back(out, house, one) for one in names}
    out.document(told)
    finish(all(one["ended"] and not one["unreadable"] for one in told.values()))


def _look_back(out: Output, house: Connector, name: str) -> dict[str, Any]:
    if not house.portals[name].installed():
        out.problem("portal.not_installed", out.words(_NOT_INSTALLED, name=name), "")
        finish(False)
    wrong = reconciling.check_handlers(house, name)
    report = reconciling.reconcile(house, name)
    if report is None:
        out.say(_BUSY, name=name)
        return {"ended": False, "unreadable": 0, "handlers": wrong}
    out.say(_LOOKED if report.ended else _LOOKED_PARTLY, name=name, handlers=len(wrong), **asdict(report))
    if report.unreadable:
        out.say(_NOT_SEEN, count=report.unreadable)
    return {**asdict(report), "handlers": wrong}


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
    for one in [name] if name and _known(out, portals, name) else portals:
        out.say(_WHERE, url=portals[one])
        out.pairs(pairs(public))
        for scope in SCOPES:
            out.say(_SCOPE, name=scope.name, purpose=out.words(scope.told))
    out.say(_THEN)
    if not public.startswith("https://"):
        out.say(_NOT_PUBLIC)
    out.document({**{field.code: field.value for field in fields(public)}, "rights": [scope.name for scope in SCOPES]})


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
