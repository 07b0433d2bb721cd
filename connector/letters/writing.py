"""A letter of ours as bytes (facts/providers.md §4.2, §4.4). Pure: but for its ``Date`` it is always the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

from connector.domain.letters import Heading
from connector.errors import PermanentError
from connector.letters import lines
from connector.letters.names import attachment
from connector.letters.rendering import Link, as_html, as_text
from connector.speech import Text

LONGEST_SUBJECT = 400  # characters
BASE64 = 78 / 57  # bytes of a letter for a byte of a file: 57 of them are a line of 76 and its end
_POLICY = SMTP.clone(cte_type="7bit")
_MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,120}")
_CONVERSATION = re.compile(r"[0-9a-f]{16}")
_BAD_ADDRESS = Text(
    "“{address}” is no address that a letter can be sent to. Ask the client for the right one and write from the mail "
    "program.",
    "«{address}» — не адрес, на который можно отправить письмо. Уточните адрес у клиента и напишите из почтовой "
    "программы.",
)


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """A file within a letter."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Our mailbox: ``address`` under ``name``; ``mark`` is where the conversation is told besides the ids."""

    address: str
    name: str = ""
    mark: Literal["", "subject", "address"] = ""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A letter ready to leave. ``to`` and ``cc`` are its envelope's addresses, ``unfit`` those told that are none
    for this letter; ``international``: it needs SMTPUTF8. ``silent``: nobody wants to hear of it if it fails."""

    message_id: str
    raw: bytes = field(repr=False)
    writer: str
    to: str
    cc: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    international: bool = False
    silent: bool = False


def compose(
    heading: Heading,
    text: str,
    files: Sequence[Enclosure] = (),
    links: Sequence[Link] = (),
    *,
    writer: Writer,
    conversation: str,
    at: datetime,
) -> Paper:
    """The letter; ``text`` is BBCode, ``links`` are files that it only points at, ``at`` is aware.

    Raises ``PermanentError`` (``mail.address``) when the one it is for, or we, have no address.
    """
    own, to = _address(writer.address), _address(heading.to)
    international = not (own.isascii() and to.isascii())
    cc = {told: _copy(told, international=international) for told in heading.cc}
    copies = tuple(dict.fromkeys(address for address in cc.values() if address and address != to))
    head = _head(heading, writer, own, (to, copies), conversation, at)
    body = _body(heading, text, files, links)
    raw = "".join(f"{name}: {value}\r\n" for name, value in head if value).encode("utf-8") + body.as_bytes()
    return Paper(
        message_id=heading.message_id,
        raw=raw,
        writer=own,
        to=to,
        cc=copies,
        unfit=tuple(told for told, address in cc.items() if not address),
        international=international,
        silent=heading.automatic,
    )


def _head(
    heading: Heading,
    writer: Writer,
    own: str,
    recipients: tuple[str, tuple[str, ...]],
    conversation: str,
    at: datetime,
) -> Iterable[tuple[str, str]]:
    to, cc = recipients
    yield "From", lines.sender(writer.name, own, "From")
    yield "To", lines.sender(heading.to_name, to, "To")
    yield "Cc", lines.listed(cc)
    yield "Reply-To", _tagged(own, conversation) if writer.mark == "address" else ""
    yield "Subject", lines.words(_subject(heading.subject, writer.mark, conversation), "Subject")
    yield "Date", format_datetime(at)
    yield "Message-ID", lines.ids([heading.message_id])
    yield "In-Reply-To", lines.ids([heading.in_reply_to])
    yield "References", lines.ids(heading.references)
    yield "Auto-Submitted", "auto-replied" if heading.automatic else ""
    yield "X-Auto-Response-Suppress", "All" if heading.automatic else ""


def _body(heading: Heading, text: str, files: Sequence[Enclosure], links: Sequence[Link]) -> EmailMessage:
    body = EmailMessage(policy=_POLICY)
    plain = as_text(text, heading.signature, links)
    body.set_content(plain, charset="utf-8", cte=_encoding(plain))
    page = as_html(text, heading.signature, links)
    body.add_alternative(page, subtype="html", charset="utf-8", cte=_encoding(page))
    for file in files:
        main, _, sub = _mime(file.mime).partition("/")
        name = attachment(file.name, file.mime)
        body.add_attachment(file.data, maintype=main, subtype=sub, filename=name)
    for number, part in enumerate(part for part in body.walk() if part.is_multipart()):
        part.set_boundary(f"=_{number}_{_digest(heading.message_id)}")  # neither base64 nor quoted-printable has it
    return body


def _subject(subject: str, mark: str, conversation: str) -> str:
    token = f"[#{conversation}]"
    subject = subject[:LONGEST_SUBJECT]
    if mark != "subject" or not _CONVERSATION.fullmatch(conversation) or token in subject:
        return subject
    return f"{subject} {token}"


def _tagged(own: str, conversation: str) -> str:
    local, _, domain = own.rpartition("@")
    return "" if "+" in local or not _CONVERSATION.fullmatch(conversation) else f"{local}+t{conversation}@{domain}"


def _address(told: str) -> str:
    address = lines.address(told)
    if not address:
        raise PermanentError("mail.address", hint=_BAD_ADDRESS.with_(address=told[:100]))
    return address


def _copy(told: str, *, international: bool) -> str:
    """For the sake of who stands in copy no letter needs more of the servers than it would without them."""
    address = lines.address(told)
    return address if address.isascii() or international else ""


def _encoding(text: str) -> Literal["base64", "quoted-printable"]:
    """Whichever is shorter: Cyrillic has two bytes a letter, of which quoted-printable would make six."""
    return "base64" if sum(1 for char in text if char > "\x7f") * 6 > len(text) else "quoted-printable"


def _mime(told: str) -> str:
    """A type that a file may have: a letter within a letter, or a part of parts, would be taken apart."""
    mime = told.partition(";")[0].strip().lower()
    unfit = not _MIME.fullmatch(mime) or mime.startswith(("multipart/", "message/"))
    return "application/octet-stream" if unfit else mime


def _digest(message_id: str) -> str:
    return hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()[:24]
