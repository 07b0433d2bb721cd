"""A dry run: what a run would do now, row by row, and what it would cost. Nothing is written, here or in the portal.

The same reading, the same plans, the same driving as the run itself; only what is written is pretended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connector.domain.sources import Page, Reader, Record, SourceSettings
from connector.journal import MirrorRow, Run
from connector.journal.sync_model import Mirrored
from connector.speech import Text
from connector.sync.access import AccessOutcome, rows_of
from connector.sync.driving import Driving
from connector.sync.opening import House, fingerprint, opened
from connector.sync.pretence import Pretending
from connector.sync.reading import BROKEN, digest, id_of, sound
from connector.sync.records import Fate, Journey, journey
from connector.sync.shaping import UNSHAPED, planned_shape
from connector.sync.targets import bring_tags, forecast_people, told_of_tags
from connector.sync.unmade import Unmade
from connector.sync.vanishing import brakes

_SAMPLES = 5
_TOGETHER = 50  # commands of a request
_NEVER = datetime.min
_NO_RULES = Text(
    "No rule is `on: record.{rules}`, so nothing would be written: put one into {folder}; docs/sync.md shows how.",
    "Нет ни одного правила `on: record.{rules}`, поэтому записано не будет ничего: добавьте его в {folder}; как — в "
    "docs/sync.ru.md.",
)
_TAGS_OF_LAST = Text(
    "Tags are foreseen for the records as they were read last; what is new in the source comes on top.",
    "Теги показаны для записей, какими они были прочитаны в последний раз; новое из источника добавится к ним.",
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One record, what would become of it, and the calls that would be made."""

    record: str
    fate: Fate
    where: str
    writes: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    why: Text | None = None


@dataclass
class Forecast:
    """``fates`` by record of all that is new or different; ``counts`` as those of a run. ``missing`` records would be
    gone of ``total``, ``braked`` says that they would not. ``reads`` and ``writes`` are calls, ``requests`` the least
    that they take; ``people`` is what access groups would come to.
    """

    fates: dict[str, Fate] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    samples: dict[Fate, list[Sample]] = field(default_factory=dict)
    missing: int = 0
    total: int = 0
    braked: bool = False
    full: bool = False
    reads: int = 0
    writes: int = 0
    requests: int = 0
    notes: list[Text] = field(default_factory=list)
    people: AccessOutcome | None = None


