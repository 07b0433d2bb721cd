"""One connection to the manager: it greets, logs in, asks and reads. Used by one thread."""

from __future__ import annotations

import hashlib
import secrets
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType

from connector.errors import ConnectorError, Stopped, TransientError
from connector.providers.asterisk.settings import AsteriskSettings
from connector.providers.asterisk.wire import Block, BrokenStreamError, Framer, Pairs, packed
from connector.speech import Text

PATIENCE = 10.0  # seconds for a connection and for an answer
_CHUNK = 65536

_UNREACHABLE = Text(
    "Asterisk's manager cannot be reached at {place} ({why}). Check host and port of the account, that manager.conf "
    "has enabled=yes, and the firewall; it is tried again",
    "AMI Asterisk по адресу {place} недоступен ({why}). Проверьте host и port аккаунта, enabled=yes в manager.conf и "
    "межсетевой экран; попытка повторится",
)
_WHY: Mapping[type[OSError], Text] = MappingProxyType(
    {
        socket.gaierror: Text("no such name", "имя не найдено"),
        ConnectionRefusedError: Text("nobody listens there", "там никто не слушает"),
        TimeoutError: Text("no answer in time", "нет ответа вовремя"),
    }
)
_GONE = Text(
    "The connection to Asterisk's manager was lost; it is made again",
    "Соединение с AMI Asterisk потеряно; оно будет установлено снова",
)
_NO_MANAGER = Text(
    "At {place} somebody answers who is no Asterisk manager (TLS on a plain port, or the other way round?). Correct "
    "port and tls of the account",
    "По адресу {place} отвечает не AMI Asterisk (TLS на обычном порту или наоборот?). Исправьте port и tls аккаунта",
)
_CERTIFICATE = Text(
    "The certificate of Asterisk's manager at {place} cannot be believed. Give its authority as `ca` of the account, "
    "and as `host` the name that stands in the certificate; verification is never skipped",
    "Сертификат AMI Asterisk по адресу {place} не проходит проверку. Укажите файл центра сертификации в `ca` аккаунта, "
    "а в `host` — имя из сертификата; проверка никогда не отключается",
)
_LOGIN = Text(
    "Asterisk refused the login of manager user {user}. Compare username and secret with manager.conf (FreePBX: "
    "Settings → Asterisk Manager Users), and its permit= with the address of this machine",
    "Asterisk отклонил вход пользователя AMI {user}. Сверьте username и secret с manager.conf (FreePBX: Settings → "
    "Asterisk Manager Users), а permit= — с адресом этой машины",
)
_NO_CHALLENGE = Text(
    "Asterisk offers no MD5 login, and the secret is not sent over an open line. Set tls: true for the account, or "
    "allow MD5 in manager.conf",
    "Asterisk не предлагает вход по MD5, а секрет открытым текстом не отправляется. Включите tls: true в аккаунте или "
    "разрешите MD5 в manager.conf",
)


