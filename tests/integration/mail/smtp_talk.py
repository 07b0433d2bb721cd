"""A mail server that answers line by line as it is told: for what a real one cannot be made to say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HANG_UP = "hang up"
USUAL = {
    "": "220 talk",
    "EHLO": "250-talk\r\n250-SIZE 1000000\r\n250-AUTH PLAIN LOGIN XOAUTH2\r\n250 8BITMIME",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 go on",
    "LETTER": "250 2.0.0 taken",
    "AUTH": "235 2.7.0 in",
    "RSET": "250 OK",
    "QUIT": "221 bye",
}


@dataclass
class Talk:
    """``replies`` maps the beginning of a line to its answers in turn (the last one stays); the longest beginning wins.

    ``""`` is the greeting, ``LETTER`` the end of DATA; ``HANG_UP`` ends the connection instead. After ``cut_at`` bytes
    of a letter it ends as well. ``lines`` are what it heard, ``letters`` those that came to their dot.
    """

    replies: Mapping[str, list[str]] = field(default_factory=dict)
    cut_at: int = 0
    lines: list[str] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    port: int = 0

    def reply(self, line: str) -> str:
        """The answer to a line."""
        told = sorted((begin for begin in self.replies if begin and line.startswith(begin)), key=len)
        if told or line in self.replies:
            answers = self.replies[told[-1] if told else line]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        return USUAL.get(line.partition(" ")[0].upper(), "500 what")

    def serve(self, connection: socket.socket) -> None:
        """One connection, to its end."""
        with connection, connection.makefile("rb") as told, suppress(OSError):
            line = ""
            while self._answer(connection, line):
                heard = told.readline()
                if not heard:
                    return
                verb, blank, rest = heard.decode().rstrip("\r\n").partition(" ")
                line = (verb.upper() if len(verb) == 4 else verb) + blank + rest
                self.lines.append(line)
                if line == "DATA" and self.reply(line).startswith("354"):
                    connection.sendall(b"354 go on\r\n")
                    if not self._letter(told):
                        connection.shutdown(socket.SHUT_RDWR)
                        return
                    line = "LETTER"

    def _answer(self, connection: socket.socket, line: str) -> bool:
        said = self.reply(line)
        if said != HANG_UP:
            connection.sendall(f"{said}\r\n".encode())
        return said != HANG_UP and line != "QUIT"

    def _letter(self, told: object) -> bool:
        whole = b""
        while not whole.endswith(b"\r\n.\r\n"):
            piece = told.readline()
            whole += piece
            if not piece or (self.cut_at and len(whole) > self.cut_at):
                return False
        self.letters.append(whole[:-3])
        return True


@contextmanager
def talking(**how: object) -> Iterator[Talk]:
    """A listening one at 127.0.0.1:``port``."""
    talk = Talk(**how)
    with socket.create_server(("127.0.0.1", 0)) as server:
        talk.port = server.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=talk.serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield talk
        server.shutdown(socket.SHUT_RDWR)
