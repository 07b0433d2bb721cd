"""The script that sites embed: small, and made from the parts beside it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT_BYTES = 15_000  # uncompressed: what a customer's slow phone loads and reads
STYLE_BYTES = 6_000


@pytest.fixture
def builder(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("widget", root / ".ci" / "widget.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_of_the_chat_is_small(builder: ModuleType):
    assert len((builder.STATIC / "widget.js").read_bytes()) < SCRIPT_BYTES
    assert len((builder.STATIC / "look.css").read_bytes()) < STYLE_BYTES


def test_the_script_is_made_from_its_parts(builder: ModuleType):
    script = (builder.STATIC / "widget.js").read_text(encoding="utf-8")
    assert script.startswith(builder.stamp(builder.joined())), "the parts changed; run `make widget`"


def test_every_part_is_in_it(builder: ModuleType):
    assert {f"{part}.js" for part in builder.PARTS} == {part.name for part in (builder.STATIC / "widget").iterdir()}


def test_without_node_it_says_what_is_missing(builder: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="needs node"):
        builder.smaller("1")


def test_a_script_that_is_none_is_told(builder: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    npx = tmp_path / "npx"
    npx.write_text("#!/bin/sh\necho 'Unexpected token' >&2; exit 1\n")
    npx.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(SystemExit, match="Unexpected token"):
        builder.smaller("(")


def test_nothing_but_its_making_needs_node(root: Path):
    told = subprocess.run(
        ["make", "--dry-run", "lint", "test", "e2e", "bench"], cwd=root, capture_output=True, text=True
    )
    assert "pytest" in told.stdout
    assert not re.search(r"\b(npx|npm|node|widget)\b", told.stdout)
    assert "make widget" in subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True).stdout


def test_the_script_makes_no_markup_from_texts(builder: ModuleType):
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc")
    assert not [word for word in forbidden if word in builder.joined()]
