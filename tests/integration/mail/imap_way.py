"""The way to a mail server, which may spoil what goes along it: cut, answered by somebody else, or changed."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Way:
    """Relays connections to ``port``. ``spoil`` is asked about every line of the client: ``None`` lets it pass, bytes
    answer instead of the server (``{tag}`` is the line's), ``CUT`` ends the connection. ``change`` sees all that the
    server says. ``said`` are the lines of all clients.
    """

    CUT = b""

    def __init__(self, port: int) -> None:
        self._to, self._server = port, socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.spoil: Callable[[str], bytes | None] = lambda line: None
        self.change: Callable[[bytes], bytes] = lambda data: data
        self.said: list[str] = []
        self._open: list[socket.socket] = []

    def cut(self) -> None:
        """End all connections."""
        for stream in self._open:
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)

    def fetched(self) -> list[int]:
        """The UIDs whose whole letters were asked for, in order."""
        return [
            int(found[1]) for line in self.said if (found := re.search(r"UID FETCH (\d+) \(BODY\.PEEK\[\]\)", line))
        ]

    def run(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            self._open += [client, server]
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._down, args=(client, server), daemon=True).start()

    def close(self) -> None:
        self._server.close()
        self.cut()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client, server, client.makefile("rb") as lines:
            for raw in lines:
                line = raw.decode().rstrip()
                self.said.append(line)
                answer = self.spoil(line)
                if answer is None:
                    server.sendall(raw)
                elif answer == self.CUT:
                    break
                else:
                    client.sendall(answer.replace(b"{tag}", line.split()[0].encode()))
            for stream in (client, server):
                stream.shutdown(socket.SHUT_RDWR)

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(self.change(data))
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def way(port: int) -> Iterator[Way]:
    """A way to the server at ``port`` of the loopback."""
    made = Way(port)
    threading.Thread(target=made.run, daemon=True).start()
    try:
        yield made
    finally:
        made.close()
