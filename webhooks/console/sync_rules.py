"""``/ops/sync/<source>/rules``: the rule file of a source in one's hands: tried on a row, then put to use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from connector.bootstrap import Connector
from connector.domain.sources import SourceSettings
from connector.errors import PermanentError, Refused
from connector.journal.sync_model import MirrorRow
from connector.logs import mask_credentials
from connector.rulebook import editing
from connector.rulebook.examples import empty_portal
from connector.rulebook.explaining import explained
from connector.rulebook.trying import Tried, memory_of
from connector.speech import Text
from connector.sync import deeds
from connector.sync.opening import fingerprint
from mappings.documents import MAX_BYTES
from mappings.engine import MappingSet
from mappings.faults import BrokenError, Fault
from webhooks.answers import see_other
from webhooks.console.masking import masked
from webhooks.console.purse import Purse
from webhooks.console.reasons import reasoned
from webhooks.console.rulings import Ruling
from webhooks.console.showing import Shows
from webhooks.console.sync import settings_of
from webhooks.console.sync_runs import LONGEST, event_of, lines, rulings
from webhooks.console.typed import cleaned

log = structlog.get_logger()

_WORDS = 16_000  # bytes of strangers' texts on a page
_FAULTS = 50
_LARGE = 60_000  # characters of a file that is edited in a browser
_NEW = """version: 1
on: record.{kind}
# about: what this rule is for
"""
_TOO_LARGE = Text(
    "This file is too large for the console: edit it in the folder of rules.",
    "Файл слишком велик для консоли: правьте его в папке правил.",
)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the edited rules would do with one row; ``asked`` is false when the portal could not be."""

    version: str
    ruling: Ruling | None
    tried: Tried
    writes: Sequence[tuple[str, str]]
    asked: bool


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What stands in the form: ``was`` is the stamp of the file that it was edited from."""

    name: str
    text: str
    was: str
    record: str


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""
    editor = Editor(connector, shows)

    @rooms.get("/sync/<source>/rules")
    def source_rules(source: str) -> Response:
        return editor.opened(settings_of(connector, source))

    @rooms.post("/sync/<source>/rules")
    def source_rules_deed(source: str) -> Response:
        settings = settings_of(connector, source)
        do = {"try": editor.tried, "apply": editor.applied}.get(request.form.get("deed", ""))
        if do is None:
            raise NotFound
        return do(settings)


class Editor:
    """The page and its two deeds."""

    def __init__(self, connector: Connector, shows: Shows) -> None:
        self._connector, self._shows = connector, shows

    @property
    def _folder(self) -> Path | None:
        return self._connector.settings.mappings

    def opened(self, settings: SourceSettings) -> Response:
        """The file as it is now."""
        names = self._names(settings)
        asked = request.args.get("file", "")
        name = asked if asked in names else names[0]
        text, faults = "", list[Fault]()
        try:
            text = editing.text_of(self._folder, name)
        except BrokenError as error:
            faults = list(error.faults)
        fresh = text or _NEW.format(kind=settings.rules)
        record = cleaned(request.args.get("record", ""), LONGEST)
        draft = Draft(name=name, text=fresh, was=editing.stamp(text), record=record)
        return self._page(settings, draft, faults=faults)

    def tried(self, settings: SourceSettings) -> Response:
        """What they would do with the row; nothing is written anywhere."""
        draft = self._draft(settings)
        try:
            mappings = editing.drafted(self._folder, draft.name, draft.text)
        except BrokenError as error:
            return self._page(settings, draft, 400, faults=error.faults, more=error.more)
        row = self._row(settings, draft)
        trial = self._trial(settings, row, mappings) if row is not None else None
        return self._page(settings, draft, trial=trial, sound=mappings.version)

    def applied(self, settings: SourceSettings) -> Response:
        """The file is written and put to use, and the rows that were parked under other rules are tried again."""
        draft = self._draft(settings)
        try:
            deed = reasoned()
            editing.written(self._folder, draft.name, draft.text, was=draft.was)
            self._connector.rulebook.publish()
        except BrokenError as error:
            return self._page(settings, draft, 400, faults=error.faults, more=error.more)
        except (PermanentError, Refused) as error:
            return self._page(settings, draft, 400, wrong=error.hint)
        version = self._connector.journal.mapping_now()
        self._connector.journal.audit(deed.who, "mapping.edited", deed.why, f"rules:{draft.name} {version}")
        rules = fingerprint(self._connector.rulebook.current(), settings)
        many = deeds.retry_all(self._connector, settings.source, deed, other_mapping=rules)
        log.info("console.rules_applied", file=draft.name, version=version, retried=many, who=deed.who)
        there: dict[str, Any] = {"file": draft.name, "record": draft.record, "version": version, "many": many}
        return see_other(url_for("ops.source_rules", source=settings.source, **there))

    def _page(
        self,
        settings: SourceSettings,
        draft: Draft,
        status: int = 200,
        *,
        faults: Sequence[Fault] = (),
        more: int = 0,
        trial: Trial | None = None,
        sound: str = "",
        wrong: Text | None = None,
    ) -> Response:
        row = self._row(settings, draft)
        now = self._connector.journal.mapping_now()
        applied = request.method == "GET" and request.args.get("version", "") == now and bool(now)
        return self._shows.page(
            "source_rules.html",
            status,
            source=settings.source,
            kind=settings.rules,
            draft=draft,
            names=self._names(settings),
            writable=editing.writable(self._folder),
            folder=str(self._folder or ""),
            line=lines([row])[0] if row is not None else None,
            faults=faults[:_FAULTS],
            more=more + max(0, len(faults) - _FAULTS),
            trial=trial,
            sound=sound,
            wrong=wrong,
            now=now,
            applied=request.args.get("many", "0") if applied else None,
        )

    def _trial(self, settings: SourceSettings, row: MirrorRow, mappings: MappingSet) -> Trial:
        connector, event = self._connector, event_of(settings, row)
        rules = replace(connector.rules, mappings=mappings, at=connector.clock())
        portal = connector.portals[settings.portal]
        asked = portal.installed()
        read = portal.call if asked else empty_portal(mappings)
        found = explained(event, mappings, rules, memory_of(connector.journal), read)
        purse = Purse(_WORDS)
        writes = [(purse.word(each.method, 60), purse.word(_json(each.params), 2000)) for each in found.tried.writes]
        ruling = rulings(connector).of_record(event, mappings)
        return Trial(version=mappings.version, ruling=ruling, tried=found.tried, writes=writes, asked=asked)

    def _names(self, settings: SourceSettings) -> list[str]:
        """Files with rules for these records; one that could be, when there is none yet."""
        kinds = [f"record.{settings.rules}", f"record.{settings.rules}.gone"]
        try:
            mappings = self._connector.rulebook.folder_set()
        except BrokenError:
            mappings = self._connector.rulebook.current()
        found = [name for kind in kinds for name in editing.files_on(kind, mappings)]
        return list(dict.fromkeys(found)) or [f"{settings.rules}.yaml"]

    def _row(self, settings: SourceSettings, draft: Draft) -> MirrorRow | None:
        if draft.record:
            return self._connector.journal.mirror_row(settings.source, draft.record)
        parked = self._connector.journal.parked_rows(settings.source, limit=1)
        found = parked or self._connector.journal.mirror_rows(settings.source, limit=1)
        return found[0] if found else None

    def _draft(self, settings: SourceSettings) -> Draft:
        """Raises ``Refused`` 400 for what no page of ours sends."""
        form, names = request.form, self._names(settings)
        text = form.get("text", "").replace("\r\n", "\n")
        if form.get("file", "") not in names or len(text.encode(errors="replace")) > min(MAX_BYTES, _LARGE):
            raise Refused("console.rules", hint=_TOO_LARGE, status=400)
        record = cleaned(form.get("record", ""), LONGEST)
        return Draft(name=form["file"], text=text, was=form.get("was", "")[:32], record=record)


def _json(value: Any) -> str:
    return mask_credentials(json.dumps(masked(value), ensure_ascii=False, default=str))
