"""What is right and wrong with a portal, said in the first minute (traps 12, 15; facts/bitrix24-platform.md §4-5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from connector.domain.provider import Finding
from connector.portal import bindings_check, credentials_check, rights_check
from connector.portal import phrases as say
from connector.portal.checked import Checked, Line, asked
from connector.portal.events import wanted
from connector.portal.scopes import Use

__all__ = ["Checked", "Line", "examine"]


def examine(
    portal: Checked,
    *,
    webhook: bool,
    lines: Sequence[Line],
    handler_url: str,
    now: datetime,
    calls: bool = False,
    uses: Collection[Use] = (),
) -> Iterator[Finding]:
    """The findings one by one as they are made, the basic ones first. Never raises.

    ``lines`` are the accounts that carry messages; ``calls``: there are accounts of PBXs too; ``uses``:
    what else is set up and needs permissions. What depends on a broken basis is left out.
    """
    talk = bool(lines) or not calls
    basis = _webhook(portal, now) if webhook else _application(portal, now)
    yield from basis
    if basis[0].state == "bad":
        return
    answers = asked(say.REST, "portal.rest", lambda: rights_check.rest(portal))
    yield from answers
    if any(finding.state == "bad" for finding in answers):
        return
    yield from asked(say.CLOCK, "portal.clock", lambda: credentials_check.clock(portal, now))
    rights = rights_check.uses_of(webhook=webhook, talk=talk, calls=calls, more=uses)
    yield from asked(say.SCOPES, "portal.scopes", lambda: rights_check.scopes(portal, rights, webhook=webhook))
    yield from asked(say.LICENCE.with_(licence="?"), "portal.licence", lambda: rights_check.plan(portal))
    if not webhook:
        events = wanted(talk=talk, calls=calls)
        yield from asked(say.EVENTS, "portal.handlers", lambda: bindings_check.handlers(portal, handler_url, events))
        yield from bindings_check.connectors(portal, lines)


def _application(portal: Checked, now: datetime) -> list[Finding]:
    return asked(say.INSTALLED, "portal.installed", lambda: credentials_check.installed(portal, now))


def _webhook(portal: Checked, now: datetime) -> list[Finding]:
    """What a webhook can and cannot do comes first; a stopped one is told with its reason."""
    mend = f"connector portal install {portal.name}"
    found = [Finding(say.WEBHOOK, "warn", say.WEBHOOK_HINT, "portal.webhook", mend)]
    return found + asked(say.WEBHOOK, "portal.state", lambda: credentials_check.stopped(portal, now))
