"""Letters out of a mailbox: sent by SMTP, kept in its Sent folder, and found there again (facts/providers.md §4.1)."""

from __future__ import annotations

import structlog
from imapclient import SEEN, IMAPClient

from connector.domain.effects import Send
from connector.domain.provider import Outgoing
from connector.domain.values import Receipt
from connector.errors import ConnectorError
from connector.letters.writing import Paper
from connector.providers import posting
from connector.providers.mail.folders import examined, sent
from connector.providers.mail.session import opened
from connector.providers.mail.settings import MailboxSettings
from connector.providers.postman import Postman
from connector.speech import Text

DOUBT = 60.0  # seconds until a letter that left is in its Sent folder, or came back as a hidden copy
_IDS = ("Message-ID", "X-Microsoft-Original-Message-ID")  # Microsoft gives letters ids of its own and tells ours there

log = structlog.get_logger()

_NOT_KEPT = Text(
    "The letter was sent, but it is not in the Sent folder. {why}",
    "Письмо отправлено, но в папке «Отправленные» его нет. {why}",
)
_NO_SENT = Text(
    "The mailbox has no such folder: write its name as `sent` under imap, or copy: none under smtp.",
    "В ящике нет такой папки: укажите её имя как `sent` в разделе imap или copy: none в разделе smtp.",
)


def send(outgoing: Outgoing, settings: MailboxSettings, http: Postman) -> Receipt:
    """Carry out a command. Raises ``TransientError``, ``PermanentError`` or ``Stopped``; once the letter left, nothing:
    a copy that cannot be kept is a note."""
    if not isinstance(outgoing.command, Send):
        return posting.other(outgoing.command)
    copy = posting.copy_of(settings.smtp, folders=True)
    posted = posting.post(outgoing.command, outgoing.uploads, settings, http, copy)
    return posted.receipt(*(_kept(posted.paper, settings, http) if copy == "append" else ()))


def look(message_id: str, settings: MailboxSettings, http: Postman) -> bool:
    """Whether the letter is seen where what leaves is kept. Raises ``TransientError`` or ``Stopped`` while the mailbox
    cannot be read."""
    copy = posting.copy_of(settings.smtp, folders=True)
    if copy == "none":
        return False
    watched = settings.imap.folders if copy == "bcc" else ()
    with opened(settings, http.key(settings.imap)) as client:
        folders = dict.fromkeys((*watched, sent(client, settings.imap)))
        return any(_holds(client, folder, message_id) for folder in folders if folder)


def _kept(paper: Paper, settings: MailboxSettings, http: Postman) -> tuple[Text, ...]:
    """Put the letter into Sent, read; the note that it is not there."""
    try:
        with opened(settings, http.key(settings.imap)) as client:
            folder = sent(client, settings.imap)
            if not folder:
                return (_NOT_KEPT.with_(why=_NO_SENT),)
            if not _holds(client, folder, paper.message_id):  # a server may keep by itself what leaves by its SMTP
                client.append(folder, paper.raw, [SEEN])
    except ConnectorError as error:
        log.warning("mail.not_kept", account=settings.account, cause=error.cause, detail=error.detail)
        return (_NOT_KEPT.with_(why=error.hint),)
    return ()


def _holds(client: IMAPClient, folder: str, message_id: str) -> bool:
    examined(client, folder, readonly=True)
    return any(client.search(["HEADER", name, message_id]) for name in _IDS)
