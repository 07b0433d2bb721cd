"""``connector journal``: see what came in and what became of it; replay or discard what is parked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from connector import repair
from connector.cli.output import Output
from connector.cli.shape import answering, tools
from connector.cli.telling import show_row, show_rows, show_story
from connector.cli.words import say
from connector.journal import people
from connector.journal.sieve import Sieve
from connector.speech import Text

_NOTHING = Text("Nothing fits.", "Ничего не подходит.")
_REPLAYED = Text(
    "Waiting again: {count}. Follow it: connector journal show <number>",
    "Снова ждёт: {count}. Следить: connector journal show <номер>",
)
_DISCARDED = Text("Discarded: {count}.", "Отброшено: {count}.")
_ASK_REPLAY = Text("Replay {count}?", "Повторить {count}?")
_ASK_DISCARD = Text(
    "Discard {count} for good? What they hold will not be delivered.",
    "Отбросить {count} навсегда? Их содержимое не будет доставлено.",
)
_MORE = Text(
    "There is more than one deed takes: run it again.", "Отложено больше, чем берётся за раз: выполните ещё раз."
)
_DEEDS = {"replay": (_ASK_REPLAY, _REPLAYED, "replayed"), "discard": (_ASK_DISCARD, _DISCARDED, "discarded")}


@click.group(help=say("What came in and what became of it.", "Что пришло и что с этим стало."))
def journal() -> None:
    """The group."""


@journal.command("list", help=say("Newest first.", "Сначала новые."))
@click.option("--state", default="", help=say("waiting, done, parked, discarded", "waiting, done, parked, discarded"))
@click.option("--destination", default="", help=say("portal:main, account:shop", "portal:main, account:shop"))
@click.option("--account", default="", help=say("where it came from", "откуда пришло"))
@click.option("--cause", default="", help=say("the cause it was parked for", "причина, по которой отложено"))
@click.option("--envelopes", is_flag=True, help=say("requests instead of deliveries", "запросы вместо доставок"))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help=say("how many", "сколько"))
@click.option("--after", default=None, help=say("continue after this number or trace", "продолжить после этого номера"))
@answering
def list_(out: Output, envelopes: bool, after: str | None, **filters: Any) -> None:
    """Parked ones come with cause and hint."""
    if after is not None and not envelopes and not after.isdecimal():
        raise click.BadParameter(say("a number", "номер"), param_hint="--after")
    book = tools(click.get_current_context()).connector().journal
    rows = book.list("envelopes" if envelopes else "deliveries", after=after, **filters)
    show_rows(out, rows, envelopes=envelopes, empty=_NOTHING)
    out.document(rows)


@journal.command(
    help=say("One delivery by number, or one request by trace.", "Доставка по номеру или запрос по trace.")
)
@click.argument("name")
@answering
def show(out: Output, name: str) -> None:
    """Everything of one row."""
    row = tools(click.get_current_context()).connector().journal.show(name)
    show_row(out, row)
    out.document(row)


@journal.command(help=say("The whole story of one request.", "Вся история одного запроса."))
@click.argument("trace")
@answering
def trace(out: Output, trace: str) -> None:
    """``TRACE`` may also be the number of a delivery."""
    book = tools(click.get_current_context()).connector().journal
    found = book.trace(book.show(trace)["trace"] if trace.isdecimal() and len(trace) < 19 else trace)
    show_story(out, found)
    out.document(found)


def _which(command: Any) -> Any:
    """The arguments that ``replay`` and ``discard`` share."""
    for option in (
        click.option("--yes", is_flag=True, help=say("do not ask whether it is right", "не переспрашивать")),
        click.option(
            "--who",
            default="",
            help=say(
                "your name for the audit (the user of this machine)", "ваше имя для аудита (пользователь этой машины)"
            ),
        ),
        click.option("--why", required=True, help=say("the reason, for the audit", "причина, для аудита")),
        click.option(
            "--cause",
            default="",
            help=say("all parked for this cause: bitrix24.unpaid", "всё отложенное по этой причине: bitrix24.unpaid"),
        ),
        click.option(
            "--destination",
            default="",
            help=say(
                "all parked on the way to portal:main, account:shop",
                "всё отложенное на пути в portal:main, account:shop",
            ),
        ),
        click.argument("names", nargs=-1),
    ):
        command = option(command)
    return command


@journal.command(
    help=say(
        "Try parked work again. NAMES are numbers of deliveries or traces of requests that could not be read, as "
        "`connector journal list --state parked` shows them (requests: with --envelopes). Or give --destination, "
        "--cause, or both.",
        "Повторить отложенное. NAMES — номера доставок или trace непрочитанных запросов, как их показывает `connector "
        "journal list --state parked` (запросы: с --envelopes). Либо задайте --destination, --cause или оба.",
    ),
    short_help=say("Try parked work again.", "Повторить отложенное."),
)
@_which
@answering
def replay(out: Output, names: tuple[str, ...], destination: str, cause: str, why: str, who: str, yes: bool) -> None:
    """``NAMES`` are numbers of deliveries or traces of unread requests."""
    house = tools(click.get_current_context()).connector()
    deed = repair.Deed(who=who or repair.somebody(), why=why)
    if not names:
        _sweep(out, house, "replay", _filter(destination, cause), deed, yes)
        return
    ids, traces = _named(names, destination, cause)
    if not _agreed(out, _ASK_REPLAY, len(ids) + len(traces), yes):
        return
    count = repair.replay(house, ids, deed) if ids else 0
    made = {trace: repair.replay_envelope(house, trace, deed) for trace in traces}
    out.say(_REPLAYED, count=count + sum(made.values()))
    out.document({"replayed": count, "envelopes": made})


@journal.command(
    help=say(
        "Give parked work up for good. NAMES, --destination and --cause as for `connector journal replay`.",
        "Окончательно отказаться от отложенного. NAMES, --destination и --cause — как у `connector journal replay`.",
    ),
    short_help=say("Give parked work up.", "Отказаться от отложенного."),
)
@_which
@answering
def discard(out: Output, names: tuple[str, ...], destination: str, cause: str, why: str, who: str, yes: bool) -> None:
    """``NAMES`` are numbers of deliveries or traces of unread requests."""
    house = tools(click.get_current_context()).connector()
    deed = repair.Deed(who=who or repair.somebody(), why=why)
    if not names:
        _sweep(out, house, "discard", _filter(destination, cause), deed, yes)
        return
    ids, traces = _named(names, destination, cause)
    if not _agreed(out, _ASK_DISCARD, len(ids) + len(traces), yes):
        return
    count = repair.discard(house, ids, deed) if ids else 0
    for trace in traces:
        repair.discard_envelope(house, trace, deed)
    out.say(_DISCARDED, count=count + len(traces))
    out.document({"discarded": count, "envelopes": traces})


def _filter(destination: str, cause: str) -> Sieve:
    if not (destination or cause):
        raise click.UsageError(
            say(
                "Name what, or narrow by --cause or --destination.",
                "Назовите что, или задайте --cause или --destination.",
            )
        )
    return Sieve(destination=destination, cause=cause)


def _sweep(out: Output, house: Any, what: people.Deed, sieve: Sieve, deed: repair.Deed, yes: bool) -> None:
    """Everything parked that fits now; what is parked while the person thinks about the question is not touched."""
    foreseen = house.journal.foresee(sieve)
    question, told, key = _DEEDS[what]
    if not _agreed(out, question, foreseen.count, yes):
        return
    done = repair.sweep(house, replace(sieve, bound=foreseen.bound), what, deed)
    out.say(told, count=done.count)
    if foreseen.more:
        out.say(_MORE)
    out.document({key: done.count, "envelopes": {} if what == "replay" else [], "more": foreseen.more})


def _named(names: tuple[str, ...], destination: str, cause: str) -> tuple[list[int], list[str]]:
    """Numbers and traces."""
    if destination or cause:
        raise click.UsageError(say("Either names or filters.", "Или имена, или фильтры."))
    numbers = [name for name in names if name.isdecimal() and len(name) < 19]
    return [int(number) for number in numbers], [name for name in names if name not in numbers]


def _agreed(out: Output, question: Text, count: int, yes: bool) -> bool:
    if count == 0:
        out.say(_NOTHING)
        out.document({"replayed": 0, "discarded": 0, "envelopes": []})
        return False
    if not yes:
        click.confirm(out.words(question, count=count), abort=True, err=True)
    return True
