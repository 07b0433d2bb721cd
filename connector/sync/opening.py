"""A source of ``connector.yaml`` as something that can be read, and what its rules are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import redis

from connector.domain.ports import Clock
from connector.domain.provider import Http
from connector.domain.sources import Desk, Kept, Reader, SourceRole, SourceSettings
from connector.errors import PermanentError
from connector.handlers.rules import Rules
from connector.journal import Journal
from connector.portal import Portal
from connector.rulebook.book import Rulebook
from connector.settings import Settings
from connector.speech import Text
from mappings.engine import MappingSet

NO_SOURCE = Text(
    "There is no source {name} in connector.yaml. There are: {names}.",
    "В connector.yaml нет источника {name}. Есть: {names}.",
)


class House(Protocol):
    """The part of the house that sync jobs work with."""

    @property
    def settings(self) -> Settings: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def portals(self) -> Mapping[str, Portal]: ...

    @property
    def rules(self) -> Rules: ...

    @property
    def rulebook(self) -> Rulebook: ...

    @property
    def redis(self) -> redis.Redis: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def roles(self) -> Mapping[str, SourceRole]: ...

    @property
    def http(self) -> Callable[[], Http]: ...


def settings_of(house: House, name: str) -> SourceSettings:
    """The settings of a source. Raises ``PermanentError`` ``source.unknown``."""
    found = house.settings.sources.get(name)
    if not isinstance(found, SourceSettings):
        names = ", ".join(house.settings.sources) or "–"
        raise PermanentError("source.unknown", hint=NO_SOURCE.with_(name=name[:60], names=names))
    return found


def role_of(house: House, settings: SourceSettings) -> SourceRole:
    """What its provider offers."""
    return house.roles[settings.provider]


def desk_of(house: House, settings: SourceSettings) -> Desk:
    """What its reader works with."""
    name = settings.source

    def kept(since: float, trace: str, limit: int) -> Sequence[Kept]:
        return house.journal.kept_requests(f"source:{name}", since, trace, limit=limit)

    folder = Path(house.settings.var) / "sync" / name
    return Desk(settings=settings, http=house.http(), folder=folder, clock=house.clock, kept=kept)


def opened(house: House, settings: SourceSettings) -> Reader:
    """Its reader, to be used with ``with``."""
    desk = desk_of(house, settings)
    desk.folder.mkdir(parents=True, exist_ok=True)
    return role_of(house, settings).open(desk)


def fingerprint(mappings: MappingSet, settings: SourceSettings) -> str:
    """A name for the rules of a source's records and for where they lead: another one when a file of theirs, or of
    settings and tables that all share, or the source's portal has changed. Rules for other things change nothing here.
    """
    rules = [*mappings.on(f"record.{settings.rules}"), *mappings.on(f"record.{settings.rules}.gone")]
    mine, others = {rule.file for rule in rules}, {rule.file for rule in mappings.rules}
    whole = hashlib.sha256(f"{settings.portal}\0{settings.rules}\0".encode())
    for name in sorted(mappings.files):
        if name in mine or name not in others:
            whole.update(f"{name}\0".encode() + _bytes(mappings.files[name]))
    return whole.hexdigest()[:16]


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
