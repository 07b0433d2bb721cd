"""SSH to a server that somebody vouched for: it shows the key that the settings name, or nothing is sent to it."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from pathlib import Path

import paramiko

from connector.domain import hostkeys

CONNECT, ANSWER = 10.0, 60.0  # seconds
_PRIVATE: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class Stranger(paramiko.SSHException):
    """The server showed a key that nobody vouched for; ``shown`` is its kind and fingerprint."""

    def __init__(self, key: paramiko.PKey) -> None:
        self.shown = f"{key.get_name()} {hostkeys.fingerprint(key.asbytes())}"
        super().__init__("unknown host key")


class BadKey(Exception):
    """The private key cannot be read; its word is the type of what stood in the way, when that was the file."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where to, as whom, and who must answer. ``key`` is a private key, or the path of one, that ``password`` opens;
    without it ``password`` is the user's. ``host_key``: lines as :func:`connector.domain.hostkeys.known` reads them.
    """

    host: str
    port: int | None
    user: str
    password: str | None
    key: str | None
    host_key: str


def connected(server: Server, *, connect: float = CONNECT, answer: float = ANSWER) -> paramiko.SSHClient:
    """A client that knows the server's key and nothing else: no agent, no keys of the user, no ``known_hosts``.

    Raises :class:`Stranger`, :class:`BadKey`, and what paramiko and sockets raise; nothing stays open then.
    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it logs tracebacks of what is a verdict here
    keys = hostkeys.known(server.host_key)
    pkey = _private(server.key, server.password) if server.key else None
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Fingerprints(frozenset(shown for shown, _ in keys)))
    try:
        client.connect(
            server.host,
            server.port or 22,
            username=server.user,
            password=None if pkey else server.password,
            pkey=pkey,
            timeout=connect,
            banner_timeout=connect,
            auth_timeout=answer,
            channel_timeout=answer,
            allow_agent=False,
            look_for_keys=False,
            disabled_algorithms={"keys": hostkeys.barred(keys)},  # a server has several, and only some are known
        )
    except BaseException:
        client.close()
        raise
    return client


def files(client: paramiko.SSHClient, *, answer: float = ANSWER) -> paramiko.SFTPClient:
    """The server's files, waiting ``answer`` seconds for each answer."""
    talk = client.open_sftp()
    channel = talk.get_channel()
    if channel is not None:
        channel.settimeout(answer)
    return talk


class _Fingerprints(paramiko.MissingHostKeyPolicy):
    """Takes a key by its fingerprint; there is no first time that is trusted."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if hostkeys.fingerprint(key.asbytes()) not in self._known:
            raise Stranger(key)


def _private(key: str, passphrase: str | None) -> paramiko.PKey:
    try:
        text = key if "PRIVATE KEY" in key else Path(key).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise BadKey(type(error).__name__) from None
    for kind in _PRIVATE:
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"), passphrase)
        except (ValueError, paramiko.SSHException):
            continue  # another kind of key
    raise BadKey
