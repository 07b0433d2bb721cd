"""Files on an SFTP server. It must show the key that the settings name: nobody else gets the password."""

from __future__ import annotations

import errno
import posixpath
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from connector import ssh
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers.table.listing import Changed, Entry, Found, Listing, Wanted, found_again, looked, wanted
from connector.providers.table.settings import TableSettings
from connector.speech import Text

_FAILURES = (OSError, EOFError, paramiko.SSHException, ssh.BadKey)

_OTHER_KEY = Text(
    "The SFTP server shows another key ({shown}) than `host_key`: it was set up anew, or somebody stands in between. "
    "Nothing was sent to it. Compare with the server and correct the setting",
    "Сервер SFTP показал другой ключ ({shown}), чем в `host_key`: его переустановили, либо кто-то вмешался. Ему ничего "
    "не отправлено. Сверьте с сервером и исправьте настройку",
)
_LOGIN = Text(
    "The SFTP server does not let us in: check the user in `location` and `password` or `private_key`",
    "Сервер SFTP не пускает: проверьте пользователя в `location` и `password` или `private_key`",
)
_BAD_KEY = Text(
    "The `private_key` cannot be read: check that it is a private key or the path of one, that the connector may read "
    "it, and that `password` opens it",
    "Ключ из `private_key` не читается: проверьте, что это закрытый ключ или путь к нему, права на чтение и что "
    "`password` его открывает",
)
_INCOMPATIBLE = Text(
    "The SFTP server has no key of the kind that `host_key` names, or speaks too old an SSH: compare with the server "
    "and correct the setting",
    "У сервера SFTP нет ключа того вида, что указан в `host_key`, либо его SSH слишком стар: сверьте с сервером и "
    "исправьте настройку",
)
_NO_FOLDER = Text(
    "The SFTP server lets us in, but the folder of `location` is not there: correct its path",
    "Сервер SFTP пускает, но папки из `location` на нём нет: исправьте путь",
)
_DENIED = Text(
    "The SFTP server does not let us read {name}: give the user of `location` the right to read the folder and files",
    "Сервер SFTP не даёт читать {name}: дайте пользователю из `location` право читать папку и файлы",
)
_AWAY = Text(
    "The SFTP server does not answer; it is tried again by itself. If it lasts, look at address, port and firewall",
    "Сервер SFTP не отвечает; попытка повторится сама. Если не проходит, проверьте адрес, порт и файрвол",
)


class Sftp:
    """A storage behind SSH; it connects when it is first asked, and once."""

    def __init__(self, settings: TableSettings) -> None:
        self._settings, self._address = settings, settings.address
        self._client: paramiko.SSHClient | None = None
        self._talk: paramiko.SFTPClient | None = None
        self._meant: Wanted | None = None

    def look(self, seen: Mapping[str, str]) -> Listing:
        """All files that match."""
        try:
            return looked(self, self._wanted())
        except _FAILURES as error:
            self._fail(error, self._address.path)

    def find(self, name: str) -> Found | None:
        """One file as it is now."""
        try:
            return found_again(self, self._wanted(), name)
        except _FAILURES as error:
            self._fail(error, name)

    def bring(self, found: Found, target: Path) -> None:
        """A copy, of which nothing is left when the file changed meanwhile."""
        try:
            talk = self._session()
            with talk.open(found.path, "rb") as file, target.open("wb") as copy:
                file.prefetch(found.size, max_concurrent_requests=64)
                for chunk in iter(lambda: file.read(1 << 18), b""):
                    copy.write(chunk)
            about = talk.stat(found.path)
        except FileNotFoundError:
            raise Changed from None
        except _FAILURES as error:
            self._fail(error, found.name)
        same = (about.st_size, float(about.st_mtime or 0)) == (found.size, found.modified)
        if not same or target.stat().st_size != found.size:
            raise Changed

    def close(self) -> None:
        """Leave the server."""
        if self._client is not None:
            self._client.close()
        self._client = self._talk = None

    def entries(self, folder: str) -> Iterable[Entry]:
        """What stands in a folder, with what links lead to."""
        for about in self._session().listdir_attr(folder):
            if not stat.S_ISLNK(about.st_mode or 0):
                entry = _entry(about.filename, about)
            else:
                entry = self.entry(posixpath.join(folder, about.filename))
            if entry:
                yield entry

    def entry(self, path: str) -> Entry | None:
        """What stands there, by what a link leads to."""
        talk = self._session()
        try:
            link = stat.S_ISLNK(talk.lstat(path).st_mode or 0)
            return _entry(posixpath.basename(path), talk.stat(path), link=link)
        except FileNotFoundError:  # gone since, or a link that leads nowhere
            return None

    def is_folder(self, path: str) -> bool:
        """Whether it is one; a path that ends in ``/`` means one."""
        if path.endswith("/"):
            return True
        try:
            return stat.S_ISDIR(self._session().stat(path).st_mode or 0)
        except FileNotFoundError:
            return False

    def real(self, path: str) -> str:
        """As the server itself sees it: links and dots are followed there."""
        return self._session().normalize(path)

    def _wanted(self) -> Wanted:
        self._meant = self._meant or wanted(self._address.path, self)
        return self._meant

    def _session(self) -> paramiko.SFTPClient:
        if self._talk is None:
            self._client = ssh.connected(self._server())
            self._talk = ssh.files(self._client)
        return self._talk

    def _server(self) -> ssh.Server:
        secrets = self._settings.password, self._settings.private_key
        password, key = (secret.get_secret_value() if secret else None for secret in secrets)
        return ssh.Server(
            host=self._address.host,
            port=self._address.port,
            user=self._address.user,
            password=password,
            key=key,
            host_key=self._settings.host_key,
        )

    def _fail(self, error: Exception, name: str) -> NoReturn:
        verdict = _verdict(error, name)
        if isinstance(verdict, TransientError):
            self.close()  # a broken connection is not used again
        raise verdict from None


def _entry(name: str, about: paramiko.SFTPAttributes, *, link: bool = False) -> Entry | None:
    kind = stat.S_IFMT(about.st_mode or 0)
    if kind not in (stat.S_IFREG, stat.S_IFDIR):
        return None
    folder = kind == stat.S_IFDIR
    return Entry(name=name, folder=folder, link=link, size=about.st_size or 0, modified=float(about.st_mtime or 0))


def _verdict(error: Exception, name: str) -> ConnectorError:
    """What a failure means; the library's own words may hold names of users, so they are left out."""
    if isinstance(error, ssh.Stranger):
        return PermanentError("table.host_key", hint=_OTHER_KEY.with_(shown=error.shown))
    if isinstance(error, ssh.BadKey):
        return PermanentError("table.key", hint=_BAD_KEY, detail=str(error))
    if isinstance(error, IncompatiblePeer):
        return PermanentError("table.incompatible", hint=_INCOMPATIBLE)
    if isinstance(error, paramiko.AuthenticationException):
        return PermanentError("table.login", hint=_LOGIN)
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT:
        return PermanentError("table.no_folder", hint=_NO_FOLDER)
    if number in (errno.EACCES, errno.EPERM):
        return PermanentError("table.denied", hint=_DENIED.with_(name=name))
    return TransientError("table.away", hint=_AWAY, detail=type(error).__name__)
