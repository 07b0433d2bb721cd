"""Where the pretend providers play: every account's stand-in under ``http://127.0.0.1:<port>/<account>/…``."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connector.domain.provider import StandIn
from connector.domain.request import Reply, Request


@dataclass
class Stage:
    """The accounts' stand-ins and every request they got. Stand-ins are driven under ``lock``.

    ``delay`` is how many seconds an answer takes.
    """

    standins: dict[str, StandIn] = field(default_factory=dict)
    requests: list[tuple[str, Request]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    delay: float = 0.0
    _server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listen on a free port."""
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def url(self, account: str) -> str:
        """The ``api_url`` of an account."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}/{account}"

    def play(self, account: str, request: Request) -> Reply:
        """The stand-in's answer to one of our calls."""
        time.sleep(self.delay)
        with self.lock:
            self.requests.append((account, request))
            standin = self.standins.get(account)
            return standin.handle(request) if standin else Reply(status=404)

    def heard(self, account: str, conversation: str) -> list[str]:
        """What the customer of a conversation sees now."""
        with self.lock:
            return list(self.standins[account].heard(conversation))

    def calls(self, account: str) -> list[Request]:
        """The requests that an account's stand-in got so far."""
        with self.lock:
            return [request for name, request in self.requests if name == account]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(stage: Stage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._play()

        def do_POST(self) -> None:
            self._play()

        def log_message(self, format: str, *args: Any) -> None:
            """The list of requests is the log."""

        def _play(self) -> None:
            account, _, rest = self.path.lstrip("/").partition("/")
            path, _, query = rest.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                method=self.command,
                path=f"/{path}",
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
                received_at=datetime.now(UTC),
                query=query,
                remote=self.client_address[0],
            )
            reply = stage.play(account, request)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

    return Handler
