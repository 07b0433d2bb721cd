"""Who installed us and who may speak to us (facts/bitrix24-platform.md §4.6, §4.7, §4.8)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.domain.ports import Grant, Installation
from connector.errors import Refused
from connector.portal.endpoints import endpoint, is_loopback, netloc
from connector.speech import Text

HOUR = 3600
TOKENS_KEPT = 8
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.IGNORECASE)


def grant_from_page(query: Mapping[str, Any], form: Mapping[str, Any], now: datetime) -> Grant:
    """The token pair of a page opened inside the portal (§4.6a). Unverified: the browser of a user sent it.

    ``DOMAIN`` and ``PROTOCOL`` ride in the query, the rest in the form. ``APP_SID`` is never read: it changes on every
    render and is not the application token. Raises ``Refused`` 400 when a needed field is missing.
    """
    domain = _text(query, "DOMAIN") or _text(form, "DOMAIN")
    if not _HOST.fullmatch(domain):
        raise _incomplete("DOMAIN")
    protocol = _text(query, "PROTOCOL") or _text(form, "PROTOCOL")
    scheme = "http" if protocol == "0" and is_loopback(f"http://{domain}") else "https"
    return Grant(
        access_token=_needed(form, "AUTH_ID"),
        refresh_token=_needed(form, "REFRESH_ID"),
        expires_at=now + timedelta(seconds=lifetime(form.get("AUTH_EXPIRES"))),
        member_id=_needed(form, "member_id"),
        client_endpoint=f"{scheme}://{domain.lower()}/rest/",
        server_endpoint=_text(form, "SERVER_ENDPOINT"),
        application_token=_text(form, "APPLICATION_TOKEN"),
        scope=_text(form, "APPLICATION_SCOPE"),
        status=_text(form, "status"),
        domain=domain.lower(),
    )


def grant_from_event(form: Mapping[str, Any], now: datetime) -> Grant:
    """The token pair of ``ONAPPINSTALL`` or ``ONAPPUPDATE`` (§4.6b, §5.4 case D). Unverified until adopted.

    Raises ``Refused`` 400 when the event carries no pair (other events carry no refresh token, §5.4).
    """
    auth = form.get("auth")
    if not isinstance(auth, Mapping):
        raise _incomplete("auth")
    domain = _text(auth, "domain").lower()
    claimed = endpoint(_text(auth, "client_endpoint"), local=True)
    if not claimed and not _HOST.fullmatch(domain):
        raise _incomplete("auth[client_endpoint]")
    return Grant(
        access_token=_needed(auth, "access_token"),
        refresh_token=_needed(auth, "refresh_token"),
        expires_at=now + timedelta(seconds=lifetime(auth.get("expires_in"))),
        member_id=_needed(auth, "member_id"),
        client_endpoint=claimed or f"https://{domain}/rest/",
        server_endpoint=_text(auth, "server_endpoint"),
        application_token=_text(auth, "application_token"),
        scope=_text(auth, "scope"),
        status=_text(auth, "status"),
        user_id=_text(auth, "user_id"),
        domain=netloc(claimed) or domain,
    )


def authentic(form: Mapping[str, Any], installation: Installation) -> None:
    """Whether this portal really speaks: ``member_id`` is ours and ``application_token`` is one of ours (§4.7).

    Reads events (``auth[…]``) and pages (``APPLICATION_TOKEN``). Constant time; raises ``Refused`` 403.
    """
    auth = form.get("auth")
    auth = auth if isinstance(auth, Mapping) else {}
    member = _text(auth, "member_id") or _text(form, "member_id")
    given = _text(auth, "application_token") or _text(form, "APPLICATION_TOKEN")
    known = [token for token in installation.application_tokens if token]
    matches = [hmac.compare_digest(given.encode(), token.encode()) for token in known]
    ours = hmac.compare_digest(member.encode(), installation.grant.member_id.encode())
    if not (given and member and ours and any(matches)):
        raise Refused("portal.not_authentic", hint=_STRANGER, status=403)


def merged_tokens(old: Iterable[str], new: str) -> tuple[str, ...]:
    """All valid application tokens (trap 11), the newest last; a reinstall adds one, the oldest go at last."""
    kept = [token for token in old if token and token != new]
    return tuple([*kept, new] if new else kept)[-TOKENS_KEPT:]


def lifetime(value: Any) -> int:
    """Seconds that an access token lives, from whatever the wire said; one hour when it said nothing usable."""
    text = str(value) if isinstance(value, str | int) else ""
    return min(int(text), 24 * HOUR) if text.isascii() and text.isdecimal() and len(text) < 9 else HOUR


def _needed(form: Mapping[str, Any], name: str) -> str:
    value = _text(form, name)
    if not value:
        raise _incomplete(name)
    return value


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _incomplete(name: str) -> Refused:
    return Refused("portal.grant_incomplete", hint=_INCOMPLETE.with_(name=name), status=400, detail=name)


_INCOMPLETE = Text(
    "The installation request lacks {name}; open the application from inside Bitrix24, not by its address.",
    "В запросе на установку нет {name}; откройте приложение из Битрикс24, а не по прямому адресу.",
)
_STRANGER = Text(
    "The application token is not the one of this installation; reinstall the application in Bitrix24.",
    "Токен приложения не от этой установки; переустановите приложение в Битрикс24.",
)
