"""What a browser holds instead of a cookie: passes of visitors, and ids of files that are theirs. Pure.

Both are signed under the account's secret, so they are believed even while the database is away.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
from typing import get_args

from connector.domain.values import File, FileKind, StoredFile
from connector.providers.webchat.settings import WebchatSettings

_VISITOR = re.compile(r"[0-9a-f]{32}")
_KINDS = frozenset(get_args(FileKind))
LONGEST_FILE_ID = 800


def new_visitor() -> str:
    """A visitor id that nobody guesses."""
    return secrets.token_hex(16)


def issue(visitor: str, settings: WebchatSettings) -> str:
    """The pass of a visitor: ``<visitor>.<mac>``."""
    return f"{visitor}.{_mac(settings.secrets()[0], 'pass', settings.account, visitor)}"


def visitor_of(given: str, settings: WebchatSettings) -> str:
    """Whose pass it is; empty for anything that this account did not issue."""
    visitor, _, mac = given.partition(".")
    good = _signed(mac, settings, "pass", settings.account, visitor)
    return visitor if good and _VISITOR.fullmatch(visitor) else ""


def bearer(authorization: str) -> str:
    """The pass inside an ``Authorization`` header."""
    scheme, _, given = authorization.partition(" ")
    return given if scheme.lower() == "bearer" else ""


def file_id(visitor: str, stored: StoredFile, settings: WebchatSettings) -> str:
    """The id of an uploaded file; it is of use to this visitor only."""
    facts = [stored.key, stored.name, stored.mime, stored.size, stored.kind]
    payload = _pack(json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{payload}.{_mac(settings.secrets()[0], 'file', settings.account, visitor, payload)}"


def file_of(visitor: str, given: str, settings: WebchatSettings) -> File | None:
    """The file of an id, its ``ref`` being the key in our media store; ``None`` for what is not this visitor's."""
    payload, _, mac = given.partition(".")
    if not _signed(mac, settings, "file", settings.account, visitor, payload):
        return None
    try:
        key, name, mime, size, kind = json.loads(_unpack(payload))
    except (ValueError, binascii.Error):
        return None
    return File(ref=key, name=name, mime=mime, size=size, kind=kind) if kind in _KINDS else None


def _signed(mac: str, settings: WebchatSettings, *facts: str) -> bool:
    given = mac.encode("utf-8", "replace")
    matches = [hmac.compare_digest(given, _mac(key, *facts).encode()) for key in settings.secrets()]
    return any(matches)


def _mac(key: bytes, *facts: str) -> str:
    return _pack(hmac.digest(key, "\n".join(("webchat", *facts)).encode("utf-8", "replace"), "sha256"))


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
