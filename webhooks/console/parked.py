"""``/ops/parked``: the repair bench. What is parked, by cause; a list of it; one item with its request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from connector.bootstrap import Connector
from connector.domain.mailing import QUARANTINE
from connector.errors import PermanentError
from connector.journal.bench import Group, Groups, Item
from connector.journal.sieve import DEPTH, Of, Sieve
from connector.listening.mailboxes import mails
from connector.logs import mask_credentials
from webhooks.answers import see_other
from webhooks.console import parked_deeds
from webhooks.console.gist import gist
from webhooks.console.kinds import KINDS, STANDS, kind_of
from webhooks.console.letters import sighted
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
        if wish.sieve.cause == QUARANTINE:
            return see_other(url_for("ops.parked_list", **wish.query))
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
            held=_held(connector),
            **_filters(connector, wish, found),
        )

    @rooms.get("/parked/list")
    def parked_list() -> Response:
        wish = asked(request.args, reader(request, connector.clock()))
        wish = wish.of(wish.sieve.of)
        return _listed(connector, shows, wish, "quarantine.html" if _is_held(wish) else "parked_list.html")

    @rooms.get("/parked/<int:number>")
    def parked_item(number: int) -> Response:
        if number > HIGHEST:
            raise NotFound
        return _item(connector, shows, number)

    @rooms.get("/parked/envelope/<trace>")
    def parked_envelope(trace: str) -> Response:
        return _item(connector, shows, trace)


def _listed(connector: Connector, shows: Shows, wish: Asked, template: str) -> Response:
    items = connector.journal.parked_items(wish.sieve, limit=_PAGE + 1, before=_before(wish.sieve.of))
    groups = connector.journal.parked_groups(wish.sieve)
    older = url_for("ops.parked_list", before=items[_PAGE - 1].name, **wish.query) if len(items) > _PAGE else None
    return shows.page(
        template,
        rows=_letters(items[:_PAGE]) if _is_held(wish) else _rows(items[:_PAGE]),
        count=groups.count,
        group=next((group for group in groups.groups if group.cause == wish.sieve.cause), None),
        whole=groups.whole,
        older=older,
        newest=url_for("ops.parked_list", **wish.query) if "before" in request.args else None,
        held=_held(connector),
        boxes=[name for name, account in connector.accounts.items() if mails(account)],
        **_filters(connector, wish, {wish.sieve.of: groups}),
    )


def _item(connector: Connector, shows: Shows, name: int | str) -> Response:
    try:
        seen = sight(connector.journal, name)
    except PermanentError as error:
        return shows.page("fault.html", 404, hint=error.hint)
    return shows.page("parked_item.html", one=seen, stand=STANDS[seen.stand], kind_of=kind_of, quarantine=QUARANTINE)


def _is_held(wish: Asked) -> bool:
    return wish.sieve.of == "deliveries" and wish.sieve.cause == QUARANTINE


def _held(connector: Connector) -> int | None:
    """How many letters are in quarantine; ``None`` in a house without mail."""
    count = connector.journal.parked_groups(Sieve(cause=QUARANTINE)).count
    return count if count or any(map(mails, connector.accounts.values())) else None


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


def _letters(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Letters in quarantine, as :func:`_rows`."""
    purse = Purse(_WORDS)
    found = ((item, sighted(item.event)) for item in items)
    return [
        {
            "item": item,
            "subject": purse.word(letter.subject, 160),
            "address": purse.word(letter.address, 100),
            "name": purse.word(letter.name, 80),
            "text": purse.word(" ".join(letter.text[:400].split()), 160),
            "why": purse.word(letter.spam or item.detail, 120),
            "files": letter.files,
            "account": purse.word(item.lane.partition(".")[0], 60),
        }
        for item, letter in found
    ]


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