class Session:
    """Logged in when :func:`opened` yields it. Blocks that are no awaited answer wait for :meth:`read`."""

    def __init__(self, stream: socket.socket, place: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._place, self._clock = stream, place, clock
        self._framer = Framer()
        self._fresh: deque[bytes] = deque()
        self._passed: deque[bytes] = deque()

    def send(self, action: str, *pairs: tuple[str, str]) -> str:
        """Send an action; returns its ActionID. Raises ``TransientError``."""
        number = f"connector-{secrets.token_hex(8)}"
        self._write([("Action", action), ("ActionID", number), *pairs])
        return number

    def ask(self, action: str, *pairs: tuple[str, str], seconds: float = PATIENCE) -> Block:
        """Send an action and wait for its ``Response``. Raises ``TransientError``."""
        return self.answer(self.send(action, *pairs), lambda block: bool(block["Response"]), seconds)

    def answer(
        self, number: str, fits: Callable[[Block], bool], seconds: float = PATIENCE, *, others: bool = True
    ) -> Block:
        """The first block of this ActionID that fits. Raises ``TransientError`` when none comes in time.

        ``others``: the blocks before it are kept for :meth:`read`.
        """
        ends = self._clock() + seconds
        while True:
            frame = self._next(ends - self._clock())
            block = Block.read(frame)
            if block["ActionID"] == number and fits(block):
                return block
            if others:
                self._passed.append(frame)

    def gather(self, action: str, complete: str, seconds: float = PATIENCE) -> list[bytes] | None:
        """The events that answer a listing action, up to the one called ``complete``; ``None``: it was refused."""
        number, ends, listed = self.send(action), self._clock() + seconds, list[bytes]()
        while True:
            frame = self._next(ends - self._clock())
            block = Block.read(frame)
            if block["ActionID"] != number:
                self._passed.append(frame)
            elif block.event == complete:
                return listed
            elif block.event:
                listed.append(frame)
            elif block["Response"] != "Success":
                return None

    def read(self, seconds: float) -> list[bytes]:
        """All blocks that are there, waiting for the first so long at most. Raises ``TransientError`` at the end."""
        if not self._passed and not self._fresh:
            self._fresh.extend(self._receive(seconds))
        got = [*self._passed, *self._fresh]
        self._passed.clear()
        self._fresh.clear()
        return got

    def greet(self) -> None:
        """Wait for the line that a manager begins with. Raises ``TransientError``."""
        ends = self._clock() + PATIENCE
        while not self._framer.greeting:
            if self._clock() > ends:
                raise TransientError("asterisk.no_manager", hint=_NO_MANAGER.with_(place=self._place))
            self._fresh.extend(self._receive(ends - self._clock()))

    def _next(self, seconds: float) -> bytes:
        ends = self._clock() + seconds
        while not self._fresh:
            if self._clock() >= ends:
                raise TransientError("asterisk.silent", hint=_GONE, detail="no answer in time")
            self._fresh.extend(self._receive(ends - self._clock()))
        return self._fresh.popleft()

    def _receive(self, seconds: float) -> list[bytes]:
        self._stream.settimeout(max(0.01, seconds))
        try:
            data = self._stream.recv(_CHUNK)
        except TimeoutError:
            return []
        except OSError as error:
            raise TransientError("asterisk.gone", hint=_GONE, detail=type(error).__name__) from None
        if not data:
            raise TransientError("asterisk.gone", hint=_GONE, detail="closed by Asterisk")
        try:
            return self._framer.feed(data)
        except BrokenStreamError as error:
            hint = _NO_MANAGER.with_(place=self._place)
            raise TransientError("asterisk.no_manager", hint=hint, detail=str(error)) from None

    def _write(self, pairs: Pairs) -> None:
        self._stream.settimeout(PATIENCE)
        try:
            self._stream.sendall(packed(pairs))
        except OSError as error:
            raise TransientError("asterisk.gone", hint=_GONE, detail=type(error).__name__) from None


@contextmanager
def opened(settings: AsteriskSettings, *, events: str) -> Iterator[Session]:
    """A session that is logged in and gets these classes of events (``off``: none).

    Raises ``TransientError`` when nobody answers, ``Stopped`` when the login or the certificate is refused.
    """
    place = "{}:{}".format(*settings.address)
    with _connected(settings, place) as stream:
        session = Session(stream, place)
        session.greet()
        _log_in(session, settings, events)
        try:
            yield session
        finally:
            with suppress(ConnectorError):
                session.send("Logoff")


def _connected(settings: AsteriskSettings, place: str) -> socket.socket:
    try:
        context = ssl.create_default_context(cafile=settings.ca or None) if settings.tls else None
    except OSError as error:  # ssl.SSLError is one too
        raise _untrusted(place, error) from None
    try:
        stream = socket.create_connection(settings.address, timeout=PATIENCE)
    except OSError as error:
        why = _WHY.get(type(error)) or error.strerror or type(error).__name__
        hint = _UNREACHABLE.with_(place=place, why=why)
        raise TransientError("asterisk.unreachable", hint=hint, detail=type(error).__name__) from None
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if context is None:
        return stream
    try:
        return context.wrap_socket(stream, server_hostname=settings.host)
    except ssl.SSLCertVerificationError as error:
        stream.close()
        raise _untrusted(place, error) from None
    except OSError as error:
        stream.close()
        hint = _NO_MANAGER.with_(place=place)
        raise TransientError("asterisk.no_manager", hint=hint, detail=type(error).__name__) from None


def _untrusted(place: str, error: OSError) -> Stopped:
    hint = _CERTIFICATE.with_(place=place)
    return Stopped("asterisk.certificate", hint=hint, state="needs_reauth", detail=type(error).__name__)


def _log_in(session: Session, settings: AsteriskSettings, events: str) -> None:
    secret = settings.secret.get_secret_value()
    challenge = session.ask("Challenge", ("AuthType", "MD5"))
    proof: tuple[tuple[str, str], ...] = (("Secret", secret),)
    if challenge["Challenge"]:
        # The protocol's own hash (manager.conf has no other); over TLS it is not the only guard.
        key = hashlib.md5((challenge["Challenge"] + secret).encode(), usedforsecurity=False).hexdigest()
        proof = (("AuthType", "MD5"), ("Key", key))
    elif not settings.tls and not settings.on_this_machine:
        raise Stopped("asterisk.no_challenge", hint=_NO_CHALLENGE, state="needs_reauth")
    answer = session.ask("Login", ("Username", settings.username), *proof, ("Events", events))
    if answer["Response"] != "Success":
        hint = _LOGIN.with_(user=settings.username)
        raise Stopped("asterisk.login", hint=hint, state="needs_reauth", detail=answer["Message"][:200])
