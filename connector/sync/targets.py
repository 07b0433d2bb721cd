"""What the rows of a source lead to besides rules: people's access, all rows together; tags, in step both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from connector.domain.sources import SourceSettings
from connector.journal import Lease, MirrorRow, Run
from connector.speech import Text
from connector.sync import access, tags
from connector.sync.access import AccessOutcome
from connector.sync.opening import House, desk_of, role_of
from connector.sync.tags import TagsOutcome

_DONE = Text(
    "Access: granted {grants}, revoked {revokes}, people not found in Bitrix24 {unmatched}.",
    "Доступ: выдано {grants}, отозвано {revokes}, не найдено в Битрикс24 людей: {unmatched}.",
)
_PLANNED = Text(
    "Access: would be granted {grants}, revoked {revokes}, people not found in Bitrix24 {unmatched}.",
    "Доступ: было бы выдано {grants}, отозвано {revokes}, не найдено в Битрикс24 людей: {unmatched}.",
)
_UNMATCHED = Text("Not found in Bitrix24: {person} — {why}", "Не найден в Битрикс24: {person} — {why}")
_TAGGED = Text(
    "Tags: {portal} rows of Bitrix24 written ({added} added, {removed} taken away), {source} records of the source; "
    "held by the brake {held}, failed {failed}.",
    "Теги: записано строк Битрикс24 {portal} (добавлено {added}, снято {removed}), записей источника {source}; "
    "остановлено тормозом {held}, не удалось {failed}.",
)
_MOST = 12


@dataclass(frozen=True, kw_only=True)
class Led:
    """How people's access stands after a portion. ``braked`` tells what waits for a person."""

    finished: bool
    braked: Text | None = None


def lead_people(house: House, settings: SourceSettings, lease: Lease, run: Run, *, stop: Callable[[], bool]) -> Led:
    """Bring people's access to what the mirror says now; its waiting rows are settled with it."""
    outcome = access.work(
        house.portals[settings.portal],
        house.journal,
        settings,
        access.rows_of(house.journal, settings.source),
        clock=house.clock,
        run=run,
        stop=stop,
        dry=False,
    )
    counts = {"created": outcome.grants, "updated": outcome.revokes}
    house.journal.note_run(lease, run, counts=counts, notes=told(outcome) if outcome.finished else ())
    if outcome.finished:
        house.journal.settle_waiting(lease, run, mapping="access")
    return Led(finished=outcome.finished, braked=_braked(outcome))


def bring_tags(
    house: House, settings: SourceSettings, run: Run, *, after: str, stop: Callable[[], bool], dry: bool = False
) -> TagsOutcome:
    """Tags of the source and of the portal in step, from behind the record ``after``, as the mirror has its records."""
    write = role_of(house, settings).write
    desk = desk_of(house, settings)
    return tags.work(
        house.portals[settings.portal],
        house.journal,
        settings,
        rules=replace(house.rules, mappings=house.rulebook.current()),
        clock=house.clock,
        run=run,
        stop=stop,
        dry=dry,
        write=None if write is None else lambda values: write(desk, values),
        after=after,
    )


def told_of_tags(outcome: TagsOutcome) -> Sequence[Text]:
    """What a person should know of it, the most important first."""
    counts = {name: getattr(outcome, name) for name in ("portal", "source", "added", "removed", "held", "failed")}
    problems = [Text(f"{record}: {what.en}", f"{record}: {what.ru}") for record, what in outcome.problems[:_MOST]]
    return [_TAGGED.with_(**counts), *outcome.notes[:_MOST], *problems]


def told(outcome: AccessOutcome, *, planned: bool = False) -> Sequence[Text]:
    """What a person should know of it, the most important first; ``planned``: nothing of it was done."""
    counts = {"grants": outcome.grants, "revokes": outcome.revokes, "unmatched": len(outcome.unmatched)}
    unmatched = [_UNMATCHED.with_(person=one.person.label, why=one.why) for one in outcome.unmatched[:_MOST]]
    summary = (_PLANNED if planned else _DONE).with_(**counts)
    return [summary, *outcome.problems[:_MOST], *unmatched, *outcome.notes[:_MOST]]


def forecast_people(house: House, settings: SourceSettings, run: Run, rows: Iterable[MirrorRow]) -> AccessOutcome:
    """What would be granted and revoked if the source were as ``rows`` say; nothing is written."""
    return access.work(
        house.portals[settings.portal],
        house.journal,
        settings,
        rows,
        clock=house.clock,
        run=run,
        stop=lambda: False,
        dry=True,
    )


def _braked(outcome: AccessOutcome) -> Text | None:
    if not outcome.braked:
        return None
    words = [one.why for one in outcome.braked]
    return Text("; ".join(word.en for word in words), "; ".join(word.ru for word in words))
