from __future__ import annotations

from tests.mail.fixtures import mailboxes

__all__ = ["mailboxes"]
