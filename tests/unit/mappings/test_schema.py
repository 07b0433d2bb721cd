"""The schema that editors get says of a document what loading says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import mappings
from mappings.documents import Document, read
from mappings.schema import json_schema
from mappings.validation import validate
from tests.unit.mappings.shapes import BROKEN

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
ROOM = Path(mappings.__file__).parent
OURS = sorted([*(ROOM / "defaults").glob("*.yaml"), *(ROOM.parent / "docs" / "mappings").rglob("*.yaml")])


def documents(files: list[Path]) -> list[Any]:
    read_in = [(file, *read(file.name, file.read_bytes())) for file in files]
    return [
        pytest.param(document, id=f"{file.stem}.{document.number}")
        for file, found, faults in read_in
        for document in found
        if not faults
    ]


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("document", documents(OURS))
def test_what_we_write_ourselves_is_valid(document: Document):
    assert [error.message for error in VALIDATOR.iter_errors(document.value)] == []


@pytest.mark.parametrize("document", documents(sorted(BROKEN.glob("*.yaml"))))
def test_it_finds_what_the_models_find(document: Document):
    _, faults = validate(document)
    assert bool(list(VALIDATOR.iter_errors(document.value))) == bool(faults)


def described(schema: Any, path: str = "") -> list[str]:
    """The properties without a description."""
    missing = []
    for name, definition in schema["$defs"].items():
        missing += [] if definition.get("description") else [name]
        for key, each in definition.get("properties", {}).items():
            missing += [] if each.get("description") else [f"{name}.{key}"]
    return missing


def test_every_key_is_described():
    assert described(SCHEMA) == []


def test_nothing_of_python_is_left_in_it():
    assert "null" not in str(SCHEMA).replace("{'type': 'null'}", "", 1)
    assert "title" not in SCHEMA["$defs"]["RuleDocument"]
