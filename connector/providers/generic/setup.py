"""Looking at the receiver's side of the generic channel (facts/providers.md §2.7)."""

from __future__ import annotations

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers.generic.outbound import deliver
from connector.providers.generic.settings import GenericSettings
from connector.providers.standard_webhooks import webhook_id
from connector.speech import Text

_RECEIVER = Text("The receiver takes our signed webhooks", "Получатель принимает наши подписанные вебхуки")
_HOOK = Text("The other system posts to {url}", "Другая система присылает на {url}")
_ROTATION = Text("Secrets in use: {count}", "Секретов в работе: {count}")
_FINISH_ROTATION = Text(
    "Once both sides use the first secret, remove the others from connector.yaml.",
    "Когда обе стороны перешли на первый секрет, уберите остальные из connector.yaml.",
)


def check(settings: GenericSettings, hook_url: str, http: Http) -> list[Finding]:
    """Post a signed ``connection.checked``, which a receiver answers with 2xx and forgets. Raises nothing."""
    try:
        deliver(settings, http, webhook_id(""), "connection.checked", {"account": settings.account, "hook": hook_url})
        receiver = Finding(_RECEIVER, "ok")
    except ConnectorError as error:
        said = f" ({error.detail})" if error.detail else ""
        receiver = Finding(_RECEIVER, "bad", Text(error.hint.en + said, error.hint.ru + said))
    return [receiver, _secrets(settings), Finding(_HOOK.with_(url=hook_url), "ok")]


def _secrets(settings: GenericSettings) -> Finding:
    what = _ROTATION.with_(count=len(settings.secret))
    return Finding(what, "ok") if len(settings.secret) == 1 else Finding(what, "warn", _FINISH_ROTATION)
