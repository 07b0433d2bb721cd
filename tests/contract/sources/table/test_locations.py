"""Which files a location means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.contract.sources.table.shelf import LONG_AGO, Shelf, orders


def test_links_are_followed_inside_the_folder_only(shelf: Shelf, tmp_path: Path):
    outside = tmp_path / "secret.csv"
    outside.write_text(orders("X1"))
    shelf.aged(outside, LONG_AGO)
    inside = shelf.put("real/1.csv", orders("A1"))
    (shelf.folder / "in.csv").symlink_to(inside)
    (shelf.folder / "out.csv").symlink_to(outside)
    (shelf.folder / "dead.csv").symlink_to(tmp_path / "nothing.csv")
    (shelf.folder / "loop").symlink_to(shelf.folder)
    run = shelf.run(location=f"{shelf.folder}/**/*.csv", holds="all")
    assert run.ids == ["A1", "A1"]
    assert [note for note in run.notes if "leads out" in note] == run.notes
    assert "out.csv" in run.notes[0]
    assert not run.sees_all


def test_pipes_and_hidden_files_are_not_read(shelf: Shelf):
    os.mkfifo(shelf.folder / "pipe.csv")
    shelf.put("~$orders.xlsx", "owner")
    shelf.put(".orders.csv", orders("X1"))
    shelf.put("1.csv", orders("A1"))
    assert shelf.run(location=f"{shelf.folder}/*").ids == ["A1"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.csv", ["1.csv", "10.csv"]),
        ("?.csv", ["1.csv"]),
        ("[0-9].csv", ["1.csv"]),
        ("**/*.csv", ["1.csv", "10.csv", "2026/01/3.csv", "2026/2.csv"]),
        ("*/2.csv", ["2026/2.csv"]),
        ("2026/", ["2026/2.csv"]),
        ("2026/01/3.csv", ["2026/01/3.csv"]),
        ("", ["1.csv", "10.csv"]),
    ],
)
def test_a_pattern_means_files(shelf: Shelf, pattern: str, found: list[str]):
    for name in ("1.csv", "10.csv", "2026/2.csv", "2026/01/3.csv"):
        shelf.put(name, orders(name))
    shelf.put("readme.md", "no table")
    run = shelf.run(location=f"{shelf.folder}/{pattern}")
    assert sorted(run.ids) == found


def test_files_are_read_in_the_order_they_were_made_then_by_number(shelf: Shelf):
    for name, age in (("day10.csv", 100), ("day9.csv", 100), ("day1.csv", 50), ("day99.csv", 200)):
        shelf.put(name, orders(name), age=age)
    assert shelf.run().ids == ["day99.csv", "day9.csv", "day10.csv", "day1.csv"]
