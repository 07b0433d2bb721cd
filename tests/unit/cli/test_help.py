"""Help and the errors of a call are in the language of the person, to the last word."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import connector.cli

WORDS = Path(connector.cli.__file__).parent / "locale" / "ru" / "LC_MESSAGES" / "messages.po"
# One process for each language: what a command says is worded when it is loaded.
TALK = """
import contextlib, io, json, sys
import click
from connector.cli import cli, main
def walk(command, path):
    yield path, command.help or ""
    yield path, command.get_short_help_str(60)
    for one in command.params:
        if isinstance(one, click.Option):
            yield f"{path} {one.opts[0]}", one.help or ""
    for name, below in getattr(command, "commands", {}).items():
        yield from walk(below, f"{path} {name}")
told = {"": "\\n".join(f"{path} | {' '.join(text.split())}" for path, text in walk(cli, "connector"))}
for call in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
        with contextlib.suppress(SystemExit):
            sys.argv[1:] = call.split()
            main()
    told[call] = said.getvalue()
print(json.dumps(told))
"""
NAMES = {"waiting, done, parked, discarded", "portal:main, account:shop"}


CALLS = [
    ("--help", "Show this message and exit.", "показать эту справку"),
    ("journal replay 7", "Missing option '--why'", "Не задан ключ '--why'"),
    ("jurnal", "No such command 'jurnal'", "Нет команды 'jurnal'"),
    ("status --fast", "No such option '--fast'", "Нет ключа '--fast'"),
    ("demo --port 70000", "70000 is not in the range", "70000 вне границ"),
    ("user add anna --role king", "'king' is not one of", "'king', а можно одно из"),
]


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, str]]:
    """Language → call → what it says; at "" all that commands and options say of themselves."""
    return {language: _told(language) for language in ("ru", "en")}


def _told(language: str) -> dict[str, str]:
    env = {**os.environ, "CONNECTOR_LANGUAGE": language, "LANG": "C.UTF-8", "COLUMNS": "100"}
    command = [sys.executable, "-c", TALK, json.dumps([call for call, _, _ in CALLS])]
    return json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)


def test_every_command_and_every_option_is_told_in_russian(told: dict[str, dict[str, str]]):
    lines = told["ru"][""].splitlines()
    assert len(lines) > 100
    untold = [line for line in lines if not re.search("[а-яё]", line.partition(" | ")[2])]
    assert not [line for line in untold if line.partition(" | ")[2] not in NAMES]


def test_no_short_help_is_cut(told: dict[str, dict[str, str]]):
    for language in ("ru", "en"):
        shown = told[language]["--help"]
        assert "connector" in shown
        assert "..." not in shown.replace("[ARGS]...", "")


@pytest.mark.parametrize(("call", "english", "russian"), CALLS)
def test_the_library_speaks_the_same_language(told: dict[str, dict[str, str]], call: str, english: str, russian: str):
    for language, words in (("en", english), ("ru", russian)):
        shown = told[language][call]
        assert words in shown
        assert (english in shown) == (language == "en")


def test_the_words_are_compiled():
    with WORDS.open("rb") as source, WORDS.with_suffix(".mo").open("rb") as made:
        wanted, found = read_po(source), read_mo(made)
    told, compiled = ([(*_flat(one.id), *_flat(one.string)) for one in book if one.id] for book in (wanted, found))
    assert sorted(told) == sorted(compiled), "run pybabel as the file says"


def _flat(words: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
