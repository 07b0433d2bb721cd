"""Letters understood: raw MIME into a digest, a digest into domain values. Pure, and safe with any bytes."""

from __future__ import annotations

from connector.letters.digest import digest, digest_headers
from connector.letters.reading import Mailbox, Reading, read
from connector.letters.telling import fingerprint, told

__all__ = ["Mailbox", "Reading", "digest", "digest_headers", "fingerprint", "read", "told"]
