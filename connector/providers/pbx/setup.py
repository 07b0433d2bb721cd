"""Looking at the other side of a PBX that speaks our webhooks (facts/providers.md §2.7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.pbx.outbound import history, post
from connector.providers.pbx.settings import WebhookPbxSettings
from connector.providers.standard_webhooks import webhook_id
from connector.speech import Text

_HOOK = Text("The PBX posts to {url}", "АТС присылает на {url}")
_DIAL = Text("The PBX takes our signed webhooks", "АТС принимает наши подписанные вебхуки")
_NO_DIAL = Text(
    "Calls are not placed from Bitrix24: dial_url is not set", "Звонки из Битрикс24 выключены: нет dial_url"
)
_HISTORY = Text("The PBX tells of past calls", "АТС рассказывает о прошлых звонках")
_ROTATION = Text("Secrets in use: {count}", "Секретов в работе: {count}")
_FINISH_ROTATION = Text(
    "Once both sides use the first secret, remove the others from connector.yaml.",
    "Когда обе стороны перешли на первый секрет, уберите остальные из connector.yaml.",
)


def check(settings: WebhookPbxSettings, hook_url: str, http: Http) -> list[Finding]:
    """Post a signed ``connection.checked`` to ``dial_url`` and read the last hour of ``history_url``, where they are
    set. Raises nothing."""
    findings = [Finding(_HOOK.with_(url=hook_url), "ok"), _secrets(settings), _dial(settings, hook_url, http)]
    return [*findings, _history(settings, http)] if settings.history_url else findings


def _dial(settings: WebhookPbxSettings, hook_url: str, http: Http) -> Finding:
    if not settings.dial_url:
        return Finding(_NO_DIAL, "ok")
    try:
        post(settings, http, webhook_id(""), "connection.checked", {"account": settings.account, "hook": hook_url})
    except ConnectorError as error:
        return _failed(_DIAL, error)
    return Finding(_DIAL, "ok")


def _history(settings: WebhookPbxSettings, http: Http) -> Finding:
    now = datetime.now(UTC)
    try:
        for _ in history(now - timedelta(hours=1), now, settings, http):
            pass
    except ConnectorError as error:
        return _failed(_HISTORY, error)
    return Finding(_HISTORY, "ok")


def _secrets(settings: WebhookPbxSettings) -> Finding:
    what = _ROTATION.with_(count=len(settings.secret))
    return Finding(what, "ok") if len(settings.secret) == 1 else Finding(what, "warn", _FINISH_ROTATION)


def _failed(what: Text, error: ConnectorError) -> Finding:
    said = f" ({error.detail})" if error.detail else ""
    return Finding(what, "bad", Text(error.hint.en + said, error.hint.ru + said))
