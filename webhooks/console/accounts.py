"""``/ops/accounts``: how each account stands, how it is connected, and a test message through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import NotFound

from connector.bootstrap import Connector
from connector.checkup import account_findings, connect_account, hook_url
from connector.checkup.guide import guide
from connector.checkup.rehearsal import last_rehearsal, rehearse
from connector.domain.mailing import QUARANTINE
from connector.errors import Refused
from connector.listening.health import CONNECTED, Standing, listens, state_in_words
from connector.listening.mailboxes import Mailbox, mailboxes, mails
from connector.routes import Account
from connector.speech import Text
from connector.status import STALE
from connector.telephony.health import Pbx, pbxs
from connector.telephony.renewal import renews
from webhooks.answers import see_other
from webhooks.console.abilities import able
from webhooks.console.reading import reader
from webhooks.console.reasons import reasoned
from webhooks.console.showing import Shows
from webhooks.looks import Looks

log = structlog.get_logger()

_COMMAND = "connector check"
_FINE = Text("in order", "в порядке")
_PARKED = Text("needs a person", "ждёт человека")
_WAITS = Text("replies wait", "ответы ждут")
_NO_LINE = Text("no open line", "нет открытой линии")
_UNREAD = Text("history not read", "история не читается")
_BY_HAND = Text(
    "This channel is not set up from here: give it the address for webhooks",
    "Этот канал отсюда не настраивается: укажите ему адрес для вебхуков",
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One account. ``mark`` is ``good``, ``warn`` or ``bad``; ``line`` is empty for none, ``bound`` when Bitrix24 chose
    it. ``phone`` is what is known of a PBX, ``box`` of a mailbox; ``held`` are its letters in quarantine.
    """

    name: str
    title: Text
    portal: str
    line: str
    bound: bool
    mark: str
    state: Text
    waiting: int
    parked: int
    heard: datetime | None
    phone: Pbx | None = None
    box: Mailbox | None = None
    held: int = 0

    @property
    def stream(self) -> Standing | None:
        """How it stands, for a PBX or a mailbox that is listened to."""
        known = self.phone or self.box
        return known if known is not None and known.state else None


def add(rooms: Blueprint, connector: Connector, shows: Shows, looks: Looks | None = None) -> None:
    """The routes. ``looks`` asks providers; tests hand in their own."""
    looks = looks or Looks(connector, look=lambda house, name: iter(account_findings(house, name)), command=_COMMAND)

    @rooms.get("/accounts")
    def accounts() -> Response:
        return shows.page("accounts.html", rows=_rows(connector, connector.accounts), state_in_words=state_in_words)

    @rooms.get("/accounts/<name>")
    def account(name: str) -> Response:
        known = _known(connector, name)
        # A page that renews itself asks no provider again: only its other parts are live.
        looked = request.args.get("look") == "yes" and "X-Live" not in request.headers
        return shows.page(
            "account.html",
            one=_rows(connector, {name: known})[0],
            findings=looks.at(name) if looked else None,
            hook=hook_url(connector.settings.public_url, name),
            connects=known.provider.connect is not None,
            talks=known.provider.channel is not None,
            tried=last_rehearsal(connector, name),
            portal_url=connector.settings.portals[known.portal].url,
            abilities=able(known, reader(request, connector.clock())),
            subscribes=renews(known),
            hooked=not listens(known),
            longer=mails(known) and known.provider.channel is not None and known.provider.channel.paths,
            quarantine=QUARANTINE,
            state_in_words=state_in_words,
            guide=guide(known.provider.slug, reader(request, connector.clock()).language),
            joined=request.args.get("joined") == "yes",
        )

    _deeds(rooms, connector)


def _deeds(rooms: Blueprint, connector: Connector) -> None:
    @rooms.post("/accounts/<name>/connect")
    def join(name: str) -> Response:
        _known(connector, name)
        deed = reasoned()
        if connect_account(connector, name, deed) is None:
            raise Refused("account.by_hand", hint=_BY_HAND, status=400)
        log.info("console.account_connected", account=name, who=deed.who)
        return _back(connector, name, look="yes", joined="yes")

    @rooms.post("/accounts/<name>/test")
    def try_out(name: str) -> Response:
        _known(connector, name)
        deed = reasoned()
        trace = rehearse(connector, name, deed)
        log.info("console.rehearsal", account=name, who=deed.who, trace=trace)
        return _back(connector, name, _anchor="test")


def _back(connector: Connector, name: str, **there: Any) -> Response:
    """To the page that the form was on: the wizard, or the account's own."""
    if request.form.get("back") == "connect":
        place = url_for("ops.connect", portal=connector.accounts[name].portal, account=name)
    else:
        place = url_for("ops.account", name=name, **there)
    return see_other(place)


def _known(connector: Connector, name: str) -> Account:
    if name not in connector.accounts:
        raise NotFound
    return connector.accounts[name]


def _rows(connector: Connector, accounts: Mapping[str, Account]) -> list[Row]:
    stats, heard = connector.journal.stats(), connector.journal.arrivals().heard
    bound = connector.journal.recall_all([("line", name) for name in accounts])
    phones = {one.name: one for one in pbxs(connector)}
    boxes = {one.name: one for one in mailboxes(connector)}
    return [
        _row(
            account,
            stats.get(f"account:{name}", {}),
            bound.get(("line", name)),
            heard[name].last if name in heard else None,
            phones.get(name),
            boxes.get(name),
        )
        for name, account in accounts.items()
    ]


def _row(
    account: Account,
    work: Mapping[str, Any],
    bound: Mapping[str, Any] | None,
    heard: datetime | None,
    phone: Pbx | None,
    box: Mailbox | None,
) -> Row:
    chosen = bound["line"] if bound else account.settings.line
    line, parked = "" if chosen is None else str(chosen), int(work.get("parked", 0))
    stream: Standing | None = phone or box
    alarm = (_apart(stream) if stream else None, _NO_LINE if not line and account.provider.channel else None)
    troubles = ((_PARKED, parked > 0), (_WAITS, float(work.get("oldest", 0.0)) > STALE))
    trouble = next(filter(None, alarm), None) or next((words for words, holds in troubles if holds), None)
    return Row(
        name=account.name,
        title=account.provider.title,
        portal=account.portal,
        line=line,
        bound=bound is not None,
        mark="bad" if alarm[0] else "warn" if trouble else "good",
        state=trouble or _FINE,
        waiting=int(work.get("waiting", 0)),
        parked=parked,
        heard=max(filter(None, (heard, stream.heard if stream else None)), default=None),
        phone=phone,
        box=box,
        held=int(work.get("held", 0)),
    )


def _apart(one: Standing) -> Text | None:
    """The trouble of a PBX or a mailbox in a word: its stream, else the history."""
    if not one.problems:
        return None
    return state_in_words(one.state) if one.state not in ("", CONNECTED) else _UNREAD
