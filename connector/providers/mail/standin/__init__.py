"""A pretend mail server: SMTP in and out, IMAP for one mailbox, letters in memory (facts/providers.md §4.1, §4.2).

For tests and the demo; on loopback only::

    with MailServer() as mail:
        account = mail.account(pause=1)  # of connector.yaml: it leads here
        mail.write("vera@example.com", "The order", "Is it ready?", name="Vera")
        ...
        [answer] = mail.inbox("vera@example.com")
"""

from __future__ import annotations

from connector.providers.mail.standin.boxes import Boxes, Folder, Kept
from connector.providers.mail.standin.letters import Letter, Piece, read, written
from connector.providers.mail.standin.server import MailServer
from connector.providers.mail.standin.smtp import Manners

__all__ = ["Boxes", "Folder", "Kept", "Letter", "MailServer", "Manners", "Piece", "read", "written"]
