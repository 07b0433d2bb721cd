"""What is right and wrong with a portal, said in the first minute (trap 15; facts/bitrix24-platform.md §5.2, §6.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from connector.domain.ports import Installation
from connector.domain.provider import Finding
from connector.errors import ConnectorError
from connector.portal import phrases as say
from connector.portal.events import WANTED
from connector.speech import Text

NEEDED = ("imopenlines", "imconnector", "im", "crm", "user")
_TWINS: Mapping[str, frozenset[str]] = {"user": frozenset({"user", "user_basic", "user_brief"})}
SKEW_WARN, SKEW_BAD = 60.0, 300.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """An account with its open line: ``slug`` of the provider, ``line`` as the portal numbers it (may be unknown)."""

    account: str
    slug: str
    line: str = ""


class Checked(Protocol):
    """The part of ``Portal`` that the checks use."""

    def call(self, method: str, params: Mapping[str, Any] = ..., *, live: bool = True) -> Any: ...

    def installation(self) -> Installation | None: ...

    def connector_id(self, slug: str) -> str: ...


def examine(portal: Checked, *, webhook: bool, lines: Sequence[Line], handler_url: str, now: datetime) -> list[Finding]:
    """All findings, the basic ones first; what depends on a broken basis is left out. Never raises."""
    if not webhook:
        findings = _asked(say.INSTALLED, lambda: _installed(portal, now))
        if findings[0].state == "bad":
            return findings
    else:
        findings = [Finding(say.WEBHOOK, "warn", say.WEBHOOK_HINT)]
    rest = _asked(say.REST, lambda: _rest(portal))
    findings += rest
    if any(finding.state == "bad" for finding in rest):
        return findings
    findings += _asked(say.CLOCK, lambda: _clock(portal, now))
    findings += _asked(say.SCOPES, lambda: _scopes(portal, ("crm", "user") if webhook else NEEDED))
    if not webhook:
        findings += _asked(say.EVENTS, lambda: _events(portal, handler_url))
        findings += _connectors(portal, lines)
    return findings


def _asked(what: Text, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except ConnectorError as error:
        return [Finding(what, "bad", error.hint)]


def _installed(portal: Checked, now: datetime) -> Iterator[Finding]:
    installation = portal.installation()
    if installation is None or not installation.grant.client_endpoint:
        yield Finding(say.INSTALLED, "bad", say.NOT_INSTALLED)
        return
    idle = (now - installation.grant.expires_at).days
    if installation.state != "active":
        why = {"state": installation.state, "reason": installation.reason or "-"}
        # A stopped portal is called all the same when its probe is due, so this is not the end of the checks.
        yield Finding(say.STATE.with_(**why), "warn", say.STATE_HINT)
    elif idle > 150:
        yield Finding(say.IDLE.with_(days=idle), "warn", say.IDLE_HINT)
    else:
        yield Finding(say.INSTALLED, "ok")


def _rest(portal: Checked) -> Iterator[Finding]:
    profile = portal.call("profile")
    admin = isinstance(profile, dict) and profile.get("ADMIN") in (True, "Y", "1", 1)
    yield Finding(say.REST, "ok")
    yield Finding(say.ADMIN, "ok") if admin else Finding(say.ADMIN, "warn", say.ADMIN_HINT)


def _clock(portal: Checked, now: datetime) -> Iterator[Finding]:
    """``server.time`` is ISO-8601 with the portal's offset (§6.3)."""
    try:
        theirs = datetime.fromisoformat(str(portal.call("server.time")))
        skew = abs((theirs - now).total_seconds())
    except (TypeError, ValueError):
        yield Finding(say.CLOCK, "warn", say.CLOCK_UNREAD)
        return
    if skew < SKEW_WARN:
        yield Finding(say.CLOCK, "ok")
        return
    yield Finding(say.SKEW.with_(seconds=round(skew)), "bad" if skew >= SKEW_BAD else "warn", say.SKEW_HINT)


def _scopes(portal: Checked, needed: Collection[str]) -> Iterator[Finding]:
    answer = portal.call("scope")
    granted = {str(item).lower() for item in answer} if isinstance(answer, list) else set()
    missing = [name for name in needed if not granted & _TWINS.get(name, frozenset({name}))]
    if missing:
        yield Finding(say.SCOPES, "bad", say.SCOPES_HINT.with_(names=", ".join(missing)))
    else:
        yield Finding(say.SCOPES, "ok")


def _events(portal: Checked, handler_url: str) -> Iterator[Finding]:
    """Bindings against the wanted ones: missing, doubled (trap 12) and left over from another address."""
    answer = portal.call("event.get")
    bound = [(str(row.get("event", "")).upper(), str(row.get("handler", ""))) for row in _rows(answer)]
    right = [event for event, handler in bound if not handler_url or _canonical(handler) == _canonical(handler_url)]
    missing = [event for event in WANTED if event not in right]
    doubled = sorted({event for event in right if right.count(event) > 1})
    if missing:
        yield Finding(say.EVENTS, "bad", say.EVENTS_HINT.with_(names=", ".join(missing)))
    if doubled:
        yield Finding(say.EVENTS, "warn", say.DOUBLED_HINT.with_(names=", ".join(doubled)))
    if not missing and not doubled:
        yield Finding(say.EVENTS, "ok")


def _connectors(portal: Checked, lines: Sequence[Line]) -> list[Finding]:
    if not lines:
        return []
    findings = _asked(say.CONNECTORS, lambda: _registered(portal, lines))
    if any(finding.state == "bad" for finding in findings):
        return findings
    for line in lines:
        what = say.LINE.with_(account=line.account, line=line.line or "?")
        findings += _asked(what, partial(_line, portal, line, what))
    return findings


def _registered(portal: Checked, lines: Sequence[Line]) -> Iterator[Finding]:
    answer = portal.call("imconnector.list")
    known = {str(key).lower() for key in answer} if isinstance(answer, dict) else set()
    missing = sorted({line.slug for line in lines if portal.connector_id(line.slug) not in known})
    if missing:
        yield Finding(say.CONNECTORS, "bad", say.CONNECTORS_HINT.with_(names=", ".join(missing)))
    else:
        yield Finding(say.CONNECTORS, "ok")


def _line(portal: Checked, line: Line, what: Text) -> Iterator[Finding]:
    if not line.line:
        yield Finding(what, "bad", say.NO_LINE_HINT)
        return
    status = portal.call("imconnector.status", {"CONNECTOR": portal.connector_id(line.slug), "LINE": line.line})
    if isinstance(status, dict) and status.get("STATUS") in (True, "Y", "1", 1):
        yield Finding(what, "ok")
    else:
        yield Finding(what, "bad", say.LINE_HINT)


def _rows(answer: Any) -> list[dict[str, Any]]:
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []


def _canonical(url: str) -> str:
    return url.strip().rstrip("/").lower()
