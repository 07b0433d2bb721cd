"""People as the source tells them: one row each, or one row for each group that they are in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.domain.access import AccessSettings
from connector.journal import MirrorRow
from connector.speech import Text

_NO = frozenset({"0", "n", "no", "false", "off", "disabled", "inactive", "dismissed", "нет", "ложь", "уволен"})
_BROKEN = "source.broken"
_NAMELESS = Text(
    "{where}: a record without {columns}; correct it in the source",
    "{where}: запись без {columns}; исправьте её в источнике",
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in the source. ``active`` false: a leaver. ``clear`` false: one of their rows is broken, so nobody
    knows where they belong, and nothing is given to them or taken from them.
    """

    external_id: str
    email: str
    name: str
    active: bool
    groups: frozenset[str]
    where: str
    clear: bool = True

    @property
    def label(self) -> str:
        """How notes call them."""
        return self.email or self.name or self.external_id

    def called(self, given: str) -> bool:
        """Whether ``given`` (an e-mail or an external id) names them."""
        wanted = given.strip().casefold()
        return bool(wanted) and wanted in (self.email, self.external_id.casefold())


@dataclass
class _Draft:
    external_id: str = ""
    email: str = ""
    name: str = ""
    where: str = ""
    active: bool = False
    clear: bool = True
    groups: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class People:
    """All of them, and what could not be read. ``empty``: the source has nobody at all."""

    people: tuple[Person, ...]
    problems: tuple[Text, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nobody is in the source: more likely a broken export than a company without people."""
        return not any(person.active for person in self.people)

    def groups(self) -> frozenset[str]:
        """All groups that somebody active is in."""
        return frozenset(name for person in self.people if person.active for name in person.groups)


def people_of(rows: Iterable[MirrorRow], settings: AccessSettings) -> People:
    """The people of these rows, in the order in which they came. Rows of one person add up."""
    drafts: dict[str, _Draft] = {}
    problems = []
    columns = settings.person
    for row in rows:
        external, email = _text(row.values, columns.external_id), _text(row.values, columns.email).casefold()
        if row.cause == _BROKEN and not external and not email:
            external, email = _from_record(row.record)
        if not external and not email:
            names = ", ".join(name for name in (columns.external_id, columns.email) if name)
            problems.append(_NAMELESS.with_(where=row.where or row.record, columns=names))
            continue
        draft = drafts.setdefault(external.casefold() or f"mailto:{email}", _Draft(where=row.where or row.record))
        draft.external_id, draft.email = draft.external_id or external, draft.email or email
        draft.name = draft.name or _text(row.values, columns.name)
        if row.cause == _BROKEN:
            draft.clear = False
        elif not row.gone:
            draft.active = draft.active or _active(row.values, columns.active)
            draft.groups.update(_groups(row.values, settings))
    return People(people=tuple(_person(draft) for draft in drafts.values()), problems=tuple(problems))


def _person(draft: _Draft) -> Person:
    return Person(
        external_id=draft.external_id,
        email=draft.email,
        name=draft.name,
        active=draft.active or not draft.clear,
        groups=frozenset(draft.groups),
        where=draft.where,
        clear=draft.clear,
    )


def _from_record(record: str) -> tuple[str, str]:
    """Who a broken row is about as far as its id tells, which often is the external id or the e-mail."""
    first = record.partition("|")[0].strip()
    return ("", first.casefold()) if "@" in first else (first, "")


def _text(values: Mapping[str, Any], column: str) -> str:
    value = values.get(column) if column else None
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _active(values: Mapping[str, Any], column: str) -> bool:
    """Only a plain no is one: a column that is empty says nothing."""
    return not column or _text(values, column).casefold() not in _NO


def _groups(values: Mapping[str, Any], settings: AccessSettings) -> Iterator[str]:
    value = values.get(settings.groups)
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if part is None or isinstance(part, dict | list | bool):
            continue
        texts = str(part).split(settings.split) if settings.split else [str(part)]
        yield from (text.strip() for text in texts if text.strip())
