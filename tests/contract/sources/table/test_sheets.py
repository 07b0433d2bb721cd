from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.styles import numbers

from connector.errors import PermanentError
from tests.contract.sources.table.shelf import Shelf


def workbook(*rows: Sequence[Any], sheet: str = "Sheet", other: Sequence[Sequence[Any]] = ()) -> bytes:
    book = Workbook()
    first = book.active
    first.title = sheet
    for row in rows:
        first.append(row)
    for row in other:
        (book["Other"] if "Other" in book.sheetnames else book.create_sheet("Other")).append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def rewritten(content: bytes, member: str, change: dict[str, str]) -> bytes:
    """The workbook with text of one of its parts changed, as other programs would have written it."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            part = source.read(name).decode()
            for before, after in change.items() if name == member else ():
                assert before in part
                part = part.replace(before, after)
            made.writestr(name, part)
    return target.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_a_workbook_keeps_its_own_types(shelf: Shelf):
    row = ["A1", 12, 1.5, True, datetime(2026, 1, 15), datetime(2026, 1, 15, 9, 30), "00123", time(8, 15)]
    head = ["number", "count", "weight", "paid", "day", "at", "code", "from"]
    shelf.put("orders.xlsx", workbook(head, row))
    run = shelf.run(timezone="Europe/Moscow")
    assert run.values == [
        {
            "number": "A1",
            "count": 12,
            "weight": 1.5,
            "paid": True,
            "day": "2026-01-15",
            "at": "2026-01-15T09:30:00+03:00",
            "code": "00123",
            "from": "08:15:00",
        }
    ]
    assert run.records[0].where == "orders.xlsx:2"


def test_numbers_that_are_kept_as_text_are_numbers_where_declared(shelf: Shelf):
    shelf.put("orders.xlsx", workbook(["number", "weight"], [1001, "1 234,50"]))
    run = shelf.run(types={"number": "text", "weight": "number"})
    assert run.values == [{"number": "1001", "weight": 1234.5}]
    assert run.ids == ["1001"]


def test_a_sheet_is_taken_by_name_by_number_or_first(shelf: Shelf):
    shelf.put("orders.xlsx", workbook(["number"], ["A1"], other=[["number"], ["B1"]]))
    assert shelf.run().ids == ["A1"]
    assert shelf.run(sheet="Other").ids == ["B1"]
    assert shelf.run(sheet=2).ids == ["B1"]
    with pytest.raises(PermanentError, match="no_sheet") as caught:
        shelf.run(sheet="Заказы")
    assert "Sheet, Other" in caught.value.hint.en


def test_a_hidden_sheet_is_not_the_first(shelf: Shelf):
    book = Workbook()
    book.active.append(["settings"])
    book.active.sheet_state = "hidden"
    for row in (["number"], ["A1"]):
        (book["Seen"] if "Seen" in book.sheetnames else book.create_sheet("Seen")).append(row)
    shelf.put("orders.xlsx", saved(book))
    assert shelf.run().ids == ["A1"]


def test_blank_rows_and_columns_at_the_end_are_none(shelf: Shelf):
    book = Workbook()
    sheet = book.active
    for row in ([], ["number", "what"], ["A1", "b"], [], ["A2", "c"]):
        sheet.append(row)
    sheet["D5000"].number_format = numbers.FORMAT_TEXT
    sheet["A5000"] = " "
    shelf.put("orders.xlsx", saved(book))
    run = shelf.run()
    assert (run.ids, run.broken) == (["A1", "A2"], [])
    assert [record.where for record in run.records] == ["orders.xlsx:3", "orders.xlsx:5"]


def test_a_merged_header_names_its_first_column_and_the_rest_by_place(shelf: Shelf):
    book = Workbook()
    sheet = book.active
    sheet.append(["number", "address", None])
    sheet.append(["A1", "Moscow", "Arbat 1"])
    sheet.merge_cells("B1:C1")
    shelf.put("orders.xlsx", saved(book))
    assert shelf.run().values == [{"number": "A1", "address": "Moscow", "column_3": "Arbat 1"}]
    assert shelf.run(rename={"column_3": "street"}).values[0]["street"] == "Arbat 1"


def test_what_stands_beyond_the_header_is_called_by_its_place(shelf: Shelf):
    shelf.put("orders.xlsx", workbook(["number"], ["A1"], ["A2", None, "see me"]))
    assert shelf.run().values == [{"number": "A1"}, {"number": "A2", "column_3": "see me"}]


def test_a_formula_has_the_value_that_was_computed_last(shelf: Shelf):
    content = workbook(["number", "sum"], ["A1", "=1+1"], ["A2", "=A9"])
    computed = {"<f>1+1</f><v />": "<f>1+1</f><v>2</v>", 'r="B3"><f>A9</f><v />': 'r="B3" t="str"><f>A9</f><v></v>'}
    plain = zipfile.ZipFile(io.BytesIO(content)).read(SHEET).decode()
    if "<f>1+1</f><v />" not in plain:
        computed = {before.replace("<v />", "<v></v>"): after for before, after in computed.items()}
    shelf.put("orders.xlsx", rewritten(content, SHEET, computed))
    run = shelf.run()
    assert (run.values, run.broken) == ([{"number": "A1", "sum": 2}, {"number": "A2", "sum": None}], [])


def test_a_formula_that_was_never_computed_breaks_its_row_and_says_what_to_do(shelf: Shelf):
    shelf.put("orders.xlsx", workbook(["number", "sum"], ["A1", 2], ["A2", "=1+1"]))
    run = shelf.run()
    assert run.ids == ["A1"]
    assert [(row.where, row.id) for row in run.broken] == [("orders.xlsx:3", "A2")]
    assert "B3" in run.broken[0].why.en
    assert "Excel" in run.broken[0].why.en


def test_an_error_in_a_cell_breaks_its_row(shelf: Shelf):
    shelf.put("orders.xlsx", workbook(["number", "sum"], ["A1", "#DIV/0!"], ["A2", 1]))
    run = shelf.run()
    assert run.ids == ["A2"]
    assert "#DIV/0!" in run.broken[0].why.ru


def test_a_size_that_a_program_wrote_wrong_hides_no_rows(shelf: Shelf):
    content = workbook(["number", "what"], ["A1", "b"], ["A2", "c"])
    shelf.put("orders.xlsx", rewritten(content, SHEET, {'<dimension ref="A1:B3"': '<dimension ref="A1"'}))
    assert shelf.run().values[1] == {"number": "A2", "what": "c"}


def test_a_date_that_nobody_formatted_is_one_where_declared(shelf: Shelf):
    shelf.put("orders.xlsx", workbook(["number", "day"], ["A1", 46037]))
    assert shelf.run(types={"day": "date"}).values[0]["day"] == "2026-01-15"


def test_a_workbook_that_is_cut_is_left_for_later(shelf: Shelf):
    shelf.put("orders.xlsx", workbook(["number"], ["A1"])[:-200])
    run = shelf.run()
    assert run.ids == []
    assert "no whole Excel workbook" in run.notes[0]
    shelf.put("orders.xlsx", workbook(["number"], ["A1"]))
    assert shelf.run(run.bookmark).ids == ["A1"]


def test_an_old_workbook_is_refused_with_what_to_do(shelf: Shelf):
    shelf.put("orders.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(PermanentError) as caught:
        shelf.run()
    assert ".xlsx" in caught.value.hint.ru


def test_a_workbook_that_unpacks_to_too_much_is_refused(shelf: Shelf, tmp_path: Path):
    target = io.BytesIO(workbook(["number"], ["A1"]))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/worksheets/sheet9.xml", b" " * (3 << 20))
    shelf.put("orders.xlsx", target.getvalue())
    with pytest.raises(PermanentError, match="too_large") as caught:
        shelf.run(largest=2)
    assert "`largest`" in caught.value.hint.en
    assert shelf.run(largest=4).ids == ["A1"]


def test_entities_of_a_stranger_are_not_expanded(shelf: Shelf):
    content = workbook(["number"], ["A1"])
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet '
    shelf.put("orders.xlsx", rewritten(content, SHEET, {"<worksheet ": bomb}))
    run = shelf.run()
    assert run.ids == []
    assert "no whole Excel workbook" in run.notes[0]
