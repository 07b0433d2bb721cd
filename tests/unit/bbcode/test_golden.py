"""Operator text as files: ``<name>.bb`` and what clients of each kind see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connector.domain import bbcode

GOLDEN = Path(__file__).parent / "golden"
RENDERERS: dict[str, Callable[[str], str]] = {
    "plain": bbcode.plain,
    "md": bbcode.markdown,
    "html": bbcode.html,
    "clean": bbcode.clean,
}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8").removesuffix("\n")


@pytest.mark.parametrize("kind", sorted(RENDERERS))
@pytest.mark.parametrize("source", sorted(GOLDEN.glob("*.bb")), ids=lambda path: path.stem)
def test_operator_text_is_shown_as_its_golden_file_says(source: Path, kind: str):
    assert RENDERERS[kind](read(source)) == read(source.with_suffix(f".{kind}"))


@pytest.mark.parametrize("source", sorted(GOLDEN.glob("internal*.bb")), ids=lambda path: path.stem)
def test_no_id_or_internal_address_reaches_a_client(source: Path):
    for render in RENDERERS.values():
        shown = render(read(source))
        assert not any(leak in shown for leak in ("5", "512", "n77", "chat", "SIGN", "bitrix24", "disk", "REPLACE"))
