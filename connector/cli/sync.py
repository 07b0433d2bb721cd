"""``connector sync``: sources, their runs and rows; begin, foresee, pause and mend."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import Any

import click

from connector import registry, repair
from connector.bootstrap import Connector
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.sync_access import explain
from connector.cli.sync_run import run
from connector.cli.telling import shortened
from connector.cli.words import say
from connector.journal.sync_model import MirrorRow, RowState, Run
from connector.repair import Deed
from connector.speech import Text
from connector.sync import deeds
from connector.sync.health import Standing, standings
from connector.sync.opening import settings_of
from connector.sync.progress import untouched
from connector.sync.schedule_words import schedule_in_words

_NAMES = (
    Text("source", "источник"),
    Text("provider", "провайдер"),
    Text("schedule", "расписание"),
    Text("state", "состояние"),
    Text("last good run", "последний удачный"),
    Text("next", "следующий"),
    Text("waiting", "ждут"),
    Text("parked", "отложены"),
)
_NO_SOURCES = Text(
    "There are no sources. Put some under sources: in connector.yaml; docs/sync.md shows how.",
    "Источников нет. Добавьте их в sources: в connector.yaml; как — в docs/sync.ru.md.",
)
_RUN_NAMES = (
    Text("run", "запуск"),
    Text("began", "начался"),
    Text("ended", "закончился"),
    Text("state", "состояние"),
    Text("read", "прочитано"),
    Text("created", "создано"),
    Text("updated", "изменено"),
    Text("same", "без изменений"),
    Text("gone", "пропало"),
    Text("parked", "отложено"),
    Text("requests", "запросов"),
)
_LED = {"created": Text("granted", "выдано"), "updated": Text("revoked", "отозвано")}  # of a source of people
_NO_RUNS = Text("{name} has not run yet.", "{name} ещё не запускался.")
_ROW_NAMES = (
    Text("record", "запись"),
    Text("state", "состояние"),
    Text("outcome", "итог"),
    Text("in the CRM", "в CRM"),
    Text("where", "где"),
    Text("why", "почему"),
)
_NO_ROWS = Text("No such rows.", "Таких записей нет.")
_AGAIN = Text(
    'When the reason is mended: connector sync retry {name} {record} --why "…"; without a record, all parked ones.',
    'Когда причина устранена: connector sync retry {name} {record} --why "…"; без записи — все отложенные.',
)
_CANCELLING = Text(
    "Run {run} of {name} ends at its next step; what it wrote stays.",
    "Запуск {run} источника {name} завершится на ближайшем шаге; записанное останется.",
)
_PAUSED = Text(
    "{name} is paused. It goes on by: connector sync resume {name}",
    "{name} на паузе. Снова по расписанию: connector sync resume {name}",
)
_RESUMED = Text("{name} goes by its schedule again.", "{name} снова работает по расписанию.")
_RETRIED = Text("Tried again by the run that begins now: {count}.", "Будет повторено ближайшим запуском: {count}.")
_LET_BE = Text(
    "Let be until the source says something else: {count}.",
    "Оставлено до новых данных из источника: {count}.",
)
_FORGOTTEN = Text(
    "Forgotten: {count} records. The next run of {name} reads everything.",
    "Забыто записей: {count}. Следующий запуск {name} прочитает всё заново.",
)
_why = click.option("--why", required=True, help=say("the reason, for the audit", "причина, для аудита"))
_who = click.option("--who", default="", help=say("your name for the audit", "ваше имя для аудита"))
_source = click.argument("name", metavar="SOURCE")


@click.group(
    help=say(
        "Sources: shipment logs, directories, other systems. Their runs, rows and failures.",
        "Источники: журналы отгрузок, каталоги, другие системы. Их запуски, записи и сбои.",
    ),
    short_help=say("Sources, their runs and rows.", "Источники, их запуски и записи."),
)
def sync() -> None:
    """The group."""


sync.add_command(run)
sync.add_command(explain)


@sync.command("list", help=say("All sources and how they stand.", "Все источники и их состояние."))
@answering
def list_(out: Output) -> None:
    """Leaves with 1 when one of them needs a person."""
    house = tools(click.get_current_context()).connector()
    found = standings(house)
    rows = [_standing(out, one, _schedule(house, one)) for one in found]
    out.table(_NAMES, rows, empty=_NO_SOURCES)
    for problem in (problem for one in found for problem in one.problems):
        out.say(Text("! {words}", "! {words}"), words=out.words(problem))
    out.document([_told(one, out.language) for one in found])
    finish(not any(one.alarms for one in found))


@sync.command(help=say("The runs of a source, the newest first.", "Запуски источника, сначала новые."))
@_source
@click.option("--limit", type=click.IntRange(1, 200), default=10, show_default=True, help=say("how many", "сколько"))
@answering
def status(out: Output, name: str, limit: int) -> None:
    """With what went wrong, and what it noted."""
    house = tools(click.get_current_context()).connector()
    people = settings_of(house, name).access is not None
    runs = house.journal.runs_of(name, limit=limit)
    names = [_LED.get(words.en, words) if people else words for words in _RUN_NAMES]
    out.table(names, [_run(one) for one in runs], empty=_NO_RUNS.with_(name=name))
    for one in runs[:1]:
        words = [one.hint] if one.hint else []
        for each in (*words, *one.notes):
            out.say(Text("  {words}", "  {words}"), words=out.words(each))
    out.document(runs)


@sync.command(
    help=say("Rows of a source: those parked, or those of one run.", "Записи источника: отложенные или одного запуска.")
)
@_source
@click.option("--run", "number", type=int, default=None, help=say("the run that settled them", "запуск, их записавший"))
@click.option(
    "--state",
    type=click.Choice(["waiting", "done", "parked"]),
    default=None,
    help=say("parked unless --run is given", "отложенные, если не указан --run"),
)
@click.option("--after", default="", help=say("continue after this record", "продолжить после этой записи"))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help=say("how many", "сколько"))
@answering
def rows(out: Output, name: str, number: int | None, state: Any, after: str, limit: int) -> None:
    """In the order of their ids."""
    house = tools(click.get_current_context()).connector()
    settings_of(house, name)
    wanted: RowState | None = state or (None if number is not None else "parked")
    found = house.journal.mirror_rows(name, state=wanted, run=number, after=after, limit=limit)
    out.table(_ROW_NAMES, [_row(out, one) for one in found], empty=_NO_ROWS)
    ours = next((one for one in found if one.state == "parked" and one.cause != deeds.BROKEN), None)
    if ours is not None:
        out.say(_AGAIN, name=name, record=quote(ours.record))
    out.document(found)


@sync.command(help=say("End the open run.", "Завершить текущий запуск."))
@_source
@_why
@_who
@answering
def cancel(out: Output, name: str, why: str, who: str) -> None:
    """What it wrote stays; the next run begins where this one began."""
    house = tools(click.get_current_context()).connector()
    found = deeds.cancel(house, name, _deed(who, why))
    out.say(_CANCELLING, run=found.id, name=name)
    out.document({"run": found.id})


@sync.command(help=say("Begin no run by itself any more.", "Больше не запускать по расписанию."))
@_source
@_why
@_who
@answering
def pause(out: Output, name: str, why: str, who: str) -> None:
    """A person may still run it."""
    deeds.pause(tools(click.get_current_context()).connector(), name, _deed(who, why))
    out.say(_PAUSED, name=name)
    out.document({"paused": name})


@sync.command(help=say("Go by the schedule again.", "Снова работать по расписанию."))
@_source
@_why
@_who
@answering
def resume(out: Output, name: str, why: str, who: str) -> None:
    """What was missed meanwhile is made up by one run."""
    deeds.resume(tools(click.get_current_context()).connector(), name, _deed(who, why))
    out.say(_RESUMED, name=name)
    out.document({"resumed": name})


@sync.command(
    help=say("Try parked rows again: those named, else all.", "Повторить отложенные записи: названные, иначе все.")
)
@_source
@click.argument("records", nargs=-1)
@click.option("--cause", default="", help=say("only those of this cause", "только с этой причиной"))
@_why
@_who
@answering
def retry(out: Output, name: str, records: Sequence[str], cause: str, why: str, who: str) -> None:
    """Rows that the source has to mend are read again by themselves."""
    house, deed = tools(click.get_current_context()).connector(), _deed(who, why)
    count = deeds.retry(house, name, records, deed) if records else deeds.retry_all(house, name, deed, cause=cause)
    out.say(_RETRIED, count=count)
    out.document({"retried": count})


@sync.command(
    help=say(
        "Let parked rows be until their source says something else: those named, else all of --cause.",
        "Оставить отложенные записи как есть до новых данных: названные, иначе все с --cause.",
    )
)
@_source
@click.argument("records", nargs=-1)
@click.option("--cause", default="", help=say("only those of this cause", "только с этой причиной"))
@_why
@_who
@answering
def discard(out: Output, name: str, records: Sequence[str], cause: str, why: str, who: str) -> None:
    """Nothing changes in the portal."""
    if not records and not cause:
        raise click.UsageError(say("Name records, or their --cause.", "Назовите записи или их --cause."))
    house, deed = tools(click.get_current_context()).connector(), _deed(who, why)
    count = deeds.discard(house, name, records, deed) if records else deeds.discard_all(house, name, deed, cause=cause)
    out.say(_LET_BE, count=count)
    out.document({"discarded": count})


@sync.command(
    help=say(
        "Forget what is known of a source's records. Its next run reads everything and finds by external ids what is "
        "in Bitrix24 already; nothing is made twice.",
        "Забыть всё, что известно о записях источника. Следующий запуск прочитает всё и найдёт по внешним кодам то, "
        "что уже есть в Битрикс24; ничего не задвоится.",
    ),
    short_help=say("Begin with an empty mirror.", "Начать с пустого зеркала."),
)
@_source
@_why
@_who
@answering
def forget(out: Output, name: str, why: str, who: str) -> None:
    """Nothing changes in the portal; parked rows are forgotten too."""
    count = deeds.forget(tools(click.get_current_context()).connector(), name, _deed(who, why))
    out.say(_FORGOTTEN, count=count, name=name)
    out.document({"forgotten": count})


def _deed(who: str, why: str) -> Deed:
    return Deed(who=who or repair.somebody(), why=why)


def _schedule(house: Connector, one: Standing) -> Text:
    return schedule_in_words(house.settings.sources[one.name], pushed=registry.is_pushed_to(one.provider))


def _standing(out: Output, one: Standing, schedule: Text) -> Sequence[object]:
    state = out.words(one.words)
    return (
        one.name, one.provider, out.words(schedule), state, one.good_at, one.next_at, one.waiting, one.parked,
    )  # fmt: skip


def _told(one: Standing, language: str) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(one, name) for name in ("name", "provider", "portal", "state", "good_at")}
    told |= {"next_at": one.next_at, "lag": one.lag, "waiting": one.waiting, "parked": one.parked}
    return told | {"run": one.open.id if one.open else None, "problems": [each.say(language) for each in one.problems]}


def _run(one: Run) -> Sequence[object]:
    counts = one.counts
    told = (counts["read"], counts["created"], counts["updated"], untouched(one), counts["gone"], counts["parked"])
    return (one.id, one.started_at, one.ended_at, one.state, *told, counts["requests"])


def _row(out: Output, one: MirrorRow) -> Sequence[object]:
    crm = ", ".join(f"{kind}:{number}" for kind, number in one.crm)
    why = out.words(one.hint) if one.hint else ""
    if one.detail and not one.cause.startswith("mapping."):  # of rules the hint says it all
        why = f"{why} {shortened(one.detail)}"
    return (one.record, one.state, one.outcome, crm, one.where, why)
