"""Passwords: argon2id, never kept, never logged."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from connector.errors import PermanentError
from connector.speech import Text

SHORTEST, LONGEST = 12, 256

_WEAK = Text(
    "A password has {shortest} to {longest} characters and does not contain the user's name",
    "В пароле от {shortest} до {longest} знаков, и в нём нет имени пользователя",
)
# OWASP's figures for argon2id: about 30 ms and 19 MiB, so that signing in never holds up the door for requests.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")


def hashed(password: str, *, name: str) -> str:
    """What is kept of a new password. Raises ``PermanentError`` (``user.weak_password``)."""
    plain = _plain(password)
    if not SHORTEST <= len(plain) <= LONGEST or name in plain.lower():
        raise PermanentError("user.weak_password", hint=_WEAK.with_(shortest=SHORTEST, longest=LONGEST))
    return _HASHER.hash(plain)


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the password. It takes as long for a user that is not there (``None``)."""
    if len(password) > LONGEST:
        return False
    try:
        _HASHER.verify(kept or _nobody(), _plain(password))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def _plain(password: str) -> str:
    """One spelling of the same letters, whatever keyboard they come from."""
    return unicodedata.normalize("NFKC", password)
