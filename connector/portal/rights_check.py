"""What we may do: REST, rights, scopes, the plan (facts/bitrix24-platform.md §1.1, §3.3, §4.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from connector.domain.provider import Finding
from connector.portal import phrases as say
from connector.portal.checked import TRUE, Checked

NEEDED = ("imopenlines", "imconnector", "im", "crm", "user")
BY_WEBHOOK = ("crm", "user")
OF_TALK, OF_CALLS = frozenset({"imopenlines", "imconnector"}), ("telephony",)
_TWINS: Mapping[str, frozenset[str]] = {"user": frozenset({"user", "user_basic", "user_brief"})}
_SOON = 7  # days that a paid application still has when it is worth a word
_FALSE = (False, 0, "0", "N", "n", "false")


def rest(portal: Checked) -> Iterator[Finding]:
    """``profile`` needs no permission and answers every credential (§1.1)."""
    profile = portal.call("profile")
    admin = isinstance(profile, dict) and profile.get("ADMIN") in TRUE
    yield Finding(say.REST, "ok", code="portal.rest")
    yield Finding(say.ADMIN, "ok" if admin else "warn", None if admin else say.ADMIN_HINT, "portal.admin")


def needed(*, webhook: bool = False, talk: bool = True, calls: bool = False) -> tuple[str, ...]:
    """The permissions for what the accounts of a portal do: messages (``talk``), telephony (``calls``)."""
    base = BY_WEBHOOK if webhook else tuple(name for name in NEEDED if talk or name not in OF_TALK)
    return (*base, *(OF_CALLS if calls else ()))


def scopes(portal: Checked, wanted: Collection[str], *, webhook: bool) -> Iterator[Finding]:
    """The granted permissions against the ``wanted`` ones."""
    missing = _missing(portal.call("scope"), wanted)
    if missing:
        hint = say.WEBHOOK_SCOPES_HINT if webhook else say.SCOPES_HINT
        mend = "" if webhook else f"connector portal install {portal.name}"
        yield Finding(say.SCOPES, "bad", hint.with_(names=", ".join(missing)), "portal.scopes", mend)
    else:
        yield Finding(say.SCOPES, "ok", code="portal.scopes")


def plan(portal: Checked) -> Iterator[Finding]:
    """``app.info`` as the portal tells it; a webhook learns the plan only. ``DAYS`` below 0: a grace period (§4.6)."""
    told = portal.call("app.info")
    told = told if isinstance(told, dict) else {}
    what = say.LICENCE.with_(licence=str(told.get("LICENSE") or "?")[:60])
    days = _whole(told.get("DAYS"))
    if told.get("PAYMENT_EXPIRED") in TRUE:
        yield Finding(what, "bad", say.EXPIRED_HINT, "portal.licence")
    elif days is not None and days < 0:
        yield Finding(what, "warn", say.GRACE_HINT.with_(days=-days), "portal.licence")
    elif days is not None and days <= _SOON:
        yield Finding(what, "warn", say.ENDS_HINT.with_(days=days), "portal.licence")
    else:
        yield Finding(what, "ok", code="portal.licence")
    if told.get("INSTALLED") in _FALSE:
        yield Finding(say.FINISHED, "bad", say.FINISHED_HINT, "portal.install_finish")


def _missing(answer: Any, needed: Collection[str]) -> list[str]:
    granted = {str(item).lower() for item in answer} if isinstance(answer, list) else set()
    return [name for name in needed if not granted & _TWINS.get(name, frozenset({name}))]


def _whole(value: Any) -> int | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 9 else None
