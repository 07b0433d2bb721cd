"""The second half of a decision: what is wanted of the CRM and what is to be made, of all that the rules settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, get_args

from mappings.carding import dealt
from mappings.deciding import Turn
from mappings.outcome import Acknowledgement, Card, Entity, Key, Making, Outcome, Several, Wish
from mappings.rules import Made, Part, Rule, Wanted, Way, WayKind
from mappings.tidying import emails, every, moment, number, phones, text

WAYS: Mapping[Entity, tuple[WayKind, ...]] = {
    "contact": ("chat", "phone", "email"),
    "company": ("chat",),
    "lead": ("chat", "phone", "email"),
    "deal": ("chat", "open"),
    "item": ("external",),
}
"""How an entity is looked for when no rule says it; by its external id before all else when it has one."""
_PLAIN: Mapping[WayKind, Key] = {kind: Key(kind=kind) for kind in get_args(WayKind)}
_SAID = "said"  # in place of a field: numbers and addresses to look for that the rule says itself
_OWNED = ("activity", "email", "task")


@dataclass(slots=True)
class _Draft:
    """A wish while rules add to it; ``rule`` spoke last, at line ``at``. ``keys`` are those said, without the numbers
    and addresses of people.
    """

    entity: Entity
    type_id: int
    rule: Rule
    at: int
    keys: tuple[Key, ...] | None = None
    external: tuple[str, str] | None = None
    several: Several = "quarantine"
    create: bool = True
    set: dict[str, Any] = field(default_factory=dict)
    fill: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Letters:
    """What is said of letters of ours; the last rule that says something wins."""

    signature: str = ""
    acknowledgement: Acknowledgement | None = None


def outcome(turn: Turn, version: str) -> Outcome:
    """All of it. Raises ``RuleError``."""
    scope, facts, drafts = turn.scope, turn.scope["facts"], dict[tuple[Entity, int], _Draft]()
    makings, workgroups, letters, cards = list[Making](), list[int](), _Letters(), list[Card]()
    for rule, facts in turn.matched:
        scope["facts"] = facts
        for wanted in rule.wishes:
            _want(rule, wanted, drafts, turn)
        made = (_made(rule, making, turn) for making in rule.makings)
        makings += (making for making in made if making is not None)
        for part in rule.workgroups:
            groups = turn.teller.value(rule, part, scope, partial(every, number))
            turn.teller.because("workgroup", groups, rule, part, scope)
            workgroups += groups
        _answer(rule, letters, turn)
        cards += [dealt(rule, rule.card, turn)] if rule.card is not None else []
    borne = bool(scope["tags"]) or any(making.kind != "notify" for making in makings)
    wishes: list[Wish] = []
    if borne or _write_something(drafts.values()):
        wishes = [wish for draft in drafts.values() if (wish := _wish(draft, turn)) is not None]
    return Outcome(
        version=version,
        matched=tuple(rule.name for rule, _ in turn.matched),
        line=turn.line,
        category=scope["category"] or "",
        priority=scope["priority"] or "",
        owner=scope["owner"],
        tags=tuple(scope["tags"]),
        score=scope["score"],
        parts=turn.parts,
        facts={name: value for name, value in facts.items() if value is not None},
        wishes=tuple(wishes) if borne or _write_something(wishes) else (),
        makings=tuple(makings),
        workgroups=tuple(dict.fromkeys(workgroups)),
        chat=turn.chat,
        signature=letters.signature,
        acknowledgement=letters.acknowledgement,
        cards=tuple(cards),
        reasons=tuple(turn.teller.reasons),
    )


def _write_something(wishes: Iterable[_Draft | Wish]) -> bool:
    """Whether anything would be written: else nobody needs to be looked for, unless something is to be borne."""
    return any(wish.create or wish.set or wish.fill for wish in wishes)


def _want(rule: Rule, wanted: Wanted, drafts: dict[tuple[Entity, int], _Draft], turn: Turn) -> None:
    place = wanted.entity, wanted.type_id
    draft = drafts.get(place)
    if draft is None:
        draft = drafts[place] = _Draft(entity=wanted.entity, type_id=wanted.type_id, rule=rule, at=wanted.at)
    draft.rule, draft.at = rule, wanted.at
    draft.several = wanted.several or draft.several
    if wanted.create is not None:
        draft.create = _told(rule, wanted.create, bool, turn)
    if wanted.external is not None:
        system = _told(rule, wanted.external.system, text, turn)
        known_as = _told(rule, wanted.external.id, text, turn)
        draft.external = (system, known_as) if system and known_as else draft.external
    if wanted.match is not None:
        draft.keys = tuple(_key(rule, way, turn) for way in wanted.match)
    for name, part in wanted.set.items():
        _write(rule, name, part, draft.set, draft.fill, turn)
    for name, part in wanted.fill.items():
        _write(rule, name, part, draft.fill, draft.set, turn)


def _key(rule: Rule, way: Way, turn: Turn) -> Key:
    if way.equals is None:
        return _PLAIN[way.kind]
    value = _told(rule, way.equals, text, turn)
    values = () if value is None else (value,)
    return Key(kind=way.kind, field=way.field if way.kind == "field" else _SAID, values=values)


def _write(rule: Rule, name: str, part: Part, into: dict[str, Any], other: dict[str, Any], turn: Turn) -> None:
    """A value that came out empty is not written: it is not known. One that is written so, empties the field."""
    value = turn.teller.value(rule, part, turn.scope)
    if not part.literal and (value is None or (isinstance(value, str) and not value.strip())):
        if name not in into and name not in other:
            turn.teller.because(part.path, None, rule, part, turn.scope)
        return
    other.pop(name, None)
    into[name] = value
    turn.teller.because(part.path, value, rule, part, turn.scope)


def _wish(draft: _Draft, turn: Turn) -> Wish | None:
    """The wish with its keys; ``None`` when there is nothing to know anybody by, since whoever would then be made
    would be made again and again.
    """
    keys = draft.keys
    if keys is None:
        first: tuple[WayKind, ...] = ("external",) if draft.external else ()
        keys = tuple(_PLAIN[kind] for kind in dict.fromkeys((*first, *WAYS[draft.entity])))
    match = tuple([key for known in keys if (key := _filled(known, draft, turn)) is not None])
    if keys and not match:
        how = ", ".join(key.field or key.kind for key in keys)
        turn.teller.note(f"crm.{draft.entity}", None, draft.rule, draft.at, f"match: [{how}]", {})
        return None
    if not (draft.set or draft.fill or draft.external or any(key.values for key in match)):
        return _bare(draft.entity, draft.type_id, match, draft.several, draft.create, draft.rule.name)
    return Wish(
        entity=draft.entity,
        type_id=draft.type_id,
        match=match,
        external=draft.external,
        several=draft.several,
        create=draft.create,
        set=draft.set,
        fill=draft.fill,
        rule=draft.rule.name,
    )


@lru_cache(maxsize=1024)
def _bare(entity: Entity, type_id: int, match: tuple[Key, ...], several: Several, create: bool, rule: str) -> Wish:
    """A wish with nothing of its event in it, made once."""
    return Wish(entity=entity, type_id=type_id, match=match, several=several, create=create, rule=rule)


def _filled(key: Key, draft: _Draft, turn: Turn) -> Key | None:
    """The key with its values; ``None`` when it has none."""
    if key.kind in ("phone", "email"):
        read = phones if key.kind == "phone" else emails
        known = key.values if key.field == _SAID else _known(key.kind, draft, turn.scope)
        values = tuple(dict.fromkeys(read(list(known), turn.config)))
        return Key(kind=key.kind, values=values) if values else None
    if key.kind == "chat":
        event = turn.scope.get("event")
        return key if event and event.get("conversation") else None
    if key.kind == "external":
        return key if draft.external else None
    return key if key.kind == "open" or key.values else None


def _known(kind: str, draft: _Draft, scope: Mapping[str, Any]) -> Iterator[Any]:
    """Where numbers and addresses stand: in what is to be written, in the client, in the card of their own."""
    name = kind.upper()
    yield from (draft.set.get(name), draft.fill.get(name))
    event = scope.get("event") or {}
    yield (event.get("client") or {}).get(kind)
    card = event.get("contact") or {}
    if card.get("own"):
        yield card.get(kind)


def _made(rule: Rule, made: Made, turn: Turn) -> Making | None:
    zone = turn.config.zone
    fields = {name: _told(rule, part, _tidy(name, zone), turn) for name, part in made.fields.items()}
    fields = {name: value for name, value in fields.items() if value not in (None, [])}
    owner = turn.scope["owner"]
    if made.kind in _OWNED and owner is not None:
        fields.setdefault("owner", owner)
    if (made.kind == "notify" and "users" not in fields) or ("each" in made.fields and "each" not in fields):
        return None
    return Making(kind=made.kind, name=made.name, on=made.on, fields=fields)


def _answer(rule: Rule, letters: _Letters, turn: Turn) -> None:
    if rule.signature is not None:
        letters.signature = _told(rule, rule.signature, text, turn) or letters.signature
    if rule.acknowledge is not None:
        said = _told(rule, rule.acknowledge.text, text, turn)
        subject = _told(rule, rule.acknowledge.subject, text, turn) if rule.acknowledge.subject and said else None
        if said:
            letters.acknowledgement = Acknowledgement(text=said, subject=subject or "")


def _told(rule: Rule, part: Part, tidy: Callable[[Any], Any], turn: Turn) -> Any:
    value = turn.teller.value(rule, part, turn.scope, tidy)
    if value is not None:
        turn.teller.because(part.path, value, rule, part, turn.scope)
    return value


def _tidy(name: str, zone: str) -> Callable[[Any], Any]:
    """How a field of something made is read; what is not named here is text."""
    readings: Mapping[str, Callable[[Any], Any]] = {
        "owner": number,
        "group": number,
        "users": partial(every, number),
        "done": bool,
        "deadline": partial(moment, zone=zone),
    }
    return readings.get(name, text)
