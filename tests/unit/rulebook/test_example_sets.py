"""The example sets of docs/examples load beside what is packaged, and come as their examples say."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from connector.rulebook.examples import examples_in, played
from connector.rulebook.folder import contents
from connector.rulebook.kinds import KINDS
from mappings.documents import read
from mappings.loading import load
from mappings.schema import json_schema

SETS = sorted(path for path in (Path(__file__).resolve().parents[3] / "docs" / "examples").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_it_comes_as_its_examples_say(folder: Path) -> None:
    examples = examples_in(folder)
    assert len(examples) > 1
    mappings = load(contents(folder), KINDS)
    wrong = {one.example.name: one.differences for one in played(examples, mappings) if one.differences}
    assert wrong == {}


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_editors_find_nothing_wrong_with_it(folder: Path) -> None:
    validator = Draft202012Validator(json_schema())
    files = [file for file in folder.iterdir() if file.suffix == ".yaml"]
    documents = [document for file in files for document in read(file.name, file.read_bytes())[0]]
    assert [error.message for document in documents for error in validator.iter_errors(document.value)] == []
