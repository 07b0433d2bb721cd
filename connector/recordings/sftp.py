"""Recordings by SFTP. The server must show the key that the settings name: nobody else gets the password."""

from __future__ import annotations

import base64
import errno
import hashlib
import logging
import posixpath
import stat
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import SplitResult, unquote

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from connector.errors import ConnectorError, PermanentError, TransientError
from connector.recordings.looking import DENIED, OUTSIDE, chunks_of, place_of, settled
from connector.recordings.waiting import AGAIN, NotReady
from connector.speech import Text

if TYPE_CHECKING:
    from connector.recordings.bringing import Place

CONNECT, ANSWER = 10.0, 60.0  # seconds
_PRIVATE: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_SHORTEST = 40  # bytes of a public key
_KINDS = ("ed25519", "ecdsa", "rsa")
_NAMES = (
    *("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
)

_NO_HOST_KEY = Text(
    "The account does not say which key the server of recordings has. Run `ssh-keyscan HOST | ssh-keygen -lf -` on the "
    "server's own network, compare with the server, and put the fingerprint (SHA256:…) into `recordings.host_key`",
    "В аккаунте не указан ключ сервера записей. Выполните `ssh-keyscan HOST | ssh-keygen -lf -` в сети сервера, "
    "сверьте с сервером и впишите отпечаток (SHA256:…) в `recordings.host_key`",
)
_OTHER_KEY = Text(
    "The server of recordings shows another key ({shown}) than `recordings.host_key`: it was set up anew, or somebody "
    "stands in between. Nothing was sent to it. Compare with the server, correct the setting, then replay what is "
    "parked",
    "Сервер записей показал другой ключ ({shown}), чем в `recordings.host_key`: его переустановили, либо кто-то "
    "вмешался. Ему ничего не отправлено. Сверьте с сервером, исправьте настройку и повторите отложенное",
)
_LOGIN = Text(
    "The server of recordings does not let us in: check the user in `recordings.url` and `recordings.password` or "
    "`recordings.key`, then replay what is parked",
    "Сервер записей не пускает: проверьте пользователя в `recordings.url` и `recordings.password` или "
    "`recordings.key`, затем повторите отложенное",
)
_BAD_KEY = Text(
    "The private key at `recordings.key` cannot be read: check its path, that the connector may read it, and that "
    "`recordings.password` opens it, then replay what is parked",
    "Закрытый ключ из `recordings.key` не читается: проверьте путь, права на чтение и что `recordings.password` его "
    "открывает, затем повторите отложенное",
)
_INCOMPATIBLE = Text(
    "The server of recordings has no key of the kind that `recordings.host_key` names, or speaks too old an SSH. "
    "Compare with the server, correct the setting, then replay what is parked",
    "У сервера записей нет ключа того вида, что указан в `recordings.host_key`, либо его SSH слишком стар. Сверьте с "
    "сервером, исправьте настройку и повторите отложенное",
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
    client, barred = _client(place)
    try:
        _connect(client, home, place, barred)
        file = _open(client, wanted, root)
        size = settled(lambda: file.stat().st_size or 0, limit, pause)
    except (NotReady, ConnectorError):
        client.close()
        raise
    except Exception as error:
        client.close()
        raise _verdict(error) from None
    return posixpath.basename(wanted), _guarded(chunks_of(cast(BinaryIO, file), size, client.close))


def visited(place: Place, *, wait: float) -> None:
    """Log in and find the folder of ``place``, waiting ``wait`` seconds for each answer; nothing is opened there.

    Raises ``NotReady`` when there is no such folder, else as :func:`opened`.
    """
    home, root = place_of(place.url)
    client, barred = _client(place)
    try:
        _connect(client, home, place, barred, connect=wait, answer=wait)
        mode = _talk(client, wait).stat(f"{root.rstrip('/')}/.").st_mode  # the dot: we may go into it
        if mode and not stat.S_ISDIR(mode):
            raise NotReady("recording.not_there")
    except (NotReady, ConnectorError):
        raise
    except Exception as error:
        raise _verdict(error) from None
    finally:
        client.close()


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


def _client(place: Place) -> tuple[paramiko.SSHClient, list[str]]:
    """A client that knows the server's key and nothing else: no agent, no keys of the user, no ``known_hosts``.

    With it the kinds of host key that must not be agreed upon: a server has several keys, and only some are known.
    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it logs tracebacks of what is a verdict here
    known = [found for line in place.host_key.replace(",", "\n").splitlines() if (found := _known(line.split()))]
    if not known:
        raise PermanentError("recording.no_host_key", hint=_NO_HOST_KEY)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Fingerprints(frozenset(shown for shown, _ in known)))
    kinds = {kind for _, kind in known}
    barred = [name for name in _NAMES if not any(kind in name for kind in kinds)]
    return client, [] if "" in kinds else barred


def _known(words: list[str]) -> tuple[str, str] | None:
    """(fingerprint, kind of key) of a line of ``ssh-keygen -l`` or ``known_hosts``; the kind may be missing."""
    for before, word in pairwise(["", *words]):
        if word.startswith("SHA256:"):
            return word.rstrip("="), next((kind for kind in _KINDS if f"({kind})" in " ".join(words).lower()), "")
        if word.startswith("AAAA"):
            try:
                blob = base64.b64decode(word, validate=True)
            except ValueError:
                return None
            if len(blob) < _SHORTEST:
                return None
            return _fingerprint(blob), next((kind for kind in _KINDS if kind in before.lower()), "")
    return None


def _connect(
    client: paramiko.SSHClient,
    home: SplitResult,
    place: Place,
    barred: list[str],
    *,
    connect: float = CONNECT,
    answer: float = ANSWER,
) -> None:
    password = place.password.get_secret_value() if place.password else None
    pkey = _private(place.key, password) if place.key else None
    if pkey is None and not password:
        raise PermanentError("recording.login", hint=_LOGIN)
    client.connect(
        home.hostname or "",
        home.port or 22,
        username=unquote(home.username or ""),
        password=None if pkey else password,
        pkey=pkey,
        timeout=connect,
        banner_timeout=connect,
        auth_timeout=answer,
        channel_timeout=answer,
        allow_agent=False,
        look_for_keys=False,
        disabled_algorithms={"keys": barred},
    )


def _private(path: str, passphrase: str | None) -> paramiko.PKey:
    for kind in _PRIVATE:
        try:
            return kind.from_private_key_file(path, passphrase)
        except (ValueError, paramiko.SSHException):
            continue  # another kind of key
        except OSError as error:
            raise PermanentError("recording.key", hint=_BAD_KEY, detail=type(error).__name__) from None
    raise PermanentError("recording.key", hint=_BAD_KEY)


def _open(client: paramiko.SSHClient, wanted: str, root: str) -> paramiko.SFTPFile:
    """The file, below ``root`` as the server itself sees it: links and dots are followed there."""
    sftp = _talk(client, ANSWER)
    real, base = sftp.normalize(wanted), sftp.normalize(root).rstrip("/")
    if not real.startswith(f"{base}/"):
        raise PermanentError("recording.outside", hint=OUTSIDE)
    return sftp.open(real, "rb")


def _talk(client: paramiko.SSHClient, answer: float) -> paramiko.SFTPClient:
    sftp = client.open_sftp()
    channel = sftp.get_channel()
    if channel is not None:
        channel.settimeout(answer)
    return sftp


def _guarded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except (NotReady, ConnectorError):
        raise
    except Exception as error:
        raise _verdict(error) from None


def _verdict(error: Exception) -> Exception:
    """What a failure means; the library's own words may hold names of files and users, so they are left out."""
    if isinstance(error, IncompatiblePeer):
        return PermanentError("recording.incompatible", hint=_INCOMPATIBLE)
    if isinstance(error, _Stranger):
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
