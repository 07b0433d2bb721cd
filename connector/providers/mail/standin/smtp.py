"""The SMTP side: letters are taken from anybody who knows the password (RFC 5321, 4954)."""

from __future__ import annotations

import base64
import binascii
import socketserver
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from connector.providers.mail.standin.boxes import Boxes

LARGEST = 25 * 2**20
How = Literal["taken", "later", "never", "cut_before", "cut_after"]


@dataclass(kw_only=True)
class Manners:
    """How it behaves, letter by letter; changed while it runs.

    ``next`` are the fates of the letters to come: ``taken``, refused for now or for good, the connection cut before
    the letter is taken or after it, unanswered; ``unknown`` are addresses that do not exist. ``password`` opens it.
    """

    password: str = "secret"
    next: list[How] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    letters: int = 0

    def fate(self) -> How:
        """Of the letter that is here now."""
        return self.next.pop(0) if self.next else "taken"


class SmtpTalk(socketserver.StreamRequestHandler):
    """One connection."""

    server: SmtpServer

    def handle(self) -> None:
        """Until it ends, or is cut."""
        self._from, self._to, self._known = "", list[str](), False
        self._tell("220 mail.example ESMTP pretend")
        with suppress(ConnectionError, ValueError):
            while line := self.rfile.readline(65536):
                verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
                act = _VERBS.get(verb.upper())
                if act is None:
                    self._tell("500 5.5.2 what is that?")
                elif act(self, rest.strip()):
                    return

    def _ehlo(self, rest: str) -> bool:
        self._tell("250-mail.example", f"250-SIZE {LARGEST}", "250-8BITMIME", "250-SMTPUTF8", "250 AUTH PLAIN LOGIN")
        return False

    def _auth(self, rest: str) -> bool:
        way, _, first = rest.partition(" ")
        try:
            if way.upper() == "PLAIN":
                said = self._decoded(first or self._asked("")).split("\0")[-1]
            elif way.upper() == "LOGIN":
                if not first:
                    self._asked("Username:")
                said = self._decoded(self._asked("Password:"))
            else:
                return self._tell("504 5.5.4 PLAIN or LOGIN")
        except binascii.Error:
            return self._tell("501 5.5.2 not base64")
        self._known = said == self.server.manners.password
        return self._tell("235 2.7.0 welcome" if self._known else "535 5.7.8 wrong user or password")

    def _mail(self, rest: str) -> bool:
        if not self._known:
            return self._tell("530 5.7.0 who are you?")
        self._from, self._to = _address(rest), []
        return self._tell("250 2.1.0 well")

    def _rcpt(self, rest: str) -> bool:
        if _address(rest).lower() in self.server.manners.unknown:
            return self._tell("550 5.1.1 no such user here")
        self._to.append(_address(rest))
        return self._tell("250 2.1.5 well")

    def _data(self, rest: str) -> bool:
        if not self._to:
            return self._tell("503 5.5.1 to whom?")
        self._tell("354 go on")
        lines = []
        while (line := self.rfile.readline(65536)) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return self._taken(b"".join(lines), self.server.manners.fate())

    def _taken(self, raw: bytes, fate: How) -> bool:
        if fate in ("taken", "cut_after"):
            self.server.manners.letters += 1
            for address in dict.fromkeys(self._to):
                self.server.boxes.deliver(address, raw)
        if fate in ("cut_before", "cut_after"):
            return True
        said = {"taken": "250 2.0.0 taken", "later": "451 4.3.0 later", "never": "554 5.7.1 never"}
        return self._tell(said[fate])

    def _reset(self, rest: str) -> bool:
        self._from, self._to = "", []
        return self._tell("250 2.0.0 well")

    def _noop(self, rest: str) -> bool:
        return self._tell("250 2.0.0 well")

    def _quit(self, rest: str) -> bool:
        self._tell("221 2.0.0 bye")
        return True

    def _asked(self, question: str) -> str:
        self._tell(f"334 {base64.b64encode(question.encode()).decode()}")
        return self.rfile.readline(4096).decode("ascii", "replace").strip()

    @staticmethod
    def _decoded(said: str) -> str:
        return base64.b64decode(said, validate=True).decode("utf-8", "replace")

    def _tell(self, *lines: str) -> bool:
        """Say it; the connection goes on."""
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
        return False


class SmtpServer(socketserver.ThreadingTCPServer):
    """Where it is listened."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, boxes: Boxes, manners: Manners) -> None:
        super().__init__(("127.0.0.1", port), SmtpTalk)
        self.boxes, self.manners = boxes, manners


def _address(rest: str) -> str:
    """``FROM:<a@b> SIZE=5`` → ``a@b``."""
    return rest.partition("<")[2].partition(">")[0]


_VERBS: dict[str, Callable[[SmtpTalk, str], bool]] = {
    "EHLO": SmtpTalk._ehlo,
    "HELO": SmtpTalk._noop,
    "AUTH": SmtpTalk._auth,
    "MAIL": SmtpTalk._mail,
    "RCPT": SmtpTalk._rcpt,
    "DATA": SmtpTalk._data,
    "RSET": SmtpTalk._reset,
    "NOOP": SmtpTalk._noop,
    "QUIT": SmtpTalk._quit,
}
