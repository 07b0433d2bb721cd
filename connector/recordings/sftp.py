"""Recordings by SFTP. The server must show the key that the settings name: nobody else gets the password."""

from __future__ import annotations

import errno
import posixpath
import stat
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import SplitResult, unquote

from paramiko import AuthenticationException, SFTPFile, SSHClient
from paramiko.ssh_exception import IncompatiblePeer

from connector import ssh
from connector.domain import hostkeys
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.recordings.looking import DENIED, OUTSIDE, chunks_of, place_of, settled
from connector.recordings.waiting import AGAIN, NotReady
from connector.speech import Text
from connector.ssh import ANSWER, CONNECT

if TYPE_CHECKING:
    from connector.recordings.bringing import Place

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
    client = _connected(home, place)
    try:
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
    client = _connected(home, place, connect=wait, answer=wait)
    try:
        mode = ssh.files(client, answer=wait).stat(f"{root.rstrip('/')}/.").st_mode  # the dot: we may go into it
        if mode and not stat.S_ISDIR(mode):
            raise NotReady("recording.not_there")
    except (NotReady, ConnectorError):
        raise
    except Exception as error:
        raise _verdict(error) from None
    finally:
        client.close()


def _connected(home: SplitResult, place: Place, *, connect: float = CONNECT, answer: float = ANSWER) -> SSHClient:
    password = place.password.get_secret_value() if place.password else None
    if not hostkeys.known(place.host_key):
        raise PermanentError("recording.no_host_key", hint=_NO_HOST_KEY)
    if not (place.key or password):
        raise PermanentError("recording.login", hint=_LOGIN)
    server = ssh.Server(
        host=home.hostname or "",
        port=home.port,
        user=unquote(home.username or ""),
        password=password,
        key=place.key,
        host_key=place.host_key,
    )
    try:
        return ssh.connected(server, connect=connect, answer=answer)
    except Exception as error:
        raise _verdict(error) from None


def _open(client: SSHClient, wanted: str, root: str) -> SFTPFile:
    """The file, below ``root`` as the server itself sees it: links and dots are followed there."""
    sftp = ssh.files(client)
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
    if isinstance(error, IncompatiblePeer):
        return PermanentError("recording.incompatible", hint=_INCOMPATIBLE)
    if isinstance(error, ssh.Stranger):
        return PermanentError("recording.host_key", hint=_OTHER_KEY.with_(shown=error.shown))
    if isinstance(error, ssh.BadKey):
        return PermanentError("recording.key", hint=_BAD_KEY, detail=str(error))
    if isinstance(error, AuthenticationException):
        return PermanentError("recording.login", hint=_LOGIN)
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT:
        return NotReady("recording.not_there")
    if number == errno.EACCES:
        return PermanentError("recording.denied", hint=DENIED)
    return TransientError("recording.away", hint=_AWAY, detail=type(error).__name__, retry_after=AGAIN)
