"""What a person does with a source and its rows. Every deed is in the audit with who did it and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from connector.errors import PermanentError
from connector.journal import Journal
from connector.journal.sync_model import Run
from connector.repair import Deed
from connector.settings import Settings
from connector.speech import Text

BROKEN = "source.broken"  # the cause of rows that the source itself has to mend
_SLICE = 500

_UNKNOWN = Text(
    "There is no source {name} in connector.yaml.",
    "Источника {name} в connector.yaml нет.",
)
_RUNS = Text(
    "{name} is running already: see its page, or cancel that run first.",
    "{name} уже выполняется: смотрите его страницу или сначала отмените этот запуск.",
)
_NO_RUN = Text("Nothing of {name} is running now.", "Сейчас {name} не выполняется.")
_NO_ROW = Text(
    "{record} is not parked any more: somebody was faster, or the source has changed it.",
    "Запись {record} уже не отложена: кто-то успел раньше или источник её изменил.",
)
_MEND = Text(
    "{record} has to be mended in the source: the next run reads it again by itself.",
    "Запись {record} нужно исправить в источнике: следующий запуск прочитает её сам.",
)


class House(Protocol):
    """The part of the wired connector that the deeds need."""

    @property
    def settings(self) -> Settings: ...
    @property
    def journal(self) -> Journal: ...
    def clock(self) -> datetime: ...


def begin(house: House, name: str, deed: Deed, *, full: bool = False, allow_gone: bool = False) -> Run:
    """A run, due at once. ``full``: everything is read again; ``allow_gone``: as many may vanish as have.

    Raises ``PermanentError`` for a source that is not there or is running.
    """
    _known(house, name)
    run = house.journal.begin_run(name, trigger="person", who=deed.who, full=full, allow_gone=allow_gone)
    if run is None:
        raise PermanentError("sync.running", hint=_RUNS.with_(name=name))
    what = "sync.allowed" if allow_gone else "sync.full" if full else "sync.run"
    _note(house, deed, what, f"source:{name}", trace=run.trace)
    return run


def cancel(house: House, name: str, deed: Deed) -> Run:
    """The open run ends at its next portion; what it wrote stays. Raises ``PermanentError`` when there is none."""
    _known(house, name)
    run = house.journal.open_run(name)
    if run is None:
        raise PermanentError("sync.not_running", hint=_NO_RUN.with_(name=name))
    house.journal.note_source(name, wants="cancel")
    _note(house, deed, "sync.cancelled", f"source:{name}", trace=run.trace)
    return run


def pause(house: House, name: str, deed: Deed) -> None:
    """No run begins by itself until somebody resumes it. Raises ``PermanentError`` for a source that is not there."""
    _known(house, name)
    house.journal.note_source(name, paused_at=house.clock(), paused_by=deed.who)
    _note(house, deed, "sync.paused", f"source:{name}")


def resume(house: House, name: str, deed: Deed) -> None:
    """It goes by its schedule again. Raises ``PermanentError`` for a source that is not there."""
    _known(house, name)
    house.journal.note_source(name, paused_at=None, paused_by="")
    _note(house, deed, "sync.resumed", f"source:{name}")


def retry(house: House, name: str, records: Sequence[str], deed: Deed) -> int:
    """These parked rows are tried again, by a run that begins at once unless one is open; how many.

    Rows that the source itself has to mend stay. Raises ``PermanentError`` when none of them is parked.
    """
    _known(house, name)
    count = sum(house.journal.retry_rows(name, ids=some) for some in _slices(records) if some)
    for record in records if not count else ():
        row = house.journal.mirror_row(name, record)
        if row is not None and row.state == "parked" and row.cause == BROKEN:
            raise PermanentError("sync.broken", hint=_MEND.with_(record=record))
    return _rows_done(house, name, "sync.retried", count, records, deed)


def retry_all(house: House, name: str, deed: Deed, *, cause: str = "", other_mapping: str = "") -> int:
    """All parked rows are tried again: of one cause, or those that were parked under other rules; how many."""
    _known(house, name)
    if cause:
        count = sum(house.journal.retry_rows(name, ids=some) for some in _of_cause(house, name, cause))
    else:
        count = house.journal.retry_rows(name, other_mapping=other_mapping)
    return _rows_done(house, name, "sync.retried", count, (), deed, cause)


def discard(house: House, name: str, records: Sequence[str], deed: Deed) -> int:
    """These parked rows are let be until the source says something else of them; how many. Raises ``PermanentError``
    when none of them is parked.
    """
    _known(house, name)
    count = sum(house.journal.discard_rows(name, some) for some in _slices(records))
    return _rows_done(house, name, "sync.let_be", count, records, deed)


def discard_all(house: House, name: str, deed: Deed, *, cause: str = "") -> int:
    """All parked rows, or those of one cause, are let be; how many."""
    _known(house, name)
    count = sum(house.journal.discard_rows(name, some) for some in _of_cause(house, name, cause))
    return _rows_done(house, name, "sync.let_be", count, (), deed, cause)


def forget(house: House, name: str, deed: Deed) -> int:
    """All that is known of a source's records goes; its next run reads everything and finds by external ids what is in
    the portal. How many. Raises ``PermanentError`` while it runs.
    """
    _known(house, name)
    if house.journal.open_run(name) is not None:
        raise PermanentError("sync.running", hint=_RUNS.with_(name=name))
    count = house.journal.forget_mirror(name)
    _note(house, deed, "sync.forgotten", f"source:{name}")
    return count


def _rows_done(
    house: House, name: str, what: str, count: int, records: Sequence[str], deed: Deed, cause: str = ""
) -> int:
    if not count:
        if not records:
            return 0
        raise PermanentError("sync.not_parked", hint=_NO_ROW.with_(record=", ".join(records)[:80]))
    target = f"record:{name}: {records[0]}" if len(records) == 1 else f"rows:{name}: {count}"
    _note(house, deed, what, f"{target} {cause}".strip())
    if what == "sync.retried":
        house.journal.begin_run(name, trigger="retry", who=deed.who)
    return count


def _of_cause(house: House, name: str, cause: str) -> list[list[str]]:
    """The ids of parked rows, a slice at a time: they are taken before the first of them is touched."""
    found: list[list[str]] = []
    after = ""
    while rows := house.journal.parked_rows(name, cause=cause, after=after, limit=_SLICE):
        found.append([row.record for row in rows])
        after = rows[-1].record
    return found


def _known(house: House, name: str) -> None:
    if name not in house.settings.sources:
        raise PermanentError("sync.unknown", hint=_UNKNOWN.with_(name=name[:60]))


def _note(house: House, deed: Deed, what: str, target: str, *, trace: str = "") -> None:
    house.journal.audit(deed.who, what, deed.why, target[:300], trace=trace)


def _slices(records: Sequence[str]) -> list[Sequence[str]]:
    return [records[at : at + _SLICE] for at in range(0, len(records), _SLICE)]