def forecast(
    house: House, settings: SourceSettings, *, full: bool, allow_gone: bool, told: Callable[[Forecast], None]
) -> Forecast:
    """What a run that begins now would do. ``told`` is called after each page. Raises what reading raises."""
    portal = house.portals[settings.portal]
    processes = () if settings.access else tuple(house.rulebook.current().processes.values())
    unmade = Unmade(house.journal, portal.name, processes)
    with portal.bulk() as bulk, opened(house, settings) as reader:
        pretending = Pretending(house.journal, bulk, unmade, lambda one: trial.ended(one))
        trial = _Trial(house, settings, pretending, allow_gone=allow_gone)
        trial.found.notes += [*_unruled(house, settings), *planned_shape(portal, house.journal, processes)]
        found = trial.forecast(reader, full, told)
        # Its reads are made here as the run makes them: alike ones together, fifty commands in a request.
        found.requests = bulk.requests + -(-found.writes // _TOGETHER)
        return found


class _Trial:
    """One dry run."""

    def __init__(self, house: House, settings: SourceSettings, pretending: Pretending, *, allow_gone: bool) -> None:
        self._house, self._settings, self._pretending = house, settings, pretending
        # A run looks at the shape of processes first, and tries again what was parked for want of it.
        self._reshaped = UNSHAPED if house.rulebook.current().processes else frozenset[str]()
        self._allow_gone, self._mapping = allow_gone, fingerprint(house.rulebook.current(), settings)
        self._seen: set[str] = set()
        self._people: dict[str, MirrorRow] = {}
        self.found = Forecast(total=house.journal.mirror_counts(settings.source)["live"])

    def forecast(self, reader: Reader, full: bool, told: Callable[[Forecast], None]) -> Forecast:
        start = reader.begin(None if full else self._house.journal.source(self._settings.source).bookmark)
        self.found.full, position, ended, partial = start.full, start.position, False, False
        while not ended:
            page = sound(reader.page(position, self._settings.page))
            self._drive(self._changed(page))
            told(self.found)
            position, ended = page.position, page.ended
            partial = partial or page.partial or any(not row.id for row in page.broken)
        whole = start.full and not partial
        if whole:
            self._vanish()
        self._drive(self._left())
        if self._settings.access is not None:
            self._lead(whole=whole and not self.found.braked)
        if self._settings.tags is not None:
            self._tag()
        self.found.reads, self.found.writes = self._pretending.reads, self._pretending.writes
        return self.found

    def ended(self, one: Journey) -> None:
        """A record has its fate."""
        writes = tuple((call.method, call.params) for call in one.writes)
        why = one.error.hint if one.error else None
        self._count(Sample(record=one.row.record, fate=one.fate, where=one.row.where, writes=writes, why=why))

    def _changed(self, page: Page) -> list[MirrorRow]:
        known = self._house.journal.hashes(self._settings.source, {row.id for row in page.records})
        rows: dict[str, MirrorRow] = {}
        for record in page.records:
            self._seen.add(record.id)
            self._meet(self._row(record.id, record.values, record.where, gone=record.gone))
            if self._is_new(record, known.get(record.id)):
                rows[record.id] = self._row(record.id, record.values, record.where, gone=record.gone)
                self.found.counts["gone"] += record.gone
        for broken in page.broken:
            self._seen.add(id_of(broken))
            self._meet(replace(self._row(id_of(broken), broken.values, broken.where, gone=False), cause=BROKEN))
            name = broken.id or broken.where
            self._count(Sample(record=name, fate="parked", where=broken.where, why=broken.why))
        self.found.counts["read"] += len(page.records) + len(page.broken)
        self.found.counts["changed"] += len(rows) + len(page.broken)
        self.found.notes += [note for note in page.notes if note not in self.found.notes]
        return list(rows.values())

    def _is_new(self, record: Record, before: Mirrored | None) -> bool:
        if record.gone and (before is None or before.gone):
            return False
        same = before is not None and before[:2] == (digest(record.values), record.gone)
        return not same or before is None or self._again(before)

    def _meet(self, row: MirrorRow) -> None:
        """People are led all together: whoever is there counts, whoever left, and whoever nobody can read."""
        if self._settings.access is not None:
            self._people[row.record] = row

    def _drive(self, rows: Sequence[MirrorRow]) -> None:
        if self._settings.access is not None:
            return
        rules = replace(self._house.rules, mappings=self._house.rulebook.current())
        now, size = self._house.clock(), self._settings.page
        for at in range(0, len(rows), size):
            some = rows[at : at + size]
            ones = [journey(row, self._settings.portal, self._settings.rules, rules, at=now) for row in some]
            Driving(self._pretending, stop=lambda: False).drive(ones)

    def _vanish(self) -> None:
        """What the mirror has and the source has not. Rows that were never written are no matter of the portal."""
        gone = [row for row in self._mirror() if row.record not in self._seen]
        found = self.found
        found.missing, read = sum(1 for row in gone if row.mapping), found.counts["read"]
        found.total = self._house.journal.written(self._settings.source)
        brake = brakes(found.missing, found.total, self._settings.brake, read=read)
        found.braked = brake and not self._allow_gone
        if not found.braked:
            found.counts["gone"] += len(gone)
            self._seen |= {row.record for row in gone}
            self._drive([self._row(row.record, row.values, row.where, gone=True) for row in gone if row.mapping])

    def _left(self) -> list[MirrorRow]:
        """What this read did not come to and is written all the same: it waits, or was written under other rules; and
        those whose people and deals are looked for once more.
        """
        left = []
        for row in self._mirror():
            anew = row.record not in self._seen and self._waits(row)
            anew = anew or (row.cause in self._reshaped and row.record not in self.found.fates)
            again = row.sought_at if self._is_sought(row) else None
            if anew or again:
                left.append(replace(self._row(row.record, row.values, row.where, gone=False), sought_at=again))
        return left

    def _is_sought(self, row: MirrorRow) -> bool:
        due = row.sought_at is not None and row.sought_at <= self._house.clock() and row.state != "parked"
        return due and row.mapping == self._mapping and row.record not in self.found.fates

    def _waits(self, row: MirrorRow) -> bool:
        let_be = row.state == "done" and bool(row.cause)
        return row.cause != BROKEN and self._again(Mirrored(row.hash, row.gone, row.state, row.mapping, let_be))

    def _lead(self, *, whole: bool) -> None:
        """Access, as it would be led by what was read now. ``whole``: whoever was not seen is gone."""
        run = _imagined(self._settings.source, self._house.clock(), allow_gone=self._allow_gone)
        self.found.people = forecast_people(self._house, self._settings, run, self._everybody(whole))
        self.found.braked = self.found.braked or bool(self.found.people.braked)

    def _everybody(self, whole: bool) -> Iterator[MirrorRow]:
        """The mirror as it will be."""
        new = dict(self._people)
        for row in rows_of(self._house.journal, self._settings.source):
            told = new.pop(row.record, None)
            if told is None:
                yield replace(row, gone=True, cause="") if whole else row
            else:
                yield replace(told, values={**row.values, **told.values}) if told.gone else told
        yield from (row for row in new.values() if not row.gone)

    def _tag(self) -> None:
        """Tags, as they would be brought in step with the records that were read last."""
        run = _imagined(self._settings.source, self._house.clock(), allow_gone=self._allow_gone)
        outcome = bring_tags(self._house, self._settings, run, after="", stop=lambda: False, dry=True)
        self.found.notes += [_TAGS_OF_LAST, *told_of_tags(outcome)]

    def _mirror(self) -> Iterator[MirrorRow]:
        return self._house.journal.live_rows(self._settings.source)

    def _again(self, row: Mirrored) -> bool:
        """Whether a row is written though its source says the same: it still waits, or the rules have changed since."""
        if row.state == "waiting":
            return not row.sought or row.mapping != self._mapping
        return row.mapping != self._mapping and not row.let_be and self._settings.access is None

    def _row(self, record: str, values: Mapping[str, Any], where: str, *, gone: bool) -> MirrorRow:
        return MirrorRow(
            source=self._settings.source, record=record, hash="", values=values, where=where, state="waiting",
            gone=gone, seen=0, run=0, outcome="", mapping="", crm=(), attempts=10**6, due_at=_NEVER,
            changed_at=_NEVER, settled_at=None,
        )  # fmt: skip

    def _count(self, sample: Sample) -> None:
        self.found.fates[sample.record] = sample.fate
        self.found.counts[sample.fate] += 1
        samples = self.found.samples.setdefault(sample.fate, [])
        if len(samples) < _SAMPLES:
            samples.append(sample)


def _unruled(house: House, settings: SourceSettings) -> list[Text]:
    """Sources of people and of tags need no rules."""
    if settings.access or settings.tags or house.rulebook.current().on(f"record.{settings.rules}"):
        return []
    return [_NO_RULES.with_(rules=settings.rules, folder=house.settings.mappings or "mappings/")]


def _imagined(source: str, now: datetime, *, allow_gone: bool) -> Run:
    """The run that this would be."""
    return Run(
        id=0, source=source, state="writing", trigger="person", who="", full=True, allow_gone=allow_gone, position=None,
        bookmark=None, started_at=now, updated_at=now, ended_at=None, due_at=now, attempts=0, total=None, counts={},
    )  # fmt: skip
