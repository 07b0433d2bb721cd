"""A mail server in the tests' own process: it does to each letter what it was told to, and keeps what it took."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.services import free_port


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happens to one letter. ``sender``, ``recipient`` and ``data`` are answers to MAIL, RCPT and DATA's end
    (``"451 4.3.0 later"``; empty: 250). ``cut``: the connection ends instead of the answer to DATA, after the letter
    was ``kept`` or ``before``. ``slow``: seconds before that.
    """

    sender: str = ""
    recipient: str = ""
    data: str = ""
    cut: Literal["", "before", "kept"] = ""
    slow: float = 0.0


TAKEN = Step()
logging.getLogger("mail.log").setLevel(logging.ERROR)  # else aiosmtpd tells every line


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A letter that was taken: its envelope and its bytes; ``user`` is who came in."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    user: str = ""

    @property
    def message(self) -> EmailMessage:
        """Read by the standard library."""
        return message_from_bytes(self.raw, policy=policy.default)


class NextHop:
    """Listens at 127.0.0.1:``port``. ``letters`` are what it took, in order; ``tries`` counts the letters that were
    offered. ``passwords``: whom it lets in (empty: everybody, and nobody is asked); with ``bearer`` it takes instead
    what that says of user and token (XOAUTH2). ``tls``: its side of STARTTLS, or
    with ``wrapped`` of TLS from the first byte. ``onwards`` is told of each letter before it is answered. ``refuses``:
    its answer to RCPT of an address.
    """

    def __init__(
        self,
        *,
        passwords: dict[str, str] | None = None,
        bearer: Callable[[str, str], bool] | None = None,
        tls: ssl.SSLContext | None = None,
        wrapped: bool = False,
        onwards: Callable[[Taken], None] | None = None,
    ) -> None:
        self.port, self.passwords = free_port(), dict(passwords or {})
        self.letters: list[Taken] = []
        self.refuses: dict[str, str] = {}
        self.tries = 0
        self.onwards, self.bearer = onwards, bearer
        self._tls, self._wrapped = tls, wrapped
        self._steps: deque[Step] = deque()
        self._lock = threading.Lock()
        self._controller: _Controller | None = None

    def script(self, *steps: Step) -> None:
        """What happens to the next letters; those after them are taken."""
        with self._lock:
            self._steps.extend(steps)

    def forget(self) -> None:
        """Nothing was taken and nothing is to be done."""
        with self._lock:
            self._steps.clear()
            self.letters.clear()
            self.tries = 0

    def start(self) -> None:
        """Listen."""
        self._controller = _Controller(self, self._options())
        self._controller.start()

    def stop(self) -> None:
        """Nobody listens any more."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    def next(self) -> Step:
        """The step of a letter that is offered now."""
        with self._lock:
            self.tries += 1
            return self._steps.popleft() if self._steps else TAKEN

    def keep(self, letter: Taken) -> None:
        """One more that was taken."""
        with self._lock:
            self.letters.append(letter)
        if self.onwards is not None:
            self.onwards(letter)

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"enable_SMTPUTF8": True, "data_size_limit": 64 * 1024 * 1024, "ident": "next hop"}
        if self.bearer is not None:
            options |= {"auth_required": True, "auth_require_tls": False, "auth_exclude_mechanism": ["PLAIN", "LOGIN"]}
        elif self.passwords:
            options |= {"auth_required": True, "auth_require_tls": False, "authenticator": self._may_enter}
        if self._tls is not None:
            options["ssl_context" if self._wrapped else "tls_context"] = self._tls
        return options

    def _may_enter(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        user = data.login.decode()
        return AuthResult(success=self.passwords.get(user) == data.password.decode(), handled=False, auth_data=user)


class _Controller(Controller):
    def __init__(self, hop: NextHop, options: dict[str, Any]) -> None:
        super().__init__(_Bearer(hop) if hop.bearer else _Handler(hop), hostname="127.0.0.1", port=hop.port, **options)

    def factory(self) -> SMTP:
        with warnings.catch_warnings(action="ignore"):  # passwords without TLS are for the loopback
            return super().factory()


class _Handler:
    def __init__(self, hop: NextHop) -> None:
        self._hop = hop

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        step = self._hop.next()
        envelope.step = step
        if step.sender:
            return step.sender
        envelope.mail_from, envelope.mail_options = address, options
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refused := envelope.step.recipient or self._hop.refuses.get(address):
            return str(refused)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        step: Step = envelope.step
        await asyncio.sleep(step.slow)
        if step.data:
            return step.data
        if step.cut != "before":
            assert isinstance(envelope.content, bytes)
            letter = Taken(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                raw=envelope.content,
                user=str(session.auth_data or ""),
            )
            self._hop.keep(letter)
        if step.cut:
            server.transport.abort()
        return "250 2.0.0 taken"


class _Bearer(_Handler):
    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        user, _, token = base64.b64decode(args[1]).decode().strip("\1").partition("\1auth=Bearer ")
        user = user.removeprefix("user=")
        if self._hop.bearer and self._hop.bearer(user, token):
            return AuthResult(success=True, auth_data=user)
        await server.challenge_auth('{"status":"400","schemes":"Bearer"}')  # as Google and Microsoft say why
        return AuthResult(success=False, handled=False)


@contextmanager
def next_hop(**options: Any) -> Iterator[NextHop]:
    """A listening one; ``options`` are those of :class:`NextHop`."""
    hop = NextHop(**options)
    hop.start()
    try:
        yield hop
    finally:
        hop.stop()
