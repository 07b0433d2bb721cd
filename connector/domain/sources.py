"""Where records come from: what a provider with a ``source`` role offers (DESIGN.md §5, sync).

A source is read in *pages*, each from a *position* that the page before it told. Positions and bookmarks are JSON
values of the source's own; nobody else looks into them. The engine keeps a page before it goes on from its position,
so a page may be read twice and must then say the same, as far as the source has not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from connector.domain.access import AccessSettings
from connector.domain.door import Door
from connector.domain.durations import Duration
from connector.domain.ports import Clock
from connector.domain.provider import Finding, Http
from connector.domain.schedules import Cron, Zone
from connector.domain.tagging import TaggingSettings
from connector.speech import Text

Position = Any  # JSON

_OFTEN = timedelta(seconds=1)
_TOO_OFTEN = Text("at least one second", "не меньше одной секунды")
_LESS_OFTEN = Text("for example 15m", "например 15m")
_TWO_SCHEDULES = Text("every or cron, one of them", "every или cron, что-то одно")
_ONE_SCHEDULE = Text("take one of the two out", "уберите одно из двух")


class SourceSettings(BaseModel):
    """One source in ``connector.yaml``. A provider adds its own fields; secrets are ``pydantic.SecretStr``.

    Rules are on ``record.<mapping>``, the source's own name unless it is given. ``id`` are the columns that identify a
    record; sources of one portal that share their ``mapping`` are one to the rules, so that the same id in both is the
    same record, brought from two places. A run begins ``every`` so long, or at the times of ``cron`` (in ``timezone``,
    else UTC); ``full_every``: at latest so long after the last full read everything is read again. ``overlap`` is taken
    off where the last run ended.
    ``brake`` is the percentage of records that may vanish in one run before a person is asked. ``page`` records are
    written together. After ``late`` without a good run (three times ``every`` unless given) an alarm is raised.
    """

    # As AccountSettings: only what some source has is built.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)

    source: str
    provider: str
    portal: str
    mapping: str = Field(default="", pattern=r"^([a-z][a-z0-9_-]{0,30})?$", examples=["shipments"])
    id: tuple[str, ...] | str = Field(default=(), examples=["number"])
    every: Duration | None = Field(default=None, examples=["15m"])
    cron: Cron = Field(default="", examples=["30 6 * * 1-5"])
    timezone: Zone = Field(default="", examples=["Europe/Moscow"])
    jitter: Duration | None = Field(default=None, examples=["30s"])
    full_every: Duration | None = Field(default=None, examples=["1d"])
    overlap: Duration = Field(default=timedelta(minutes=5), examples=["5m"])
    brake: float = Field(default=20.0, ge=0, le=100)
    page: int = Field(default=2000, ge=1, le=20_000)
    late: Duration | None = Field(default=None, examples=["2h"])
    access: AccessSettings | None = None
    tags: TaggingSettings | None = None

    @field_validator("every")
    @classmethod
    def _goes_on(cls, every: timedelta | None) -> timedelta | None:
        if every is not None and every < _OFTEN:
            raise ValueError(_TOO_OFTEN, _LESS_OFTEN)
        return every

    @field_validator("cron")
    @classmethod
    def _one_schedule(cls, cron: str, info: ValidationInfo) -> str:
        if cron and info.data.get("every") is not None:
            raise ValueError(_TWO_SCHEDULES, _ONE_SCHEDULE)
        return cron

    @property
    def rules(self) -> str:
        """What rules call its records: ``record.<this>``."""
        return self.mapping or self.source

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that identify a record; none: the first."""
        return (self.id,) if isinstance(self.id, str) else self.id


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row. ``id`` is its id in the source, ``values`` its columns as JSON values, ``gone`` a tombstone: it was
    deleted there. ``where`` tells a person where it stands (``orders.csv:17``).
    """

    id: str
    values: Mapping[str, Any]
    gone: bool = False
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A row that is none: no id, a date that is none, a line that was cut. ``id`` as far as it is known."""

    where: str
    why: Text
    id: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a run begins. ``full``: it will see everything that there is, so what it does not see is gone.

    ``total`` are the records that are to come, if that is known.
    """

    position: Position
    full: bool
    total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some rows, and the ``position`` to go on from. ``ended``: there is no more for now; then ``bookmark`` is where
    the next run begins. ``partial``: after all not everything was seen, so nothing is taken for gone in a full run.
    ``notes`` are for a person: a file that is still being written was left for later.
    """

    records: Sequence[Record] = ()
    broken: Sequence[Broken] = ()
    position: Position = None
    ended: bool = False
    bookmark: Position = None
    partial: bool = False
    notes: Sequence[Text] = ()


class Reader(Protocol):
    """An opened source; a context manager, used by one thread for a few pages.

    Everything may raise ``TransientError`` (read again later) or ``PermanentError`` (the run fails: cause and hint).
    """

    def begin(self, bookmark: Position) -> Start:
        """Where a run begins that goes on from ``bookmark``, ``overlap`` taken off; ``None``: from the very beginning,
        which is a full read where the source has such."""

    def page(self, position: Position, limit: int) -> Page:
        """The rows from ``position`` on, about ``limit`` of them; an empty page that has not ended is no mistake."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A request that was kept for a source that is pushed to: ``at`` is when it was written into the journal."""

    trace: str
    at: datetime
    body: bytes
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a reader works with. ``folder`` is its own, may be lost at any time and is missing on another machine;
    ``kept(since, trace, limit)`` are the requests that came by its door, in the order in which they were written.
    """

    settings: Any
    http: Http
    folder: Path
    clock: Clock
    kept: Callable[[float, str, int], Sequence[Kept]] = lambda since, trace, limit: ()


@dataclass(frozen=True, kw_only=True)
class SourceRole:
    """The manifest's part. ``write`` brings changed values back to the source (two-way tags):
    ``{record id: {column: value}}`` → the ids that were written; without it the source is only read.
    """

    settings: type[SourceSettings]
    open: Callable[[Desk], Reader]
    check: Callable[[Desk], Sequence[Finding]] | None = None
    door: Door | None = None
    write: Callable[[Desk, Mapping[str, Mapping[str, Any]]], Sequence[str]] | None = None


def identity(values: Mapping[str, Any], columns: Sequence[str]) -> str:
    """The id of a row: its ``columns`` joined by ``|``, of none named the first; empty when one is missing."""
    names = columns or tuple(values)[:1]
    parts = ["" if values.get(name) is None else str(values[name]).strip() for name in names]
    return "|".join(parts) if parts and all(parts) else ""
