"""What a person does with a source or its rows at the console: each deed with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from connector.bootstrap import Connector
from connector.errors import Refused
from connector.repair import Deed
from connector.speech import Text
from connector.sync import deeds
from webhooks.answers import see_other
from webhooks.console.parked_filters import MOST
from webhooks.console.reasons import reasoned
from webhooks.console.sync import settings_of
from webhooks.console.sync_runs import LONGEST
from webhooks.console.typed import cleaned

log = structlog.get_logger()

_TICK = Text(
    "Nothing is ticked. Go back and tick what you mean, or choose all of them.",
    "Ничего не отмечено. Вернитесь и отметьте нужное или выберите все.",
)
_OF_SOURCE: Mapping[str, Callable[[Connector, str, Deed], Any]] = {
    "run": lambda house, name, deed: deeds.begin(house, name, deed),
    "full": lambda house, name, deed: deeds.begin(house, name, deed, full=True),
    "allow": lambda house, name, deed: deeds.begin(house, name, deed, full=True, allow_gone=True),
    "pause": deeds.pause,
    "resume": deeds.resume,
    "cancel": deeds.cancel,
}


def add(rooms: Blueprint, connector: Connector) -> None:
    """The routes."""

    @rooms.post("/sync/<source>")
    def source_deed(source: str) -> Response:
        settings_of(connector, source)
        what = request.form.get("deed", "")
        do = _OF_SOURCE.get(what)
        if do is None:
            raise NotFound
        deed = reasoned()
        do(connector, source, deed)
        log.info("console.sync", source=source, what=what, who=deed.who)
        return see_other(url_for("ops.source", source=source, did=what))

    @rooms.post("/sync/<source>/record")
    def record_deed(source: str) -> Response:
        settings_of(connector, source)
        name = cleaned(request.form.get("record", ""), LONGEST)
        what, many, _ = _rows(connector, source, [name])
        return see_other(url_for("ops.record", source=source, record=name, did=what, many=many))

    @rooms.post("/sync/<source>/parked")
    def source_parked_deed(source: str) -> Response:
        settings_of(connector, source)
        cause, ticked = cleaned(request.form.get("cause", ""), 200), request.form.get("which") == "ticked"
        names = [cleaned(name, LONGEST) for name in request.form.getlist("record")[:MOST]] if ticked else None
        if ticked and not names:
            raise Refused("console.nothing_ticked", hint=_TICK, status=400)
        what, many, _ = _rows(connector, source, names, cause=cause)
        there: dict[str, Any] = {"cause": cause} if ticked and cause else {}
        return see_other(url_for("ops.source_parked", source=source, did=what, many=many, **there))


def _rows(connector: Connector, source: str, names: list[str] | None, *, cause: str = "") -> tuple[str, int, Deed]:
    """Try again or let be the named rows, or (``None``) all of that cause."""
    what = request.form.get("deed", "")
    if what not in ("retry", "discard"):
        raise NotFound
    deed = reasoned()
    if names is None:
        every = deeds.retry_all if what == "retry" else deeds.discard_all
        many = every(connector, source, deed, cause=cause)
    else:
        many = (deeds.retry if what == "retry" else deeds.discard)(connector, source, names, deed)
    log.info("console.sync_rows", source=source, what=what, count=many, who=deed.who)
    return what, many, deed
