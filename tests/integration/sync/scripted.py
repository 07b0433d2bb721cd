"""A source that the test writes: rows by id, full reads or changes only, and whatever may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from connector.domain.sources import Broken, Desk, Page, Record, SourceRole, SourceSettings, Start
from connector.errors import ConnectorError
from connector.speech import Text

NO_NUMBER = Text("The weight is no number.", "Вес — не число.")


@dataclass
class Script:
    """What the source holds. ``broken`` ids cannot be read, ``gone`` ones are tombstones, ``trouble`` is raised at the
    next pages, one each; ``meanwhile`` is called before each page. ``nameless``: nobody can tell which records the
    broken ones are. With ``changes`` a run after the first reads only rows of ``changed``.
    """

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    changes: bool = False
    changed: set[str] = field(default_factory=set)
    trouble: list[ConnectorError] = field(default_factory=list)
    partial: bool = False
    nameless: bool = False
    pages: int = 0
    meanwhile: Callable[[], object] = lambda: None

    def role(self) -> SourceRole:
        """The role of a provider ``scripted``."""
        return SourceRole(settings=SourceSettings, open=lambda desk: _Reader(self, desk))


class _Reader:
    def __init__(self, script: Script, desk: Desk) -> None:
        self._script, self._desk = script, desk

    def begin(self, bookmark: Any) -> Start:
        full = bookmark is None or not self._script.changes
        return Start(position={"after": "", "full": full}, full=full, total=len(self._script.rows))

    def page(self, position: Mapping[str, Any], limit: int) -> Page:
        script = self._script
        script.pages += 1
        script.meanwhile()
        if script.trouble:
            raise script.trouble.pop(0)
        every = script.rows.keys() | script.gone
        names = sorted(name for name in every if name > position["after"])
        names = [name for name in names if position["full"] or name in script.changed | script.gone]
        some = names[:limit]
        records = [
            Record(id=name, values=script.rows.get(name, {}), gone=name in script.gone, where=f"rows:{name}")
            for name in some
            if name not in script.broken
        ]
        broken = [
            Broken(id="" if script.nameless else name, where=f"rows:{name}", why=NO_NUMBER, values=script.rows[name])
            for name in some
            if name in script.broken
        ]
        ended = len(some) == len(names)
        after = some[-1] if some else position["after"]
        return Page(
            records=records,
            broken=broken,
            position={**position, "after": after},
            ended=ended,
            bookmark={"read": True} if ended else None,
            partial=script.partial,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
