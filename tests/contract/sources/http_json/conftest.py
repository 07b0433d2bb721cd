"""A scripted API for each test, and its list read as the engine does: each page by a reader of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.domain.sources import Broken, Desk, Page, Reader, Record, Start
from connector.errors import TransientError
from connector.providers.http_json import PROVIDER
from connector.providers.http_json.settings import HttpJsonSettings
from tests.conftest import FakeClock
from tests.contract.sources.http_json.api import Api, served

WAYS: dict[str, dict[str, Any]] = {
    "whole": {"by": "none"},
    "by_offset": {"by": "offset", "size": 3, "size_param": "limit"},
    "by_page": {"by": "page", "size": 3, "size_param": "limit"},
    "by_cursor": {"by": "cursor", "cursor": "meta.next"},
    "by_link": {"by": "link"},
}


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
    def ids(self) -> list[int]:
        """The ids of the rows, in the order in which they came."""
        return [int(record.id) for record in self.records]


@dataclass(frozen=True, kw_only=True)
class Shop:
    """The API, and our side of it."""

    api: Api
    http: requests.Session
    folder: Path
    clock: FakeClock

    def fill(self, count: int) -> None:
        """So many rows, one changed each minute."""
        self.api.rows = [{"id": n, "at": f"2026-02-01T10:{n:02}:00+00:00"} for n in range(1, count + 1)]

    def desk(self, way: str = "whole", **more: Any) -> Desk:
        """A desk for the list, cut in one of the ``WAYS``."""
        self.api.say = getattr(self.api, way)
        given = {
            "source": "orders",
            "provider": "http_json",
            "portal": "main",
            "url": self.api.url,
            "records": "data.items",
            "id": "id",
            **more,
            "pages": {**WAYS[way], **more.get("pages", {})},
        }
        return Desk(settings=HttpJsonSettings(**given), http=self.http, folder=self.folder, clock=self.clock)

    def reader(self, way: str = "whole", **more: Any) -> Reader:
        """A fresh reader."""
        assert PROVIDER.source
        return PROVIDER.source.open(self.desk(way, **more))

    def read(self, way: str = "whole", bookmark: Any = None, limit: int = 2000, **more: Any) -> Read:
        """A whole run. Positions go through JSON, as through the journal."""
        failures: list[str] = []

        def once(ask: Any) -> Any:
            for _ in range(4):
                try:
                    with self.reader(way, **more) as reader:
                        return ask(reader)
                except TransientError as error:
                    failures.append(error.cause)
            raise AssertionError(failures)

        run = Read(start=once(lambda reader: reader.begin(bookmark)), failures=failures)
        position = run.start.position
        for _ in range(300):
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


@pytest.fixture
def shop(tmp_path: Path, clock: FakeClock) -> Iterator[Shop]:
    """An API with an empty list."""
    http = requests.Session()
    http.trust_env = False
    with served(Api()) as api, http:
        yield Shop(api=api, http=http, folder=tmp_path, clock=clock)
