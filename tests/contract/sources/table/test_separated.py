from __future__ import annotations

import pytest

from connector.errors import PermanentError
from connector.providers.table import checking
from connector.providers.table.settings import TableSettings
from tests.contract.sources.table.shelf import Shelf, csv


def told(shelf: Shelf, **said: object) -> dict[str, str]:
    """How the newest file is read, as ``connector check`` tells."""
    settings: TableSettings = shelf.settings(**said)
    findings = checking.check(shelf.desk(settings))
    words = next(found.what.en for found in findings if "is read with" in found.what.en)
    return dict(part.split(": ") for part in words.partition("with ")[2].split(", "))


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1251", "cp1251"), ("utf-16", "utf-16")],
)
def test_the_encoding_is_found(shelf: Shelf, encoding: str, found: str):
    shelf.put("orders.csv", csv("Номер;Город", "A1;Москва"), encoding=encoding)
    assert shelf.run().values == [{"Номер": "A1", "Город": "Москва"}]
    assert told(shelf)["encoding"] == found


def test_the_encoding_may_be_told(shelf: Shelf):
    shelf.put("orders.csv", csv("Номер;Город", "A1;Москва"), encoding="cp866")
    assert shelf.run(encoding="cp866").values == [{"Номер": "A1", "Город": "Москва"}]


def test_one_spoilt_byte_breaks_its_row_and_does_not_make_the_file_cp1251(shelf: Shelf):
    rows = csv("Номер;Город", *(f"A{n};Санкт-Петербург" for n in range(10))).encode()
    shelf.put("orders.csv", rows + b"B1;\xd1\n" + "C1;Москва\n".encode())
    run = shelf.run()
    assert [run.ids[0], run.ids[-1], len(run.ids)] == ["A0", "C1", 11]
    assert [(row.where, row.id) for row in run.broken] == [("orders.csv:12", "B1")]
    assert "encoding" in run.broken[0].why.en


def test_a_file_that_ends_inside_a_letter_is_cut_and_left(shelf: Shelf):
    shelf.put("orders.csv", "Номер;Город\nA1;Москва".encode()[:-1])
    run = shelf.run()
    assert run.ids == []
    assert "middle of a letter" in run.notes[0]
    assert run.bookmark["seen"] == {}


@pytest.mark.parametrize(("sign", "name"), [(";", ";"), (",", ","), ("\t", "tab"), ("|", "|")])
def test_the_separator_is_found(shelf: Shelf, sign: str, name: str):
    shelf.put("orders.csv", csv(sign.join(("number", "what", "sum")), sign.join(("A1", '"one, two; three|4"', "5"))))
    assert shelf.run().values == [{"number": "A1", "what": "one, two; three|4", "sum": "5"}]
    assert told(shelf)["separator"] == name


def test_decimal_commas_do_not_look_like_separators(shelf: Shelf):
    shelf.put("orders.csv", csv("number;weight", "A1;1,5", "A2;2,5"))
    assert shelf.run().values[1] == {"number": "A2", "weight": "2,5"}


def test_excel_may_tell_the_separator_in_the_first_line(shelf: Shelf):
    shelf.put("orders.csv", csv("sep=;", "number;what", "A1;b"))
    run = shelf.run()
    assert run.values == [{"number": "A1", "what": "b"}]
    assert run.records[0].where == "orders.csv:3"


def test_quotes_and_line_breaks_are_part_of_cells(shelf: Shelf):
    shelf.put("orders.csv", 'number;what\r\nA1;"two\r\nlines, and ""quotes"""\r\nA2;x\r\n')
    run = shelf.run()
    assert run.values[0]["what"] == 'two\r\nlines, and "quotes"'
    assert [record.where for record in run.records] == ["orders.csv:2", "orders.csv:4"]


def test_blank_rows_are_none(shelf: Shelf):
    shelf.put("orders.csv", csv("", "number;what", "", "A1;b", ";", " ; ", "", ""))
    assert shelf.run().values == [{"number": "A1", "what": "b"}]


