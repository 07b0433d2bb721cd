"""What the merges came to is written: to the portal, then to the source, then it is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, Literal

from connector.domain.effects import Remember
from connector.domain.sources import SourceSettings
from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.speech import Text
from connector.sync.tags.memory import TAGSYNC, link_value
from connector.sync.tags.merging import Known
from connector.sync.tags.outcome import TagChange
from connector.sync.tags.pairing import Pair, again, link_of
from connector.sync.tags.room import Room
from connector.sync.tags.spelling import as_column, strange
from connector.sync.tags.tools import Tools

FRESH = 250  # rows are read once more right before they are written, so many together

_NOT_TAKEN = Text(
    "The source did not take its tags: see that the record is still there and may be written",
    "Источник не принял теги: проверьте, что запись на месте и доступна для записи",
)

_NO_SPLIT = Text(
    "Several tags do not fit into the text of `{column}`: say in `tags.split` what stands between them",
    "Несколько тегов не помещаются в текст `{column}`: укажите в `tags.split`, что стоит между ними",
)
_AGAIN = Text("It could not be sent now; the next run does it", "Сейчас отправить не удалось; сделает следующий запуск")


def written(tools: Tools, settings: SourceSettings, room: Room, pairs: Sequence[Pair]) -> None:
    """Write and remember. Raises ``TransientError`` and ``Stopped``; what was done until then is remembered."""
    room, pairs = _worded(tools, room, pairs)
    done, late = _to_portal(tools, settings, room, pairs)
    same, changed = _parted(done)
    taken, later = _to_source(tools, settings, changed)
    _remembered(tools, same, taken)
    if (trouble := late or later) is not None:
        raise trouble


def _worded(tools: Tools, room: Room, pairs: Sequence[Pair]) -> tuple[Room, list[Pair]]:
    """With words for all tags that are to be given; those that nothing can stand for are given to nobody."""
    wanted = {key: pair.names.get(key, key) for pair in pairs for key in pair.after.portal - pair.held.keys.keys()}
    if tools.dry or not (lacking := room.lacking(sorted({*wanted.values()}))):
        return room, list(pairs)
    room = room.enlarged(tools, lacking)
    left = frozenset(key for key, tag in wanted.items() if room.shelf.value(tag) is None)
    return room, [replace(pair, unmet=left - pair.held.keys.keys()) for pair in pairs]


def _to_portal(
    tools: Tools, settings: SourceSettings, room: Room, pairs: Sequence[Pair]
) -> tuple[list[Pair], ConnectorError | None]:
    """Those whose row has now what it is to have, and what kept others from it for now."""
    done, changed = [pair for pair in pairs if not pair.differs], [pair for pair in pairs if pair.differs]
    late: ConnectorError | None = None
    for at in range(0, len(changed), FRESH):
        some = changed[at : at + FRESH]
        if late is not None:
            tools.outcome.later += len(some)
            continue
        try:
            some = some if tools.dry else again(tools, settings, room, some)
        except (TransientError, Stopped) as error:
            tools.outcome.later += len(some)
            late = error
            continue
        went, late = _posted(tools, room, some)
        done += went
    return done, late


def _posted(tools: Tools, room: Room, pairs: Sequence[Pair]) -> tuple[list[Pair], ConnectorError | None]:
    """As :func:`_to_portal`, at once; rows that have it already are not written."""
    changed = {pair.place: pair for pair in pairs if pair.differs}
    told: Mapping[str, ConnectorError | None] = dict.fromkeys(changed)
    if changed and not tools.dry:
        told = tools.posted([(place, *_command(room, pair)) for place, pair in changed.items()])
    late: ConnectorError | None = None
    for place, pair in changed.items():
        error = told[place] if place in told else TransientError("tags.not_sent", hint=_AGAIN)
        if error is None:
            tools.outcome.change(_change(pair, "portal", pair.held.keys.keys(), pair.to_portal))
        elif isinstance(error, PermanentError):
            tools.outcome.problem(pair.row.record, error.hint)
        else:
            tools.outcome.later += 1
            late = late or error
    went = {place for place in changed if place in told and told[place] is None}
    return [pair for pair in pairs if pair.place not in changed or pair.place in went], late


def _command(room: Room, pair: Pair) -> tuple[str, dict[str, Any]]:
    have, names = pair.held.keys.keys(), pair.names
    values = pair.held.without(frozenset(have - pair.to_portal))
    added = [room.shelf.value(names.get(key, key)) for key in sorted(pair.to_portal - have)]
    return room.shelf.write(pair.number, [*values, *(value for value in added if value is not None)])


def _parted(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Those whose record has what it is to have, and those whose has not."""
    changed = [pair for pair in pairs if pair.after.source != pair.source.keys()]
    return [pair for pair in pairs if pair.after.source == pair.source.keys()], changed


