"""One letter over one connection to a mail server (RFC 5321): who was refused, or why it did not leave.

Only after the dot that ends DATA may a letter be there without our knowing (facts/providers.md §4.2).
"""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from connector.errors import ConnectorError, PermanentError, Stopped, TransientError
from connector.letters.writing import Paper
from connector.providers.oauth import xoauth2
from connector.providers.postal import SmtpSettings
from connector.providers.smtp_verdicts import refused_login, spoken, verdict
from connector.speech import Text

PORTS = {"tls": 465, "starttls": 587, "none": 25}
CONNECT, COMMAND, ACCEPT, LEAVE = 30.0, 60.0, 120.0, 5.0  # seconds; scanners look at the whole letter before the dot
_PIECE = 64 * 1024  # bytes under one timeout: the whole of a large letter takes longer
_DOTS = re.compile(rb"(?m)^\.")

_AWAY = Text(
    "The mail server {place} does not answer; the letter is tried again. If this lasts, check host, port and security "
    "under smtp.",
    "Почтовый сервер {place} не отвечает; попытка повторится. Если так долго, проверьте host, port и security в "
    "разделе smtp.",
)
_UNCLEAR = Text(
    "The connection broke before the mail server said that it had taken the letter; it is looked up before it is sent "
    "again.",
    "Связь прервалась раньше, чем почтовый сервер подтвердил приём письма; перед повтором проверим, ушло ли оно.",
)
_NO_TLS = Text(
    "The mail server offers no STARTTLS on this port. Write `security: tls` and port 465, or the right port.",
    "Почтовый сервер не предлагает STARTTLS на этом порту. Укажите `security: tls` и порт 465 либо верный порт.",
)
_CERTIFICATE = Text(
    "The certificate of the mail server is not to be trusted, so nothing was sent. Check host under smtp; for a server "
    "of your own name its authority in `ca`.",
    "Сертификату почтового сервера нельзя доверять, поэтому ничего не отправлено. Проверьте host в разделе smtp; для "
    "своего сервера укажите его центр сертификации в `ca`.",
)
_UTF8 = Text(
    "Our mail server takes no addresses with such letters. Ask the client for another address.",
    "Наш почтовый сервер не принимает адреса с такими буквами. Попросите у клиента другой адрес.",
)
_NO_WAY_IN = Text(
    "On this connection the mail server takes no password (neither PLAIN nor LOGIN). Check port and security under "
    "smtp, or give oauth there.",
    "По этому соединению почтовый сервер не принимает пароль (ни PLAIN, ни LOGIN). Проверьте port и security в разделе "
    "smtp или укажите там oauth.",
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One recipient of several who does not get the letter, and the server's words."""

    address: str
    error: ConnectorError


@dataclass(frozen=True, kw_only=True)
class Key:
    """Who we are: a ``password``, or a ``token`` that ``drop`` throws away when it is refused. Neither: nobody asks."""

    user: str
    password: str = ""
    token: Callable[[], str] | None = None
    drop: Callable[[str], None] = lambda token: None


def deliver(
    paper: Paper,
    settings: SmtpSettings,
    key: Key,
    *,
    bcc: Sequence[str] = (),
    sized: Callable[[int], None] = lambda most: None,
) -> tuple[Refusal, ...]:
    """Send; who of the others than its own recipient was refused. ``sized`` hears before that of how many bytes the
    server takes letters, 0 when it does not say; what it raises ends all.

    Raises ``TransientError`` (``maybe_done`` when it broke after the dot), ``PermanentError`` or ``Stopped``.
    """
    with _connected(settings, paper.writer.rpartition("@")[2]) as smtp:
        # A relay of this very machine may know us by that alone.
        if settings.security != "none" or smtp.has_extn("auth"):
            _enter(smtp, key)
        most = smtp.esmtp_features.get("size", "")
        sized(int(most) if most.isdecimal() else 0)
        refusals = _envelope(smtp, paper, bcc)
        _hand_over(smtp, paper.raw)
    return refusals


def greet(settings: SmtpSettings, key: Key, name: str) -> None:
    """Log in as a machine of the domain ``name`` and leave. Raises what :func:`deliver` raises on its way there."""
    with _connected(settings, name) as smtp:
        _enter(smtp, key)


@contextmanager
def _connected(settings: SmtpSettings, name: str) -> Iterator[smtplib.SMTP]:
    """A connection that is ours, encrypted, greeted. What breaks while it is used was not sent."""
    away = _AWAY.with_(place=f"{settings.host}:{settings.port or PORTS[settings.security]}")
    try:
        with _opened(settings, name) as smtp:
            assert smtp.sock is not None
            smtp.sock.settimeout(COMMAND)
            smtp.ehlo_or_helo_if_needed()
            if settings.security == "starttls":
                smtp.starttls(context=_trust(settings))
                smtp.ehlo_or_helo_if_needed()
            yield smtp
    except ssl.SSLCertVerificationError as error:
        raise _distrust(error) from None
    except smtplib.SMTPNotSupportedError:
        raise Stopped("smtp.no_starttls", hint=_NO_TLS, state="needs_reauth") from None
    except smtplib.SMTPResponseException as error:
        detail = f"{error.smtp_code} {spoken(error.smtp_error)}"
        raise TransientError("smtp.unreachable", hint=away, detail=detail, retry_after=60.0) from None
    except (OSError, UnicodeError) as error:  # smtplib's own errors are OSErrors too
        raise TransientError("smtp.unreachable", hint=away, detail=type(error).__name__) from None


@contextmanager
def _opened(settings: SmtpSettings, name: str) -> Iterator[smtplib.SMTP]:
    port = settings.port or PORTS[settings.security]
    smtp: smtplib.SMTP
    if settings.security == "tls":
        smtp = smtplib.SMTP_SSL(settings.host, port, name, timeout=CONNECT, context=_trust(settings))
    else:
        smtp = smtplib.SMTP(settings.host, port, name, timeout=CONNECT)
    try:
        yield smtp
    finally:
        with suppress(OSError):
            if smtp.sock is not None:
                smtp.sock.settimeout(LEAVE)
                smtp.docmd("QUIT")
        smtp.close()


def _trust(settings: SmtpSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca or None)
    except OSError as error:  # ssl.SSLError is one too
        raise _distrust(error) from None


def _distrust(error: OSError) -> Stopped:
    return Stopped("smtp.certificate", hint=_CERTIFICATE, detail=type(error).__name__, state="needs_reauth")


def _enter(smtp: smtplib.SMTP, key: Key) -> None:
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if key.token:
        for _ in range(2):  # one that ended before its time is bought anew, once
            token = key.token()
            code, words = _dialogue(smtp, "XOAUTH2 " + _based(xoauth2(key.user, token)))
            if code == 235:
                return
            key.drop(token)
            if code != 535:
                break
    elif not key.password:
        return
    elif "PLAIN" in offered:
        code, words = _dialogue(smtp, "PLAIN " + _based(f"\0{key.user}\0{key.password}"))
    elif "LOGIN" in offered:
        code, words = _dialogue(smtp, "LOGIN", _based(key.user), _based(key.password))
    else:
        raise Stopped("smtp.login", hint=_NO_WAY_IN, state="needs_reauth")
    if code == 235:
        return
    raise verdict(code, words) if 400 <= code < 500 else refused_login(f"{code} {spoken(words)}")


def _dialogue(smtp: smtplib.SMTP, begins: str, *answers: str) -> tuple[int, bytes]:
    """The server's last word; whatever it asks beyond ``answers`` gets an empty one (XOAUTH2 tells its error so)."""
    code, words = smtp.docmd("AUTH", begins)
    for answer in (*answers, ""):
        if code != 334:
            break
        code, words = smtp.docmd(answer)
    return code, words


def _based(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _envelope(smtp: smtplib.SMTP, paper: Paper, bcc: Sequence[str]) -> tuple[Refusal, ...]:
    options = [f"SIZE={len(paper.raw)}"] if smtp.has_extn("size") else []
    if paper.international:
        if not smtp.has_extn("smtputf8"):
            raise PermanentError("smtp.utf8", hint=_UTF8)
        smtp.command_encoding = "utf-8"
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    _from(smtp, paper, options)
    _taken(*smtp.rcpt(paper.to))
    refusals = []
    for address in dict.fromkeys((*paper.cc, *bcc)):
        if address != paper.to:
            code, words = smtp.rcpt(address)
            refusals += [] if 200 <= code < 300 else [Refusal(address=address, error=verdict(code, words))]
    return tuple(refusals)


def _from(smtp: smtplib.SMTP, paper: Paper, options: Sequence[str]) -> None:
    """A machine's letter has no sender that a bounce could go to (RFC 3834 §3.3), where the server takes that."""
    if paper.silent:
        code, _ = smtp.mail("", options)
        if 200 <= code < 300:
            return
        smtp.rset()
    _taken(*smtp.mail(paper.writer, options))


def _taken(code: int, words: bytes) -> None:
    if not 200 <= code < 300:
        raise verdict(code, words)


def _hand_over(smtp: smtplib.SMTP, raw: bytes) -> None:
    code, words = smtp.docmd("DATA")
    if code != 354:
        raise verdict(code, words)
    quoted = _DOTS.sub(b"..", raw) + (b"" if raw.endswith(b"\r\n") else b"\r\n")
    for at in range(0, len(quoted), _PIECE):
        smtp.send(quoted[at : at + _PIECE])
    try:
        assert smtp.sock is not None
        smtp.sock.settimeout(ACCEPT)
        smtp.send(b".\r\n")
        code, words = smtp.getreply()
    except OSError as error:
        raise _unclear(type(error).__name__) from None
    if not 200 <= code < 600:
        raise _unclear(f"{code} {spoken(words)}")
    _taken(code, words)


def _unclear(detail: str) -> TransientError:
    return TransientError("smtp.unclear", hint=_UNCLEAR, detail=detail, maybe_done=True)
