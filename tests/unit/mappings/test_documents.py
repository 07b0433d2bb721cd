"""Plain YAML is read with the place of every value; nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.documents import Document, read


def only(text: str | bytes) -> Document:
    (document,), faults = read("a.yaml", text)
    assert faults == []
    return document


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("+74951234567", "+74951234567"),
        ("007", "007"),
        ("2026-03-10", "2026-03-10"),
        ("1_000", "1_000"),
        ("9" * 30, "9" * 30),
        ("'5'", "5"),
        ("5", 5),
        ("-5", -5),
        ("1.5", 1.5),
        (".inf", ".inf"),
        ("true", True),
        ("~", None),
        ("", None),
        ("{a: [1, b]}", {"a": [1, "b"]}),
    ],
)
def test_words_mean_what_they_look_like(written: str, value: object):
    assert only(f"on: {written}").value == {"on": value}


def test_several_documents_keep_their_places():
    documents, faults = read("a.yaml", "# first\n---\na: 1\n---\n# nothing\n---\nb:\n  - c: 2\n")
    assert [(document.number, document.value) for document in documents] == [(1, {"a": 1}), (2, {"b": [{"c": 2}]})]
    assert documents[1].mark(("b", 0, "c")) == (8, 8)
    assert documents[1].mark(("b", 0, "c"), key=True) == (8, 5)
    assert documents[1].mark(("b", 0, "missing")) == (8, 5)
    assert faults == []


def test_a_document_after_a_broken_one_is_read():
    documents, faults = read("a.yaml", "a: 'b\n---\nc: 1\n---\nd: x: y\n---\ne: 2\n")
    assert [(document.value, document.mark(())) for document in documents] == [({"c": 1}, (3, 1)), ({"e": 2}, (7, 1))]
    assert [fault.line for fault in faults] == [1, 5]


def test_merged_and_aliased_values_are_plain_values():
    document = only("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n")
    assert document.value["b"] == {"x": 1, "y": 3}


def test_line_ends_and_marks_of_windows_are_no_fault():
    assert only(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  c\r\n  d\r\n").value == {"a": 1, "b": "c\nd\n"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("k: one X", (1, 8)),
        ("k: 'it''s X'", (1, 11)),
        ('k: "a\\tb\\u0041 \\"X"', (1, 18)),
        ("k: |\n  one\n    two X\n", (3, 9)),
        ("k: >-\n  one\n  two\n\n  X\n", (5, 3)),
        ("k: one\n  two\n  X\n", (3, 3)),
        ("k: 'one\n\n  X'", (3, 3)),
        ("k:\n  - - X", (2, 7)),
    ],
)
def test_a_letter_of_a_text_is_found_in_the_file(text: str, place: tuple[int, int]):
    document = only(text)
    path = ("k",) if isinstance(document.value["k"], str) else ("k", 0, 0)
    value = document.value["k"] if len(path) == 1 else document.value["k"][0][0]
    assert document.inside(path, value.index("X")) == place


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_bytes_are_too_strange(content: bytes | str):
    documents, faults = read("a.yaml", content)
    assert documents or faults


@given(st.text(alphabet="ab: {}[]&*!|>\n-?#'\"%@`<\t1,.", max_size=120))
def test_no_text_is_too_strange(content: str):
    documents, faults = read("a.yaml", content)
    lines = content.count("\n") + 1
    assert all(1 <= fault.line <= lines and fault.column >= 1 for fault in faults)
    assert documents or faults
