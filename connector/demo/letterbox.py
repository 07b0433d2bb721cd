"""The shop's mailbox, which the real listener reads, and the mail program of a customer who writes to it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from connector.demo.people import ADDRESS, MAIL_LINE
from connector.demo.phone import Picked
from connector.providers.mail.standin import Letter, MailServer
from connector.speech import Text

ACCOUNT = "my-mail"
SHOP_ADDRESS = "shop@acme.example"
PAUSE = 2.0  # seconds: an operator's lines within it become one letter
SHOP_NAME = Text("Acme shop", "Магазин «Акме»")
TOLD = ("From", "To", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted")


def server() -> MailServer:
    """The mail server of everybody."""
    return MailServer(SHOP_ADDRESS)


def account(mail: MailServer, language: str) -> dict[str, Any]:
    """The account of ``connector.yaml`` that leads there."""
    return mail.account(line=MAIL_LINE, name=SHOP_NAME.say(language), pause=PAUSE)


class Letterbox:
    """``owner`` is the customer's name. A letter's id is ``out<n>`` for what they wrote, ``in<n>`` for what came."""

    def __init__(self, mail: MailServer, owner: str) -> None:
        self._mail, self._owner = mail, owner
        self._written: list[Letter] = []
        self._lock = threading.Lock()

    def write(self, subject: str, text: str, files: Sequence[tuple[str, bytes]] = (), answers: str = "") -> None:
        """The customer writes, or answers the letter of this id. Raises ``LookupError``."""
        letter = self._letters()[answers] if answers else None
        with self._lock:
            sent = self._mail.write(ADDRESS, subject, text, name=self._owner, files=files, answers=letter)
            self._written.append(sent)

    def screen(self) -> list[dict[str, Any]]:
        """All letters as the mail program shows them, oldest first."""
        rows = sorted(self._letters().items(), key=lambda row: row[1].came)
        return [_shown(name, letter) for name, letter in rows]

    def file(self, name: str, number: int) -> Picked | None:
        """A file of the letter of this id."""
        letter = self._letters().get(name)
        if letter is None or not 0 <= number < len(letter.files):
            return None
        piece = letter.files[number]
        return Picked(name=piece.name, mime=piece.mime, content=piece.content)

    def _letters(self) -> dict[str, Letter]:
        with self._lock:
            written = {f"out{number}": letter for number, letter in enumerate(self._written)}
        return written | {f"in{number}": letter for number, letter in enumerate(self._mail.inbox(ADDRESS))}


def _shown(name: str, letter: Letter) -> dict[str, Any]:
    return {
        "id": name,
        "mine": name.startswith("out"),
        "from": letter.sender,
        "subject": letter.subject,
        "text": letter.text.strip(),
        "at": letter.came.timestamp(),
        "headers": [[header, letter.headers[header.lower()]] for header in TOLD if letter.headers.get(header.lower())],
        "files": [{"name": piece.name, "size": len(piece.content)} for piece in letter.files],
    }
