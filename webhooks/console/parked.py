"""``/ops/parked``: the repair bench. What is parked, by cause; a list of it; one item with its request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from connector.bootstrap import Connector
from connector.errors import PermanentError
from connector.journal.bench import Group, Groups, Item
from connector.journal.sieve import DEPTH, Of
from connector.logs import mask_credentials
from webhooks.console import parked_deeds
from webhooks.console.gist import gist
from webhooks.console.kinds import KINDS, STANDS, kind_of
from webhooks.console.parked_filters import Asked, asked
from webhooks.console.parked_sight import sight
from webhooks.console.purse import Purse
from webhooks.console.reading import reader
from webhooks.console.showing import Shows
from webhooks.console.typed import HIGHEST, cleaned, whole

_PAGE = 50
_CHOICES = 100  # of one filter
_WORDS = 18_000  # bytes of strangers' texts on a page
_BOTH: tuple[Of, ...] = ("deliveries", "envelopes")


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""
    journal = connector.journal
    parked_deeds.add(rooms, connector, shows)

    @rooms.get("/parked")
    def parked() -> Response:
        wish = asked(request.args, reader(request, connector.clock()))
        found = {of: journal.parked_groups(wish.of(of).sieve) for of in _BOTH if wish.fits(of)}
        words = Purse(_WORDS)
        groups = sorted((group for one in found.values() for group in one.groups), key=lambda group: -group.count)
        return shows.page(
            "parked.html",
            groups=[(group, _list(wish, group)) for group in groups[:_PAGE]],
            count=sum(one.count for one in found.values()),
            whole=all(one.whole for one in found.values()),
            depth=DEPTH,
            word=lambda text, most=200: words.word(mask_credentials(text[:2000]), most),
            **_filters(connector, wish, found),
        )

    @rooms.get("/parked/list")
    def parked_list() -> Response:
        wish = asked(request.args, reader(request, connector.clock()))
        return _listed(connector, shows, wish.of(wish.sieve.of))

    @rooms.get("/parked/<int:number>")
    def parked_item(number: int) -> Response:
        if number > HIGHEST:
            raise NotFound
        return _item(connector, shows, number)

    @rooms.get("/parked/envelope/<trace>")
    def parked_envelope(trace: str) -> Response:
        return _item(connector, shows, trace)


def _listed(connector: Connector, shows: Shows, wish: Asked) -> Response:
    items = connector.journal.parked_items(wish.sieve, limit=_PAGE + 1, before=_before(wish.sieve.of))
    groups = connector.journal.parked_groups(wish.sieve)
    older = url_for("ops.parked_list", before=items[_PAGE - 1].name, **wish.query) if len(items) > _PAGE else None
    return shows.page(
        "parked_list.html",
        rows=_rows(items[:_PAGE]),
        count=groups.count,
        group=next((group for group in groups.groups if group.cause == wish.sieve.cause), None),
        whole=groups.whole,
        older=older,
        newest=url_for("ops.parked_list", **wish.query) if "before" in request.args else None,
        **_filters(connector, wish, {wish.sieve.of: groups}),
    )


def _item(connector: Connector, shows: Shows, name: int | str) -> Response:
    try:
        seen = sight(connector.journal, name)
    except PermanentError as error:
        return shows.page("fault.html", 404, hint=error.hint)
    return shows.page("parked_item.html", one=seen, stand=STANDS[seen.stand], kind_of=kind_of)


def _before(of: Of) -> int | str | None:
    text = request.args.get("before", "")
    return whole(text) if of == "deliveries" else cleaned(text, 64) or None


def _list(wish: Asked, group: Group) -> str:
    return url_for("ops.parked_list", **{**wish.of(group.of).query, "cause": group.cause})


def _filters(connector: Connector, wish: Asked, found: Mapping[Of, Groups]) -> dict[str, Any]:
    """What the form of the filters shows: the choices are what there is."""
    there = {of: {place for group in one.groups for place, _ in group.places} for of, one in found.items()}
    causes = {group.cause for one in found.values() for group in one.groups}
    known = [*(f"portal:{name}" for name in connector.portals), *(f"account:{name}" for name in connector.accounts)]
    senders = [*connector.accounts, *(f"portal:{name}" for name in connector.portals)]
    return {
        "wish": wish,
        "causes": sorted(causes | ({wish.sieve.cause} - {""}))[:_CHOICES],
        "places": sorted({*there.get("deliveries", ()), *known, wish.sieve.destination} - {""})[:_CHOICES],
        "senders": sorted({*there.get("envelopes", ()), *senders, wish.sieve.account} - {""})[:_CHOICES],
        "kinds": KINDS,
    }


def _rows(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Lines of the list; strangers' texts are cut to what a page may weigh, and made visible."""
    purse = Purse(_WORDS)
    return [
        {
            "item": item,
            "what": kind_of(purse.word(item.kind, 80)),
            "gist": purse.word(gist(item.event), 280),
            "lane": purse.word(item.lane, 100),
            "place": purse.word(item.place, 60),
            "cause": purse.word(item.cause, 80),
            "detail": purse.word(mask_credentials(item.detail[:500]), 200),
        }
        for item in items
    ]
