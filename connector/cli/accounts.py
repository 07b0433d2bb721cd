"""``connector account``."""

from __future__ import annotations

import click

from connector import repair
from connector.checkup import connect_account, hook_url
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.words import say
from connector.listening.health import listens
from connector.routes import Account
from connector.settings.mistakes import did_you_mean
from connector.speech import Text
from connector.telephony.renewal import renews

_COLUMNS = (
    Text("account", "аккаунт"),
    Text("provider", "провайдер"),
    Text("portal", "портал"),
    Text("line", "линия"),
    Text("address for webhooks", "адрес для вебхуков"),
)
_NONE = Text("connector.yaml names no accounts.", "В connector.yaml нет аккаунтов.")
_UNKNOWN = Text("There is no account {name} in connector.yaml.", "Аккаунта {name} в connector.yaml нет.")
_BY_HAND = Text(
    "{title} is not set up from here. Give it this address for its webhooks: {url}",
    "{title} отсюда не настраивается. Укажите ему этот адрес для вебхуков: {url}",
)
_STREAM = Text(
    "{title} posts nothing to us, we listen to it: `connector run` or `connector listen` does. How to prepare it: "
    "connector/providers/{slug}/README.md. Then: connector check",
    "{title} ничего нам не присылает, мы её слушаем: это делает `connector run` или `connector listen`. Как её "
    "подготовить: connector/providers/{slug}/README.md. Затем: connector check",
)
_SUBSCRIBED = Text("— (the connector subscribes by itself)", "— (коннектор подписывается сам)")
_LISTENED = Text("— (we listen: connector listen)", "— (слушаем сами: connector listen)")


@click.group(
    help=say(
        "Accounts: bots, widgets, other channels and telephone systems.",
        "Аккаунты: боты, виджеты, другие каналы и телефонные станции.",
    )
)
def account() -> None:
    """The group."""


@account.command("list", help=say("The accounts of connector.yaml.", "Аккаунты из connector.yaml."))
@answering
def list_(out: Output) -> None:
    """With the address that each provider should post to."""
    house = tools(click.get_current_context()).connector()
    rows = [
        {
            "account": name,
            "provider": known.provider.slug,
            "portal": known.portal,
            "line": (house.journal.recall("line", name) or {}).get("line") or known.settings.line,
            "url": "" if _silent(known) else hook_url(house.settings.public_url, name),
        }
        for name, known in house.accounts.items()
    ]
    silent = {name: out.words(words) for name, known in house.accounts.items() if (words := _silent(known))}
    shown = [(*list(row.values())[:-1], silent.get(str(row["account"]), row["url"])) for row in rows]
    out.table(_COLUMNS, shown, empty=_NONE)
    out.document(rows)


def _silent(known: Account) -> Text | None:
    """Why nobody has to be told an address of ours; ``None`` when somebody has."""
    return _LISTENED if listens(known) else _SUBSCRIBED if renews(known) else None


@account.command(
    help=say(
        "Set up the provider's side: tell it where to deliver.",
        "Настроить сторону провайдера: сказать ему, куда доставлять.",
    )
)
@click.argument("name")
@answering
def connect(out: Output, name: str) -> None:
    """Safe to repeat."""
    house = tools(click.get_current_context()).connector()
    known = house.accounts.get(name)
    if known is None:
        out.problem("account.unknown", out.words(_UNKNOWN, name=name), out.words(did_you_mean(name, house.accounts)))
        finish(False)
        return
    found = connect_account(house, name, repair.Deed(who=repair.somebody(), why="connector account connect"))
    if found is None and listens(known):
        out.say(_STREAM, title=known.provider.title.say(out.language), slug=known.provider.slug)
        out.document({"ok": True, "listens": True})
        return
    if found is None:
        url = hook_url(house.settings.public_url, name)
        out.say(_BY_HAND, title=known.provider.title.say(out.language), url=url)
        out.document({"ok": True, "by_hand": url})
        return
    finish(out.findings([(name, found)]))
