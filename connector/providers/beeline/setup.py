"""Subscribing to Beeline's events, and looking at its side (facts/providers.md §3.5)."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.domain.ports import Clock
from connector.domain.provider import Finding, Http
from connector.domain.telephony import Renewal
from connector.errors import ConnectorError, TransientError
from connector.providers.beeline.api import ask
from connector.providers.beeline.settings import BeelineSettings
from connector.speech import Text

#: Seconds: a subscription that Beeline ended by itself is made anew within this time.
OFTEN = 3600

_KEY = Text("Beeline accepts the key; its employees: {count}", "Билайн принимает ключ; сотрудников: {count}")
_REFUSED = Text("Beeline answers with the account's key", "Билайн отвечает по ключу аккаунта")
_MISSING = Text(
    "Employees of the account that Beeline does not have: {names}", "В Билайне нет сотрудников аккаунта: {names}"
)
_MEND = Text("Correct employees of the account in connector.yaml.", "Исправьте employees аккаунта в connector.yaml.")
_SUBSCRIBED = Text("Beeline tells us of calls until {until} UTC", "Билайн сообщает нам о звонках до {until} UTC")
_LASTS = Text(
    "A subscription lasts {hours} h at most; the clock renews it while it runs",
    "Подписка живёт не дольше {hours} ч; clock продлевает её, пока работает",
)
_SUBSCRIBES = Text("Beeline takes our subscription to calls", "Билайн принимает нашу подписку на звонки")
_UNCLEAR = Text("Beeline answers without subscriptionId; try later.", "Билайн отвечает без subscriptionId; повторите.")


def _now() -> datetime:
    return datetime.now(UTC)


def renew(settings: BeelineSettings, hook_url: str, http: Http, former: str, clock: Clock = _now) -> Renewal:
    """Subscribe anew, then give up the ``former`` subscription, so that nothing is missed in between.

    Raises what :func:`~connector.providers.beeline.api.ask` raises for the new one.
    """
    lasts, subscription = _subscribe(settings, hook_url, http)
    if former and former != subscription:
        # It may be over already. If it is not, its events come twice until then, which dedupe_key sees.
        with contextlib.suppress(ConnectorError):
            ask(http, settings, "DELETE", "subscription", params={"subscriptionId": former})
    return Renewal(id=subscription, due_at=clock() + timedelta(seconds=min(lasts / 2, OFTEN)))


def connect(settings: BeelineSettings, hook_url: str, http: Http, clock: Clock = _now) -> list[Finding]:
    """Subscribe now, then check. Raises nothing."""
    try:
        lasts, _ = _subscribe(settings, hook_url, http)
    except ConnectorError as error:
        return [_failed(_SUBSCRIBES, error)]
    until = (clock() + timedelta(seconds=lasts)).strftime("%Y-%m-%d %H:%M")
    return [Finding(_SUBSCRIBED.with_(until=until), "ok"), *check(settings, hook_url, http)]


def check(settings: BeelineSettings, _: str, http: Http) -> list[Finding]:
    """The key, by the list of employees. Raises nothing. A subscription can be asked for by its id only."""
    try:
        said = ask(http, settings, "GET", "abonents")
    except ConnectorError as error:
        return [_failed(_REFUSED, error)]
    rows = [row for row in said if isinstance(row, dict)] if isinstance(said, list) else []
    known = {_bare(row.get(name)) for row in rows for name in ("userId", "phone", "extension")}
    lasts = Finding(_LASTS.with_(hours=settings.expires // 3600), "ok")
    found = [Finding(_KEY.with_(count=len(rows)), "ok"), lasts]
    missing = [extension for extension, user in settings.employees.items() if _bare(user) not in known]
    return [*found, Finding(_MISSING.with_(names=", ".join(missing)), "bad", _MEND)] if missing else found


def _subscribe(settings: BeelineSettings, hook_url: str, http: Http) -> tuple[float, str]:
    """Seconds that the new subscription lasts, and its id."""
    wanted: dict[str, Any] = {
        "expires": settings.expires,
        "subscriptionType": settings.subscription,
        "url": settings.address(hook_url),
    }
    pattern = {"pattern": settings.pattern} if settings.pattern else {}
    said = ask(http, settings, "PUT", "subscription", json={**pattern, **wanted})
    subscription = str(said.get("subscriptionId") or "") if isinstance(said, dict) else ""
    if not subscription:
        raise TransientError("beeline.unclear", hint=_UNCLEAR, maybe_done=True)
    lasts = said.get("expires")
    return (
        float(lasts) if isinstance(lasts, int) and 0 < lasts <= settings.expires else settings.expires
    ), subscription


def _failed(what: Text, error: ConnectorError) -> Finding:
    said = f" ({error.detail})" if error.detail else ""
    return Finding(what, "bad", Text(error.hint.en + said, error.hint.ru + said))


def _bare(told: object) -> str:
    return str(told or "").partition("@")[0].lstrip("+")
