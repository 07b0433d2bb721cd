"""A letter as its sender writes it, and as whoever gets it reads it."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A file of a letter."""

    name: str
    mime: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter as it is read: ``headers`` by lower-case name, ids with their angle brackets, ``came`` when it came."""

    subject: str
    sender: str
    text: str
    html: str
    headers: Mapping[str, str]
    came: datetime
    files: tuple[Piece, ...] = ()

    @property
    def message_id(self) -> str:
        """Its own id."""
        return self.headers.get("message-id", "")

    @property
    def references(self) -> tuple[str, ...]:
        """The letters before it, oldest first."""
        return tuple(self.headers.get("references", "").split())


def written(
    sender: str,
    to: str,
    subject: str,
    text: str,
    *,
    name: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    answers: Letter | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A letter as a mail program writes it. ``answers`` is the one that it answers; ``files`` are (name, content)."""
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"] = Address(name, addr_spec=sender)
    letter["To"] = to
    letter["Subject"] = subject
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    if answers is not None:
        letter["In-Reply-To"] = answers.message_id
        letter["References"] = " ".join((*answers.references, answers.message_id))
    for header, value in (headers or {}).items():
        letter[header] = value
    letter.set_content(text)
    for file, content in files:
        main, _, sub = (mimetypes.guess_type(file)[0] or "application/octet-stream").partition("/")
        letter.add_attachment(content, maintype=main, subtype=sub, filename=file)
    return letter.as_bytes()


def read(raw: bytes, came: datetime) -> Letter:
    """A letter as its reader's mail program shows it."""
    letter = message_from_bytes(raw, policy=policy.default)
    assert isinstance(letter, EmailMessage)
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    return Letter(
        subject=str(letter.get("subject", "")),
        sender=str(letter.get("from", "")),
        text=str(plain.get_content()) if plain else "",
        html=str(html.get_content()) if html else "",
        headers={name.lower(): str(value) for name, value in letter.items()},
        came=came,
        files=tuple(_piece(part) for part in letter.iter_attachments() if isinstance(part, EmailMessage)),
    )


def _piece(part: EmailMessage) -> Piece:
    content = part.get_payload(decode=True)
    name = part.get_filename("")
    return Piece(name=name, mime=part.get_content_type(), content=content if isinstance(content, bytes) else b"")
