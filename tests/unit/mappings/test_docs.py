"""Whatever the pages of docs/mappings show is true: rules load, examples come as they say, commands exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

import click
import pytest

from connector.cli import cli
from connector.rulebook.examples import played
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from connector.sandbox.cli import sandbox
from mappings.engine import MappingSet
from mappings.golden import Example, read
from mappings.loading import load
from mappings.model import CardDocument, ConfigDocument, RuleDocument
from mappings.process_model import ProcessDocument
from tests.house.language import event_rows, filter_rows, own_fields
from tests.unit.mappings.pages import PAGES, Piece, commands, pieces

READMES = ("../../README.md", "../../README.ru.md")
ALL = [*sorted(path.name for path in PAGES.glob("*.md")), *READMES]
GUIDES = ("README.md", "README.ru.md")
RULES, TESTS = "mappings/", "mappings/tests/"


def chapters() -> Iterator[tuple[str, list[Piece]]]:
    """What belongs together: a guide grows from chapter to chapter, elsewhere each chapter stands for itself."""
    for page in ALL:
        found = [piece for piece in pieces(page) if piece.language in ("yaml", "csv")]
        if page in GUIDES:
            yield page, found
        else:
            headings = dict.fromkeys(piece.heading for piece in found)
            yield from ((f"{page}: {name}", [each for each in found if each.heading == name]) for name in headings)


CHAPTERS = dict(chapters())
NAMELESS = [
    (piece, chapter)
    for chapter in CHAPTERS.values()
    for piece in chapter
    if not piece.file and piece.language == "yaml"
]


def set_of(files: Mapping[str, str]) -> MappingSet:
    return load({**contents(None), **files}, KINDS)


def rules_of(chapter: list[Piece]) -> dict[str, str]:
    named = [piece for piece in chapter if piece.file.startswith(RULES) and not piece.file.startswith(TESTS)]
    return {piece.file.removeprefix(RULES): piece.text for piece in named}


def examples_of(chapter: list[Piece]) -> list[Example]:
    found: list[Example] = []
    for piece in chapter:
        if piece.file.startswith(TESTS):
            examples, faults = read(piece.file, piece.text)
            assert not [fault.words("en") for fault in faults]
            found += examples
    return found


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_rules_of_a_chapter_load_and_its_examples_come_as_they_say(name: str) -> None:
    chapter = CHAPTERS[name]
    mappings = set_of(rules_of(chapter))
    assert {
        one.example.name: one.differences for one in played(examples_of(chapter), mappings) if one.differences
    } == {}


@pytest.mark.parametrize(("piece", "chapter"), NAMELESS, ids=[f"{piece.page}:{piece.at}" for piece, _ in NAMELESS])
def test_a_piece_without_a_name_is_a_sound_rule_file_or_example(piece: Piece, chapter: list[Piece]) -> None:
    beside = {name: text for name, text in rules_of(chapter).items() if name.endswith(".csv")}
    if re.search(r"^expect:", piece.text, re.MULTILINE):
        examples, faults = read("piece.yaml", piece.text)
        assert examples
        assert not [fault.words("en") for fault in faults]
    else:
        set_of({"piece.yaml": piece.text, **beside})


@pytest.mark.parametrize(
    "piece",
    [piece for chapter in CHAPTERS.values() for piece in chapter if piece.file.startswith("event")],
    ids=lambda piece: f"{piece.page}:{piece.at}",
)
def test_an_event_to_try_can_be_read(piece: Piece) -> None:
    examples, faults = read(piece.file, piece.text, expecting=False)
    assert examples
    assert not faults


@pytest.mark.parametrize("name", [name for name in CHAPTERS if name.startswith("recipes")])
def test_every_recipe_is_proved_by_an_example(name: str) -> None:
    assert rules_of(CHAPTERS[name])
    assert examples_of(CHAPTERS[name])


@pytest.mark.parametrize(("page", "line"), [(page, line) for page in ALL for line in commands(page)])
def test_every_command_of_the_pages_can_be_called(page: str, line: str) -> None:
    words = shlex.split(line.partition(" | ")[0].partition(" > ")[0])[1:]
    command: click.Command = cli
    while isinstance(command, click.Group):
        name = words.pop(0)
        assert name in command.commands, line
        command = sandbox if name == "sandbox" else command.commands[name]
    command.make_parser(click.Context(command)).parse_args(words)


@pytest.mark.parametrize(
    ("page", "sound"), [("README.md", "Sound: {} rules in {} files"), ("README.ru.md", "правил {}, файлов {}")]
)
def test_the_guide_counts_rules_as_the_command_does(page: str, sound: str) -> None:
    first = next(piece for piece in pieces(page) if piece.file.startswith(RULES))
    mappings = set_of({first.file.removeprefix(RULES): first.text})
    assert sound.format(len(mappings.rules), len(mappings.files)) in (PAGES / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("russian", [page for page in ALL if page.endswith(".ru.md")])
def test_a_russian_page_shows_the_same_files(russian: str) -> None:
    english = russian.replace(".ru.md", ".md")
    shown = [
        [(piece.language, piece.file) for piece in pieces(page) if piece.language in ("yaml", "csv")]
        for page in (english, russian)
    ]
    assert shown[0] == shown[1]


def test_the_reference_has_every_key() -> None:
    page = (PAGES / "language.md").read_text(encoding="utf-8")
    keys = {name for model in (RuleDocument, ConfigDocument) for name in own_fields(model)}
    assert sorted(key for key in keys if f"`{key}`" not in page) == []


@pytest.mark.parametrize("page", ["processes.md", "processes.ru.md"])
def test_the_pages_of_processes_have_every_key(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    keys = {*own_fields(ProcessDocument), *own_fields(CardDocument)}
    assert sorted(key for key in keys if f"`{key}`" not in text) == []


@pytest.mark.parametrize("rows", [filter_rows, event_rows])
def test_the_tables_of_the_reference_are_fresh(rows: object) -> None:
    page = (PAGES / "language.md").read_text(encoding="utf-8")
    assert callable(rows)
    assert [row for row in rows() if row not in page] == [], "renew them with: python -m tests.house.language"
