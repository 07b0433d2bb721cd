"""Which files a run reads, and when what is not seen may be taken for gone."""

from __future__ import annotations

import pytest

from connector.errors import ConnectorError, TransientError
from tests.contract.sources.table.shelf import Shelf, orders


def test_of_a_log_only_new_and_changed_files_are_read(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    shelf.put("2.csv", orders("B1"))
    first = shelf.run()
    assert (first.ids, first.start.full) == (["A1", "B1"], False)
    shelf.later()
    shelf.put("2.csv", orders("B1", "B2"))
    shelf.put("3.csv", orders("C1"))
    second = shelf.run(first.bookmark)
    assert (second.ids, second.start.full) == (["B1", "B2", "C1"], False)
    third = shelf.run(second.bookmark)
    assert (third.ids, third.pages[0].ended) == ([], True)


def test_a_file_of_a_log_that_vanished_means_nothing(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    shelf.put("2.csv", orders("B1"))
    first = shelf.run()
    (shelf.folder / "1.csv").unlink()
    second = shelf.run(first.bookmark)
    assert (second.ids, second.start.full, list(second.bookmark["seen"])) == ([], False, ["2.csv"])


def test_files_that_hold_all_are_all_read_when_one_is_new_changed_or_gone(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    shelf.put("2.csv", orders("B1"))
    run = shelf.run(holds="all")
    assert (run.ids, run.sees_all) == (["A1", "B1"], True)
    shelf.later()
    idle = shelf.run(run.bookmark, holds="all")
    assert (idle.ids, idle.start.full, len(idle.pages)) == ([], False, 1)
    shelf.put("2.csv", orders("B2"))
    run = shelf.run(idle.bookmark, holds="all")
    assert (run.ids, run.sees_all) == (["A1", "B2"], True)
    shelf.put("3.csv", orders("C1"))
    run = shelf.run(run.bookmark, holds="all")
    assert (run.ids, run.sees_all) == (["A1", "B2", "C1"], True)
    (shelf.folder / "1.csv").unlink()
    run = shelf.run(run.bookmark, holds="all")
    assert (run.ids, run.sees_all) == (["B2", "C1"], True)
    assert shelf.run(run.bookmark, holds="all").ids == []


def test_an_empty_folder_takes_nothing_for_gone(shelf: Shelf):
    path = shelf.put("1.csv", orders("A1"))
    first = shelf.run(holds="all")
    path.unlink()
    second = shelf.run(holds="all")
    assert (second.ids, second.start.full) == ([], False)
    assert "nothing is taken for gone" in second.notes[0]
    shelf.later()
    shelf.put("1.csv", orders("A2"))
    third = shelf.run(first.bookmark, holds="all")
    assert (third.ids, third.sees_all) == (["A2"], True)


@pytest.mark.parametrize(("left", "told"), [(None, "No file matches"), (b"", "1.csv was left for later: it is empty")])
def test_where_nothing_is_left_of_the_files_that_held_all_the_source_is_away(
    shelf: Shelf, left: bytes | None, told: str
):
    path = shelf.put("1.csv", orders("A1"))
    first = shelf.run(holds="all")
    if left is None:
        path.unlink()
    else:
        shelf.put("1.csv", left)
    with pytest.raises(TransientError, match=r"table\.nothing") as caught:
        shelf.run(first.bookmark, holds="all")
    assert told in caught.value.hint.en
    assert caught.value.hint.ru != caught.value.hint.en


def test_a_folder_that_is_away_is_tried_again(shelf: Shelf):
    with pytest.raises(TransientError, match="no_folder"):
        shelf.run(location=f"{shelf.folder}/nowhere/*.csv")


def test_a_young_file_is_left_for_later(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    shelf.put("2.csv", orders("B1"), age=5)
    first = shelf.run(settle="30s")
    assert first.ids == ["A1"]
    assert first.notes == ["2.csv was left for later: it changed a moment ago"]
    shelf.later(30)
    assert shelf.run(first.bookmark, settle="30s").ids == ["B1"]


def test_a_file_whose_clock_is_ahead_is_read_once_it_was_the_same_for_long_enough(shelf: Shelf):
    shelf.put("1.csv", orders("A1"), age=-7200)
    first = shelf.run(settle="30s")
    assert first.ids == []
    shelf.later(10)
    second = shelf.run(first.bookmark, settle="30s")
    assert second.ids == []
    shelf.later(25)
    assert shelf.run(second.bookmark, settle="30s").ids == ["A1"]


def test_a_file_that_grows_between_two_looks_is_left_for_later(shelf: Shelf):
    shelf.put("1.csv", orders("A1"))
    shelf.meanwhile = lambda: shelf.put("1.csv", orders("A1", "A2"))
    first = shelf.run(settle="30s")
    assert (first.ids, shelf.pauses) == ([], [2.0])
    shelf.meanwhile = lambda: None
    shelf.later()
    second = shelf.run(first.bookmark, settle="30s")
    assert second.ids == ["A1", "A2"]
    assert shelf.run(second.bookmark, settle="30s").ids == []
    assert len(shelf.pauses) == 2  # a file that is known is not waited for


@pytest.mark.parametrize("companion", ["1.csv.tmp", "1.csv.part", "1.lock", "1.csv.filepart"])
def test_a_file_with_a_companion_is_being_written(shelf: Shelf, companion: str):
    shelf.put("1.csv", orders("A1"))
    path = shelf.put(companion, "")
    first = shelf.run()
    assert first.ids == []
    assert companion in first.notes[0]
    path.unlink()
    assert shelf.run(first.bookmark).ids == ["A1"]


def test_an_empty_file_is_only_just_begun(shelf: Shelf):
    shelf.put("1.csv", "")
    first = shelf.run(holds="all")
    assert (first.ids, first.start.full) == ([], False)
    shelf.put("1.csv", orders("A1"))
    assert shelf.run(first.bookmark, holds="all").sees_all


def test_a_run_with_a_file_left_for_later_sees_not_all_and_the_next_one_does(shelf: Shelf):
    shelf.put("1.csv", orders("A1", "A2"))
    shelf.put("2.csv", orders("B1"))
    first = shelf.run(holds="all")
    shelf.later()
    shelf.put("1.csv", orders("A1"))
    shelf.put("2.csv", orders("B1", "B2"), age=1)
    second = shelf.run(first.bookmark, holds="all")
    assert (second.ids, second.start.full) == (["A1"], False)
    shelf.later()
    third = shelf.run(second.bookmark, holds="all")
    assert (third.ids, third.sees_all) == (["A1", "B1", "B2"], True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("2.xlsx", b"PK\x03\x04 half of a workbook"),
        ("2.json", b'[{"number": "B1"}, {"num'),
        ("2.csv.gz", b"\x1f\x8b\x08\x00half"),
        ("2.csv", b"number;what\nB1;x\nB2"),
        ("2.csv", b'number;what\nB1;"x\nB2;y\nB3;z\n'),
        ("2.jsonl", b'{"number": "B1"}\n{"number": "B'),
        ("2.csv", "number;what\nB1;Москв".encode()[:-1]),
    ],
)
def test_a_half_written_file_lets_nothing_be_taken_for_gone(shelf: Shelf, name: str, content: bytes):
    shelf.put("1.csv", orders("A1"))
    shelf.put(name, content)
    run = shelf.run(holds="all")
    assert "A1" in run.ids
    assert run.notes
    assert not run.sees_all
    again = shelf.run(run.bookmark, holds="all")
    assert (again.ids, again.sees_all) == (run.ids, False)
    (shelf.folder / name).unlink()
    shelf.put("2.csv", orders("B1"))
    whole = shelf.run(again.bookmark, holds="all")
    assert (whole.ids, whole.sees_all) == (["A1", "B1"], True)


def test_errors_are_told_in_both_languages(shelf: Shelf):
    with pytest.raises(ConnectorError) as caught:
        shelf.run(location=f"{shelf.folder}/nowhere/*.csv")
    assert caught.value.hint.en != caught.value.hint.ru
