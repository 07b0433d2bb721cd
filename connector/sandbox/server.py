"""The sandbox as a running server: for the command line, the demo and tests."""

from __future__ import annotations

import ipaddress
import socket
import threading
from types import TracebackType
from typing import Any, Self

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, make_server

from connector.sandbox.app_frame import app_blueprint
from connector.sandbox.config import SandboxConfig
from connector.sandbox.contact_center import contact_center_blueprint
from connector.sandbox.control import Control, control_blueprint
from connector.sandbox.desk_page import Bell, desk_blueprint
from connector.sandbox.methods import registry
from connector.sandbox.oauth import oauth_blueprint
from connector.sandbox.rest import cut, rest_blueprint
from connector.sandbox.state import Portal
from connector.sandbox.wire import KeepAliveHandler, OpenSockets

BACKLOG = 256
DOWN_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        safe = ipaddress.ip_address(address).is_loopback
    except ValueError:
        safe = False
    if not safe:
        raise ValueError(f"the sandbox serves plain http and binds to loopback only, not to {host}")
    return address


def make_app(portal: Portal, control: Control) -> Flask:
    """The WSGI application of one portal."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(rest_blueprint(portal, registry(portal.config.without)))
    app.register_blueprint(oauth_blueprint(portal))
    app.register_blueprint(control_blueprint(control))
    bell = Bell()
    app.register_blueprint(desk_blueprint(portal, bell))
    app.register_blueprint(app_blueprint(portal))
    app.register_blueprint(contact_center_blueprint(portal))

    @app.before_request
    def away() -> Response | None:
        mode = portal.down
        if not mode or request.path.startswith(("/_sandbox/", "/desk")):
            return None
        if mode == "reset":
            return cut()
        status = 503 if mode == "unavailable" else 502
        return Response(DOWN_PAGE.replace("502 Bad Gateway", f"{status}"), status, content_type="text/html")

    @app.after_request
    def tell_desks(answer: Response) -> Response:
        bell.ring()
        return answer

    @app.get("/pub/im.file.php")
    def file() -> Response:
        number, sign = request.args.get("FILE_ID", ""), request.args.get("SIGN", "")
        with portal.lock:
            held = portal.files.get(int(number)) if number.isdigit() else None
        if held is None or held.sign != sign:
            return Response("Not found", 404)
        name = held.name.encode("latin-1", "replace").decode("latin-1").replace('"', "")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(held.content, 200, headers, content_type=held.mime)

    return app


class SandboxServer(Control):
    """A portal on ``http://127.0.0.1:<port>``; ``config`` are the fields of :class:`SandboxConfig`.

    Also a context manager. ``stop()`` ends every connection and keeps the state: ``start()`` brings the same
    portal back on the same port.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", **config: Any) -> None:
        self.host, self.port = _loopback(host), port
        super().__init__(Portal(SandboxConfig(**config)))
        self.app = make_app(self.portal, self)
        self._server: BaseWSGIServer | None = None
        self._sockets = OpenSockets()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://host:port`` without a slash."""
        return f"http://{self._netloc()}"

    def _netloc(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def start(self) -> Self:
        """Listen; returns when connections are taken. Raises ``OSError`` when the port is another's."""
        if self._server:
            return self
        # A class per server: connections of one sandbox are not another's.
        handler = type("Handler", (KeepAliveHandler,), {"sockets": self._sockets})
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.create_server((self.host, self.port), family=family, backlog=BACKLOG) as listener:
            self.port = listener.getsockname()[1]
            self._server = make_server(
                self.host, self.port, self.app, threaded=True, request_handler=handler, fd=listener.fileno()
            )
        with self.portal.lock:
            if self.portal.host != self._netloc():
                self.portal.host = self.portal.domain = self._netloc()
        self.portal.outbox.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, end every connection, let the event under way finish."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._sockets.close_all()
        self._server = None
        if self._thread:
            self._thread.join(10)
        self.portal.outbox.stop()

    def join(self) -> None:
        """Wait until the server is stopped."""
        if self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
