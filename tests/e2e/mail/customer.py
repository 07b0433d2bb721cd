"""A customer with a mailbox and a mail program of the usual manners."""

from __future__ import annotations

import itertools
import smtplib
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from typing import ClassVar

from tests.integration.house.waiting import until
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import CUSTOMER, SUPPORT


def read(raw: bytes) -> EmailMessage:
    """A letter as the standard library reads it."""
    return message_from_bytes(raw, policy=policy.default)


@dataclass(kw_only=True)
class Customer:
    """Writes by SMTP at ``port`` (0: straight into our mailbox) and reads ``address``'s; ``sent`` are its letters."""

    mailboxes: Dovecot
    port: int = 0
    address: str = CUSTOMER
    name: str = "Анна Ковалёва"
    sent: list[bytes] = field(default_factory=list)
    numbers: ClassVar[itertools.count[int]] = itertools.count(1)

    def writes(self, text: str, subject: str = "Заказ № 15", **headers: str) -> EmailMessage:
        """A new letter."""
        return self._posts(text, subject, headers)

    def answers(self, letter: EmailMessage, text: str, **headers: str) -> EmailMessage:
        """An answer to ``letter``, quoting it below."""
        quoted = "\n".join(f"> {line}" for line in _text(letter).splitlines())
        before = str(letter["References"] or letter["In-Reply-To"] or "")
        thread = {"In-Reply-To": letter["Message-ID"], "References": f"{before} {letter['Message-ID']}".strip()}
        subject = str(letter["Subject"])
        subject = subject if subject.lower().startswith("re:") else f"Re: {subject}"
        body = f"{text}\n\n{letter['Date']}, {letter['From']}:\n{quoted}\n"
        return self._posts(body, subject, {**thread, **headers})

    def letters(self) -> list[EmailMessage]:
        """All that came, oldest first."""
        return [read(raw) for raw in self.mailboxes.letters(self.address)]

    def gets(self, count: int, seconds: float = 20.0) -> list[EmailMessage]:
        """Wait for so many letters."""
        until(lambda: len(self.letters()) >= count, seconds=seconds, what=f"{self.address} has {count} letters")
        return self.letters()

    def _letter(self, text: str, subject: str, headers: dict[str, str]) -> EmailMessage:
        letter = EmailMessage(policy=policy.SMTP)
        letter["From"] = f"{self.name} <{self.address}>"
        letter["To"] = SUPPORT
        letter["Subject"] = subject
        letter["Date"] = format_datetime(localtime())
        letter["Message-ID"] = f"<{next(self.numbers)}.{id(self):x}@client.test>"
        for name, value in headers.items():
            letter[name.replace("_", "-")] = value
        letter.set_content(text)
        return letter

    def _posts(self, text: str, subject: str, headers: dict[str, str]) -> EmailMessage:
        letter = self._letter(text, subject, headers)
        if self.port:
            with smtplib.SMTP("127.0.0.1", self.port, "client.test") as smtp:
                smtp.sendmail(self.address, [SUPPORT], letter.as_bytes())
        else:
            self.mailboxes.deliver(SUPPORT, letter.as_bytes(), sender=self.address)
        self.sent.append(letter.as_bytes())
        return letter


def _text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
