"""The command line: thin commands over ``status``, ``repair`` and the rooms below."""

from __future__ import annotations

import atexit
import gc
import os

import click

from connector import __version__, logs
from connector.cli.shape import Commands, House
from connector.cli.words import say, teach_click

__all__ = ["cli", "main"]

# Each command, in the order of the help, and the module that has it: loaded when it is asked for.
_COMMANDS = {
    "demo": "processes",
    "init": "init",
    "check": "check",
    "run": "processes",
    "web": "processes",
    "worker": "processes",
    "clock": "processes",
    "listen": "processes",
    "status": "state",
    "journal": "journal",
    "mappings": "mappings",
    "sync": "sync",
    "portal": "portals",
    "account": "accounts",
    "user": "users",
    "secrets": "secrets",
    "sandbox": "processes",
}


@click.group(
    cls=House,
    commands=Commands(_COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=say(
        "The durable, explainable link between a company's channels and its Bitrix24.",
        "Надёжная и понятная связь каналов компании с её Битрикс24.",
    ),
    epilog=say(
        "Exit codes: 0 done, 1 something is wrong, 2 usage.", "Коды: 0 — сделано, 1 — неладно, 2 — вызов неверен."
    ),
)
@click.version_option(
    __version__,
    prog_name="connector",
    message="%(prog)s %(version)s",
    help=say("Show the version and exit.", "показать версию"),
)
def cli() -> None:
    """The top of the command tree."""


def main() -> None:
    """The entry point of the program ``connector``. Log lines go to stderr, answers to stdout."""
    logs.configure(level="DEBUG" if os.environ.get("CONNECTOR_DEBUG") == "1" else "ERROR")
    teach_click()
    atexit.register(gc.freeze)  # everything goes with the process: a last search for garbage took a third of a second
    cli(prog_name="connector")
