from __future__ import annotations

import os
import random
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import PermanentError, TransientError
from connector.speech import Text
from tests.contract.sources.ldap.directory import NOW, Bench, FakeDirectory, entry, settings


def _person(number: int, changed: str = "20261129100000Z"):
    return entry(f"uid=p{number:03},ou=People,dc=acme", uid=f"p{number:03}", modifyTimestamp=changed)


def _group(*members: int, changed: str = "20261129100000Z"):
    dns = [f"uid=p{number:03},ou=People,dc=acme" for number in members]
    return entry("cn=team,ou=Groups,dc=acme", cn="team", member=dns, modifyTimestamp=changed)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    directory = FakeDirectory([_person(number) for number in range(25)], [_group(1, 2)])
    random.Random(7).shuffle(directory.people)
    return Bench(tmp_path / "desk", directory, settings())


def test_everybody_comes_once_in_pages(bench: Bench) -> None:
    reading = bench.read(limit=10)
    assert [record.id for record in reading.records] == [f"p{number:03}" for number in range(25)]
    assert (reading.full, reading.total, reading.pages) == (True, 25, 3)


def test_a_page_can_be_asked_again_and_says_the_same(bench: Bench) -> None:
    with bench.reader() as reader:
        start = reader.begin(None)
        page = reader.page(start.position, 10)
    with bench.reader() as other:
        assert other.page(start.position, 10) == page
        last = other.page(other.page(page.position, 10).position, 10)
    assert last.ended
    with bench.reader() as third:
        assert third.page(last.position, 10).records == []
    assert len(bench.directory.searches) == 2


def test_a_run_goes_on_where_its_listing_was_lost(bench: Bench) -> None:
    with bench.reader() as reader:
        start = reader.begin(None)
        page = reader.page(start.position, 10)
    for path in bench.folder.iterdir():
        path.unlink()
    random.Random(8).shuffle(bench.directory.people)
    with bench.reader() as elsewhere:
        after = elsewhere.page(page.position, 100)
    assert [record.id for record in after.records] == [f"p{number:03}" for number in range(10, 25)]
    assert after.ended


def test_a_directory_that_shows_nobody_in_mid_run_makes_nobody_gone(bench: Bench) -> None:
    with bench.reader() as reader:
        page = reader.page(reader.begin(None).position, 10)
    for path in bench.folder.iterdir():
        path.unlink()
    bench.directory.people.clear()
    with bench.reader() as elsewhere, pytest.raises(PermanentError) as raised:
        elsewhere.page(page.position, 10)
    assert raised.value.cause == "ldap.nobody"


def test_a_reading_that_finds_nobody_is_not_full_and_says_so(bench: Bench) -> None:
    bench.directory.people.clear()
    reading = bench.read()
    assert (reading.full, reading.records) == (False, [])
    assert "inetOrgPerson" in reading.notes[0].en


def test_a_listing_that_breaks_off_counts_for_nothing(bench: Bench) -> None:
    bench.directory.fails = (20, TransientError("ldap.lost", hint=Text("again", "снова")))
    with bench.reader() as reader, pytest.raises(TransientError):
        reader.begin(None)
    assert list(bench.folder.iterdir()) == []


def test_old_listings_are_thrown_away_and_those_in_use_stay(bench: Bench) -> None:
    bench.read()
    with bench.reader() as reader:
        half = reader.begin(None)
    old = (NOW - timedelta(days=2)).timestamp()
    (kept,) = bench.folder.glob(f"{half.position['run']}*")
    bench.read()
    assert len(list(bench.folder.iterdir())) == 2
    os.utime(kept, (old, old))
    bench.read()
    assert len(list(bench.folder.iterdir())) == 1


def test_without_changes_every_run_reads_everybody(bench: Bench) -> None:
    first = bench.read()
    assert bench.read(first.bookmark).total == 25


def test_with_changes_a_run_reads_who_changed(bench: Bench) -> None:
    bench.settings = settings(changes=True, overlap="5m")
    first = bench.read()
    bench.directory.people[:] = [_person(number) for number in range(24)]
    bench.directory.people.append(_person(24, "20261129110000Z"))
    second = bench.read(first.bookmark)
    assert (second.full, second.total) == (False, 25)  # the overlap reads those again who changed last
    third = bench.read(second.bookmark)
    assert [record.id for record in third.records] == ["p024"]
    assert not third.full
    assert not third.notes
    assert bench.read(None).full


def test_with_changes_everybody_is_read_when_a_group_changed(bench: Bench) -> None:
    bench.settings = settings(changes=True, overlap=0)
    bench.directory.people[0] = _person(99, "20261129110000Z")
    first = bench.read()
    assert bench.read(first.bookmark).total == 1
    bench.directory.groups[:] = [_group(1)]
    second = bench.read(first.bookmark)
    assert (second.full, second.total) == (True, 25)
    assert second.groups["p002"] == []
    assert bench.read(second.bookmark).total == 1


def test_with_changes_nobody_may_have_changed(bench: Bench) -> None:
    bench.settings = settings(changes=True, overlap=0)
    first = bench.read()
    first.bookmark["people"] = "2026-11-29T11:00:00+00:00"
    second = bench.read(first.bookmark)
    assert (second.full, second.total, second.notes) == (False, 0, [])
    assert second.bookmark == first.bookmark
