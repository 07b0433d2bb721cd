"""``connector demo``: starts everything, then serves the page until stopped, or plays the script once."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import webbrowser
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from connector.demo.call_script import play_calls
from connector.demo.chat_script import play_chat
from connector.demo.door import Door
from connector.demo.house import AlreadyRunsError, DemoHouse, running
from connector.demo.live import watch
from connector.demo.mail_script import play_mail
from connector.demo.page import PageServer
from connector.demo.rooms import DemoRooms
from connector.demo.script import Row, play
from connector.demo.stage import Stage
from connector.demo.warehouse_script import play_warehouse
from connector.speech import Text

FOLDER = Path("var") / "demo"
STARTING = Text(
    "Starting the portal, the messengers, the PBX, the mail server; web, listen, worker and clock…",
    "Запускаю портал, мессенджеры, АТС, почтовый сервер; web, listen, worker и clock…",
)
OPEN = Text("Ready. Open this in a browser; stop with Ctrl+C:", "Готово. Откройте в браузере; остановка: Ctrl+C:")
FAILED = Text(
    "The demo did not start: {why}. The logs are in {folder}.",
    "Демонстрация не запустилась: {why}. Журналы в {folder}.",
)
NO_FOLDER = Text(
    "The demo keeps its files in the current folder and cannot: {path}: {why}. Start it in a folder of your own.",
    "Демонстрация хранит файлы в текущей папке, а здесь не может: {path}: {why}. Запустите её в своей папке.",
)
NO_SUCH_PORT = Text(
    "The page cannot be served on port {port}: {why}. Take another one, or leave --port out: a free one is found.",
    "Страницу не открыть на порту {port}: {why}. Возьмите другой или уберите --port: свободный найдётся сам.",
)
NO_PORT = {
    errno.EADDRINUSE: Text(
        "Port {port} is taken by another program. Take another one, or leave --port out: a free one is found.",
        "Порт {port} занят другой программой. Возьмите другой или уберите --port: свободный найдётся сам.",
    ),
    errno.EACCES: Text(
        "This user may not serve on port {port}: below 1024 that is for root. Take another one, for example "
        "--port 8080, or leave --port out: a free one is found.",
        "Этому пользователю нельзя занять порт {port}: ниже 1024 — только для root. Возьмите другой, например "
        "--port 8080, или уберите --port: свободный найдётся сам.",
    ),
}
BUSY = Text(
    "A demo runs in {folder} already. Stop that one, or start this one in another folder.",
    "В {folder} уже работает демонстрация. Остановите её или запустите эту в другой папке.",
)
ALL_WELL = Text("{count} steps, all as they should be.", "Шагов: {count}, всё как должно быть.")
NOT_WELL = Text(
    "{bad} of {count} steps failed. The logs are in {folder}.", "Не прошли шагов: {bad} из {count}. Журналы в {folder}."
)
_LEAVE = (signal.SIGTERM, signal.SIGINT)
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")  # without one a browser of the terminal would open
COLUMNS = (Text("account", "аккаунт"), Text("step", "шаг"), Text("time", "время"), Text("result", "итог"))


def main(once: bool, language: str, *, traffic: bool = False, browser: bool = False, port: int = 0) -> int:
    """Run the demo; returns 0 when all is well, 1 otherwise.

    ``once`` plays the story and leaves. Else the page is served until Ctrl+C: on ``port`` (0: a free one), with
    ``browser`` it opens by itself, with ``traffic`` customers and operators talk by themselves in the terminal.
    """
    for number in _LEAVE:
        signal.signal(number, _leave)
    console = Console()
    folder = FOLDER.absolute()
    try:
        door = None if once else PageServer(port)
    except OSError as error:
        told = NO_PORT.get(error.errno or 0, NO_SUCH_PORT)
        console.print(told.with_(port=port, why=error).say(language), style="bold red", highlight=False, soft_wrap=True)
        return 1
    console.print(STARTING.say(language), style="dim")
    try:
        if door is None:
            with running(folder, language) as house:
                _greet(house, console, language)
                return _once(house, console, language)
        with door as server, running(folder, language, page=server.origin) as house:
            _greet(house, console, language)
            return _show(server, house, console, language, traffic=traffic, browser=browser)
    except KeyboardInterrupt:
        return 1 if once else 0
    except (TimeoutError, RuntimeError, OSError) as error:
        console.print(_failed(error, folder).say(language), style="bold red", highlight=False, soft_wrap=True)
        return 1


def _leave(number: int, frame: object) -> None:
    """Once: whoever presses Ctrl+C again does not interrupt the tidying up."""
    for each in _LEAVE:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _failed(error: Exception, folder: Path) -> Text:
    """Without a place for its files there are no logs either."""
    if isinstance(error, AlreadyRunsError):
        return BUSY.with_(folder=folder)
    if isinstance(error, OSError) and error.filename and not folder.is_dir():
        return NO_FOLDER.with_(path=error.filename, why=error.strerror)
    return FAILED.with_(why=error, folder=folder)


def _greet(house: DemoHouse, console: Console, language: str) -> None:
    style = "bold yellow" if house.found.standin else "dim"
    console.print(house.found.said.say(language), style=style, highlight=False, soft_wrap=True)


def _show(
    server: PageServer, house: DemoHouse, console: Console, language: str, *, traffic: bool, browser: bool
) -> int:
    """The page, until Ctrl+C."""
    stop = threading.Event()
    door = Door(own=server.origin, connector=house.url, portal=house.sandbox.url)
    server.open(door, DemoRooms(Stage(house, language), door, stop))
    console.print(OPEN.say(language), style="dim", highlight=False, soft_wrap=True)
    console.print(f"{server.origin}/", style="bold", highlight=False, soft_wrap=True)
    if browser and (sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in DISPLAYS)):
        webbrowser.open(f"{server.origin}/")
    try:
        if traffic:
            return watch(house, console, language)
        stop.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        stop.set()
    return 0


def _once(house: DemoHouse, console: Console, language: str) -> int:
    rows = []
    with console.status(""):
        for row in chain(play(house), play_chat(house), play_calls(house), play_mail(house), play_warehouse(house)):
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
