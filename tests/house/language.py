"""The tables of docs/mappings/language.md, made from the language itself: ``python -m tests.house.language`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from connector.rulebook.kinds import KINDS
from mappings.filters import FILTERS, TESTS
from mappings.plain import dumped

EVENTS = ("| Kind | `event.` … |", "|---|---|")
CALLS = ("| Filter | What it gives | For example | |", "|---|---|---|---|")


def event_rows() -> Iterator[str]:
    """What expressions may read of each kind of event."""
    yield from EVENTS
    for kind, shape in KINDS.items():
        yield f"| `{kind}` | {_named(shape)} |"


def filter_rows() -> Iterator[str]:
    """Every filter and test."""
    yield from CALLS
    for each in (*FILTERS.values(), *TESTS.values()):
        cells = f"`{each.signature}`", each.about[0], f"`{each.example}`", f"`{_shown(each.gives)}`"
        yield f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"


BAR = "\\|"
"""What stands for a bar inside a table."""


def own_fields(model: type[BaseModel]) -> Iterator[str]:
    """The keys of a document and of those inside it, as they are written."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in _models(field.annotation):
            yield from own_fields(inner)


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


def _named(shape: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" + (f" ({_named(inner)})" if inner else "") for name, inner in shape.items())


def _shown(value: Any) -> str:
    return dumped(value) if isinstance(value, bool | list | dict) or value is None else str(value)


if __name__ == "__main__":
    print("\n".join(event_rows()), "\n".join(filter_rows()), sep="\n\n")
