"""Gives the providers' stand-ins an address: each answers below ``/<account>``, on loopback only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from connector.domain.provider import StandIn
from connector.domain.request import Reply, Request


class StandInHost:
    """A small HTTP server for all stand-ins of a demo or a test. Use as a context manager."""

    def __init__(self, port: int = 0) -> None:
        self.standins: dict[str, StandIn] = {}
        self.taps: dict[str, Callable[[Request, Reply], None]] = {}  # who listens in, by account
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.play = self.play
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def url(self, account: str) -> str:
        """Where the stand-in of ``account`` answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{account}"

    def play(self, account: str, request: Request) -> Reply:
        """The stand-in's answer to one request; 404 for an account that has none."""
        standin = self.standins.get(account)
        if standin is None:
            return Reply(status=404)
        reply = standin.handle(request)
        tap = self.taps.get(account)
        if tap is not None:
            tap(request, reply)
        return reply

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    play: Callable[[str, Request], Reply]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _answer(self) -> None:
        split = urlsplit(self.path)
        account, _, path = split.path.lstrip("/").partition("/")
        request = Request(
            method=self.command,
            path=f"/{path}",
            query=split.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length") or 0)),
            received_at=datetime.now(UTC),
            remote=self.client_address[0],
        )
        reply = self.server.play(account, request)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names are http.server's

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the stand-ins remember what they were told."""
