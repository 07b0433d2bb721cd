"""Repair: a preview without effect, then the deed with its reason, then what it did."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from connector import repair
from connector.bootstrap import Connector
from connector.domain.mailing import QUARANTINE
from connector.journal.sweeps import Swept
from webhooks.answers import see_other
from webhooks.console.aims import aims
from webhooks.console.kinds import kind_of
from webhooks.console.parked_filters import asked, bounded, deed
from webhooks.console.parked_preview import preview
from webhooks.console.purse import Purse
from webhooks.console.reading import reader
from webhooks.console.reasons import reasoned
from webhooks.console.showing import Shows
from webhooks.console.typed import HIGHEST

log = structlog.get_logger()

_NAMES = 6_000  # bytes of lanes' names on a page


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/parked/preview")
    def parked_preview() -> Response:
        wish, what = asked(request.args, reader(request, connector.clock())), deed(request.args)
        wish = wish.of(wish.sieve.of)
        nothing = request.args.get("which") == "ticked" and not wish.sieve.names
        found = None if nothing else preview(connector, wish.sieve, replay=what == "replay")
        purse = Purse(_NAMES)
        return shows.page(
            "parked_preview.html",
            what=what,
            held=wish.sieve.cause == QUARANTINE,
            wish=wish,
            found=found,
            word=purse.word,
            kind_of=kind_of,
            back=url_for("ops.parked_list", **wish.query),
        )

    @rooms.post("/parked/deed")
    def parked_deed() -> Response:
        wish, what = asked(request.form, reader(request, connector.clock())), deed(request.form)
        sieve = bounded(request.form, wish.of(wish.sieve.of).sieve)
        done = repair.sweep(connector, sieve, what, reasoned())
        log.info("console.swept", what=what, of=sieve.of, count=done.count, who=done.who, note=done.note)
        return see_other(url_for("ops.parked_done", number=done.note))

    @rooms.get("/parked/done/<int:number>")
    def parked_done(number: int) -> Response:
        if number > HIGHEST:
            raise NotFound
        done = connector.journal.swept(number) if number else None
        if number and done is None:
            raise NotFound
        return shows.page("parked_done.html", done=done, aims=aims, lanes=_lanes(connector, done))


def _lanes(connector: Connector, done: Swept | None) -> list[tuple[int, str, str]]:
    """``(first delivery, destination, lane)`` of the lanes that the deed concerned."""
    purse, found = Purse(_NAMES), []
    for number in done.lanes if done else ():
        place = connector.journal.lane_of(number)
        if place is not None:
            found.append((number, purse.word(place[0], 100), purse.word(place[1], 150)))
    return found
