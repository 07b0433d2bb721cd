"""What is right and wrong with a source: whether it can be read, whether there are rules for it, how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connector.domain.provider import Finding
from connector.domain.sources import SourceSettings
from connector.errors import ConnectorError
from connector.speech import Text
from connector.sync.health import standing_of
from connector.sync.opening import House, desk_of, role_of, settings_of

_UNREAD = Text("The source can be read", "Источник читается")
_RULES = Text("Rules for its records: {count}", "Правил для его записей: {count}")
_NO_RULES = Text("There are rules for its records", "Есть правила для его записей")
_NO_RULES_HINT = Text(
    "Write a rule `on: record.{name}` into {folder}: docs/sync.md shows how",
    "Напишите правило `on: record.{name}` в папке {folder}: как — в docs/sync.ru.md",
)
_NO_GONE = Text("What vanishes from the source is only marked here", "Пропавшее из источника отмечается только здесь")
_NO_GONE_HINT = Text(
    "To have it seen in the CRM, write a rule `on: record.{name}.gone`",
    "Чтобы это было видно в CRM, напишите правило `on: record.{name}.gone`",
)
_STANDS = Text("Its runs: {state}", "Запуски: {state}")


def source_findings(house: House, name: str) -> Sequence[Finding]:
    """What its provider's own check finds, the rules, and its runs."""
    settings = settings_of(house, name)
    return [*_of_provider(house, settings), *_of_rules(house, settings), *_of_runs(house, settings)]


def _of_provider(house: House, settings: SourceSettings) -> Iterator[Finding]:
    check = role_of(house, settings).check
    if check is None:
        return
    desk = desk_of(house, settings)
    desk.folder.mkdir(parents=True, exist_ok=True)
    try:
        found = check(desk)
    except ConnectorError as error:
        yield Finding(_UNREAD, "bad", error.hint, "source.unread")
        return
    yield from (replace(finding, code=finding.code or f"source.{settings.provider}") for finding in found)


def _of_rules(house: House, settings: SourceSettings) -> Iterator[Finding]:
    """Sources of people and of tags need none."""
    if settings.access is not None or settings.tags is not None:
        return
    mappings, kind = house.rulebook.current(), f"record.{settings.rules}"
    if not mappings.on(kind):
        told = {"name": settings.rules, "folder": house.settings.mappings or "mappings/"}
        yield Finding(_NO_RULES, "bad", _NO_RULES_HINT.with_(**told), "source.rules")
        return
    yield Finding(_RULES.with_(count=len(mappings.on(kind))), "ok", code="source.rules")
    if not mappings.on(f"{kind}.gone"):
        yield Finding(_NO_GONE, "warn", _NO_GONE_HINT.with_(name=settings.rules), "source.gone")


def _of_runs(house: House, settings: SourceSettings) -> Iterator[Finding]:
    try:
        seen = house.journal.sources_seen([settings.source])[settings.source]
    except ConnectorError:
        return  # the line of the database tells it
    standing = standing_of(settings, seen, house.clock())
    bad = standing.mark == "bad"
    yield Finding(_STANDS.with_(state=standing.words), "bad" if bad else "ok", standing.hint, "source.runs")
