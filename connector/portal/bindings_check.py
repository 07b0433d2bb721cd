"""Whether the portal talks to us: event handlers, connectors, lines (platform §5.2; openlines §1.3-1.6; trap 12)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from connector.domain.provider import Finding
from connector.errors import ConnectorError
from connector.portal import phrases as say
from connector.portal.batch import LIMIT, Outcome
from connector.portal.checked import TRUE, Checked, Line, asked, rows
from connector.portal.events import PROBED

ESSENTIAL = "ONIMCONNECTORMESSAGEADD"  # what operators write; without it there is no conversation


def handlers(portal: Checked, handler_url: str, wanted: Collection[str]) -> Iterator[Finding]:
    """Bindings against the ``wanted`` ones: missing, doubled, and left behind at another address of ours."""
    answer = portal.call("event.get")
    bound = [(str(row.get("event", "")).upper(), str(row.get("handler", ""))) for row in rows(answer)]
    right = [event for event, handler in bound if not handler_url or canonical(handler) == canonical(handler_url)]
    missing = [event for event in wanted if event not in right]
    lacking = _lacking(portal, missing)
    missing = [event for event in missing if event not in lacking]
    doubled = sorted({event for event in right if right.count(event) > 1})
    mend = f"connector portal rebind {portal.name}"
    if missing:
        # Without the probe event everything works, it only cannot be tried.
        harmless, hint = set(missing) == {PROBED}, say.EVENTS_HINT.with_(names=", ".join(missing))
        yield Finding(say.EVENTS, "warn" if harmless else "bad", hint, "portal.handlers", mend)
    if doubled:
        hint = say.DOUBLED_HINT.with_(names=", ".join(doubled))
        yield Finding(say.EVENTS, "warn", hint, "portal.handlers_doubled", mend)
    if not missing and not doubled:
        yield Finding(say.EVENTS, "ok", code="portal.handlers")
    if lacking:
        hint = say.LACKING_HINT.with_(names=", ".join(lacking))
        yield Finding(say.LACKING, "bad" if ESSENTIAL in lacking else "warn", hint, "portal.handlers_lacking")
    for url in _stale([handler for _, handler in bound], handler_url):
        hint = say.STALE_HINT.with_(portal=portal.name, url=url)
        unbind = f"connector portal unbind {portal.name} {url}"
        yield Finding(say.STALE.with_(url=url), "warn", hint, "portal.handlers_stale", unbind)


def connectors(portal: Checked, lines: Sequence[Line]) -> list[Finding]:
    """The connectors of the accounts, and when those are registered the line of each account."""
    if not lines:
        return []
    found = asked(say.CONNECTORS, "portal.connectors", lambda: _registered(portal, lines))
    if any(finding.state == "bad" for finding in found):
        return found
    return found + asked(say.CONNECTORS, "portal.line", lambda: _lines(portal, lines))


def canonical(url: str) -> str:
    """The address without what makes two of one (a slash at the end, capitals)."""
    return url.strip().rstrip("/").lower()


def _lacking(portal: Checked, missing: Sequence[str]) -> list[str]:
    """Of the missing events those that the portal does not have at all (an older box, §4.9): nobody can bind them."""
    if not missing:
        return []
    answer = portal.call("events")
    known = {str(name).upper() for name in answer} if isinstance(answer, list) else set()
    return [event for event in missing if known and event not in known]


def _stale(handlers: Sequence[str], handler_url: str) -> list[str]:
    """Other addresses that end like ours: this application lived there once, or lives there as well."""
    path = urlsplit(handler_url).path
    if not path:
        return []
    others = [url for url in handlers if canonical(url) != canonical(handler_url)]
    return sorted({url for url in others if urlsplit(canonical(url)).path.endswith(path.lower())})


def _registered(portal: Checked, lines: Sequence[Line]) -> Iterator[Finding]:
    answer = portal.call("imconnector.list")
    known = {str(key).lower() for key in answer} if isinstance(answer, dict) else set()
    missing = sorted({line.slug for line in lines if portal.connector_id(line.slug) not in known})
    if missing:
        mend = f"connector portal rebind {portal.name}"
        yield Finding(
            say.CONNECTORS, "bad", say.CONNECTORS_HINT.with_(names=", ".join(missing)), "portal.connectors", mend
        )
    else:
        yield Finding(say.CONNECTORS, "ok", code="portal.connectors")


def _lines(portal: Checked, lines: Sequence[Line]) -> Iterator[Finding]:
    """One request for fifty lines: looking at a portal must not eat what its talk needs."""
    chosen = [line for line in lines if line.line]
    outcomes: dict[str, Outcome] = {}
    for start in range(0, len(chosen), LIMIT):
        some = chosen[start : start + LIMIT]
        outcomes |= portal.batch({line.account: _status_of(portal, line) for line in some})
    for line in lines:
        yield _line(line, outcomes.get(line.account))


def _status_of(portal: Checked, line: Line) -> tuple[str, dict[str, Any]]:
    return "imconnector.status", {"CONNECTOR": portal.connector_id(line.slug), "LINE": line.line}


def _line(line: Line, outcome: Outcome | None) -> Finding:
    """``STATUS`` false: messages fail and operators cannot reply (openlines §1.4)."""
    what = say.LINE.with_(account=line.account, line=line.line or "?")
    if not line.line:
        return Finding(what, "bad", say.NO_LINE_HINT, "portal.line")
    status = outcome.result if outcome is not None and outcome.state == "ok" else None
    if isinstance(status, dict) and status.get("STATUS") in TRUE:
        return Finding(what, "ok", code="portal.line")
    refused = outcome.error if outcome is not None else None
    return Finding(what, "bad", refused.hint if isinstance(refused, ConnectorError) else say.LINE_HINT, "portal.line")
