"""The mapping sets: kept whole, put to use one after the other, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.errors import PermanentError
from connector.journal import Journal
from tests.conftest import FakeClock

ONE, TWO = "0123456789ab", "012fffffffff"


def test_before_the_first_nothing_is_in_use(journal: Journal) -> None:
    assert (journal.mapping_now(), journal.mapping_of_folder(), journal.mapping_uses()) == ("", "", [])


def test_the_newest_use_counts_in_every_process(opened: Callable[[], Journal], clock: FakeClock) -> None:
    here, there = opened(), opened()
    assert here.use_mapping(ONE, {"a.yaml": "при: вет"}, origin="folder", who="connector")
    clock.advance(60)
    assert here.use_mapping(TWO, {"a.yaml": "b"}, origin="folder", who="connector")
    assert there.mapping_now() == TWO
    assert there.mapping_files(ONE) == {"a.yaml": "при: вет"}
    assert [use.version for use in there.mapping_uses()] == [TWO, ONE]


def test_a_person_goes_back_and_the_folder_is_remembered(journal: Journal) -> None:
    journal.use_mapping(ONE, {}, origin="folder", who="connector")
    journal.use_mapping(TWO, {}, origin="folder", who="connector")
    journal.use_mapping(ONE, {}, origin="person", who="anna", why="worse")
    assert (journal.mapping_now(), journal.mapping_of_folder()) == (ONE, TWO)
    note = journal.audits(limit=1)[0]
    assert (note.who, note.what, note.why, note.target) == ("anna", "mapping", "worse", f"mapping:{ONE}")


def test_what_is_in_use_is_not_put_to_use_again(journal: Journal) -> None:
    journal.use_mapping(ONE, {}, origin="folder", who="connector")
    assert not journal.use_mapping(ONE, {}, origin="folder", who="connector")
    assert len(journal.mapping_uses()) == 1


def test_a_kept_set_never_changes(journal: Journal) -> None:
    journal.use_mapping(ONE, {"a.yaml": "first"}, origin="folder", who="connector")
    journal.use_mapping(ONE, {"a.yaml": "second"}, origin="person", who="anna")
    assert journal.mapping_files(ONE) == {"a.yaml": "first"}


@pytest.mark.parametrize(("begins", "found"), [("0123", ONE), (TWO, TWO)])
def test_a_version_is_named_by_its_beginning(journal: Journal, begins: str, found: str) -> None:
    for version in (ONE, TWO):
        journal.use_mapping(version, {}, origin="folder", who="connector")
    assert journal.mapping_version(begins) == found


@pytest.mark.parametrize("begins", ["", "012", "fff", "%", "_123456789ab"])
def test_a_name_of_none_or_many_is_refused(journal: Journal, begins: str) -> None:
    for version in (ONE, TWO):
        journal.use_mapping(version, {}, origin="folder", who="connector")
    with pytest.raises(PermanentError) as refused:
        journal.mapping_version(begins)
    assert refused.value.cause == "mapping.unknown"
    with pytest.raises(PermanentError):
        journal.mapping_files("nothing")
