"""What we may do: REST, rights, scopes, the plan (facts/bitrix24-platform.md §1.1, §3.3, §4.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from connector.domain.provider import Finding
from connector.portal import phrases as say
from connector.portal.checked import TRUE, Checked
from connector.portal.scopes import Scope, Use, lacking
from connector.speech import Text

_SOON = 7  # days that a paid application still has when it is worth a word
_FALSE = (False, 0, "0", "N", "n", "false")


def rest(portal: Checked) -> Iterator[Finding]:
    """``profile`` needs no permission and answers every credential (§1.1)."""
    profile = portal.call("profile")
    admin = isinstance(profile, dict) and profile.get("ADMIN") in TRUE
    yield Finding(say.REST, "ok", code="portal.rest")
    yield Finding(say.ADMIN, "ok" if admin else "warn", None if admin else say.ADMIN_HINT, "portal.admin")


def uses_of(*, webhook: bool, talk: bool, calls: bool, more: Collection[Use] = ()) -> frozenset[Use]:
    """What needs permissions: messages (``talk``), telephony (``calls``), and what else is set up (``more``)."""
    uses: set[Use] = {"crm", *more}
    uses |= set() if webhook else {"app"}
    uses |= {"talk"} if talk and not webhook else set()
    return frozenset(uses | ({"calls"} if calls else set()))


def scopes(portal: Checked, uses: Collection[Use], *, webhook: bool) -> Iterator[Finding]:
    """The granted permissions against those that the ``uses`` need."""
    answer = portal.call("scope")
    granted = {str(item).lower() for item in answer} if isinstance(answer, list) else set()
    missing = list(lacking(granted, uses))
    if missing:
        hint = say.WEBHOOK_SCOPES_HINT if webhook else say.SCOPES_HINT
        mend = "" if webhook else f"connector portal install {portal.name}"
        yield Finding(say.SCOPES, "bad", hint.with_(names=_named(missing)), "portal.scopes", mend)
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


def _named(missing: Collection[Scope]) -> Text:
    """Their names, and of those that not everybody needs what they are for."""
    told = [Text(scope.name, scope.name) if scope.only is None else scope.named for scope in missing]
    return Text(", ".join(each.en for each in told), ", ".join(each.ru for each in told))


def _whole(value: Any) -> int | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 9 else None
