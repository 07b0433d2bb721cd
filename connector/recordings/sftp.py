"""Recordings by SFTP. The server must show the key that the settings name: nobody else gets the password."""

from __future__ import annotations

import base64
import errno
import hashlib
import logging
import posixpath
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, cast

import paramiko
from paramiko.pkey import UnknownKeyType

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.recordings.looking import DENIED, OUTSIDE, chunks_of, place_of, settled
from connector.recordings.waiting import AGAIN, NotReady
from connector.speech import Text

if TYPE_CHECKING:
    from connector.recordings.bringing import Place

CONNECT, ANSWER = 10.0, 60.0  # seconds

_NO_HOST_KEY = Text(
    "The account does not say which key the server of recordings has. Run `ssh-keyscan HOST | ssh-keygen -lf -` on the "
    "server's own network, compare with the server, and put the fingerprint (SHA256:…) into `recordings.host_key`",
    "В аккаунте не указан ключ сервера записей. Выполните `ssh-keyscan HOST | ssh-keygen -lf -` в сети сервера, "
    "сверьте с сервером и впишите отпечаток (SHA256:…) в `recordings.host_key`",
)
_OTHER_KEY = Text(
    "The server of recordings shows another key ({shown}) than `recordings.host_key`: it was set up anew, or somebody "
    "stands in between. Nothing was sent to it. Compare with the server, correct the setting, then replay",
    "Сервер записей показал другой ключ ({shown}), чем в `recordings.host_key`: его переустановили, либо кто-то "
    "вмешался. Ему ничего не отправлено. Сверьте с сервером, исправьте настройку и повторите доставку",
)
_LOGIN = Text(
    "The server of recordings does not let us in: check the user in `recordings.url` and `recordings.password` or "
    "`recordings.key`, then replay",
    "Сервер записей не пускает: проверьте пользователя в `recordings.url` и `recordings.password` или "
    "`recordings.key`, затем повторите доставку",
)
_BAD_KEY = Text(
    "The private key at `recordings.key` cannot be read: check its path, that the connector may read it, and that "
    "`recordings.password` opens it, then replay",
    "Закрытый ключ из `recordings.key` не читается: проверьте путь, права на чтение и что `recordings.password` его "
    "открывает, затем повторите доставку",
)
_AWAY = Text(
    "The server of recordings does not answer; it is tried again by itself. If it lasts, look at its address, port and "
    "firewall",
    "Сервер записей не отвечает; попытка повторится сама. Если не проходит, проверьте адрес, порт и файрвол",
)


def opened(url: str, place: Place, *, limit: int, pause: Callable[[float], None]) -> tuple[str, Iterator[bytes]]:
    """(name, chunks) of the file at ``url``, on the server of ``place`` and below its folder.

    Raises ``NotReady``, ``TransientError`` when the server is away, ``PermanentError`` otherwise.
    """
    (parts, wanted), (home, root) = place_of(url), place_of(place.url)
    if (parts.hostname, parts.port or 22) != (home.hostname, home.port or 22) or not home.hostname:
        raise PermanentError("recording.outside", hint=OUTSIDE, detail="another server than the account's")
    client = _client(place)
    try:
        _connect(client, home.hostname, home.port or 22, home.username or "", place)
        file = _open(client, wanted, root)
        size = settled(lambda: file.stat().st_size or 0, limit, pause)
        file.prefetch(size)
    except (NotReady, ConnectorError):
        client.close()
        raise
    except Exception as error:
        client.close()
        raise _verdict(error) from None
    return posixpath.basename(wanted), _guarded(chunks_of(cast(BinaryIO, file), size, client.close))


class _Stranger(Exception):
    """The server showed a key that nobody vouched for."""

    def __init__(self, key: paramiko.PKey) -> None:
        self.key = key
        super().__init__("unknown host key")


class _Fingerprints(paramiko.MissingHostKeyPolicy):
    """Takes a key by its fingerprint; there is no first time that is trusted."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if _fingerprint(key.asbytes()) not in self._known:
            raise _Stranger(key)


def _client(place: Place) -> paramiko.SSHClient:
    """A client that knows the server's key and nothing else: no agent, no keys of the user, no ``known_hosts``."""
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it logs tracebacks of what is a verdict here
    (home, _), client = place_of(place.url), paramiko.SSHClient()
    port = home.port or 22
    name = home.hostname or "" if port == 22 else f"[{home.hostname}]:{port}"
    prints = set[str]()
    for line in place.host_key.replace(",", "\n").splitlines():
        words = line.split()
        prints.update(word.rstrip("=") for word in words if word.startswith("SHA256:"))
        for kind, blob in pairwise(words):
            key = _key(kind, blob)
            if key is not None:
                client.get_host_keys().add(name, key.get_name(), key)
                prints.add(_fingerprint(key.asbytes()))
    if not prints:
        raise PermanentError("recording.no_host_key", hint=_NO_HOST_KEY)
    client.set_missing_host_key_policy(_Fingerprints(frozenset(prints)))
    return client


def _key(kind: str, blob: str) -> paramiko.PKey | None:
    """The key of two words of a ``known_hosts`` line; ``None`` when they are no key."""
    if not blob.startswith("AAAA"):
        return None
    try:
        return paramiko.PKey.from_type_string(kind, base64.b64decode(blob, validate=True))
    except (ValueError, paramiko.SSHException):
        return None


def _connect(client: paramiko.SSHClient, host: str, port: int, user: str, place: Place) -> None:
    password = place.password.get_secret_value() if place.password else None
    pkey = _private(place.key, password) if place.key else None
    if pkey is None and not password:
        raise PermanentError("recording.login", hint=_LOGIN)
    client.connect(
        host,
        port,
        username=user,
        password=None if pkey else password,
        pkey=pkey,
        timeout=CONNECT,
        banner_timeout=CONNECT,
        auth_timeout=ANSWER,
        channel_timeout=ANSWER,
        allow_agent=False,
        look_for_keys=False,
    )


def _private(path: str, passphrase: str | None) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path, passphrase)
    except (OSError, ValueError, TypeError, paramiko.SSHException, UnknownKeyType) as error:
        raise PermanentError("recording.key", hint=_BAD_KEY, detail=type(error).__name__) from None


def _open(client: paramiko.SSHClient, wanted: str, root: str) -> paramiko.SFTPFile:
    """The file, below ``root`` as the server itself sees it: links and dots are followed there."""
    sftp = client.open_sftp()
    channel = sftp.get_channel()
    if channel is not None:
        channel.settimeout(ANSWER)
    real, base = sftp.normalize(wanted), sftp.normalize(root).rstrip("/")
    if not real.startswith(f"{base}/"):
        raise PermanentError("recording.outside", hint=OUTSIDE)
    return sftp.open(real, "rb")


def _guarded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except (NotReady, ConnectorError):
        raise
    except Exception as error:
        raise _verdict(error) from None


def _verdict(error: Exception) -> Exception:
    """What a failure means; the library's own words may hold names of files and users, so they are left out."""
    if isinstance(error, _Stranger | paramiko.BadHostKeyException):
        shown = f"{error.key.get_name()} {_fingerprint(error.key.asbytes())}"
        return PermanentError("recording.host_key", hint=_OTHER_KEY.with_(shown=shown))
    if isinstance(error, paramiko.AuthenticationException):
        return PermanentError("recording.login", hint=_LOGIN)
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT:
        return NotReady("recording.not_there")
    if number == errno.EACCES:
        return PermanentError("recording.denied", hint=DENIED)
    return TransientError("recording.away", hint=_AWAY, detail=type(error).__name__, retry_after=AGAIN)


def _fingerprint(blob: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
