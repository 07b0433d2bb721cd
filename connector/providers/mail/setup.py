"""Looking at a mailbox: both logins, its folders, how it tells of letters, where replies are filed."""

from __future__ import annotations

from collections.abc import Iterator

from imapclient import IMAPClient

from connector.domain.provider import Finding, Http
from connector.errors import ConnectorError
from connector.providers import smtp
from connector.providers.mail.folders import examined, sent
from connector.providers.mail.session import opened
from connector.providers.mail.settings import MailboxSettings
from connector.providers.posting import copy_of
from connector.providers.postman import Postman
from connector.speech import Text

_LOGIN = Text("The mailbox {user} lets the connector in by IMAP", "Ящик {user} пускает коннектор по IMAP")
_FOLDERS = Text("Its folders are there: {folders}", "Папки на месте: {folders}")
_IDLE = Text("The server tells of new letters at once", "Сервер сообщает о новых письмах сразу")
_POLLED = Text(
    "It knows no IDLE: letters come within {poll} s. For less set `poll` of imap",
    "IDLE он не умеет: письма приходят за {poll} с. Если нужно быстрее, уменьшите `poll` у imap",
)
_SENT = Text("Replies are filed in {folder}", "Ответы складываются в папку {folder}")
_WHERE = Text("There is a folder for sent letters", "Есть папка для отправленных писем")
_NO_SENT = Text(
    "Replies will be filed nowhere: name the folder as `sent` of imap, or write copy: none under smtp",
    "Ответы никуда не попадут: укажите папку в `sent` у imap или copy: none в smtp",
)
_BCC = Text("A hidden copy of each reply comes to {address}", "Скрытая копия каждого ответа приходит на {address}")
_SMTP = Text("The server {host} takes letters from us by SMTP", "Сервер {host} принимает наши письма по SMTP")


def check(settings: MailboxSettings, hook_url: str, http: Http) -> list[Finding]:
    """Log in and look; no flag changes and no letter leaves. Raises nothing: a failure is a finding."""
    postman = http if isinstance(http, Postman) else Postman(settings, http)
    return [*_imap(settings, postman), _smtp(settings, postman)]


def _imap(settings: MailboxSettings, postman: Postman) -> Iterator[Finding]:
    entered = _LOGIN.with_(user=settings.user)
    within = False
    try:
        with opened(settings, postman.key(settings.imap)) as client:
            within = True
            yield Finding(entered, "ok", code="mail.login")
            yield from _inside(client, settings)
    except ConnectorError as error:
        what, code = (_folders(settings), "mail.folders") if within else (entered, "mail.login")
        yield Finding(what, "bad", error.hint, code)


def _inside(client: IMAPClient, settings: MailboxSettings) -> Iterator[Finding]:
    imap = settings.imap
    idles, copy = client.has_capability("IDLE"), copy_of(settings.smtp, folders=True)
    for folder in imap.folders:
        examined(client, folder, readonly=True)
    yield Finding(_folders(settings), "ok", code="mail.folders")
    polled = _POLLED.with_(poll=f"{imap.poll:g}")
    yield Finding(_IDLE, "ok" if idles else "warn", None if idles else polled, "mail.idle")
    if copy == "bcc":
        yield Finding(_BCC.with_(address=settings.address), "ok", code="mail.sent")
    elif copy != "none" and (filed := sent(client, imap)):
        yield Finding(_SENT.with_(folder=filed), "ok", code="mail.sent")
    elif copy == "append":
        yield Finding(_WHERE, "warn", _NO_SENT, "mail.sent")


def _folders(settings: MailboxSettings) -> Text:
    return _FOLDERS.with_(folders=", ".join(settings.imap.folders))


def _smtp(settings: MailboxSettings, postman: Postman) -> Finding:
    what = _SMTP.with_(host=settings.smtp.host)
    try:
        smtp.greet(settings.smtp, postman.key(settings.smtp), settings.domain)
    except ConnectorError as error:
        return Finding(what, "bad", error.hint, "mail.smtp")
    return Finding(what, "ok", code="mail.smtp")
