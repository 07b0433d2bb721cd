"""``connector demo``: starts everything, then plays the script once or shows live traffic until stopped."""

from __future__ import annotations

import signal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from connector.demo.house import DemoHouse, running
from connector.demo.live import watch
from connector.demo.script import Row, play
from connector.speech import Text

FOLDER = Path("var") / "demo"
STARTING = Text(
    "Starting the portal, the messengers, web, worker and clock…", "Запускаю портал, мессенджеры, web, worker и clock…"
)
READY = Text(
    "Ready in {folder}: connector at {url}, pretend Bitrix24 at {portal}.",
    "Готово в {folder}: коннектор {url}, ненастоящий Битрикс24 {portal}.",
)
FAILED = Text(
    "The demo did not start: {why}. The logs are in {folder}.",
    "Демонстрация не запустилась: {why}. Журналы в {folder}.",
)
ALL_WELL = Text("{count} steps, all as they should be.", "Шагов: {count}, всё как должно быть.")
NOT_WELL = Text(
    "{bad} of {count} steps failed. The logs are in {folder}.", "Не прошли шагов: {bad} из {count}. Журналы в {folder}."
)
COLUMNS = (Text("account", "аккаунт"), Text("step", "шаг"), Text("time", "время"), Text("result", "итог"))


def main(once: bool, language: str) -> int:
    """Run the demo; returns 0 when all is well, 1 otherwise."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console()
    folder = FOLDER.absolute()
    console.print(STARTING.say(language), style="dim")
    try:
        with running(folder, language) as house:
            console.print(house.found.said.say(language), style="bold yellow" if house.found.standin else "dim")
            ready = READY.with_(folder=folder, url=house.url, portal=house.sandbox.url)
            console.print(ready.say(language), style="dim", highlight=False)
            return _once(house, console, language) if once else watch(house, console, language)
    except KeyboardInterrupt:
        return 1
    except (TimeoutError, RuntimeError, OSError) as error:
        console.print(FAILED.with_(why=error, folder=folder).say(language), style="bold red", highlight=False)
        return 1


def _once(house: DemoHouse, console: Console, language: str) -> int:
    rows = []
    with console.status(""):
        for row in play(house):
            rows.append(row)
    console.print(_table(rows, language))
    bad = [row for row in rows if not row.ok]
    said = NOT_WELL if bad else ALL_WELL
    words = said.with_(bad=len(bad), count=len(rows), folder=house.folder).say(language)
    console.print(words, style="bold red" if bad else "bold green", highlight=False)
    return 1 if bad else 0


def _table(rows: list[Row], language: str) -> Table:
    table = Table(*(column.say(language) for column in COLUMNS))
    for row in rows:
        result = "[green]✓[/green]" if row.ok else f"[red]✗ {row.detail}[/red]"
        table.add_row(row.account, row.step.say(language), f"{row.seconds * 1000:.0f} ms", result)
    return table
