"""``connector sync explain``: why somebody is in a target, or why not."""

from __future__ import annotations

from dataclasses import asdict

import click

from connector.bootstrap import Connector
from connector.cli.output import Output
from connector.cli.shape import answering, tools
from connector.cli.words import say
from connector.domain.sources import SourceSettings
from connector.errors import PermanentError
from connector.speech import Text
from connector.sync import access

_LOOKING = Text("Asking the portal …", "Спрашиваем портал …")
_VERDICT = Text("{person}, {target}: {answer}", "{person}, {target}: {answer}")
_YES = Text("belongs there", "должен быть там")
_NO = Text("does not belong there", "быть там не должен")
_NO_SOURCE = Text(
    "No source of connector.yaml has access:; see docs/access.md",
    "Ни у одного источника в connector.yaml нет access:; смотрите docs/access.ru.md",
)
_WHICH = Text(
    "Several sources lead people: {names}. Name one with --source",
    "Людей ведут несколько источников: {names}. Назовите один: --source",
)
_UNKNOWN = Text(
    "There is no source {name} with access:. There are: {names}", "Источника {name} с access: нет. Есть: {names}"
)


@click.command(
    help=say(
        "Why USER is in TARGET, or why not. USER is an e-mail, an external id or #17; TARGET like department:12, "
        "workgroup:5, queue:3 or console.",
        "Почему USER есть в TARGET или почему нет. USER — почта, внешний код или #17; TARGET — например department:12, "
        "workgroup:5, queue:3 или console.",
    )
)
@click.argument("user")
@click.argument("target")
@click.option("--source", default="", help=say("the source that leads people", "источник, который ведёт людей"))
@answering
def explain(out: Output, user: str, target: str, source: str) -> None:
    """Looks at the source's records as they were read last, and at the portal as it is now; writes nothing."""
    house = tools(click.get_current_context()).connector()
    settings = _source(house, source)
    rows = access.rows_of(house.journal, settings.source)
    with out.working(_LOOKING):
        told = access.explain(house.portals[settings.portal], house.journal, settings, rows, user, target)
    answer = _YES if told.wished else _NO
    out.say(_VERDICT, person=told.person, target=told.target, answer=answer)
    for line in told.lines:
        out.say(Text(f"  · {line.en}", f"  · {line.ru}"))
    out.document({**asdict(told), "lines": [line.say(out.language) for line in told.lines]})


def _source(house: Connector, name: str) -> SourceSettings:
    """The one that is named, or the only one. Raises ``PermanentError``."""
    known: dict[str, SourceSettings] = {
        each: settings for each, settings in house.settings.sources.items() if settings.access is not None
    }
    names = ", ".join(sorted(known))
    if not known:
        raise PermanentError("access.no_source", hint=_NO_SOURCE)
    if name and name not in known:
        raise PermanentError("access.unknown_source", hint=_UNKNOWN.with_(name=name, names=names))
    if not name and len(known) > 1:
        raise PermanentError("access.which_source", hint=_WHICH.with_(names=names))
    return known[name or next(iter(known))]
