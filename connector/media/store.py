"""The store of files: addressed by content, written atomically, served under signed names that expire."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.domain.ports import Clock
from connector.domain.values import File, StoredFile
from connector.errors import PermanentError, Refused
from connector.media.naming import safe_name
from connector.media.sniffing import HEAD, UNKNOWN, kind_of, sniff
from connector.speech import Text

_TOO_LARGE = Text(
    "The file is larger than {limit} MiB; raise limits.media or ask for a link instead",
    "Файл больше {limit} МиБ; увеличьте limits.media или попросите прислать ссылку",
)
_GONE = Text(
    "The link has expired; open the conversation again to get a new one",
    "Срок ссылки истёк; откройте диалог заново, чтобы получить новую",
)
_UNKNOWN = Text("There is no such file; check that the link is whole", "Такого файла нет; проверьте, что ссылка целая")
_HOUR = 3600
KEPT = "kept:"  # the scheme of a ``Source`` that lies here already


class Media:
    """Files under ``root``: ``ab/cd/<sha256>``. ``ttl`` is how long a signed link lives."""

    def __init__(self, root: Path, public_url: str, secret: bytes, clock: Clock, ttl: timedelta) -> None:
        self._root, self._public = root, public_url.rstrip("/")
        self._secret, self._clock, self._ttl = secret, clock, ttl

    def keep(self, name: str, mime: str, chunks: Iterable[bytes], *, limit: int) -> StoredFile:
        """Write ``chunks`` to disk (fsynced before it is named) and return the file with its signed URL.

        The type is sniffed; ``mime`` is only a hint. Raises ``PermanentError`` ``media.too_large`` over
        ``limit`` bytes, and leaves nothing behind then.
        """
        staging = self._root / "new"
        staging.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=staging)
        try:
            with os.fdopen(handle, "wb") as out:
                digest, head, size = _copy(chunks, out.write, limit)
                out.flush()
                os.fsync(out.fileno())
            self._settle(Path(temporary), digest)
        finally:
            Path(temporary).unlink(missing_ok=True)
        real = sniff(head, name, mime)
        stored = StoredFile(key=digest, name=safe_name(name, real), mime=real, size=size, url="", kind=kind_of(real))
        return replace(stored, url=self.url(stored))

    def read(self, key: str) -> bytes:
        """The bytes of a kept file. Raises ``PermanentError`` ``media.gone`` when it was trimmed."""
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            raise PermanentError("media.gone", hint=_GONE) from None

    def space(self) -> int:
        """Free bytes on the disk of the files."""
        self._root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self._root).free

    def again(self, key: str, file: File) -> StoredFile:
        """A file that was kept before, with a fresh link. Raises ``PermanentError`` ``media.gone``, ``Refused`` 404."""
        if not self.path(key).is_file():
            raise PermanentError("media.gone", hint=_GONE)
        stored = StoredFile(
            key=key,
            name=safe_name(file.name, file.mime),
            mime=file.mime or UNKNOWN,
            size=file.size or 0,
            url="",
            kind=file.kind,
        )
        return replace(stored, url=self.url(stored))

    def path(self, key: str) -> Path:
        """Where ``key`` lies. Raises ``Refused`` 404 for anything that is not one of our keys."""
        if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
            raise Refused("media.unknown", hint=_UNKNOWN, status=404)
        return self._root / key[:2] / key[2:4] / key

    def url(self, stored: StoredFile) -> str:
        """A signed link. It lives for ``ttl`` after the current hour, so that asking twice gives the same link."""
        expires = (self._clock().timestamp() // _HOUR + 1) * _HOUR + self._ttl.total_seconds()
        facts = [stored.key, stored.name, stored.mime, stored.size, int(expires)]
        payload = _pack(json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode())
        return f"{self._public}/media/{payload}.{self._sign(payload)}"

    def open_token(self, token: str) -> StoredFile:
        """The file behind a token of :meth:`url`. Raises ``Refused``: 404 when forged or unknown, 410 when expired."""
        payload, _, signature = token.partition(".")
        expected = self._sign(payload).encode()
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected):
            raise Refused("media.unknown", hint=_UNKNOWN, status=404)
        try:
            key, name, mime, size, expires = json.loads(_unpack(payload))
        except (ValueError, binascii.Error):
            raise Refused("media.unknown", hint=_UNKNOWN, status=404) from None
        if self._clock() >= datetime.fromtimestamp(expires, UTC) or not self.path(key).is_file():
            raise Refused("media.expired", hint=_GONE, status=410)
        url = f"{self._public}/media/{token}"
        return StoredFile(key=key, name=name, mime=mime, size=size, url=url, kind=kind_of(mime))

    def trim(self, days: float) -> int:
        """Delete files not kept again for ``days`` and unfinished writes of yesterday; returns how many files went."""
        now = self._clock().timestamp()
        for leftover in self._root.glob("new/*"):
            _drop_if_older(leftover, now - 24 * _HOUR)
        return sum(_drop_if_older(path, now - days * 24 * _HOUR) for path in self._root.glob("??/??/*"))

    def _settle(self, temporary: Path, digest: str) -> None:
        final = self.path(digest)
        final.parent.mkdir(parents=True, exist_ok=True)
        now = self._clock().timestamp()
        os.utime(temporary, (now, now))
        temporary.replace(final)
        folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _sign(self, payload: str) -> str:
        return _pack(hmac.digest(self._secret, b"media\n" + payload.encode("utf-8", "replace"), "sha256"))


def _copy(chunks: Iterable[bytes], write: Callable[[bytes], object], limit: int) -> tuple[str, bytes, int]:
    """Write every chunk; returns (sha256 hex, the first bytes, the size)."""
    digest, head, size = hashlib.sha256(), b"", 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise PermanentError("media.too_large", hint=_TOO_LARGE.with_(limit=limit // 2**20))
        head += chunk[: HEAD - len(head)] if len(head) < HEAD else b""
        digest.update(chunk)
        write(chunk)
    return digest.hexdigest(), head, size


def _drop_if_older(path: Path, moment: float) -> bool:
    try:
        if path.stat().st_mtime >= moment:
            return False
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
