"""``connector mappings try|plan|load|test``: what rules would do, and why, before they do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from connector.bootstrap import Connector
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.sync_run import foreseen
from connector.cli.told import Told
from connector.cli.words import say
from connector.domain.events import RecordChanged
from connector.handlers import Rules
from connector.rulebook.examples import empty_portal, examples_in, played
from connector.rulebook.explaining import Event, explained, kept_events, plan_of
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from connector.rulebook.planning import planned
from connector.rulebook.records import Row, rows
from connector.rulebook.sending import rerun as again
from connector.rulebook.sending import sent
from connector.rulebook.sketching import sketched
from connector.rulebook.trying import Memory, memory_of
from connector.speech import Text
from mappings.engine import MappingSet
from mappings.faults import BrokenError
from mappings.loading import load

_NO_EXAMPLES = Text(
    "There are no examples. Put some into {folder}: docs/mappings/examples.md shows how.",
    "Примеров нет. Положите их в {folder}: как — в docs/mappings/examples.md.",
)
_LOOKING = Text("Looking at {path}", "Смотрю {path}")
_LOADED = Text(
    "On their way: {count} records. Follow them: connector journal list --account source:{source}",
    "Отправлено записей: {count}. Следить: connector journal list --account source:{source}",
)
_AGAIN = Text("On their way under version {version}: {count}.", "Отправлено по версии {version}: {count}.")
_NO_SOURCE = Text(
    "There is no file {name}, nor a source of that name in connector.yaml.",
    "Нет ни файла {name}, ни источника с таким именем в connector.yaml.",
)
_OF_SYNC = Text(
    "{name} is a source of connector.yaml: connector sync run {name}",
    "{name} — источник из connector.yaml: connector sync run {name}",
)
_MANY_PORTALS = Text("Name the portal: --portal {names}", "Укажите портал: --portal {names}")
_portal = click.option(
    "--portal", default="", help=say("which portal, if there are several", "какой портал, если их несколько")
)
_id = click.option(
    "--id",
    "id_column",
    default="",
    help=say("the column that identifies a record (the first)", "колонка, по которой узнают запись (первая)"),
)
_source = click.option(
    "--source",
    default="",
    help=say("rules are on record.<source> (the file's name)", "правила на record.<source> (имя файла)"),
)
_most = click.option(
    "--most", type=click.IntRange(1), default=None, help=say("only the first so many", "только первые столько")
)
_file = click.argument("named", metavar="PATH|SOURCE")


def _of_records(command: Any) -> Any:
    """The arguments that ``plan`` and ``load`` share."""
    for option in (_portal, _most, _id, _source, _file):
        command = option(command)
    return command


@click.command(
    "try",
    help=say(
        "What the rules would do with one event, and why each value is what it is. Nothing is written. EVENT is a file "
        "(as in docs/mappings/examples.md), the trace of a request or the number of a delivery.",
        "Что правила сделали бы с одним событием и почему каждое значение таково. Ничего не записывается. EVENT — файл "
        "(как в docs/mappings/examples.md), trace запроса или номер доставки.",
    ),
    short_help=say("What rules would do with an event, and why.", "Что правила сделают с событием и почему."),
)
@click.option(
    "--event", "name", required=True, metavar="EVENT", help=say("file, trace or number", "файл, trace или номер")
)
@click.option(
    "--version",
    "version",
    default="",
    help=say("a kept version instead of the files", "сохранённая версия вместо файлов"),
)
@click.option(
    "--offline",
    is_flag=True,
    help=say("ask no portal: nothing is found there", "не спрашивать портал: там ничего не найдено"),
)
@_portal
@answering
def try_(out: Output, name: str, version: str, offline: bool, portal: str) -> None:
    """Leaves with 1 when a rule fails or the delivery would park."""
    house = tools(click.get_current_context()).connector()
    mappings = house.rulebook.version(version) if version else house.rulebook.folder_set()
    rules = replace(house.rules, mappings=mappings, at=house.clock())
    events = _events(out, house, name, rules, portal)
    told = Told(out)
    for event in events:
        memory = Memory() if offline else memory_of(house.journal)
        read = _reader(house, event.portal, mappings, offline)
        told.explained(explained(event, mappings, rules, memory, read))
    out.document({"version": mappings.version, "events": told.documents})
    finish(told.good)


@click.command(
    help=say(
        "What a whole file of records would do to the portal: created, updated, skipped, quarantined, with samples and "
        "the cost in requests. Nothing is written. PATH is a .csv, .json or .jsonl file; SOURCE is one of "
        "connector.yaml: as `connector sync run SOURCE --dry-run`.",
        "Что целый файл записей сделал бы с порталом: создано, изменено, пропущено, в карантин — с примерами и ценой в "
        "запросах. Ничего не записывается. PATH — файл .csv, .json или .jsonl; SOURCE — источник из connector.yaml: "
        "как `connector sync run SOURCE --dry-run`.",
    ),
    short_help=say("What a file of records would do.", "Что сделает файл записей."),
)
@_of_records
@answering
def plan(out: Output, named: str, source: str, id_column: str, most: int | None, portal: str) -> None:
    """The portal is asked for what it has; reads go in batches, behind live talk."""
    house = tools(click.get_current_context()).connector()
    if not Path(named).is_file() and named in house.settings.sources:
        foreseen(out, house, named, full=False, allow_gone=False)
        return
    path, source, name = _records_of(out, house, named, source, portal)
    mappings = house.rulebook.folder_set()
    rules = replace(house.rules, mappings=mappings, at=house.clock())
    record = partial(_record, name, source)
    with out.working(_LOOKING.with_(path=path.name)):
        result = planned(
            rows(path, id_column=id_column, most=most),
            lambda row: plan_of(record(row), rules),
            memory_of(house.journal),
            house.portals[name],
            lambda done: None,
        )
    Told(out).planned(result, house.settings.portals[name].budget.per_second, mappings.version)


@click.command(
    "load",
    help=say(
        "Put the records of a file on their way into the portal, as `plan` showed. What is loaded twice is no double.",
        "Отправить записи файла в портал — так, как показал `plan`. Загруженное дважды не задвоится.",
    ),
    short_help=say("Send a file of records.", "Отправить файл записей в портал."),
)
@_of_records
@answering
def load_rows(out: Output, named: str, source: str, id_column: str, most: int | None, portal: str) -> None:
    """Each record is a delivery of its own in the journal."""
    house = tools(click.get_current_context()).connector()
    path, source, name = _records_of(out, house, named, source, portal)
    found = rows(path, id_column=id_column, most=most)
    records = [_record(name, source, row) for row in found]
    count = sent(records, house.rulebook.current(), house.intake.keep, house.clock)
    out.say(_LOADED, count=count, source=source)
    out.document({"records": count})


@click.command(
    help=say(
        "Do once more what the rules want of former events, under the rules that are in use now: what they want "
        "otherwise is changed, nothing is doubled. NAMES are traces of requests or numbers of deliveries.",
        "Ещё раз сделать то, чего от прежних событий хотят правила, которые работают сейчас: что они хотят "
        "иначе — изменится, ничего не задвоится. NAMES — trace запросов или номера доставок.",
    ),
    short_help=say("Apply today's rules to former events.", "Применить нынешние правила к прежним событиям."),
)
@click.argument("names", nargs=-1, required=True)
@answering
def rerun(out: Output, names: tuple[str, ...]) -> None:
    """Twice under the same rules is once."""
    house = tools(click.get_current_context()).connector()
    version = house.rulebook.current().version
    events = [event for name in names for event in kept_events(house.journal, name, house.rules)]
    count = again(events, version, house.intake.keep, house.clock)
    out.say(_AGAIN, count=count, version=version)
    out.document({"events": count, "version": version})


@click.command(
    help=say(
        "Play the golden examples of FOLDER/tests (of the folder in connector.yaml unless it is named; with "
        "--packaged those of the product).",
        "Проиграть эталонные примеры из FOLDER/tests (папка из connector.yaml, если не указана другая; с --packaged — "
        "те, что идут с продуктом).",
    ),
    short_help=say("Play the golden examples.", "Проиграть эталонные примеры."),
)
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--packaged", is_flag=True, help=say("those that come with the product", "те, что идут с продуктом"))
@answering
def test(out: Output, folder: Path | None, packaged: bool) -> None:
    """Leaves with 1 when one of them comes otherwise."""
    place = None if packaged else folder or _own_folder()
    told = Told(out)
    try:
        found, mappings = examples_in(place), load(contents(place), KINDS)
    except BrokenError as error:
        told.faults(error.faults, error.more)
        finish(False)
        return
    if not found:
        out.say(_NO_EXAMPLES, folder=place / "tests" if place else "tests")
    told.played(list(played(found, mappings)))
    finish(told.good)


def _events(out: Output, house: Connector, name: str, rules: Rules, portal: str) -> list[Event]:
    path = Path(name)
    if not path.is_file():
        return kept_events(house.journal, name, rules)
    one = _portal_of(out, house, portal) if portal else next(iter(house.portals))
    return sketched(path, one, rules, house.rulebook.folder_set().config.zone)


def _reader(
    house: Connector, portal: str, mappings: MappingSet, offline: bool
) -> Callable[[str, Mapping[str, Any]], Any]:
    asked = not offline and house.portals[portal].installed()
    return house.portals[portal].call if asked else empty_portal(mappings)


def _record(portal: str, source: str, row: Row) -> RecordChanged:
    return RecordChanged(portal=portal, source=source, record=row.id, values=row.values)


def _records_of(out: Output, house: Connector, named: str, source: str, portal: str) -> tuple[Path, str, str]:
    """The file, what its records are called, and the portal they go to."""
    path = Path(named)
    if path.is_file():
        return path, source or path.stem, _portal_of(out, house, portal)
    raise click.UsageError(out.words(_OF_SYNC if named in house.settings.sources else _NO_SOURCE, name=named))


def _portal_of(out: Output, house: Connector, name: str) -> str:
    names = list(house.portals)
    if name in names:
        return name
    if name or len(names) > 1:
        raise click.UsageError(out.words(_MANY_PORTALS, names="|".join(names)))
    return names[0]


def _own_folder() -> Path | None:
    return tools(click.get_current_context()).connector().settings.mappings
