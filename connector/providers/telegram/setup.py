"""Looking at and setting up Telegram's side: the token, the webhook and its secret (facts/providers.md §2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.telegram.api import call
from connector.providers.telegram.inbound import UPDATES
from connector.providers.telegram.settings import TelegramSettings
from connector.speech import Text

MANY_PENDING = 100

_TOKEN = Text("The bot token is accepted", "Токен бота принят")
_BOT = Text("Telegram knows the bot as @{name}", "Telegram знает бота как @{name}")
_WEBHOOK = Text("Telegram posts updates to this connector", "Telegram присылает обновления этому коннектору")
_OTHER_WEBHOOK = Text(
    "Telegram posts to «{url}» instead of «{wanted}»: stop the program that uses the other address, then run "
    "`connector account connect {account}`.",
    "Telegram присылает на «{url}», а не на «{wanted}»: остановите программу с тем адресом и выполните "
    "`connector account connect {account}`.",
)
_NO_WEBHOOK = Text(
    "Telegram has no address to post to yet: run `connector account connect {account}`.",
    "Telegram ещё не знает, куда присылать: выполните `connector account connect {account}`.",
)
_UPDATES = Text("All needed kinds of updates are switched on", "Все нужные виды обновлений включены")
_MISSING_UPDATES = Text(
    "Run `connector account connect {account}`: {names} do not arrive.",
    "Выполните `connector account connect {account}`: не приходят {names}.",
)
_DELIVERED = Text("Telegram reports no failed delivery", "Telegram не сообщает о сбоях доставки")
_FAILED = Text("Telegram reports a failed delivery", "Telegram сообщает о сбое доставки")
_LAST_ERROR = Text(
    "Its words: {message}. Check that the public URL opens from the internet with a valid certificate.",
    "Его слова: {message}. Проверьте, что публичный адрес открывается из интернета с верным сертификатом.",
)
_PENDING = Text("Updates waiting at Telegram: {count}", "Обновлений в очереди Telegram: {count}")
_PENDING_HINT = Text(
    "They arrive as soon as this connector answers; Telegram keeps them for a day.",
    "Они придут, как только коннектор ответит; Telegram хранит их сутки.",
)


def check(settings: TelegramSettings, hook_url: str, http: Http) -> list[Finding]:
    """The token by ``getMe``, the webhook by ``getWebhookInfo``. Raises nothing: a failure is a finding."""
    try:
        bot = call(http, settings, "getMe", {})
        info = call(http, settings, "getWebhookInfo", {})
    except ConnectorError as error:
        return [_failed(_TOKEN, error)]
    return [
        Finding(_BOT.with_(name=bot.get("username", "?")), "ok"),
        _webhook(info, hook_url, settings.account),
        _updates(info, settings.account),
        _delivery(info),
        _pending(info),
    ]


def connect(settings: TelegramSettings, hook_url: str, http: Http) -> list[Finding]:
    """Set the webhook with the account's secret, then check. Updates that wait are kept."""
    wanted = {
        "url": hook_url,
        "secret_token": settings.secret.get_secret_value(),
        "allowed_updates": list(UPDATES),
        "drop_pending_updates": False,
    }
    try:
        call(http, settings, "setWebhook", wanted)
    except ConnectorError as error:
        return [_failed(_WEBHOOK, error)]
    return check(settings, hook_url, http)


def _failed(what: Text, error: ConnectorError) -> Finding:
    said = f" ({error.detail})" if error.detail else ""
    return Finding(what, "bad", Text(error.hint.en + said, error.hint.ru + said))


def _webhook(info: Mapping[str, Any], wanted: str, account: str) -> Finding:
    url = str(info.get("url", ""))
    if url == wanted:
        return Finding(_WEBHOOK, "ok")
    hint = _OTHER_WEBHOOK if url else _NO_WEBHOOK
    return Finding(_WEBHOOK, "bad", hint.with_(url=url, wanted=wanted, account=account))


def _updates(info: Mapping[str, Any], account: str) -> Finding:
    # Without a list Telegram sends all kinds but three that we do not need.
    allowed = info.get("allowed_updates") or UPDATES
    missing = ", ".join(name for name in UPDATES if name not in allowed)
    if not missing:
        return Finding(_UPDATES, "ok")
    return Finding(_UPDATES, "bad", _MISSING_UPDATES.with_(names=missing, account=account))


def _delivery(info: Mapping[str, Any]) -> Finding:
    message = info.get("last_error_message")
    return Finding(_FAILED, "warn", _LAST_ERROR.with_(message=message)) if message else Finding(_DELIVERED, "ok")


def _pending(info: Mapping[str, Any]) -> Finding:
    count = int(info.get("pending_update_count", 0))
    what = _PENDING.with_(count=count)
    return Finding(what, "warn", _PENDING_HINT) if count > MANY_PENDING else Finding(what, "ok")
