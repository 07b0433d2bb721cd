"""What can be told about SendGrid: it is not asked, so only the address is."""

from __future__ import annotations

from connector.domain.provider import Finding, Http
from connector.providers.sendgrid.settings import SendgridSettings
from connector.speech import Text

_HOOK = Text(
    "In Inbound Parse of SendGrid the destination is {url}, with user and password of the account (or its token) in it",
    "В Inbound Parse у SendGrid указан адрес {url} с именем и паролем аккаунта (или его token) внутри",
)


def check(settings: SendgridSettings, hook_url: str, http: Http) -> list[Finding]:
    """Our address. Raises nothing."""
    return [Finding(_HOOK.with_(url=hook_url), "ok", code="sendgrid.hook")]
