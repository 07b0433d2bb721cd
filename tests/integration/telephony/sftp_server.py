"""A server of recordings that speaks SFTP, in this process: real connections, a real folder."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko

USER, PASSWORD = "recorder", "the-password-of-recordings"


class Guard(paramiko.ServerInterface):
    """Lets one user in, by a password or a key, and notes every password that it was told."""

    def __init__(self, key: paramiko.PKey | None, told: list[str]) -> None:
        self._key, self._told = key, told

    def check_auth_password(self, username: str, password: str) -> int:
        self._told.append(password)
        return paramiko.AUTH_SUCCESSFUL if (username, password) == (USER, PASSWORD) else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = self._key is not None and key.asbytes() == self._key.asbytes()
        return paramiko.AUTH_SUCCESSFUL if username == USER and known else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class Folder(paramiko.SFTPServerInterface):
    """Files below ``root`` for reading; links are followed as OpenSSH follows them."""

    root: Path

    def __init__(self, server: paramiko.ServerInterface, *args: Any, root: Path, **kwargs: Any) -> None:
        self.root = root
        super().__init__(server, *args, **kwargs)

    def canonicalize(self, path: str) -> str:
        real = (self.root / path.lstrip("/")).resolve()
        return "/" + str(real.relative_to(self.root)).removeprefix(".") if real.is_relative_to(self.root) else str(real)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(os.stat(self.root / path.lstrip("/")))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        try:
            file = (self.root / path.lstrip("/")).open("rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = file  # type: ignore[attr-defined]
        handle.stat = lambda: paramiko.SFTPAttributes.from_stat(os.fstat(file.fileno()))  # type: ignore[assignment]
        return handle


class SftpServer:
    """``passwords`` are all that it was told; ``key`` is a user's key that it takes."""

    def __init__(self, root: Path) -> None:
        self.root, self.passwords = root, list[str]()
        self.host_key = paramiko.ECDSAKey.generate()
        self.key: paramiko.PKey | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._open: list[paramiko.Transport] = []

    @property
    def fingerprint(self) -> str:
        """The host key as ``ssh-keygen -lf`` shows it."""
        digest = hashlib.sha256(self.host_key.asbytes()).digest()
        return f"256 SHA256:{base64.b64encode(digest).decode().rstrip('=')} pbx.example (ECDSA)"

    @property
    def known_hosts(self) -> str:
        """The host key as a line of ``known_hosts``."""
        return f"[127.0.0.1]:{self.port} {self.host_key.get_name()} {self.host_key.get_base64()}"

    def url(self, path: str = "") -> str:
        """The address of a folder or a file."""
        return f"sftp://{USER}@127.0.0.1:{self.port}/calls{path}"

    def serve(self) -> None:
        """Take connections until it is closed."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Folder, root=self.root)
            self._open.append(transport)
            try:
                transport.start_server(server=Guard(self.key, self.passwords))
            except (paramiko.SSHException, EOFError):
                transport.close()

    def stop(self) -> None:
        """Close everything; whoever comes then is refused."""
        with suppress(OSError):  # it was stopped before
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for transport in self._open:
            transport.close()

    def active(self) -> int:
        """How many connections are open."""
        return sum(transport.is_active() for transport in self._open)


@contextmanager
def sftp_server(root: Path) -> Iterator[SftpServer]:
    """A server of the folder ``root``, whose recordings lie in ``calls``."""
    (root / "calls").mkdir(parents=True, exist_ok=True)
    server = SftpServer(root.resolve())
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(5)
