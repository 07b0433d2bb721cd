from __future__ import annotations

import json

import pytest

from tests.contract.sources.table.shelf import Shelf


def test_json_lines_keep_values_as_they_are(shelf: Shelf):
    row = {"number": "A1", "weight": 1.5, "paid": True, "who": None, "lines": [{"sku": "x", "count": 2}]}
    shelf.put("orders.jsonl", json.dumps(row) + "\n\n" + json.dumps({"number": "A2"}))
    run = shelf.run()
    assert run.values == [row, {"number": "A2"}]
    assert [record.where for record in run.records] == ["orders.jsonl:1", "orders.jsonl:3"]


def test_a_list_is_read_piece_by_piece(shelf: Shelf):
    rows = [{"number": f"A{n}", "what": '[x], {y} \\ "z" ' * 40} for n in range(1000)]
    shelf.put("orders.json", json.dumps(rows, indent=2))
    run = shelf.run()
    assert run.values == rows
    assert run.records[-1].where == "orders.json:1000"


def test_a_json_file_may_hold_lines(shelf: Shelf):
    shelf.put("orders.json", '{"number": "A1"}\n{"number": "A2"}\n')
    assert shelf.run().ids == ["A1", "A2"]


def test_numbers_keep_their_digits(shelf: Shelf):
    shelf.put("orders.jsonl", '{"number": 12345678901234567890, "sum": 0.1234567890123456789, "x": 1e3}')
    assert shelf.run().values == [{"number": 12345678901234567890, "sum": "0.1234567890123456789", "x": 1000}]


@pytest.mark.parametrize("line", ["{", "[1]", "5", '{"number": NaN}', "[" * 100_000, '{"number": 1e999999999}', '"x"'])
def test_a_line_that_is_no_object_is_broken(shelf: Shelf, line: str):
    shelf.put("orders.jsonl", f'{{"number": "A1"}}\n{line}\n{{"number": "A3"}}\n')
    run = shelf.run()
    assert run.ids == ["A1", "A3"]
    assert [row.where for row in run.broken] == ["orders.jsonl:2"]


def test_letters_that_are_none_break_their_row(shelf: Shelf):
    shelf.put("orders.jsonl", '{"number": "A1", "what": "\\ud800"}\n{"number": "A2", "what": "\\u0000x"}\n')
    run = shelf.run()
    assert run.values == [{"number": "A2", "what": "x"}]
    assert run.broken[0].id == "A1"


def test_a_list_that_does_not_end_is_cut_and_left(shelf: Shelf):
    shelf.put("orders.json", json.dumps([{"number": "A1"}, {"number": "A2"}])[:-4])
    run = shelf.run()
    assert run.ids == []
    assert "does not end" in run.notes[0]
    shelf.put("orders.json", json.dumps([{"number": "A1"}, {"number": "A2"}])[:-1])
    assert shelf.run().ids == []


def test_an_empty_list_has_no_rows(shelf: Shelf):
    shelf.put("orders.json", " [ ] ")
    run = shelf.run()
    assert (run.ids, run.notes) == ([], [])


def test_columns_get_their_new_names_and_types(shelf: Shelf):
    shelf.put("orders.jsonl", '{"Номер": 5, "Дата": "15.01.2026"}')
    run = shelf.run(
        rename={"Номер": "number", "Дата": "day"}, types={"number": "text", "day": "date"}, dates=["%d.%m.%Y"]
    )
    assert run.values == [{"number": "5", "day": "2026-01-15"}]


def test_an_object_of_objects_is_no_table(shelf: Shelf):
    shelf.put("orders.json", '"text"')
    run = shelf.run()
    assert run.ids == []
    assert "neither a list of objects" in run.notes[0]
