"""Keys of SSH servers as people write them down: a line of ``ssh-keygen -l``, or of ``known_hosts``."""

from __future__ import annotations

import base64
import hashlib
from itertools import pairwise

SHORTEST = 40  # bytes of a public key
KINDS = ("ed25519", "ecdsa", "rsa")
NAMES = (
    *("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
)


def known(text: str) -> list[tuple[str, str]]:
    """(fingerprint, kind of key) of each line, parted by line ends or commas; the kind may be empty."""
    return [found for line in text.replace(",", "\n").splitlines() if (found := _known(line.split()))]


def barred(keys: list[tuple[str, str]]) -> list[str]:
    """The kinds of key that must not be agreed upon: a server has several, and only some are known."""
    kinds = {kind for _, kind in keys}
    return [] if "" in kinds else [name for name in NAMES if not any(kind in name for kind in kinds)]


def fingerprint(blob: bytes) -> str:
    """``SHA256:…`` of a public key, as ``ssh-keygen -l`` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _known(words: list[str]) -> tuple[str, str] | None:
    for before, word in pairwise(["", *words]):
        if word.startswith("SHA256:"):
            return word.rstrip("="), next((kind for kind in KINDS if f"({kind})" in " ".join(words).lower()), "")
        if word.startswith("AAAA"):
            try:
                blob = base64.b64decode(word, validate=True)
            except ValueError:
                return None
            if len(blob) < SHORTEST:
                return None
            return fingerprint(blob), next((kind for kind in KINDS if kind in before.lower()), "")
    return None
