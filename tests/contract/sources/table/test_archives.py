from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping

import pytest

from connector.errors import PermanentError
from tests.contract.sources.table.shelf import Shelf, csv
from tests.contract.sources.table.test_sheets import workbook


def packed(files: Mapping[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


def test_tables_inside_an_archive_are_read_one_after_the_other(shelf: Shelf):
    files: dict[str, str | bytes] = {
        "a.csv": csv("number", "A1"),
        "in/b.xlsx": workbook(["number"], ["B1"]),
        "readme.md": "no table",
    }
    shelf.put("orders.zip", packed({**files, "__MACOSX/._a.csv": "\0\1", ".hidden.csv": "x"}))
    run = shelf.run()
    assert [record.where for record in run.records] == ["orders.zip/a.csv:2", "orders.zip/in/b.xlsx:2"]
    assert [path.suffix for path in shelf.cache.iterdir()] == [".rows"]


def test_a_gzipped_file_is_read_by_the_suffix_inside(shelf: Shelf):
    shelf.put("orders.csv.gz", gzip.compress(csv("number;what", "A1;b").encode()))
    run = shelf.run()
    assert run.records[0].where == "orders.csv:2"


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "C:\\evil.csv", "..\\evil.csv"])
def test_names_that_lead_out_of_the_archive_are_not_read(shelf: Shelf, name: str):
    shelf.put("orders.zip", packed({name: csv("number", "X1"), "b.csv": csv("number", "B1")}))
    run = shelf.run()
    assert run.ids == ["B1"]
    assert "leads out of the archive" in run.notes[0]
    assert not [path for path in shelf.folder.parent.rglob("evil*") if path.is_file()]


@pytest.mark.parametrize("name", ["orders.zip", "orders.csv.gz"])
def test_a_bomb_is_stopped_at_the_limit(shelf: Shelf, name: str):
    content = b"number\n" + b"A" * (5 << 20)
    bomb = packed({"a.csv": content}) if name.endswith(".zip") else gzip.compress(content)
    assert len(bomb) < 20_000
    shelf.put(name, bomb)
    with pytest.raises(PermanentError, match="too_large"):
        shelf.run(largest=4)
    assert list(shelf.cache.iterdir()) == []


@pytest.mark.parametrize("cut", [30, 200])
def test_an_archive_that_is_cut_is_left_for_later(shelf: Shelf, cut: int):
    rows = csv("number", *(f"A{n * 7919 % 10007}" for n in range(500)))
    for name, content in (("a.zip", packed({"a.csv": rows})), ("b.csv.gz", gzip.compress(rows.encode()))):
        shelf.put(name, content[:-cut])
    run = shelf.run()
    assert run.ids == []
    assert [("cut or spoilt" in note) for note in run.notes] == [True, True]
    assert run.bookmark["seen"] == {}


def test_an_archive_under_a_password_is_refused(shelf: Shelf):
    content = bytearray(packed({"a.csv": csv("number", "A1")}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    shelf.put("orders.zip", bytes(content))
    with pytest.raises(PermanentError, match="password"):
        shelf.run()


@pytest.mark.parametrize("name", ["orders.tar.gz", "orders.xls", "orders.dbf"])
def test_formats_that_are_not_read_are_named(shelf: Shelf, name: str):
    shelf.put(name, b"whatever")
    with pytest.raises(PermanentError, match="format") as caught:
        shelf.run(location=f"{shelf.folder}/{name}")
    assert name in caught.value.hint.en


def test_the_format_may_be_told(shelf: Shelf):
    shelf.put("orders.log", csv("number;what", "A1;b"))
    assert shelf.run(location=f"{shelf.folder}/*.log", format="csv").ids == ["A1"]
