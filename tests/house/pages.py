"""Pages under docs/ that are walked by tests: their pieces, and the commands that they tell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

import click

from connector.cli import cli
from tests.house.conftest import ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def pieces(page: str, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text(page)) if kind == language]


def commands(pages: Iterable[str]) -> list[tuple[str, str]]:
    """Each command of ours with its page, once: those of shell pieces and those within the text."""
    found: list[tuple[str, str]] = []
    for page in pages:
        inline = re.findall(r"`(connector [a-z][^`<]*)`", FENCE.sub("", text(page)))
        whole = "\n".join(pieces(page, "sh")).splitlines()
        found += [(page, line) for line in (*whole, *inline) if line.startswith("connector ")]
    return list(dict.fromkeys(found))


def parsed(line: str) -> None:
    """Raises ``KeyError`` or click's ``UsageError`` for a command that cannot be called so."""
    rest = shlex.split(line)[1:]
    command: click.Command = cli
    while isinstance(command, click.Group) and rest:
        command = command.commands[rest.pop(0)]
    command.make_parser(click.Context(command)).parse_args(rest)
