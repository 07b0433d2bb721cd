"""Seals what must not lie open in the database, with keys made from ``CONNECTOR_SECRET_KEY``."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from connector.errors import SettingsError
from connector.journal.faults import WrongKey

_SALT = b"bitrix24-connector"


class Vault:
    """The first key seals, every key opens: so keys are rotated without downtime (then ``Journal.reseal``)."""

    def __init__(self, keys: Iterable[str | SecretStr]) -> None:
        self._keys = [key.get_secret_value() if isinstance(key, SecretStr) else key for key in keys]
        if not self._keys or not all(self._keys):
            raise SettingsError(
                "CONNECTOR_SECRET_KEY is empty: set it to a long random text. / "
                "CONNECTOR_SECRET_KEY пуст: задайте длинную случайную строку."
            )
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(_made(key, "vault"))) for key in self._keys])

    def seal(self, text: str) -> str:
        """``text`` encrypted and authenticated, as URL-safe ASCII."""
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """What :meth:`seal` was given. Raises :class:`WrongKey` (a ``SettingsError``) when no key opens it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise WrongKey from None

    def reseal(self, sealed: str) -> str:
        """The same secret under the first key. Raises :class:`WrongKey`."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise WrongKey from None

    def derive(self, purpose: str) -> bytes:
        """32 bytes for another use, from the first key; each ``purpose`` has its own."""
        return _made(self._keys[0], f"for:{purpose}")

    def derive_all(self, purpose: str) -> tuple[bytes, ...]:
        """:meth:`derive` for every key, the first one first: to check what an earlier key signed."""
        return tuple(_made(key, f"for:{purpose}") for key in self._keys)


def _made(key: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=_SALT, info=purpose.encode()).derive(key.encode())
