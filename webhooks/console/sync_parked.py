"""``/ops/sync/<source>/parked``: the rows of a source that could not be written, by cause."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from connector.bootstrap import Connector
from connector.journal.sync_views import DEPTH
from connector.logs import mask_credentials
from connector.sync.deeds import BROKEN
from webhooks.console.purse import Purse
from webhooks.console.showing import Shows
from webhooks.console.sync import settings_of
from webhooks.console.sync_runs import LONGEST, lines
from webhooks.console.sync_words import DONE
from webhooks.console.typed import cleaned, whole

_PAGE = 50
_WORDS = 12_000  # bytes of strangers' texts beside the rows


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The route."""
    journal = connector.journal

    @rooms.get("/sync/<source>/parked")
    def source_parked(source: str) -> Response:
        settings_of(connector, source)
        cause, after = (cleaned(request.args.get(name, ""), LONGEST) for name in ("cause", "after"))
        causes, whole_of_it = journal.parked_causes(source)
        rows = journal.parked_rows(source, cause=cause, after=after, limit=_PAGE + 1) if cause else []
        last = rows[_PAGE - 1].record if len(rows) > _PAGE else None
        words, purse = DONE.get(request.args.get("did", "")), Purse(_WORDS)
        return shows.page(
            "source_parked.html",
            source=source,
            causes=causes,
            cause=cause,
            group=next((one for one in causes if one.cause == cause), None),
            whole=whole_of_it,
            depth=DEPTH,
            lines=lines(rows[:_PAGE]),
            word=lambda text, most=200: purse.word(mask_credentials(text[:2000]), most),
            further=url_for("ops.source_parked", source=source, cause=cause, after=last) if last else None,
            newest=url_for("ops.source_parked", source=source, cause=cause) if after else None,
            broken=BROKEN,
            told=(words, whole(request.args.get("many", ""))) if words else None,
        )
