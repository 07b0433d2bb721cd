"""``/ops/sync``: all sources at a glance; ``/ops/sync/<source>``: one of them, its runs and the open one live."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.exceptions import NotFound

from connector import registry
from connector.bootstrap import Connector
from connector.domain.sources import SourceSettings
from connector.journal import Journal
from connector.journal.sync_model import Run
from connector.speech import Text
from connector.sync.health import Standing, standing_of, standings
from connector.sync.progress import Progress, progress
from connector.sync.schedule_words import schedule_in_words
from webhooks.console.reading import Reader, reader
from webhooks.console.showing import Shows
from webhooks.console.sync_json import run_told, source_told
from webhooks.console.sync_words import DONE, RUNS, TRIGGERS
from webhooks.console.typed import HIGHEST, whole

_PAGE = 20
_COUNT_EVERY = 10.0  # seconds: counting all records of a large source takes a part of one


@dataclass(frozen=True, kw_only=True)
class Card:
    """One source as a page shows it; ``counts`` are ``live``, ``gone``, ``waiting``, ``parked``."""

    standing: Standing
    title: Text
    schedule: Text
    counts: Mapping[str, int]
    progress: Progress | None

    @property
    def name(self) -> str:
        """The source's."""
        return self.standing.name


class Tally:
    """How many records a source has, counted at most every ten seconds however many look."""

    def __init__(self, journal: Journal, now: Callable[[], float] = time.monotonic) -> None:
        self._journal, self._now, self._lock = journal, now, threading.Lock()
        self._kept: dict[str, tuple[float, dict[str, int]]] = {}

    def of(self, name: str) -> dict[str, int]:
        """As ``Journal.mirror_counts``."""
        with self._lock:
            at, counts = self._kept.get(name, (float("-inf"), {}))
            if self._now() - at >= _COUNT_EVERY:
                counts = self._journal.mirror_counts(name)
                self._kept[name] = self._now(), counts
            return counts


class Sources:
    """Sources for pages."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._tally = Tally(connector.journal)

    def all(self) -> list[Card]:
        """In the order of the settings."""
        return [self._card(one) for one in standings(self._connector)]

    def one(self, name: str) -> Card:
        """Raises ``NotFound``."""
        settings = settings_of(self._connector, name)
        seen = self._connector.journal.sources_seen([name])[name]
        return self._card(standing_of(settings, seen, self._connector.clock()))

    def _card(self, one: Standing) -> Card:
        now, opened = self._connector.clock(), one.open
        provider = registry.providers().get(one.provider)
        return Card(
            standing=one,
            title=provider.title if provider else Text(one.provider, one.provider),
            schedule=schedule_in_words(
                self._connector.settings.sources[one.name], pushed=registry.is_pushed_to(one.provider)
            ),
            counts={**self._tally.of(one.name), "waiting": one.waiting, "parked": one.parked},
            progress=progress(opened, one.waiting, now) if opened is not None else None,
        )


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""
    sources = Sources(connector)

    @rooms.get("/sync")
    def sync() -> Response:
        return shows.page("sync.html", cards=sources.all(), runs=RUNS)

    @rooms.get("/sync.json")
    def sync_json() -> Response:
        read = reader(request, connector.clock())
        return jsonify(at=read.now.isoformat(), sources=[_source_told(card, read) for card in sources.all()])

    @rooms.get("/sync/<source>")
    def source(source: str) -> Response:
        card, before = sources.one(source), _before()
        found = connector.journal.runs_of(source, before=before, limit=_PAGE + 1)
        older = url_for("ops.source", source=source, before=found[_PAGE - 1].id) if len(found) > _PAGE else None
        return shows.page(
            "source.html",
            one=card,
            settings=connector.settings.sources[source],
            found=found[:_PAGE],
            older=older,
            paged=before is not None,
            runs=RUNS,
            triggers=TRIGGERS,
            told=_told(),
        )

    @rooms.get("/sync/<source>.json")
    def source_json(source: str) -> Response:
        read, card = reader(request, connector.clock()), sources.one(source)
        found = connector.journal.runs_of(source, before=_before(), limit=_PAGE)
        told = [run_told(run, read, _progress(run, card)) for run in found]
        return jsonify(at=read.now.isoformat(), source=_source_told(card, read), runs=told)


def settings_of(connector: Connector, name: str) -> SourceSettings:
    """Raises ``NotFound`` for a source that is not in the settings."""
    found = connector.settings.sources.get(name)
    if not isinstance(found, SourceSettings):
        raise NotFound
    return found


def _source_told(card: Card, read: Reader) -> dict[str, Any]:
    return source_told(card.standing, read, card.schedule, card.counts, card.progress)


def _progress(run: Run, card: Card) -> Progress | None:
    opened = card.standing.open
    return card.progress if opened is not None and run.id == opened.id else None


def _before() -> int | None:
    before = whole(request.args.get("before", ""))
    return before if before is not None and before < HIGHEST else None


def _told() -> tuple[Text, int | None] | None:
    """What a deed came to."""
    words = DONE.get(request.args.get("did", ""))
    return (words, whole(request.args.get("many", ""))) if words else None
