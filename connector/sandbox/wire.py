"""HTTP/1.1 with keep-alive for a WSGI application, able to reset a connection instead of answering."""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from werkzeug.serving import WSGIRequestHandler

MAX_BODY = 128 * 1024 * 1024
IDLE = 75.0


class OpenSockets:
    """The connections of a server, so that stopping it ends them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    def add(self, connection: socket.socket) -> None:
        """Remember a connection."""
        with self._lock:
            self._open.add(connection)

    def discard(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def close_all(self) -> None:
        """End every connection; a client sees it as closed."""
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class KeepAliveHandler(WSGIRequestHandler):
    """One connection. Werkzeug's own handler closes it after each answer; this one keeps it.

    ``environ["sandbox.cut"]`` set by the application makes it vanish with a TCP reset; ``sandbox.stream`` sends each
    chunk as it comes, until the application or the client ends it.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE
    sockets = OpenSockets()

    def setup(self) -> None:
        super().setup()
        self.sockets.add(self.connection)

    def finish(self) -> None:
        self.sockets.discard(self.connection)
        super().finish()

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the call log is the sandbox's own."""

    def run_wsgi(self) -> None:
        """Read the whole request, run the application, write the whole answer."""
        self.environ = environ = self.make_environ()
        length = environ.get("CONTENT_LENGTH", "")
        if (length and not length.isdigit()) or int(length or 0) > MAX_BODY:
            self._write(f"{HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value} Too Large", [], b"")
            self.close_connection = True
            return
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        body = environ["wsgi.input"].read() if chunked else self.rfile.read(int(length or 0))
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
        answered = self._run(environ)
        if answered is None:
            return
        status, headers, answer = answered
        if environ.get("sandbox.cut"):
            self._reset()
        else:
            self._write(status, headers, answer)

    def _run(self, environ: Any) -> tuple[str, list[tuple[str, str]], bytes] | None:
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            begun.append((status, headers))
            return lambda data: None

        chunks = self.server.app(environ, start_response)
        try:
            if environ.get("sandbox.stream"):
                self._stream(*begun[-1], chunks)
                return None
            answer = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        return *begun[-1], answer

    def _begin(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        self.send_header("Date", self.date_time_string())
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)

    def _stream(self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
        self.close_connection = True
        self._begin(status, headers)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        for chunk in chunks:
            self.connection.sendall(chunk)

    def _write(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self._begin(status, headers)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close with SO_LINGER 0: the client gets a TCP reset, not an answer."""
        self.close_connection = True
        self.sockets.discard(self.connection)
        try:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        except OSError:
            return
