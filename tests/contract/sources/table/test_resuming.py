"""A run goes on anywhere, also when its files are other ones by then."""

from __future__ import annotations

import pytest

from connector.errors import PermanentError
from tests.contract.sources.table.shelf import Run, Shelf, add, carried, csv, orders


def first_page(shelf: Shelf, limit: int = 2, **said: object) -> Run:
    with shelf.reader(shelf.settings(**said)) as reader:
        run = Run(start=reader.begin(None))
        add(run, reader.page(run.start.position, limit))
    return run


def rest(shelf: Shelf, run: Run, limit: int = 1000, **said: object) -> Run:
    while not run.pages[-1].ended:
        with shelf.reader(shelf.settings(**said)) as reader:
            add(run, reader.page(carried(run.pages[-1].position), limit))
    run.bookmark = run.pages[-1].bookmark
    return run


def forget(shelf: Shelf) -> None:
    for path in shelf.cache.iterdir():
        path.unlink()


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_a_run_goes_on_anywhere_from_its_position_alone(shelf: Shelf, limit: int):
    shelf.put("1.csv", orders(*(f"A{n}" for n in range(7))))
    shelf.put("2.csv", orders("B1", "B2"))
    run = first_page(shelf, limit)
    while not run.pages[-1].ended:
        forget(shelf)
        with shelf.reader() as reader:
            position = carried(run.pages[-1].position)
            page = reader.page(position, limit)
            assert reader.page(position, limit) == page
            add(run, page)
    assert run.ids == [*(f"A{n}" for n in range(7)), "B1", "B2"]
    assert max(len(page.records) for page in run.pages) <= limit


def test_a_staged_file_is_read_to_its_end_though_another_took_its_place(shelf: Shelf):
    shelf.put("1.csv", orders("A1", "A2", "A3"))
    run = first_page(shelf, holds="all")
    shelf.later()
    shelf.put("1.csv", orders("Z1", "Z2"))
    rest(shelf, run, holds="all")
    assert (run.ids, run.sees_all) == (["A1", "A2", "A3"], True)
    assert shelf.run(run.bookmark, holds="all").ids == ["Z1", "Z2"]


def test_a_file_that_changed_before_it_was_read_on_is_begun_anew_and_nothing_is_taken_for_gone(shelf: Shelf):
    shelf.put("1.csv", orders("A1", "A2", "A3"))
    run = first_page(shelf, holds="all")
    shelf.later()
    shelf.put("1.csv", orders("A1", "A3", "A4"))
    forget(shelf)
    rest(shelf, run, holds="all")
    assert (run.ids, run.sees_all) == (["A1", "A2", "A1", "A3", "A4"], False)
    again = shelf.run(run.bookmark, holds="all")
    assert (again.ids, again.sees_all) == (["A1", "A3", "A4"], True)


def test_a_file_that_is_written_again_in_the_middle_of_a_run_is_left_for_later(shelf: Shelf):
    shelf.put("1.csv", orders("A1", "A2", "A3"))
    run = first_page(shelf, holds="all")
    shelf.put("1.csv", orders("A1", "A4"), age=1)
    forget(shelf)
    rest(shelf, run, holds="all")
    assert (run.ids, run.sees_all) == (["A1", "A2"], False)
    assert "changed while it was read" in run.notes[0]
    shelf.later()
    again = shelf.run(run.bookmark, holds="all")
    assert (again.ids, again.sees_all) == (["A1", "A4"], True)


def test_a_file_that_vanished_in_the_middle_of_a_run_lets_nothing_be_taken_for_gone(shelf: Shelf):
    shelf.put("1.csv", orders("A1", "A2"))
    path = shelf.put("2.csv", orders("B1"))
    run = first_page(shelf, holds="all")
    path.unlink()
    rest(shelf, run, holds="all")
    assert (run.ids, run.sees_all) == (["A1", "A2"], False)
    assert "vanished" in run.notes[0]
    again = shelf.run(run.bookmark, holds="all")
    assert (again.ids, again.sees_all) == (["A1", "A2"], True)


def test_rows_that_were_read_are_given_before_an_error_is_told(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    shelf.put("2.csv", csv("other;what", "B1;x"))
    with shelf.reader(shelf.settings(id="number")) as reader:
        page = reader.page(reader.begin(None).position, 100)
        assert [record.id for record in page.records] == ["A1"]
        with pytest.raises(PermanentError, match="no_column"):
            reader.page(page.position, 100)


def test_settings_that_read_otherwise_read_everything_again(shelf: Shelf):
    shelf.put("1.csv", csv("number;weight", "A1;1,5"))
    first = shelf.run()
    assert shelf.run(first.bookmark).values == []
    second = shelf.run(first.bookmark, types={"weight": "number"})
    assert second.values == [{"number": "A1", "weight": 1.5}]


def test_a_file_is_parsed_once(shelf: Shelf):
    path = shelf.put("1.csv", orders(*(f"A{n}" for n in range(10))))
    run = first_page(shelf)
    path.unlink()
    assert rest(shelf, run, 2).ids == [f"A{n}" for n in range(10)]
    assert [path.suffix for path in shelf.cache.iterdir()] == [".rows"]
    shelf.run(run.bookmark)
    assert list(shelf.cache.iterdir()) == []


def test_a_bookmark_of_another_provider_is_no_bookmark(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    for foreign in ({"cursor": 5}, "2026-01-01", 7):
        assert shelf.run(foreign).ids == ["A1"]


def test_what_a_killed_process_left_is_swept_after_a_day(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    first = shelf.run()
    old, fresh = shelf.cache / "x.1.raw", shelf.cache / "x.2.new"
    for path, age in ((old, 90_000), (fresh, 60)):
        path.write_text("half")
        shelf.aged(path, age)
    shelf.run(first.bookmark)
    assert list(shelf.cache.iterdir()) == [fresh]


def test_the_same_files_elsewhere_are_read_again(shelf: Shelf):
    shelf.put("in/1.csv", orders("A1"))
    first = shelf.run(location=f"{shelf.folder}/in/")
    assert shelf.run(first.bookmark, location=f"{shelf.folder}/in/*.csv").ids == ["A1"]


def test_a_file_that_changes_between_the_look_and_the_copy_is_left_for_later(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    with shelf.reader(shelf.settings(holds="all")) as reader:
        run = Run(start=reader.begin(None))
        shelf.put("1.csv", orders("A1", "A2"), age=1)
        add(run, reader.page(run.start.position, 10))
    assert (run.ids, run.sees_all) == ([], False)
    assert "changed while it was read" in run.notes[0]
    shelf.later()
    assert shelf.run(run.pages[0].bookmark, holds="all").ids == ["A1", "A2"]
