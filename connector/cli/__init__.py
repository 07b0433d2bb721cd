"""The command line: thin commands over ``status``, ``repair`` and the rooms below."""

from __future__ import annotations

import os

import click

from connector import __version__, logs
from connector.cli.accounts import account
from connector.cli.check import check
from connector.cli.init import init
from connector.cli.journal import journal
from connector.cli.mappings import mappings
from connector.cli.portals import portal
from connector.cli.processes import clock, demo, listen, run, sandbox, web, worker
from connector.cli.secrets import secrets
from connector.cli.shape import House
from connector.cli.state import status
from connector.cli.users import user
from connector.cli.words import say, teach_click

__all__ = ["cli", "main"]

_COMMANDS = (
    demo,
    init,
    check,
    run,
    web,
    worker,
    clock,
    listen,
    status,
    journal,
    mappings,
    portal,
    account,
    user,
    secrets,
    sandbox,
)


@click.group(
    cls=House,
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


for _command in _COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """The entry point of the program ``connector``. Log lines go to stderr, answers to stdout."""
    logs.configure(level="DEBUG" if os.environ.get("CONNECTOR_DEBUG") == "1" else "ERROR")
    teach_click()
    cli(prog_name="connector")
