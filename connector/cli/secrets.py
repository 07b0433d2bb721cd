"""``connector secrets``."""

from __future__ import annotations

import click

from connector import repair
from connector.cli.output import Output
from connector.cli.shape import answering, tools
from connector.cli.words import say
from connector.speech import Text

_ROTATED = Text(
    "Sealed with the first key now: {count} (portals and mailboxes). The other keys may leave CONNECTOR_SECRET_KEY "
    "once the links handed out under them have expired ({hours:g} h).",
    "Запечатано первым ключом (порталы и ящики): {count}. Остальные ключи можно убрать из CONNECTOR_SECRET_KEY, когда "
    "истекут выданные по ним ссылки ({hours:g} ч).",
)


@click.group(help=say("Secrets at rest.", "Секреты на хранении."))
def secrets() -> None:
    """The group."""


@secrets.command(
    help=say(
        "Seal what is kept with the first key of CONNECTOR_SECRET_KEY.",
        "Запечатать сохранённое первым ключом из CONNECTOR_SECRET_KEY.",
    )
)
@click.option("--who", default="", help=say("your name for the audit", "ваше имя для аудита"))
@answering
def rotate(out: Output, who: str) -> None:
    """The new key comes first in the list, the former ones after it."""
    house = tools(click.get_current_context()).connector()
    count = house.journal.reseal()
    house.journal.audit(who or repair.somebody(), "secrets.rotated", "rotation", "installations")
    out.say(_ROTATED, count=count, hours=house.settings.limits.url_ttl_hours)
    out.document({"resealed": count})
