from __future__ import annotations

from tests.mail.fixtures import hop, mailboxes, post

__all__ = ["hop", "mailboxes", "post"]
