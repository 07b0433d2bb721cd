"""``connector sync run``: a run before your eyes, or what it would do."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from connector import repair
from connector.bootstrap import Connector
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.sync_forecast import tell
from connector.cli.words import say
from connector.journal.sync_model import Run
from connector.repair import Deed
from connector.speech import Text
from connector.sync import deeds
from connector.sync.engine import portion
from connector.sync.opening import settings_of
from connector.sync.planning import Forecast, forecast
from connector.sync.progress import progress, untouched

_BEGUN = Text("Run {run} of {name}. Ctrl+C leaves it to the workers.", "Запуск {run}, {name}. Ctrl+C — дальше без вас.")
_LEFT = Text(
    "Run {run} goes on in the background: connector sync status {name}. To end it: connector sync cancel {name}",
    "Запуск {run} продолжается в фоне: connector sync status {name}. Завершить: connector sync cancel {name}",
)
_WAITS = Text("waits: {why}", "ждёт: {why}")
_READING, _WRITING = Text("reading", "чтение"), Text("writing", "запись")
_LINE = Text(
    "{rows} rows, {rate:.0f}/s, changed {changed}, requests {requests}",
    "строк {rows}, {rate:.0f}/с, изменено {changed}, запросов {requests}",
)
_OVER = Text(
    "Run {run}: {state}. Read {read}: new {created}, updated {updated}, nothing to write {same}, gone {gone}, parked "
    "{parked}. Requests: {requests}.",
    "Запуск {run}: {state}. Прочитано {read}: новых {created}, изменено {updated}, без записи {same}, пропало {gone}, "
    "отложено {parked}. Запросов: {requests}.",
)
_LED = Text(
    "Run {run}: {state}. Read {read}, gone {gone}, parked {parked}.",
    "Запуск {run}: {state}. Прочитано {read}, пропало {gone}, отложено {parked}.",
)
_PARKED = Text(
    "  Which rows are parked, and why: connector sync rows {name}",
    "  Что и почему отложено: connector sync rows {name}",
)
_STATES = {
    "done": Text("done", "завершён"),
    "braked": Text("done, but too much would vanish", "завершён, но пропало бы слишком много"),
    "failed": Text("failed", "не удался"),
    "cancelled": Text("cancelled", "отменён"),
}
_NAP = 0.5
_MOST_SECONDS = 5.0  # of a portion: so often the bar moves


@click.command(
    help=say(
        "Run a source now and watch it. With --dry-run: what it would do, row by row, written nowhere.",
        "Запустить источник сейчас и смотреть. С --dry-run — что будет сделано с каждой записью, без записи куда-либо.",
    ),
    short_help=say("Run a source, or see what it would do.", "Запустить источник или увидеть, что будет."),
)
@click.argument("name", metavar="SOURCE")
@click.option("--dry-run", is_flag=True, help=say("only show what would be done", "только показать"))
@click.option("--full", is_flag=True, help=say("read everything, not only what changed", "прочитать всё заново"))
@click.option(
    "--allow-gone", is_flag=True, help=say("as many records may vanish as have", "пропавших может быть сколько угодно")
)
@click.option("--background", is_flag=True, help=say("leave it to the workers", "поручить работникам"))
@answering
def run(out: Output, name: str, dry_run: bool, full: bool, allow_gone: bool, background: bool) -> None:
    """Leaves with 1 unless the run ends well."""
    house = tools(click.get_current_context()).connector()
    settings_of(house, name)
    full = full or allow_gone  # what is gone is seen by a full read
    if dry_run:
        foreseen(out, house, name, full=full, allow_gone=allow_gone)
        return
    deed = Deed(who=repair.somebody(), why="connector sync run")
    begun = deeds.begin(house, name, deed, full=full, allow_gone=allow_gone)
    if background:
        out.say(_LEFT, run=begun.id, name=name)
        out.document({"run": begun.id})
        return
    out.say(_BEGUN, run=begun.id, name=name)
    finish(_watched(out, house, begun))


def foreseen(out: Output, house: Connector, name: str, *, full: bool, allow_gone: bool) -> None:
    """Tell what a run would do. Leaves with 1 when the brake would hold."""
    settings = settings_of(house, name)
    with _bar(out) as bar:

        def told(found: Forecast) -> None:
            bar.describe(out.words(_READING), found.counts["read"], None, f"{found.counts['changed']}")

        found = forecast(house, settings, full=full, allow_gone=allow_gone, told=told)
    tell(out, found, settings, house.settings.portals[settings.portal].budget.per_second)
    finish(not found.braked)


def _watched(out: Output, house: Connector, begun: Run) -> bool:
    """Go on with the run, here or beside a worker that is at it; whether it ended well."""
    now: Run = begun
    try:
        with _bar(out) as bar:
            while now.open:
                went = portion(house, begun.source, stop=lambda: False, seconds=_MOST_SECONDS)
                now = house.journal.run_of(begun.id) or now
                _show(out, bar, house, now)
                if now.open and went.state in ("held", "later"):
                    time.sleep(_NAP)
    except KeyboardInterrupt:
        out.say(_LEFT, run=begun.id, name=begun.source)
        return False
    _ended(out, now, people=settings_of(house, begun.source).access is not None)
    return now.state == "done"


def _show(out: Output, bar: _Bar, house: Connector, now: Run) -> None:
    waiting, _ = house.journal.waiting_rows(now.source)
    seen = progress(now, waiting, house.clock())
    told = _LINE.with_(rows=seen.done, rate=seen.rate, changed=now.counts["changed"], requests=now.counts["requests"])
    words = out.words(_WAITS, why=out.words(now.hint)) if now.hint and now.attempts else out.words(told)
    bar.describe(out.words(_READING if now.state == "reading" else _WRITING), seen.done, seen.total, words)


def _ended(out: Output, now: Run, *, people: bool) -> None:
    counts = {**now.counts, "same": untouched(now)}
    counts.pop("changed"), counts.pop("unchanged")
    out.say(_LED if people else _OVER, run=now.id, state=_STATES[now.state].say(out.language), **counts)
    for words in ([now.hint] if now.hint and now.state != "done" else []) + list(now.notes):
        out.say(Text("  {words}", "  {words}"), words=out.words(words))
    if counts["parked"]:
        out.say(_PARKED, name=now.source)
    out.document(asdict(now))


class _Bar:
    """A progress bar at a terminal; nothing elsewhere."""

    def __init__(self, shown: Progress | None) -> None:
        self._shown = shown
        self._task: TaskID | None = shown.add_task("", total=None, told="") if shown else None

    def describe(self, part: str, done: int, total: int | None, told: str) -> None:
        """Where it stands: the part of the run, rows done, rows in all if that is known, and the rest in words."""
        if self._shown is not None and self._task is not None:
            self._shown.update(self._task, description=part, completed=done, total=total, told=told)


@contextmanager
def _bar(out: Output) -> Iterator[_Bar]:
    if out.as_json or not sys.stderr.isatty():
        yield _Bar(None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        yield _Bar(shown)
