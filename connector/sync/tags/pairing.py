"""Records beside the rows whose tags they bear: what each side has, and what is remembered of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.effects import Plan, Remember
from connector.domain.sources import SourceSettings
from connector.domain.tagging import Policy, TaggingSettings
from connector.errors import ConnectorError, PermanentError
from connector.handlers.case import Case
from connector.handlers.tags import TAGS
from connector.journal import MirrorRow
from connector.speech import Text
from connector.sync.tags.asking import answers
from connector.sync.tags.finding import FOUND, column, spot_of
from connector.sync.tags.memory import TAGSYNC, Memory, memory_of
from connector.sync.tags.merging import Known, Newer, Sides, merge
from connector.sync.tags.room import Room
from connector.sync.tags.shelves import Held
from connector.sync.tags.spelling import Spelled, borne, fits, key_of
from connector.sync.tags.tools import Tools
from connector.sync.vanishing import brakes

AT_ONCE = 50
_OURS = timedelta(minutes=1)
_TWO = Text(
    "Record {other} bears the tags of the same row ({place}): only one of them can. Correct `tags` or the records",
    "Теги той же записи ({place}) уже ведёт запись источника {other}, вести их может только одна. Исправьте `tags` или "
    "записи источника",
)
_BRAKE = Text(
    "{missing} of {total} records have lost all their tags at once, more than {brake:g} % (brake). Theirs were left as "
    "they are. If it is meant: connector sync run {name} --allow-gone",
    "Сразу все теги потеряли {missing} записей из {total} — больше {brake:g} % (brake). Их теги оставлены как есть. "
    "Если так и надо: connector sync run {name} --allow-gone",
)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A record whose place is known. ``source`` are its tags."""

    row: MirrorRow
    number: int
    source: Spelled


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A record and its row. ``place`` is what the row is remembered by; ``after`` is what the merge came to, ``unmet``
    are the tags of it that nothing can stand for in the portal.
    """

    row: MirrorRow
    number: int
    place: str
    held: Held
    source: Spelled
    memory: Memory | None
    sides: Sides
    newer: Newer = ""
    after: Known = field(default_factory=Known)
    unmet: frozenset[str] = frozenset()

    @property
    def to_portal(self) -> frozenset[str]:
        """What the row is to have."""
        return frozenset(self.after.portal - self.unmet)

    @property
    def differs(self) -> bool:
        """Whether the row has something else."""
        return self.to_portal != self.held.keys.keys()

    @property
    def names(self) -> dict[str, str]:
        """How tags are written: as the source has it, else as the portal."""
        return {**self.held.spelled, **(self.memory.source if self.memory else {}), **self.source}

    def merged(self, policy: Policy, *, back: bool) -> Pair:
        """With what both sides are to have."""
        known = self.memory.known if self.memory else None
        return replace(self, after=merge(self.sides, known, policy=policy, back=back, newer=self.newer))


def placed(tools: Tools, settings: SourceSettings, rows: Sequence[MirrorRow]) -> list[Placed]:
    """The records that speak of something; what is wrong with others is in the outcome."""
    tags = settings.tags
    assert tags is not None
    told = answers([_placing(tools.case(), row, settings) for row in rows], tools)
    found: dict[int, Placed] = {}
    for row, answer in zip(rows, told, strict=True):
        if isinstance(answer, PermanentError):
            tools.outcome.problem(row.record, answer.hint)
        elif isinstance(answer, ConnectorError):
            tools.outcome.later += 1
        elif answer is None:
            tools.outcome.unplaced += 1
        elif answer in found:
            what = _TWO.with_(other=found[answer].row.record, place=answer)
            tools.outcome.problem(row.record, what)
        else:
            source = borne(row.values[tags.column], tags.split)
            found[answer] = Placed(row=row, number=answer, source=source)
    return list(found.values())


def _placing(case: Case, row: MirrorRow, settings: SourceSettings) -> Plan:
    assert settings.tags is not None
    column(row, settings.tags.column)
    return (yield from spot_of(case, row, settings.tags))


def paired(tools: Tools, settings: SourceSettings, room: Room, records: Sequence[Placed]) -> tuple[Room, list[Pair]]:
    """Each record with its row as the portal has it now, and the room with what its words mean now."""
    held = _held(tools, room, [one.number for one in records])
    # What an option means may have been added since the dictionary was looked at.
    if (better := room.knowing(tools, list(held.values()))) is not room:
        room, held = better, _held(tools, better, list(held))
    places = {one.number: f"{tools.portal}.{room.shelf.key(one.number)}" for one in records}
    links = [(TAGSYNC, _link(places[one.number], tools)) for one in records]
    links += [(TAGS, places[one.number]) for one in records]
    known = tools.recall(links)
    return room, list(_pairs(tools, settings, records, held, places, known))


def _pairs(
    tools: Tools, settings: SourceSettings, records: Sequence[Placed], held: Mapping[int, Held],
    places: Mapping[int, str], known: Mapping[tuple[str, str], Any],
) -> Iterator[Pair]:  # fmt: skip
    for one in records:
        place = places[one.number]
        memory = memory_of(known.get((TAGSYNC, _link(place, tools))))
        if one.number not in held:
            tools.outcome.missing += 1
            tools.remember([Remember(FOUND, f"{tools.portal}|{one.row.source}|{one.row.record}", None)])
        elif memory and memory.record != one.row.record and _lives(tools, memory.record):
            tools.outcome.problem(one.row.record, _TWO.with_(other=memory.record, place=place))
        else:
            ruled = frozenset(key_of(tag) for tag, events in (known.get((TAGS, place)) or {}).items() if events)
            yield _pair(tools, settings, one, held[one.number], place, memory, ruled)


def _pair(
    tools: Tools, settings: SourceSettings, one: Placed, held: Held, place: str, memory: Memory | None,
    ruled: frozenset[str],
) -> Pair:  # fmt: skip
    tags, source = settings.tags, one.source
    assert tags is not None
    if memory is not None and memory.stale == one.row.hash:
        source = memory.source  # what we wrote there has not been read yet
    sides = _sides(source, held, ruled, tags)
    newer = _newer(tools, settings, one.row, held) if tags.time else ""
    return Pair(
        row=one.row, number=one.number, place=place, held=held, source=source, memory=memory, sides=sides, newer=newer
    )


def again(tools: Tools, settings: SourceSettings, room: Room, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs with what their rows have by now, merged anew where that is something else: people work meanwhile."""
    tags = settings.tags
    assert tags is not None
    found = _held(tools, room, [pair.number for pair in pairs])
    now = []
    for pair in pairs:
        held = found.get(pair.number, pair.held)
        if held.values != pair.held.values:
            sides = _sides(pair.source, held, pair.sides.ruled, tags)
            unmet = pair.unmet - held.keys.keys()
            pair = replace(pair, held=held, sides=sides, unmet=unmet)
            pair = pair.merged(tags.merge, back=tags.back and tools.write is not None)
        now.append(pair)
    return now


