"""What a dry run foresees, told to a person or as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from connector.cli.output import Output
from connector.domain.sources import SourceSettings
from connector.speech import Text
from connector.sync.access import AccessOutcome, Change
from connector.sync.planning import Forecast, Sample
from connector.sync.records import Fate
from connector.sync.targets import told
from connector.sync.vanishing import brakes

_FATES: Mapping[Fate, Text] = {
    "created": Text("create", "создать"),
    "updated": Text("update", "изменить"),
    "unchanged": Text("nothing to write", "записывать нечего"),
    "parked": Text("park", "отложить"),
}
_NAMES = (Text("fate", "что будет"), Text("records", "записей"), Text("for example", "например"))
_NOTHING = Text("Nothing is new or different.", "Нового и изменённого нет.")
_READ = Text("Read {read} records ({what}).", "Прочитано записей: {read} ({what}).")
_FULL, _CHANGES = Text("all there is", "всё, что есть"), Text("only changes", "только изменения")
_GONE = Text("No longer in the source: {missing} of {total}.", "Больше нет в источнике: {missing} из {total}.")
_BRAKED = Text(
    "That is more than {brake:g} % (brake): they would be left as they are. With --allow-gone they would be gone.",
    "Это больше {brake:g} % (brake): они остались бы как есть. С --allow-gone они считались бы пропавшими.",
)
_COST = Text(
    "The run itself: {writes} writes, requests at least: {requests}; about {minutes:.1f} min at {rate:g} a second.",
    "Сам запуск: изменений {writes}, запросов не меньше {requests}; около {minutes:.1f} мин при {rate:g} в секунду.",
)
_CHANGES_NAMES = (
    Text("person", "кто"),
    Text("target", "куда"),
    Text("what", "что"),
    Text("because", "почему"),
)
_NO_CHANGES = Text("Nobody would be given or taken anything.", "Ни у кого ничего не изменилось бы.")
_WHATS: Mapping[str, Text] = {
    "granted": Text("grant", "выдать"),
    "revoked": Text("revoke", "отозвать"),
    "invited": Text("invite", "пригласить"),
    "dismissed": Text("dismiss", "уволить"),
    "learned": Text("remember the external id", "запомнить внешний код"),
}
_WHYS: Mapping[str, Text] = {
    "found by e-mail": Text("found by e-mail", "найден по почте"),
    "not in Bitrix24 yet": Text("not in Bitrix24 yet", "ещё нет в Битрикс24"),
}
_WHY = Text("  {record}: {why}", "  {record}: {why}")


def tell(out: Output, found: Forecast, settings: SourceSettings, rate: float) -> None:
    """``rate`` is the portal's, in requests a second."""
    out.say(_READ, read=found.counts["read"], what=out.words(_FULL if found.full else _CHANGES))
    if found.people is not None:
        _tell_people(out, found, found.people, settings)
        return
    rows = [(out.words(words), found.counts[fate], _names(found, fate)) for fate, words in _FATES.items()]
    out.table(_NAMES, [row for row in rows if row[1]], empty=_NOTHING)
    _tell_gone(out, found, settings)
    for sample in found.samples.get("parked", []):
        if sample.why is not None:
            out.say(_WHY, record=sample.record or sample.where, why=out.words(sample.why))
    for note in found.notes:
        out.say(Text("  {words}", "  {words}"), words=out.words(note))
    out.say(_COST, writes=found.writes, requests=found.requests, minutes=found.requests / rate / 60, rate=rate)
    out.document(_document(out, found))


def _tell_gone(out: Output, found: Forecast, settings: SourceSettings) -> None:
    """Who is no longer in the source, and whether that is too many."""
    if found.missing:
        out.say(_GONE, missing=found.missing, total=found.total)
    if found.braked and brakes(found.missing, found.total, settings.brake, read=found.counts["read"]):
        out.say(_BRAKED, brake=settings.brake)


def _tell_people(out: Output, found: Forecast, people: AccessOutcome, settings: SourceSettings) -> None:
    """Who would be given and taken what."""
    changes = [(one.person, _where(one), out.words(_WHATS[one.what]), out.words(_why(one))) for one in people.changes]
    out.table(_CHANGES_NAMES, changes, empty=_NO_CHANGES)
    _tell_gone(out, found, settings)
    for words in (*found.notes, *told(people, planned=True)):
        out.say(Text("  {words}", "  {words}"), words=out.words(words))
    for one in people.braked:
        out.say(Text("! {words}", "! {words}"), words=out.words(one.why))
    out.document(asdict(people))


def _where(change: Change) -> str:
    """The target, and as what somebody would be there, where that can be several things."""
    return f"{change.target} ({change.grade})" if change.grade not in ("", "in") else change.target


def _why(change: Change) -> Text:
    return _WHYS.get(change.why, Text(change.why, change.why))


def _names(found: Forecast, fate: Fate) -> str:
    return ", ".join(sample.record for sample in found.samples.get(fate, []))


def _document(out: Output, found: Forecast) -> dict[str, object]:
    samples = {fate: [_sample(out, one) for one in some] for fate, some in found.samples.items()}
    names = ("requests", "full", "missing", "total", "braked", "reads", "writes")
    told = {name: getattr(found, name) for name in names}
    return {"counts": dict(found.counts), "fates": found.fates, "samples": samples, **told}


def _sample(out: Output, one: Sample) -> dict[str, object]:
    why = out.words(one.why) if one.why else ""
    return {"record": one.record, "where": one.where, "writes": one.writes, "why": why}
