"""Looking at and setting up Zadarma's side: keys, time zone, address and notifications (facts/providers.md §3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.zadarma.api import call
from connector.providers.zadarma.settings import ZadarmaSettings
from connector.speech import Text

#: What has to be switched on for a call to be seen whole.
WANTED = (
    "notify_start",
    "notify_internal",
    "notify_answer",
    "notify_end",
    "notify_out_start",
    "notify_out_end",
    "notify_record",
)
_KEYS = Text("Zadarma accepts the keys", "Zadarma принимает ключи")
_ZONE = Text("The time zone of the account is {zone}", "Часовой пояс аккаунта — {zone}")
_OTHER_ZONE = Text(
    "Zadarma's clock shows {shown} where {zone} has {ours}: set zone in connector.yaml to the time zone of the account "
    "({told}), or calls get wrong times.",
    "Часы Zadarma показывают {shown}, а в {zone} сейчас {ours}: задайте zone в connector.yaml по часовому поясу "
    "аккаунта ({told}), иначе время звонков будет неверным.",
)
_HOOK = Text("Zadarma posts calls to this connector", "Zadarma присылает звонки этому коннектору")
_OTHER_HOOK = Text(
    "Zadarma posts to «{url}» instead of «{wanted}»: run `connector account connect {account}`.",
    "Zadarma присылает на «{url}», а не на «{wanted}»: выполните `connector account connect {account}`.",
)
_ALL = Text("All needed notifications are switched on", "Все нужные уведомления включены")
_MISSING = Text(
    "Run `connector account connect {account}`: {names} do not arrive.",
    "Выполните `connector account connect {account}`: не приходят {names}.",
)
_ASKED = Text("Zadarma tells where it posts", "Zadarma сообщает, куда присылает")


def check(settings: ZadarmaSettings, hook_url: str, http: Http) -> list[Finding]:
    """Keys and time zone by one request, address and notifications by another. Raises nothing."""
    try:
        told = call(http, settings, "/v1/info/timezone/", {})
    except ConnectorError as error:
        return [_bad(_KEYS, error, "zadarma.keys")]
    return [Finding(_KEYS, "ok", code="zadarma.keys"), *_zone(told, settings), *_hook(settings, hook_url, http)]


def connect(settings: ZadarmaSettings, hook_url: str, http: Http) -> list[Finding]:
    """Set the address, which Zadarma asks at once whether it answers, and the notifications; then look at both."""
    try:
        call(http, settings, "/v1/pbx/callinfo/url/", {"url": hook_url}, "POST")
        call(http, settings, "/v1/pbx/callinfo/notifications/", dict.fromkeys(WANTED, "true"), "POST")
    except ConnectorError as error:
        return [_bad(_HOOK, error, "zadarma.hook")]
    return check(settings, hook_url, http)


def _zone(told: Mapping[str, Any], settings: ZadarmaSettings) -> list[Finding]:
    shown, stamp = str(told.get("datetime", "")), told.get("unixtime")
    try:
        theirs = datetime.strptime(shown[:19], "%Y-%m-%d %H:%M:%S")
        ours = datetime.fromtimestamp(int(str(stamp)), UTC).astimezone(ZoneInfo(settings.zone)).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return []
    what = _ZONE.with_(zone=settings.zone)
    if abs(ours - theirs) < timedelta(minutes=5):
        return [Finding(what, "ok", code="zadarma.zone")]
    words = {"shown": shown[:19], "zone": settings.zone, "ours": ours, "told": str(told.get("timezone", ""))[:40]}
    return [Finding(what, "bad", _OTHER_ZONE.with_(**words), code="zadarma.zone")]


def _hook(settings: ZadarmaSettings, hook_url: str, http: Http) -> list[Finding]:
    try:
        told = call(http, settings, "/v1/pbx/callinfo/", {})
    except ConnectorError as error:
        return [_bad(_ASKED, error, "zadarma.hook", "warn")]
    url, on = str(told.get("url") or "")[:200], told.get("notifications")
    on = on if isinstance(on, Mapping) else {}
    missing = [name for name in WANTED if str(on.get(name, "")).lower() not in ("true", "1")]
    same = url.rstrip("/") == hook_url.rstrip("/")
    other = _OTHER_HOOK.with_(url=url, wanted=hook_url, account=settings.account)
    lacking = _MISSING.with_(account=settings.account, names=", ".join(missing))
    return [
        Finding(_HOOK, "ok" if same else "bad", None if same else other, code="zadarma.hook"),
        Finding(_ALL, "bad" if missing else "ok", lacking if missing else None, code="zadarma.notifications"),
    ]


def _bad(what: Text, error: ConnectorError, code: str, state: Any = "bad") -> Finding:
    said = f" ({error.detail})" if error.detail else ""
    return Finding(what, state, Text(error.hint.en + said, error.hint.ru + said), code=code)
