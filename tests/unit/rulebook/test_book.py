"""Which set is in use: from the folder, from the journal, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.errors import PermanentError
from connector.journal import Journal, JournalAway, Vault, open_journal
from connector.rulebook.book import Rulebook
from tests.conftest import SECRET, FakeClock

RULE = """
version: 1
on: message.received
line: {line}
"""


class Ticks:
    """Monotonic seconds that go on only when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal(sqlite_url: str, clock: FakeClock) -> Iterator[Journal]:
    opened = open_journal(sqlite_url, Vault([SECRET]), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "mappings"
    place.mkdir()
    write(place, 3)
    return place


def write(folder: Path, line: object) -> None:
    (folder / "returns.yaml").write_text(RULE.format(line=line), encoding="utf-8")


def line_of(book: Rulebook) -> int | None:
    return book.current().line("message.received", {"event": {"text": ""}})


def test_before_anything_is_published_the_folder_counts(journal: Journal, folder: Path) -> None:
    assert line_of(Rulebook(journal, folder)) == 3


def test_a_broken_folder_leaves_what_comes_with_the_product(journal: Journal, folder: Path) -> None:
    write(folder, "{{ nonsense")
    book = Rulebook(journal, folder)
    assert line_of(book) is None
    assert book.current().on("message.received")


def test_what_is_published_is_in_use_everywhere_two_seconds_later(journal: Journal, folder: Path) -> None:
    ticks = Ticks()
    here, there = Rulebook(journal, folder), Rulebook(journal, None, ticks=ticks)
    assert line_of(there) is None
    assert here.watch() == journal.mapping_now() != ""
    assert line_of(there) is None
    ticks.now += 2.1
    assert line_of(there) == 3


def test_a_broken_folder_never_replaces_a_good_set(journal: Journal, folder: Path) -> None:
    ticks = Ticks()
    book = Rulebook(journal, folder, ticks=ticks)
    good = book.watch()
    write(folder, "{{ 1 +")
    ticks.now += 5
    with pytest.raises(PermanentError) as refused:
        book.watch()
    assert (refused.value.cause, journal.mapping_now(), line_of(book)) == ("mapping.broken", good, 3)
    assert "returns.yaml:5" in refused.value.hint.en
    assert good in refused.value.hint.ru
    assert book.watch() == ""  # told once
    write(folder, 4)
    assert book.watch()
    ticks.now += 5
    assert line_of(book) == 4


def test_a_person_goes_back_until_the_files_change(journal: Journal, folder: Path) -> None:
    ticks = Ticks()
    book = Rulebook(journal, folder, ticks=ticks)
    first = book.watch()
    write(folder, 4)
    book.watch()
    book.roll_back(first[:6], who="anna", why="worse")
    ticks.now += 5
    assert line_of(book) == 3
    assert (book.watch(), Rulebook(journal, folder).watch()) == ("", "")
    write(folder, 5)
    assert book.watch() == journal.mapping_now()


def test_publishing_by_hand_takes_the_folder_whatever_is_in_use(journal: Journal, folder: Path) -> None:
    book = Rulebook(journal, folder)
    first = book.watch()
    write(folder, 4)
    second = book.watch()
    book.roll_back(first, who="anna", why="worse")
    assert book.publish() == second
    assert book.publish() == ""


def test_machines_with_different_folders_do_not_take_turns(journal: Journal, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other, 9)
    here, there = Rulebook(journal, folder), Rulebook(journal, other)
    offered = [here.watch(), there.watch(), here.watch(), there.watch()]
    assert [bool(version) for version in offered] == [True, True, False, False]


def test_while_the_journal_is_away_the_last_set_goes_on(journal: Journal, folder: Path) -> None:
    class Away(Journal):
        away = False

        def mapping_now(self) -> str:
            if self.away:
                raise JournalAway("pulled out")
            return super().mapping_now()

    ticks = Ticks()
    flaky = Away(journal.store, journal.vault, journal.clock)
    book = Rulebook(flaky, folder, ticks=ticks)
    book.watch()
    assert line_of(book) == 3
    flaky.away, ticks.now = True, 99.0
    assert line_of(book) == 3


def test_a_set_that_this_product_cannot_read_is_not_taken(journal: Journal, folder: Path) -> None:
    ticks = Ticks()
    book = Rulebook(journal, folder, ticks=ticks)
    book.watch()
    assert line_of(book) == 3
    journal.use_mapping("fedcba987654", {"a.yaml": "version: 99"}, origin="folder", who="connector")
    ticks.now += 5
    assert line_of(book) == 3
    with pytest.raises(PermanentError, match=r"mapping\.broken"):
        book.version("fedc")


def test_a_kept_version_is_compiled_once(journal: Journal, folder: Path) -> None:
    book = Rulebook(journal, folder)
    first = book.watch()
    assert book.version(first[:6]) is book.version(first)
    assert book.current() is book.version(first)


def test_a_broken_folder_is_known_before_and_after_it_is_mended(journal: Journal, folder: Path) -> None:
    book = Rulebook(journal, folder)
    assert book.fault() is None
    write(folder, "{{ 1 +")
    found = book.fault()
    assert found is not None
    assert "returns.yaml:5" in found.hint.en
    journal.use_mapping("fedcba987654", {}, origin="folder", who="connector")
    again = book.fault()
    assert again is not None
    assert "fedcba987654" in again.hint.ru  # what is in use is told as it is now
    write(folder, 4)
    assert book.fault() is None
