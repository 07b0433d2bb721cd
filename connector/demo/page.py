"""The demo page's own small web server, on loopback only."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, urlsplit

from connector.demo.door import Door

LARGEST = 12 * 2**20
_ALWAYS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
)
IDLE = 60.0  # seconds for which a connection may stay silent


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. ``language`` is what the visitor reads; ``body`` the JSON object of a POST."""

    method: str
    path: str
    query: dict[str, str]
    language: str
    headers: Mapping[str, str]
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """``body`` is sent as it is; an iterator is sent piece by piece until it ends or nobody listens."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class Rooms(Protocol):
    """What stands behind the door."""

    def __call__(self, asked: Asked) -> Answer: ...


class PageServer:
    """``http://127.0.0.1:<port>``. Its address is known before it opens: others are told of it first."""

    def __init__(self, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def origin(self) -> str:
        """Without a slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def open(self, door: Door, rooms: Rooms) -> Self:
        """From here on it answers; until then callers wait. Use as a context manager, which closes it."""
        self._server.door, self._server.rooms = door, rooms
        self._thread.start()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    door: Door
    rooms: Rooms


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE
    server: _Server

    def _answer(self) -> None:
        answer = self._refusal() or self._reply()
        self._send(answer)

    def _refusal(self) -> Answer | None:
        """What is said without reading on; the rest of the connection is not looked at."""
        size = self.headers.get("Content-Length", "0")
        refused = self.server.door.refuses(self.command, dict(self.headers))
        status = 403 if refused else 413 if not size.isdecimal() or int(size) > LARGEST else 0
        self.close_connection = self.close_connection or bool(status)
        return plain(status) if status else None

    def _reply(self) -> Answer:
        body = _object(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        if body is None:
            return plain(400)
        split = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        asked = Asked(
            method=self.command,
            path=split.path,
            query=query,
            language=language(query.get("lang", ""), self.headers.get("Accept-Language", "")),
            headers=dict(self.headers),
            body=body,
        )
        return self.server.rooms(asked)

    do_GET = do_POST = _answer  # noqa: N815 - the names are http.server's

    def _send(self, answer: Answer) -> None:
        pieces = iter((answer.body,)) if isinstance(answer.body, bytes) else answer.body
        self.close_connection = self.close_connection or not isinstance(answer.body, bytes)
        length = (("Content-Length", str(len(answer.body))),) if isinstance(answer.body, bytes) else ()
        self.send_response(answer.status)
        for name, value in (*_ALWAYS, ("Content-Type", answer.content_type), *length, *answer.headers):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        try:
            for piece in pieces:
                self.wfile.write(piece)
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # nobody listens any more

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the terminal belongs to the demo."""


def language(asked: str, accepted: str) -> str:
    """``ru`` or ``en``: as asked for, else the first of the browser's languages that we speak."""
    wanted = [asked, *(part.split(";")[0].strip()[:2].lower() for part in accepted.split(","))]
    return next((name for name in wanted if name in ("en", "ru")), "en")


def plain(status: int) -> Answer:
    """An answer that only says how it went."""
    return Answer(status=status, body=HTTPStatus(status).phrase.encode(), content_type="text/plain; charset=utf-8")


def as_json(value: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(status=status, body=body, content_type="application/json; charset=utf-8")


def _object(body: bytes) -> dict[str, Any] | None:
    """The JSON object; an empty one for no body, ``None`` for what is none."""
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
