"""``/ops/connect``: from nothing to a portal and a channel, each step green by proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, request

from connector.bootstrap import Connector
from connector.checkup import hook_url
from connector.checkup.card import WHERE, fields
from connector.checkup.observed import accounts_of, look, observe, pair_of
from connector.checkup.steps import next_step, steps
from connector.domain.provider import Finding
from connector.portal.scopes import SCOPES
from connector.telephony.renewal import renews
from webhooks.console.showing import Shows
from webhooks.looks import CUT, FAILED, Looks

_PATIENCE = 2.5  # seconds: the page comes without what the network has not said by then, and looks again by itself
_SETTLED, _MOVING = 30.0, 2.0  # seconds that findings are good for: when all is right, and while somebody is at it


def add(rooms: Blueprint, connector: Connector, shows: Shows, looks: Looks | None = None) -> None:
    """The routes. ``looks`` asks the network about ``portal/account``; tests hand in their own."""
    looks = looks or Looks(connector, look=_look, patience=_PATIENCE, fresh=_fresh, command="connector check")

    @rooms.get("/connect")
    def connect() -> Response:
        portal, account = pair_of(connector, request.args.get("portal", ""), request.args.get("account", ""))
        seen = looks.at(f"{portal}/{account}")
        told = [finding for finding in seen if finding.code != CUT]
        facts = observe(connector, portal, account, told, looked=len(told) == len(seen))
        found = steps(facts)
        return shows.page(
            "connect.html",
            facts=facts,
            steps=found,
            now=next_step(found),
            proven=sum(1 for step in found if step.state == "ok"),
            failed=[finding for finding in told if finding.code == FAILED],
            portals=list(connector.portals),
            accounts=accounts_of(connector, portal),
            connects=bool(account) and connector.accounts[account].provider.connect is not None,
            subscribes=bool(account) and renews(connector.accounts[account]),
            hook=hook_url(connector.settings.public_url, account) if account else "",
            card={"where": WHERE, "fields": fields(connector.settings.public_url), "scopes": SCOPES},
        )


def _look(connector: Connector, pair: str) -> Iterator[Finding]:
    portal, _, account = pair.partition("/")
    return look(connector, portal, account)


def _fresh(findings: Sequence[Finding]) -> float:
    """A line that the portal knows is the end of the way: nobody looks every two seconds after that."""
    right = any(finding.code in ("portal.line", "telephony.lines") for finding in findings)
    return _SETTLED if right and all(finding.state != "bad" for finding in findings) else _MOVING