def _sides(source: Spelled, held: Held, ruled: Set[str], tags: TaggingSettings) -> Sides:
    kept = frozenset(key for key in {*source, *held.keys} if fits(key, tags.keep) or _split_up(key, tags))
    return Sides(source=frozenset(source), portal=frozenset(held.keys), ruled=ruled, kept=kept)


def _split_up(key: str, tags: TaggingSettings) -> bool:
    """Whether a text could not tell this tag from two: it stays the portal's own affair."""
    return bool(tags.back and tags.split) and tags.split.casefold() in key


def braked(tools: Tools, settings: SourceSettings, pairs: Sequence[Pair]) -> list[Pair]:
    """Without those who lost all their tags in the source, where they are suspiciously many: an export that broke."""
    had = [pair for pair in pairs if pair.memory and pair.memory.known.source]
    emptied = [pair for pair in had if not pair.source]
    union = settings.tags is not None and settings.tags.merge == "union"
    if union or tools.allow_gone or not brakes(len(emptied), len(had), settings.brake):
        return list(pairs)
    told = {"missing": len(emptied), "total": len(had), "brake": settings.brake, "name": settings.source}
    tools.outcome.note(_BRAKE.with_(**told))
    tools.outcome.held += len(emptied)
    left = {pair.row.record for pair in emptied}
    return [pair for pair in pairs if pair.row.record not in left]


def _held(tools: Tools, room: Room, numbers: Sequence[int]) -> dict[int, Held]:
    reads = [room.shelf.read(numbers[at : at + AT_ONCE]) for at in range(0, len(numbers), AT_ONCE)]
    found: dict[int, Held] = {}
    for answer in tools.gather(reads) if reads else []:
        if isinstance(answer, ConnectorError):
            raise answer
        found |= room.shelf.held(answer)
    return found


def _lives(tools: Tools, record: str) -> bool:
    other = tools.journal.mirror_row(tools.source, record)
    return other is not None and not other.gone


def _link(place: str, tools: Tools) -> str:
    return f"{place}|{tools.source}"


def link_of(pair: Pair, source: str) -> str:
    """The key of its memory."""
    return f"{pair.place}|{source}"


def _newer(tools: Tools, settings: SourceSettings, row: MirrorRow, held: Held) -> Newer:
    """The side that was changed last. A row that our own rules have just written tells nothing of its people."""
    assert settings.tags is not None
    theirs, ours = _moment(row.values.get(settings.tags.time), tools, settings), held.changed
    if theirs is None or ours is None or theirs == ours:
        return ""
    if row.settled_at is not None and abs(ours - row.settled_at) <= _OURS:
        return ""
    return "source" if theirs > ours else "portal"


def _moment(told: Any, tools: Tools, settings: SourceSettings) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(told or ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.timezone or tools.rules.mappings.config.zone))
