"""A mailbox as ``connector.yaml`` has it."""

from __future__ import annotations

from typing import Any

from connector.providers.mail.settings import MailboxSettings


def account(imap: dict[str, Any] | None = None, smtp: dict[str, Any] | None = None, **more: Any) -> MailboxSettings:
    """The account ``support``; what is ``None`` in ``imap`` is left out."""
    given = {"host": "imap.yandex.ru", "password": "hush", **(imap or {})}
    return MailboxSettings.model_validate(
        {
            "account": "support",
            "provider": "mail",
            "portal": "main",
            "address": "support@acme.test",
            "imap": {name: value for name, value in given.items() if value is not None},
            "smtp": {"host": "smtp.yandex.ru", **(smtp or {})},
            **more,
        }
    )
