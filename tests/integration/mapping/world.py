"""One process with rules of its own: what a dry run says, and what the portal was then really told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connector.domain.events import EventMapped, MessageReceived, RecordChanged
from connector.domain.values import Person
from connector.handlers import Rules
from connector.handlers.viewing import packed, view
from connector.rulebook.explaining import Explained, explained
from connector.rulebook.pretending import is_read
from connector.rulebook.sending import rerun, sent
from connector.rulebook.trying import memory_of
from tests import services
from tests.integration.promises.one_process import OneProcess, one_process

Write = tuple[str, Mapping[str, Any]]


class Overheard:
    """The portal, and every write that was sent to it, with its parameters."""

    def __init__(self, portal: Any) -> None:
        self._portal = portal
        self.writes: list[Write] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)

    def call(self, method: str, params: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """As the portal does."""
        self._note(method, params or {})
        return self._portal.call(method, params or {}, **more)

    def batch(self, commands: Mapping[str, tuple[str, Mapping[str, Any]]], **more: Any) -> Any:
        """As the portal does."""
        for method, params in commands.values():
            self._note(method, params)
        return self._portal.batch(commands, **more)

    def _note(self, method: str, params: Mapping[str, Any]) -> None:
        if not is_read(method):
            self.writes.append((method, params))


@dataclass(frozen=True, kw_only=True)
class World:
    """A house whose rules are written by the test."""

    house: OneProcess
    portal: Overheard

    def rules(self, **files: str) -> str:
        """Publish these files (name → YAML) and nothing else; the version."""
        folder = self.house.connector.settings.mappings
        assert folder is not None
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        self.house.connector.rulebook.publish()
        return self.house.connector.rulebook.current().version

    def message(self, text: str, client: Person, number: str, account: str = "shop") -> EventMapped:
        """What the rules' own delivery would carry of a client's message."""
        event = MessageReceived(account=account, conversation=client.id, message_id=number, client=client, text=text)
        seen = view(event, replace(self.ruled(), at=self.house.clock()))
        return EventMapped(portal="main", about=packed(seen))

    def record(self, source: str, number: str, **values: Any) -> RecordChanged:
        """A record of a source."""
        return RecordChanged(portal="main", source=source, record=number, values={"id": number, **values})

    def tried(self, event: EventMapped | RecordChanged) -> Explained:
        """The dry run."""
        connector = self.house.connector
        mappings = connector.rulebook.current()
        return explained(event, mappings, self.ruled(), memory_of(connector.journal), connector.portals["main"].call)

    def done(self, *events: EventMapped | RecordChanged, turn: str = "") -> list[Write]:
        """The real run of the events; what the portal was told to write, in its order."""
        before, connector = len(self.portal.writes), self.house.connector
        version = connector.rulebook.current().version + turn
        assert rerun(events, version, connector.intake.keep, connector.clock) == len(events)
        self.house.pump()
        return self.portal.writes[before:]

    def loaded(self, records: Sequence[RecordChanged]) -> list[Write]:
        """The real run of a source's records; what the portal was told to write, in its order."""
        before, connector = len(self.portal.writes), self.house.connector
        assert sent(records, connector.rulebook.current(), connector.intake.keep, connector.clock) == len(records)
        self.house.pump()
        return self.portal.writes[before:]

    def parked(self) -> list[dict[str, Any]]:
        """What waits for a person."""
        return self.house.connector.journal.list("deliveries", state="parked")

    def crm(self, method: str, **params: Any) -> Any:
        """One call of the portal's own people."""
        return self.house.connector.portals["main"].call(method, params)

    def ruled(self) -> Rules:
        """What handlers lean on now."""
        connector = self.house.connector
        return replace(connector.rules, mappings=connector.rulebook.current(), at=connector.clock())


@contextmanager
def world(folder: Path, redis: services.Redis, database_url: str) -> Iterator[World]:
    """A fresh one."""
    with one_process(folder, redis, database_url) as house:
        portals: Any = house.connector.portals
        portals["main"] = Overheard(portals["main"])
        yield World(house=house, portal=portals["main"])
