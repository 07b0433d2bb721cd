"""Both sides as one server, and what a person does with it."""

from __future__ import annotations

import socketserver
import threading
import time
from datetime import UTC, datetime
from typing import Any, Self

from connector.providers.mail.standin.boxes import Boxes
from connector.providers.mail.standin.imap import ImapServer
from connector.providers.mail.standin.letters import Letter, read, written
from connector.providers.mail.standin.smtp import Manners, SmtpServer


class MailServer:
    """A mail server on loopback; ``address`` is our mailbox. Use as a context manager.

    ``manners`` is how it takes letters, ``boxes`` is where they lie.
    """

    def __init__(self, address: str = "shop@acme.example", *, manners: Manners | None = None) -> None:
        self.address, self.manners = address, manners or Manners()
        self.boxes = Boxes(address)
        self._smtp = SmtpServer(0, self.boxes, self.manners)
        self._imap = ImapServer(0, self.boxes, self.manners)

    def account(self, **more: Any) -> dict[str, Any]:
        """The account of ``connector.yaml`` that leads here."""
        return {
            "provider": "mail",
            "portal": "main",
            "address": self.address,
            "imap": {**self._here(self._imap), "user": self.address, "password": self.manners.password},
            "smtp": {**self._here(self._smtp), "pace": 600},
            **more,
        }

    def write(self, sender: str, subject: str, text: str, **how: Any) -> Letter:
        """Somebody writes to our mailbox, ``how`` as :func:`written` says; the letter."""
        raw = written(sender, self.address, subject, text, **how)
        self.boxes.deliver(self.address, raw)
        return read(raw, datetime.now(UTC))

    def inbox(self, address: str) -> list[Letter]:
        """What an address was sent, oldest first."""
        return [read(kept.raw, kept.at) for kept in self.boxes.of(address)]

    def folder(self, name: str) -> list[Letter]:
        """What lies in a folder of our mailbox."""
        with self.boxes.lock:
            return [read(kept.raw, kept.at) for kept in self.boxes.folders[name].letters]

    def wait_for_listeners(self, *, seconds: float = 10.0) -> bool:
        """Until somebody waits for letters to our mailbox; whether they came."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if self.boxes.idling:
                return True
            time.sleep(0.01)
        return False

    @staticmethod
    def _here(server: socketserver.TCPServer) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": server.server_address[1], "security": "none"}

    def __enter__(self) -> Self:
        for server in (self._smtp, self._imap):
            threading.Thread(target=server.serve_forever, args=(0.05,), name="mail-door", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._smtp, self._imap):
            server.shutdown()
            server.server_close()
