"""What a rule has made once per event: activities, comments, letters, tasks and notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mappings.desk import Desk
from mappings.nodes import Path
from mappings.outcome import MakingKind
from mappings.rules import Config, Made, Part
from mappings.tidying import UnfitError, moment

_KINDS: tuple[MakingKind, ...] = ("activity", "timeline", "email", "task", "notify")


def makings(desk: Desk, rule: str, given: Mapping[str, Any], config: Config) -> Iterator[Made]:
    """All of one rule, in order. The first is called as the rule, the others ``<rule>#2`` …"""
    for number, (kind, path, fields) in enumerate(_each(given), start=1):
        parts = {name: desk.part((*path, name), value) for name, value in fields.items() if name != "on"}
        if "deadline" in parts:
            _check_moment(desk, (*path, "deadline"), parts["deadline"], config)
        name = rule if number == 1 else f"{rule}#{number}"
        yield Made(kind=kind, name=name, at=desk.document.mark(path)[0], on=fields.get("on", ""), fields=parts)


def _each(given: Mapping[str, Any]) -> Iterator[tuple[MakingKind, Path, Mapping[str, Any]]]:
    for kind in _KINDS:
        written = given.get(kind)
        if isinstance(written, dict):
            yield kind, (kind,), written
        elif isinstance(written, list):
            yield from ((kind, (kind, index), item) for index, item in enumerate(written) if isinstance(item, dict))


def _check_moment(desk: Desk, path: Path, part: Part, config: Config) -> None:
    try:
        if part.literal:
            moment(part.value, config.zone)
    except UnfitError as error:
        desk.wrong(path, error.said, error.mend)
