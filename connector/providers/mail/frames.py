"""A letter as the frame that is kept: its digest, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from connector.domain.door import Store
from connector.errors import ConnectorError
from connector.letters import digest, digest_headers
from connector.letters.digest import VERSION
from connector.providers.postal import frame

log = structlog.get_logger()


def whole(raw: bytes, store: Store, *, where: Mapping[str, Any], received: datetime) -> bytes:
    """The frame of a letter; one that our own reading stumbles over is kept as it is, beside the reason.

    Raises what ``store`` raises.
    """
    try:
        return frame(digest(raw, store, where=where, received=received))
    except (ConnectorError, OSError):
        raise
    except Exception as error:  # a stranger's letter may find any fault of ours; the mailbox goes on
        log.exception("mail.not_read", **where)
        key = store("letter.eml", "message/rfc822", raw)
        why = f"the connector's own fault while reading it: {type(error).__name__}"
        return broken(why, where=where, received=received, raw=key)


def headers(head: bytes, *, size: int, where: Mapping[str, Any], received: datetime) -> bytes:
    """The frame of a letter that is too large."""
    return frame(digest_headers(head, size=size, where=where, received=received))


def broken(why: str, *, where: Mapping[str, Any], received: datetime, raw: str = "") -> bytes:
    """The frame of a letter that nobody can read: it parks, and names where the letter lies."""
    return frame({"v": VERSION, "raw": raw, "where": dict(where), "received": received.isoformat(), "broken": why})
