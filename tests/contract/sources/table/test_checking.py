from __future__ import annotations

from pathlib import Path
from typing import Any

from connector.domain.provider import Finding
from connector.providers.table import PROVIDER
from tests.contract.sources.table.shelf import Shelf, csv


def told(shelf: Shelf, **said: Any) -> list[Finding]:
    assert PROVIDER.source is not None
    assert PROVIDER.source.check is not None
    return list(PROVIDER.source.check(shelf.desk(shelf.settings(**said))))


def lines(findings: list[Finding]) -> list[str]:
    return [f"{found.state} {found.what.en}" for found in findings]


def test_a_good_source_tells_how_it_is_read(shelf: Shelf):
    shelf.put("1.csv", csv("Номер;Город", "A0;Москва"), age=9000, encoding="cp1251")
    shelf.put("2.csv", csv("Номер;Город", "A1;Москва"), encoding="cp1251")
    assert lines(told(shelf, rename={"Номер": "number"}, id="number")) == [
        "ok The place of the files can be reached",
        "ok Files found: 2; the newest is 2.csv",
        "ok 2.csv is read with encoding: cp1251, separator: ;",
        "ok Columns: number, Город",
        "ok The first record is «A1» (2.csv:2)",
    ]
    assert list(shelf.cache.iterdir()) == []


def test_files_left_for_later_are_counted_with_the_reason(shelf: Shelf):
    shelf.put("1.csv", csv("number;what", "A1;x"))
    shelf.put("2.csv", csv("number;what", "A2;x"), age=1)
    findings = told(shelf)
    assert "warn Files left for later: 1" in lines(findings)
    assert "2.csv" in next(found for found in findings if found.code == "table.left").hint.en


def test_broken_rows_are_counted_and_the_first_is_told(shelf: Shelf):
    shelf.put("1.csv", csv("number;weight", "A1;heavy", "A2;5"))
    found = told(shelf, types={"weight": "number"})[-1]
    assert (found.state, found.what.en) == ("warn", "Broken rows among the first 2: 1")
    assert found.hint is not None
    assert "1.csv:2" in found.hint.ru


def test_what_is_wrong_is_a_finding_and_says_what_to_do(shelf: Shelf, tmp_path: Path):
    assert lines(told(shelf))[-1] == "warn No file matches `location`"
    assert told(shelf, location=f"{tmp_path}/nowhere/*.csv")[0].code == "table.no_folder"
    shelf.put("1.csv", csv("№;what", "A1;x"))
    missing = told(shelf, id="number")[-1]
    assert (missing.state, missing.code) == ("bad", "table.no_column")
    shelf.put("1.xlsx", b"PK half")
    assert told(shelf, location=f"{shelf.folder}/*.xlsx")[-1].state == "bad"
