"""Commands that become, or start, the processes of the Procfile; and the way to the demo and the sandbox."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
import time
from pathlib import Path

import click
from honcho.environ import parse_procfile
from honcho.manager import Manager

from connector import registry
from connector.cli.output import Output
from connector.cli.shape import answering, finish, tools
from connector.cli.words import say
from connector.speech import Text

GRACE = 80.0
STOPPED = (0, 130, 143)  # by itself, by Ctrl+C, by SIGTERM
PROCESSES = ("web", "worker", "clock", "listen")

_STARTING = Text("Starting: {names}. Stop with Ctrl+C.", "Запускаю: {names}. Остановка — Ctrl+C.")


class GentleManager(Manager):
    """honcho's manager, which kills after 5 seconds: too soon for a worker whose call to a portal may take 70."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: float | None = None

    def terminate(self) -> None:
        self._asked = self._asked or time.monotonic()
        super().terminate()

    def kill(self) -> None:
        """Only those that did not leave in ``GRACE`` seconds."""
        if self._asked is not None and time.monotonic() - self._asked > GRACE:
            super().kill()


def python(*arguments: str) -> list[str]:
    """A command line of the same Python."""
    return [sys.executable, *arguments]


@click.command(help=say("Serve HTTP: webhooks, portal pages, health.", "Отвечать по HTTP: вебхуки, портал, здоровье."))
@answering
def web(out: Output) -> None:
    """Becomes gunicorn."""
    configured = registry.settings()
    os.environ.setdefault("PORT", str(configured.port))
    _become(python("-m", "gunicorn", "--config", "python:webhooks.gunicorn_conf", "webhooks.wsgi:app"))


@click.command(help=say("Carry deliveries out.", "Выполнять доставки."))
@click.option("--processes", type=click.IntRange(1, 64), help=say("how many workers", "сколько работников"))
@answering
def worker(out: Output, processes: int | None) -> None:
    """Becomes the RQ workers."""
    registry.settings()
    many = ["--processes", str(processes)] if processes else []
    _become(python("-m", "jobs.worker", *many))


@click.command(
    help=say(
        "By the clock: find what waits, renew tokens, look for lost replies, tidy up.",
        "По часам: находить ждущее, обновлять токены, искать потерянные ответы, убирать старое.",
    ),
    short_help=say("Find what waits, tidy up, by the clock.", "По часам искать забытое и убирать старое."),
)
@answering
def clock(out: Output) -> None:
    """Becomes the clock."""
    registry.settings()
    _become(python("-m", "jobs.clock"))


@click.command(
    help=say(
        "Listen to PBXs that tell of their calls over a connection (Asterisk); others post to web.",
        "Слушать АТС, которые рассказывают о звонках по соединению (Asterisk); остальные сами пишут в web.",
    ),
    short_help=say("Listen to PBXs such as Asterisk.", "Слушать АТС вроде Asterisk."),
)
@answering
def listen(out: Output) -> None:
    """Becomes the listener."""
    registry.settings()
    _become(python("-m", "jobs.listen"))


@click.command(help=say("Run web, worker, clock and listen together.", "Запустить вместе web, worker, clock и listen."))
@answering
def run(out: Output) -> None:
    """Starts the processes of the Procfile and stops them all when one stops."""
    registry.settings()
    processes = procfile()
    out.say(_STARTING, names=", ".join(processes))
    manager = GentleManager()
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    env.setdefault("PYTHONUNBUFFERED", "1")
    for name, command in processes.items():
        manager.add_process(name, command, env=env)
    manager.loop()
    finish(manager.returncode in STOPPED)


def procfile() -> dict[str, str]:
    """The processes of the Procfile in the current folder; the built-in ones when there is none."""
    file = Path.cwd() / "Procfile"
    if file.is_file():
        return dict(parse_procfile(file.read_text(encoding="utf-8")).processes)
    return {name: shlex.join(python("-m", "connector", name)) for name in PROCESSES}


@click.command(
    help=say(
        "See it all work on this machine, in a browser: a customer, an operator and the console side by side. "
        "The portal and the messengers are pretend ones; nothing has to be set up, nothing leaves this machine.",
        "Посмотреть в браузере, как всё работает на этой машине: клиент, оператор и консоль рядом. "
        "Портал и мессенджеры учебные: настраивать ничего не нужно, наружу ничего не уходит.",
    ),
    short_help=say("See it work, with nothing set up.", "Посмотреть, как работает, без настройки."),
)
@click.option(
    "--once",
    is_flag=True,
    help=say(
        "no page: play the story once, check each step, leave",
        "без страницы: разыграть всё один раз, проверить и выйти",
    ),
)
@click.option(
    "--traffic",
    is_flag=True,
    help=say(
        "customers and operators also talk by themselves, the terminal shows it",
        "клиенты и операторы ещё и переписываются сами; это видно в терминале",
    ),
)
@click.option(
    "--open", "browser", is_flag=True, help=say("open the page in the browser", "открыть страницу в браузере")
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help=say("port of the page; 0 finds a free one", "порт страницы; 0 — найти свободный"),
)
@answering
def demo(out: Output, once: bool, traffic: bool, browser: bool, port: int) -> None:
    """Hands over to connector.demo."""
    told = importlib.import_module("connector.demo").main(
        once=once, language=out.language, traffic=traffic, browser=browser, port=port
    )
    click.get_current_context().exit(int(told or 0))


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
    help=say("A Bitrix24 portal to play with.", "Портал Битрикс24, с которым можно играть."),
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """Becomes the sandbox, which knows nothing of the connector."""
    _become(python("-m", "connector.sandbox", *arguments))


def _become(command: list[str]) -> None:
    tools(click.get_current_context()).become(command)
