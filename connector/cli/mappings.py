"""``connector mappings``: check, publish, compare and go back; what a set says of an event is in ``cli/trying.py``."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import click

from connector import repair
from connector.cli.output import Output
from connector.cli.shape import answering, tools
from connector.cli.told import Told
from connector.cli.trying import load_rows, plan, rerun, test, try_
from connector.cli.words import say
from connector.rulebook.checking import differences
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from connector.speech import Text
from mappings.engine import MappingSet
from mappings.faults import BrokenError
from mappings.loading import load
from mappings.schema import json_schema

_SOUND = Text(
    "Sound: {rules} rules in {files} files, version {version}.",
    "Всё верно: правил {rules}, файлов {files}, версия {version}.",
)
_FITS = Text("Everything it names exists on portal {name}.", "Всё, что в нём названо, на портале {name} есть.")
_IN_USE = Text("In use now: {version}.", "Сейчас работает версия {version}.")
_SAME = Text("Nothing to do: {version} is in use already.", "Делать нечего: версия {version} уже работает.")
_BACK = Text(
    "{version} is in use again, until the files in {folder} change.",
    "Снова работает версия {version} — до следующего изменения файлов в {folder}.",
)
_NO_VERSIONS = Text(
    "No version yet: the clock publishes the files, or do it now with `connector mappings apply`.",
    "Версий пока нет: файлы опубликует процесс clock, или сделайте это сейчас: `connector mappings apply`.",
)
_NO_DIFFERENCE = Text("The two versions do not differ.", "Версии не отличаются.")
_PORTAL = Text("Portal {name} is not in connector.yaml.", "Портала {name} в connector.yaml нет.")
_COLUMNS = (
    Text("when", "когда"),
    Text("version", "версия"),
    Text("from", "откуда"),
    Text("who", "кто"),
    Text("why", "почему"),
)
_why = click.option("--why", required=True, help=say("the reason, for the audit", "причина, для аудита"))
_who = click.option("--who", default="", help=say("your name for the audit", "ваше имя для аудита"))


@click.group(help=say("Rules: check them, try them, publish them.", "Правила: проверить, испытать, опубликовать."))
def mappings() -> None:
    """The group."""


for _command in (try_, plan, load_rows, rerun, test):
    mappings.add_command(_command)


@mappings.command(
    help=say(
        "Find every fault of the rules, with file, line, and how to mend it. With --portal also whether the fields, "
        "stages, lines, users that they name exist there. FOLDER is the one of connector.yaml unless it is named.",
        "Найти все ошибки в правилах: файл, строка и как исправить. С --portal — ещё и есть ли на портале поля, "
        "стадии, линии, сотрудники, которые в них названы. FOLDER — папка из connector.yaml, если не указана другая.",
    ),
    short_help=say("Find every fault.", "Найти все ошибки."),
)
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--portal", default="", help=say("compare with this portal too", "сверить и с этим порталом"))
@answering
def check(out: Output, folder: Path | None, portal: str) -> None:
    """Leaves with 1 when something is wrong."""
    found = _loaded(out, _folder(folder))
    faults = []
    if portal:
        house = tools(click.get_current_context()).connector()
        if portal not in house.portals:
            out.problem("portal.unknown", out.words(_PORTAL, name=portal), ", ".join(house.portals))
            raise click.exceptions.Exit(1)
        faults = differences(found, house.portals[portal])
    if faults:
        Told(out).faults(faults)
        raise click.exceptions.Exit(1)
    out.say(_SOUND, rules=len(found.rules), files=len(found.files), version=found.version)
    if portal:
        out.say(_FITS, name=portal)
    out.document({"ok": True, "version": found.version, "rules": len(found.rules), "files": sorted(found.files)})


@mappings.command(help=say("The JSON Schema, for an editor.", "JSON Schema для редактора."))
@answering
def schema(out: Output) -> None:
    """Always JSON."""
    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))


@mappings.command(help=say("Put the files to use now.", "Ввести файлы в действие сейчас."))
@answering
def apply(out: Output) -> None:
    """The clock does it by itself within a minute."""
    house = tools(click.get_current_context()).connector()
    _loaded(out, house.settings.mappings)
    version = house.rulebook.publish()
    now = house.journal.mapping_now()
    out.say(_IN_USE if version else _SAME, version=now)
    out.document({"version": now, "changed": bool(version)})


@mappings.command(help=say("What was in use when, the newest first.", "Что и когда работало, сначала новое."))
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help=say("how many", "сколько"))
@answering
def versions(out: Output, limit: int) -> None:
    """The first line is in use."""
    uses = tools(click.get_current_context()).connector().journal.mapping_uses(limit=limit)
    rows = [(use.at, use.version, use.origin, use.who, use.why) for use in uses]
    out.table(_COLUMNS, rows, empty=_NO_VERSIONS)
    out.document(uses)


@mappings.command(
    help=say(
        "How two versions differ, file by file; without TO: from FROM to what is in use.",
        "Чем отличаются две версии, файл за файлом; без TO — чем FROM отличается от работающей.",
    ),
    short_help=say("How two versions differ.", "Чем отличаются две версии."),
)
@click.argument("old", metavar="FROM")
@click.argument("new", metavar="[TO]", default="")
@answering
def diff(out: Output, old: str, new: str) -> None:
    """Versions may be named by their beginning."""
    book = tools(click.get_current_context()).connector().journal
    first, second = book.mapping_version(old), book.mapping_version(new or book.mapping_now())
    before, after = book.mapping_files(first), book.mapping_files(second)
    names = sorted({*before, *after})
    lines = [line for name in names for line in _lines(name, before.get(name, ""), after.get(name, ""), first, second)]
    if not lines:
        out.say(_NO_DIFFERENCE)
    elif not out.as_json:
        click.echo("\n".join(lines))
    out.document({"from": first, "to": second, "diff": lines})


@mappings.command(
    help=say("Put a former version to use, until the files change.", "Вернуть прежнюю версию — до изменения файлов.")
)
@click.argument("version")
@_why
@_who
@answering
def rollback(out: Output, version: str, why: str, who: str) -> None:
    """``VERSION`` may be named by its beginning."""
    house = tools(click.get_current_context()).connector()
    found = house.rulebook.roll_back(version, who=who or repair.somebody(), why=why)
    out.say(_BACK, version=found.version, folder=house.settings.mappings)
    out.document({"version": found.version})


def _folder(named: Path | None) -> Path | None:
    return named or tools(click.get_current_context()).connector().settings.mappings


def _loaded(out: Output, folder: Path | None) -> MappingSet:
    try:
        return load(contents(folder), KINDS)
    except BrokenError as error:
        Told(out).faults(error.faults, error.more)
        raise click.exceptions.Exit(1) from None


def _lines(name: str, before: str, after: str, old: str, new: str) -> list[str]:
    titles = f"{name} {old}", f"{name} {new}"
    return list(difflib.unified_diff(before.splitlines(), after.splitlines(), *titles, lineterm="", n=2))
