"""Whether we may speak at all: the installation, its state, its tokens, the clocks (facts/bitrix24-platform.md §4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connector.domain.ports import Installation
from connector.domain.provider import Finding
from connector.domain.states import in_words
from connector.portal import phrases as say
from connector.portal.checked import Checked

SKEW_WARN, SKEW_BAD = 60.0, 300.0
IDLE_DAYS = 150  # of the 180 that a refresh token lives (§4.1)
_LIFETIME = timedelta(hours=1)  # of an access token: it was born so long before it expires


def installed(portal: Checked, now: datetime) -> Iterator[Finding]:
    """The installation, the state with its reason, ``member_id``, the age of the tokens."""
    found = portal.installation()
    if found is None or not found.grant.client_endpoint:
        mend = f"connector portal install {portal.name}"
        yield Finding(say.INSTALLED, "bad", say.NOT_INSTALLED, "portal.installed", mend)
        return
    yield _state(found, now) or Finding(say.INSTALLED, "ok", code="portal.installed")
    member = found.grant.member_id
    what = say.MEMBER.with_(member=member or "?")
    yield Finding(what, "ok" if member else "bad", None if member else say.MEMBER_HINT, "portal.member")
    yield _tokens(found, now)


def stopped(portal: Checked, now: datetime) -> Iterator[Finding]:
    """For a webhook, which is never installed: its state when it does not work."""
    found = portal.installation()
    trouble = None if found is None else _state(found, now)
    if trouble is not None:
        yield trouble


def clock(portal: Checked, now: datetime) -> Iterator[Finding]:
    """``server.time`` is ISO-8601 with the portal's offset (§6.3)."""
    try:
        theirs = datetime.fromisoformat(str(portal.call("server.time")))
        skew = abs((theirs - now).total_seconds())
    except (TypeError, ValueError):
        yield Finding(say.CLOCK, "warn", say.CLOCK_UNREAD, "portal.clock")
        return
    if skew < SKEW_WARN:
        yield Finding(say.CLOCK, "ok", code="portal.clock")
        return
    what, mend = say.SKEW.with_(seconds=round(skew)), "timedatectl set-ntp true"
    yield Finding(what, "bad" if skew >= SKEW_BAD else "warn", say.SKEW_HINT, "portal.clock", mend)


def _state(found: Installation, now: datetime) -> Finding | None:
    """A stopped portal is called all the same when its probe is due, so this is not the end of the checks.

    The reason tells for how long; that of an active portal is that nobody answers at its address.
    """
    if found.state != "active":
        what = say.STATE.with_(state=in_words(found.state), reason=say.reason_in_words(found.reason, now))
        return Finding(what, "warn", say.STATE_HINTS[found.state], "portal.state")
    if found.reason:
        what = say.DARK.with_(reason=say.reason_in_words(found.reason, now))
        return Finding(what, "warn", say.STATE_HINTS["unreachable"], "portal.state")
    return None


def _tokens(found: Installation, now: datetime) -> Finding:
    idle = (now - found.grant.expires_at).days
    if idle > IDLE_DAYS:
        return Finding(say.IDLE.with_(days=idle), "warn", say.IDLE_HINT, "portal.token", "connector clock")
    born = max(0.0, (now - found.grant.expires_at + _LIFETIME).total_seconds())
    return Finding(say.TOKEN.with_(age=say.age(born)), "ok", code="portal.token")
