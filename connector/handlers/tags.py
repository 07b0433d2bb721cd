"""Tags in the CRM and in workgroups: only added and taken away one by one, and only ours are ever taken away.

facts/bitrix24-telephony-crm.md §2.9: the CRM has no tags of its own, so they stand in a user field; every write
replaces the whole of it. Link ``tags`` of a row is ``{tag: [events that gave it]}``; a tag of somebody else has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connector.domain.effects import Call, Plan, Recall, Remember
from connector.errors import PermanentError
from connector.handlers.case import Case, Place, fetched
from connector.handlers.fields import digest
from connector.handlers.finding import FOUND, bound, person
from connector.handlers.processes import named
from connector.handlers.tagfields import values_of
from connector.speech import Text
from mappings.outcome import TYPE_IDS, Outcome

TAGS = "tags"  # link by <portal>.<entityTypeId>.<id>, or <portal>.group.<id>
TAGGED = "tagged"  # link by event: {"rows": keys of TAGS that it gave something to, "chain": all that it ever changed}
MANY = "*"  # more events gave the tag than are kept; it stays
_KEPT = 20
_GROUP = "group"

NO_GROUP = Text(
    "There is no workgroup {id}, or this authorization may not see it. Correct `workgroup:` in the mapping, then "
    "try it again.",
    "Рабочей группы {id} нет, или у этой авторизации нет к ней доступа. Исправьте `workgroup:` в маппинге и "
    "попробуйте снова.",
)


def tagged(case: Case, outcome: Outcome) -> Plan:
    """Give the event's rows the tags, and take back what this event gave before and gives no longer."""
    places = (yield from _places(case, outcome)) if outcome.tags else []
    before = (yield Recall(case.kept(TAGGED), case.own)) or {"rows": [], "chain": ""}
    rows: list[str] = []
    chain = str(before["chain"])
    for key in dict.fromkeys((*places, *before["rows"])):
        tags = outcome.tags if key in places else ()
        write = f"tags:{case.own}:{key}:{digest([before['chain'], tags])}"
        gives, changed = yield from _row(case, key, tags, write)
        rows += [key] if gives else []
        chain = digest([chain, key, tags]) if changed else chain
    after = {"rows": rows, "chain": chain}
    if after != before:
        yield Remember(case.kept(TAGGED), case.own, after)


def _places(case: Case, outcome: Outcome) -> Plan:
    """Where the tags go: the rows of the wishes and of the chat; with neither, who the number leads to."""
    chat = yield from bound(case)
    places = {Place(entity, TYPE_IDS[entity]): number for entity, number in chat.items()} | case.ids
    if not places and not outcome.wishes:
        for entity in FOUND:
            number = yield from person(case, entity)
            if number:
                places[Place(entity, TYPE_IDS[entity])] = number
    fields = case.settings.tag_fields
    rows = [f"{place.type_id}.{number}" for place, number in places.items() if _name(place.type_id) in fields]
    return [f"{case.portal}.{row}" for row in (*rows, *(f"{_GROUP}.{group}" for group in outcome.workgroups))]


def _row(case: Case, key: str, tags: Sequence[str], write: str) -> Plan:
    """One row, or one workgroup: ``(whether this event gives it a tag, whether something changed)``.

    ``write`` names the write in the ledger: after a failure it still tells which tags were ours. Nothing to do is no
    request.
    """
    known: Mapping[str, list[str]] = (yield Recall(TAGS, key)) or {}
    gone = [tag for tag, events in known.items() if case.identity in events and tag not in tags]
    links = {tag: _without(events, case.identity) if tag in gone else list(events) for tag, events in known.items()}
    drop = [tag for tag in gone if not links[tag]]
    add = [tag for tag in tags if tag not in links]
    if add or drop:
        put: Mapping[str, bool] = yield from _changed(case, key, add, drop, write)
        links |= {tag: [case.identity] if ours else [] for tag, ours in put.items()}
    for tag in tags:
        if links.get(tag):
            links[tag] = _with(links[tag], case.identity)
    kept = {tag: events for tag, events in links.items() if tag not in drop}
    if kept != known:
        yield Remember(TAGS, key, kept or None)
    return any(case.identity in events for events in kept.values()), bool(add or drop)


def _changed(case: Case, key: str, add: Sequence[str], drop: Sequence[str], write: str) -> Plan:
    """Add and take away in the portal; tag → whether it was not there yet, of those that are there now."""
    kind, number = key.rsplit(".", 2)[1:]
    if kind == _GROUP:
        return (yield from _in_group(int(number), add, drop, write))
    place = Place(_entity(int(kind)), int(kind))
    name = case.settings.tag_fields.get(_name(place.type_id))
    name = (yield from named(case, place, name, "tag_fields")) if name else ""
    values = (yield from values_of(case, place, name, add, drop)) if name else {}
    if not values:
        return {}
    case.items.pop((place.type_id, int(number)), None)  # all of the field is written: what stands in it now counts
    item = yield from fetched(case, place.type_id, int(number))
    if item is None:
        return {}
    put, after = _merged(_listed(item.get(name)), values, add, drop)
    params = {"entityTypeId": place.type_id, "id": int(number), "fields": {name: after}, "useOriginalUfNames": "Y"}
    return (yield Call("crm.item.update", params, key=write, judge=lambda answer: put))


def _in_group(number: int, add: Sequence[str], drop: Sequence[str], write: str) -> Plan:
    """KEYWORDS of a workgroup, parted by commas; they too are written as a whole (facts §3.4)."""
    rows = yield Call("sonet_group.get", {"FILTER": {"ID": number}})
    row = next((row for row in rows or [] if str(row.get("ID")) == str(number)), None)
    if row is None:
        raise PermanentError("mapping.workgroup", hint=NO_GROUP.with_(id=number))
    have = [word.strip() for word in str(row.get("KEYWORDS") or "").split(",") if word.strip()]
    put, after = _merged(have, {tag: tag.replace(",", " ") for tag in (*add, *drop)}, add, drop)
    params = {"GROUP_ID": number, "KEYWORDS": ", ".join(after)}
    return (yield Call("sonet_group.update", params, key=write, judge=lambda answer: put))


def _merged(
    have: list[Any], values: Mapping[str, Any], add: Sequence[str], drop: Sequence[str]
) -> tuple[dict[str, bool], list[Any]]:
    there = {_same(value) for value in have}
    put = {tag: _same(values[tag]) not in there for tag in add if tag in values}
    away = {_same(values[tag]) for tag in drop if tag in values} - {_same(values[tag]) for tag in put}
    left = [value for value in have if _same(value) not in away]
    return put, [*left, *(values[tag] for tag, ours in put.items() if ours)]


def _with(events: list[str], event: str) -> list[str]:
    """One more giver; beyond so many it is only known that there are more."""
    if event in events or MANY in events:
        return events
    return [*events, event] if len(events) < _KEPT else [*events, MANY]


def _without(events: Iterable[str], event: str) -> list[str]:
    return [other for other in events if other != event]


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [item for item in value if item not in (None, "", False)]
    return [] if value in (None, "", False) else [value]


def _same(value: Any) -> str:
    return str(value).strip().casefold()


def _entity(type_id: int) -> str:
    return next((entity for entity, number in TYPE_IDS.items() if number == type_id), "item")


def _name(type_id: int) -> str:
    """The key of ``tag_fields``."""
    entity = _entity(type_id)
    return str(type_id) if entity == "item" else entity
