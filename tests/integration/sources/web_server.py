"""A web server of one file, on the loopback, that does as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What it answers: ``tag`` an ETag, ``stamp`` a Last-Modified, ``cut`` bytes less than it promises, ``leads`` a
    path it redirects to. ``asked`` are the headers of what came, ``sent`` the bodies that left.
    """

    content: bytes = b""
    tag: str = ""
    stamp: str = ""
    status: int = 200
    cut: int = 0
    leads: str = ""
    wants: str = ""
    retry: str = ""
    port: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0

    def url(self, path: str = "/orders.csv") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def web_server() -> Iterator[Site]:
    """A running server; its ``Site`` may be changed at any time."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(dict(self.headers))
            _answer(self, site)

        def log_message(self, format: str, *args: object) -> None:
            """Tests read ``asked`` instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _answer(handler: BaseHTTPRequestHandler, site: Site) -> None:
    known = (site.tag and handler.headers["If-None-Match"] == site.tag) or (
        site.stamp and handler.headers["If-Modified-Since"] == site.stamp
    )
    status = 304 if known else site.status
    if site.leads and handler.path != site.leads:
        status = 302
    if site.wants and handler.headers["Authorization"] != site.wants:
        status = 401
    body = site.content if status == 200 else b""
    handler.send_response(status)
    for name, value in (("ETag", site.tag), ("Last-Modified", site.stamp), ("Retry-After", site.retry)):
        if value:
            handler.send_header(name, value)
    if status == 302:
        handler.send_header("Location", site.leads)
    if status != 304:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    site.sent += bool(body)  # before it leaves: whoever has it all may count at once
    handler.wfile.write(body[: len(body) - site.cut])