def _to_source(
    tools: Tools, settings: SourceSettings, pairs: Sequence[Pair]
) -> tuple[list[Pair], TransientError | None]:
    """Those whose record was written, and what kept the others from it for now."""
    assert settings.tags is not None
    columns = {pair.row.record: _column(pair, settings) for pair in pairs}
    for record in (record for record, column in columns.items() if column is None):
        tools.outcome.problem(record, _NO_SPLIT.with_(column=settings.tags.column))
    pairs = [pair for pair in pairs if columns[pair.row.record] is not None]
    values = {pair.row.record: {settings.tags.column: columns[pair.row.record]} for pair in pairs}
    if not values:
        return [], None
    try:
        taken = {*values} if tools.dry or tools.write is None else {*tools.write(values)}
    except PermanentError as error:
        tools.outcome.note(error.hint)
        tools.outcome.failed += len(pairs)
        return [], None
    except TransientError as error:
        tools.outcome.later += len(pairs)
        return [], error
    for pair in pairs:
        if pair.row.record in taken:
            tools.outcome.change(_change(pair, "source", pair.source.keys(), pair.after.source))
        else:
            tools.outcome.problem(pair.row.record, _NOT_TAKEN)
    return [pair for pair in pairs if pair.row.record in taken], None


def _column(pair: Pair, settings: SourceSettings) -> Any:
    """The tags as the column is to have them: what stood there keeps its place."""
    tags = settings.tags
    assert tags is not None
    stay = [tag for key, tag in pair.source.items() if key in pair.after.source]
    new = sorted(pair.names.get(key, key) for key in pair.after.source - pair.source.keys())
    value = pair.row.values[tags.column]
    return as_column([*stay, *new, *strange(value, tags.split)], value, tags.split)


def _change(pair: Pair, side: Literal["portal", "source"], before: Set[str], after: Set[str]) -> TagChange:
    names = pair.names
    added, removed = (tuple(sorted(names.get(key, key) for key in some)) for some in (after - before, before - after))
    return TagChange(record=pair.row.record, place=pair.place, side=side, added=added, removed=removed)


def _remembered(tools: Tools, same: Sequence[Pair], taken: Sequence[Pair]) -> None:
    """A record that was written has another hash as soon as it is read again; until then the mirror is behind."""
    behind = [pair for pair in same if pair.memory and pair.memory.stale == pair.row.hash]
    stale = {pair.row.record: pair.row.hash for pair in (*behind, *taken)}
    now, links = tools.clock(), []
    for pair in (*same, *taken):
        record = pair.row.record
        value = link_value(
            _met(pair), pair.names, record=record, stale=stale.get(record, ""), before=pair.memory, now=now
        )
        if value is not None:
            links.append(Remember(TAGSYNC, link_of(pair, tools.source), value))
    tools.remember(links)


def _met(pair: Pair) -> Known:
    """Over tags that nothing can stand for the sides have not met: they are tried again."""
    after, left = pair.after, pair.unmet
    by = {key: giver for key, giver in after.by.items() if key not in left}
    return Known(source=after.source - left, portal=after.portal - left, agreed=after.agreed - left, by=by)