def test_the_header_may_stand_lower_or_be_missing(shelf: Shelf):
    shelf.put("orders.csv", csv("Report of today", "made by 1C", "number;what", "A1;b"))
    assert shelf.run(header=3).values == [{"number": "A1", "what": "b"}]
    shelf.put("orders.csv", csv("A1;b", "A2;c"))
    rename = {"column_1": "number"}
    assert shelf.run(header=0, rename=rename).values[0] == {"number": "A1", "column_2": "b"}


def test_columns_without_a_name_or_with_the_same_are_told_apart(shelf: Shelf):
    shelf.put("orders.csv", csv(" number ;sum;;sum;Номер  заказа;;", "A1;1;2;3;4;;"))
    rename = {"Номер заказа": "order", "sum_2": "paid"}
    assert shelf.run(rename=rename).values == [
        {"number": "A1", "sum": "1", "column_3": "2", "paid": "3", "order": "4"},
    ]


def test_a_row_of_another_length_is_broken_and_tells_where(shelf: Shelf):
    shelf.put("orders.csv", csv("number;what;sum", "A1;b;1", "A2;b", "A3;b;1;2", "A4;b;1;"))
    run = shelf.run()
    assert run.ids == ["A1", "A4"]
    assert [(row.where, row.id) for row in run.broken] == [("orders.csv:3", "A2"), ("orders.csv:4", "A3")]
    assert "2 cells where the header has 3" in run.broken[0].why.en


def test_a_quote_out_of_place_breaks_its_row_alone(shelf: Shelf):
    shelf.put("orders.csv", csv("number;what", 'A1;"5" pipe', "A2;b"))
    run = shelf.run()
    assert run.ids == ["A2"]
    assert [row.where for row in run.broken] == ["orders.csv:2"]


def test_nul_bytes_are_dropped(shelf: Shelf):
    shelf.put("orders.csv", b"number;what\nA1;b\0\0\0\n\0\0")
    run = shelf.run()
    assert (run.values, run.broken) == ([{"number": "A1", "what": "b"}], [])


def test_a_cell_of_a_million_signs_is_kept_and_a_longer_one_breaks_its_row(shelf: Shelf):
    shelf.put("orders.csv", csv("number;what", f"A1;{'x' * 999_000}", f"A2;{'x' * 1_000_001}", "A3;b"))
    run = shelf.run()
    assert run.ids == ["A1", "A3"]
    assert len(run.values[0]["what"]) == 999_000
    assert (run.broken[0].id, len(run.broken[0].values["what"])) == ("A2", 200)


def test_a_row_without_an_id_is_broken(shelf: Shelf):
    shelf.put("orders.csv", csv("number;line;what", "A1;1;b", "A1;;c", ";2;d"))
    run = shelf.run(id=["number", "line"])
    assert run.ids == ["A1|1"]
    assert [row.where for row in run.broken] == ["orders.csv:3", "orders.csv:4"]


def test_a_file_without_the_column_of_ids_stops_the_run_and_names_its_columns(shelf: Shelf):
    shelf.put("orders.csv", csv("№;what", "A1;b"))
    with pytest.raises(PermanentError) as caught:
        shelf.run(id="number")
    assert caught.value.cause == "table.no_column"
    assert "№, what" in caught.value.hint.ru


def test_a_column_of_the_settings_that_a_file_has_not_is_noted(shelf: Shelf):
    shelf.put("orders.csv", csv("number;what", "A1;b"))
    run = shelf.run(types={"weight": "number"})
    assert run.ids == ["A1"]
    assert run.notes == ["orders.csv has no column «weight», which `types` or `rename` speak of"]


def test_a_file_of_a_header_alone_has_no_rows(shelf: Shelf):
    shelf.put("orders.csv", csv("number;what"))
    run = shelf.run()
    assert (run.records, run.notes) == ([], [])
    assert "orders.csv" in run.bookmark["seen"]


def test_tabs_part_columns_of_a_tsv_file(shelf: Shelf):
    shelf.put("orders.tsv", csv("number\twhat", "A1\tb;c"))
    assert shelf.run().values == [{"number": "A1", "what": "b;c"}]
