"""A mailbox is read and takes no webhooks."""

from __future__ import annotations

from connector.domain.request import Request
from connector.errors import Refused
from connector.providers.mail.settings import MailboxSettings
from connector.speech import Text

_NO_HOOK = Text(
    "A mailbox takes no webhooks: `connector listen` reads it by IMAP",
    "Почтовый ящик не принимает вебхуки: его читает по IMAP `connector listen`",
)


def verify(request: Request, settings: MailboxSettings) -> None:
    """Nobody posts to an account that listens. Raises ``Refused``."""
    raise Refused("mail.no_hook", hint=_NO_HOOK, status=403)
