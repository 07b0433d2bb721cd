"""The script that sites embed: small, and made from the parts beside it."""

from __future__ import annotations

import importlib.util
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


def test_the_script_makes_no_markup_from_texts(builder: ModuleType):
    forbidden = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc")
    assert not [word for word in forbidden if word in builder.joined()]
