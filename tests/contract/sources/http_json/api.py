"""A scripted API over a real socket: one list, cut into pages in any of the usual ways."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the API says; ``cut`` breaks the connection in the middle."""

    status: int = 200
    told: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request; header names are in lower case."""

    number: int
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Api:
    """``say`` answers; ``meanwhile`` is called before and may answer instead, or change the rows."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    say: Callable[[Asked], Reply] = lambda asked: Reply(status=404)
    meanwhile: Callable[[Asked], Reply | None] = lambda asked: None
    largest: int = 1000
    zipped: bool = False

    def answer(self, asked: Asked) -> Reply:
        """The answer to a request."""
        self.asked.append(asked)
        other = self.meanwhile(asked)
        if other is None:
            return self.say(asked)
        return Reply(told=self.say(asked).told, cut=True) if other.cut else other

    def since(self, asked: Asked) -> list[dict[str, Any]]:
        """The rows that are asked for."""
        since = asked.params.get("since", "")
        return [row for row in self.rows if row.get("at", "") >= since]

    def size(self, asked: Asked) -> int:
        """The rows of a page."""
        return min(int(asked.params.get("limit", "3")), self.largest)

    def whole(self, asked: Asked) -> Reply:
        """Everything at once."""
        return Reply(told={"data": {"items": self.since(asked)}})

    def by_offset(self, asked: Asked) -> Reply:
        """``offset`` and ``limit``."""
        rows, at = self.since(asked), int(asked.params.get("offset", "0"))
        return Reply(told={"data": {"items": rows[at : at + self.size(asked)]}, "total": len(rows)})

    def by_page(self, asked: Asked) -> Reply:
        """``page`` from 1 on; there is none behind the last."""
        rows, at = self.since(asked), (int(asked.params.get("page", "1")) - 1) * self.size(asked)
        if at and at >= len(rows):
            return Reply(status=404, told={"detail": "Invalid page."})
        return Reply(told={"data": {"items": rows[at : at + self.size(asked)]}, "total": len(rows)})

    def by_cursor(self, asked: Asked) -> Reply:
        """``cursor``: the id after which to go on."""
        rows = [row for row in self.since(asked) if row["id"] > int(asked.params.get("cursor", "0"))]
        part = rows[: self.size(asked)]
        following = part[-1]["id"] if len(rows) > len(part) else None
        return Reply(told={"data": {"items": part}, "meta": {"next": following}})

    def by_link(self, asked: Asked) -> Reply:
        """The ``Link`` header, which gives our own parameters back."""
        said = self.by_cursor(asked)
        following = said.told["meta"]["next"]
        kept = {name: value for name, value in asked.params.items() if name != "cursor"}
        query = "&".join(f"{name}={value}" for name, value in {**kept, "cursor": following}.items())
        first = f'<{self.url}?page=1>; rel="first"'
        headers = {"Link": f'{first}, <{asked.path}?{query}>; rel="next"' if following else first}
        return Reply(told=said.told, headers=headers)


class _Handler(BaseHTTPRequestHandler):
    api: Api
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together

    def do_POST(self) -> None:
        """As any request."""
        self.do_GET()

    def do_GET(self) -> None:
        """One request."""
        length = int(self.headers.get("Content-Length", "0"))
        asked = Asked(
            number=len(self.api.asked) + 1,
            method=self.command,
            path=urlsplit(self.path).path,
            params=dict(parse_qsl(urlsplit(self.path).query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            form=dict(parse_qsl(self.rfile.read(length).decode())),
        )
        said = self.api.answer(asked)
        body = said.raw if said.raw is not None else json.dumps(said.told, ensure_ascii=False).encode()
        body = b"" if said.status == 304 else gzip.compress(body) if self.api.zipped else body
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        if self.api.zipped:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if said.cut else body)
        self.close_connection = self.close_connection or said.cut

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def served(api: Api) -> Iterator[Api]:
    """Serve the API on loopback; its ``url`` is known inside."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}/orders"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
