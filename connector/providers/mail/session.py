"""One connection to the mailbox: reached, believed and logged in, with its failures as verdicts (facts §4.1)."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError

from connector.errors import ConnectorError, Stopped, TransientError
from connector.providers.mail import entry, words
from connector.providers.mail.settings import ImapSettings, MailboxSettings
from connector.providers.smtp import Key

CONNECT, ANSWER, GOODBYE = 15.0, 60.0, 3.0  # seconds
_SAID = 200  # characters of a server's words


@contextmanager
def opened(settings: MailboxSettings, key: Key | None = None) -> Iterator[IMAPClient]:
    """A client that is logged in as ``key`` says (by default as the settings do).

    Whatever fails, also inside, comes out as ``TransientError`` (cut, slow, busy) or ``Stopped`` (certificate, login).
    """
    with verdicts(settings):
        client = _connected(settings.imap)
        try:
            _encrypt(client, settings.imap)
            entry.log_in(client, key or entry.key(settings))
            yield client
        except BaseException:
            with suppress(OSError, IMAPClientError):
                client.shutdown()
            raise
        with suppress(OSError, IMAPClientError):
            client.socket().settimeout(GOODBYE)
            client.logout()


@contextmanager
def verdicts(settings: MailboxSettings) -> Iterator[None]:
    """Failures of the wire as ``TransientError`` or ``Stopped``; the servers' words go into hints and details."""
    place = "{}:{}".format(*settings.imap.address)
    try:
        yield
    except ConnectorError:
        raise
    except ssl.SSLCertVerificationError as error:
        hint = words.CERTIFICATE.with_(place=place)
        raise Stopped("mail.certificate", hint=hint, state="needs_reauth", detail=error.verify_message) from None
    except LoginError as error:
        raise _refused(error, settings) from None
    except (OSError, IMAPClientAbortError) as error:
        raise TransientError("mail.lost", hint=words.LOST, detail=said(error)) from None
    except (IMAPClientError, ValueError) as error:
        hint = words.REFUSED.with_(said=said(error))
        raise TransientError("mail.refused", hint=hint, detail=said(error)) from None


def said(error: Exception) -> str:
    """A server's words, short and in one line; nothing of a line that it broke off, which may be of a letter."""
    text = " ".join(str(error).split())
    return type(error).__name__ if "unterminated" in text or not text else text[:_SAID]


def _connected(imap: ImapSettings) -> IMAPClient:
    host, port = imap.address
    place = f"{host}:{port}"
    tls, patience = imap.security == "tls", SocketTimeout(connect=CONNECT, read=ANSWER)
    try:
        client = IMAPClient(host, port, ssl=tls, ssl_context=_context(imap) if tls else None, timeout=patience)
    except ssl.SSLCertVerificationError:
        raise
    except (ssl.SSLError, imaplib.IMAP4.error) as error:
        raise TransientError("mail.no_imap", hint=words.NO_IMAP.with_(place=place), detail=said(error)) from None
    except OSError as error:
        why = words.WHY.get(type(error)) or error.strerror or type(error).__name__
        hint = words.UNREACHABLE.with_(place=place, why=why)
        raise TransientError("mail.unreachable", hint=hint, detail=type(error).__name__) from None
    client.normalise_times = False  # INTERNALDATE with its zone
    return client


def _context(imap: ImapSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=imap.ca or None)
    except OSError as error:  # ssl.SSLError is one too
        hint = words.CERTIFICATE.with_(place="{}:{}".format(*imap.address))
        raise Stopped("mail.certificate", hint=hint, state="needs_reauth", detail=type(error).__name__) from None


def _encrypt(client: IMAPClient, imap: ImapSettings) -> None:
    if imap.security != "starttls":
        return
    try:
        client.starttls(_context(imap))
    except IMAPClientAbortError:
        raise
    except (CapabilityError, imaplib.IMAP4.error) as error:  # also a server that says that we are in already
        hint = words.NO_STARTTLS.with_(place="{}:{}".format(*imap.address))
        raise Stopped("mail.no_starttls", hint=hint, state="needs_reauth", detail=said(error)) from None


def _refused(error: LoginError, settings: MailboxSettings) -> ConnectorError:
    text = said(error)
    if isinstance(error.__context__, IMAPClientAbortError):  # IMAPClient calls a cut connection a login error as well
        return TransientError("mail.lost", hint=words.LOST, detail=text)
    if words.for_now(text):
        return TransientError("mail.busy", hint=words.BUSY.with_(said=text), detail=text)
    imap = settings.imap
    hint = words.LOGIN.with_(
        host=imap.host, user=settings.user, advice=words.advice(imap.host, oauth=imap.oauth is not None)
    )
    return Stopped("mail.login", hint=hint, state="needs_reauth", detail=text)
