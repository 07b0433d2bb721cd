"""Reading a scripted 1C as the engine does: each page by a reader of its own, asked again where it fails."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from connector.domain.sources import Broken, Desk, Page, Record, Start
from connector.errors import TransientError
from connector.providers.onec import PROVIDER
from connector.providers.onec.settings import OnecSettings
from tests.conftest import FakeClock
from tests.integration.sources.onec_service import Infobase

LIST = "Document_Отгрузка"


@dataclass
class Read:
    """One run. ``positions`` are those that pages were asked from, ``failures`` the causes on the way."""

    start: Start
    records: list[Record] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    positions: list[Any] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    last: Page = field(default_factory=Page)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the shipments, in the order in which they came."""
        return [int(record.values["Number"].rpartition("-")[2]) for record in self.records]


@dataclass(frozen=True, kw_only=True)
class Base:
    """1C, and our side of it."""

    infobase: Infobase
    http: requests.Session
    folder: Path
    clock: FakeClock

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The shipments that lie there."""
        return self.infobase.lists[LIST]

    def desk(self, **more: Any) -> Desk:
        """A desk for the list, as the settings say."""
        given = {
            "source": "shipments",
            "provider": "onec",
            "portal": "main",
            "url": self.infobase.url,
            "entity": LIST,
            "user": "Обмен",
            "password": "пароль",
            "timezone": "Europe/Moscow",
            **more,
        }
        return Desk(settings=OnecSettings(**given), http=self.http, folder=self.folder, clock=self.clock)

    def read(self, bookmark: Any = None, limit: int = 2000, **more: Any) -> Read:
        """A whole run. Positions go through JSON, as through the journal."""
        desk, role = self.desk(**more), PROVIDER.source
        assert role is not None
        failures: list[str] = []

        def once(ask: Any) -> Any:
            for _ in range(5):
                try:
                    with role.open(desk) as reader:
                        return ask(reader)
                except TransientError as error:
                    failures.append(error.cause)
            raise AssertionError(failures)

        run = Read(start=once(lambda reader: reader.begin(bookmark)), failures=failures)
        position = run.start.position
        for _ in range(500):
            position = json.loads(json.dumps(position))
            run.positions.append(position)
            page = once(lambda reader, position=position: reader.page(position, limit))
            assert len(page.records) + len(page.broken) <= limit
            run.records += page.records
            run.broken += page.broken
            run.last, position = page, page.position
            if page.ended:
                return run
        raise AssertionError("the run does not end")
