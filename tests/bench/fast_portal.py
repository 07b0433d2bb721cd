"""A portal without limits: answers ``imconnector.send.messages`` at once, in the documented shape, and notes what came.

facts/bitrix24-openlines.md §1.7. One thread with an asyncio protocol, so that the stand-in is never what is measured:
it answers several times as many calls as a pump sends.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from connector.portal import decode_form
from tests.bench.services import BenchError

_METHOD = "imconnector.send.messages"
_TIME = {"start": 0, "finish": 0.01, "duration": 0.01, "processing": 0.01, "operating": 0}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it reached the portal; ``at`` is on the monotonic clock of this machine."""

    at: float
    chat: str
    message: str


class FastPortal:
    """A context manager; ``url`` is where it listens, ``arrivals`` what it was sent, in order."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.strange: set[str] = set()
        self.url = ""
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="fast-portal", daemon=True)
        self._started = threading.Event()

    def __enter__(self) -> FastPortal:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def forget(self) -> None:
        """Begin a new round."""
        with self._news:
            self.arrivals = []

    def wait_for(self, count: int, *, seconds: float) -> Arrival:
        """The ``count``-th message since :meth:`forget`. Raises :class:`BenchError` when it does not come in time."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.arrivals) >= count, timeout=seconds):
                raise BenchError(f"{len(self.arrivals)} of {count} messages reached the portal in {seconds:g} s")
            return self.arrivals[count - 1]

    def answer(self, method: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and answer of one REST call, or of a batch of them."""
        if method == "batch":
            done = {name: self._command(*command.partition("?")[::2]) for name, command in body["cmd"].items()}
            times = dict.fromkeys(done, _TIME)
            return 200, {"result": {"result": done, "result_error": [], "result_time": times}, "time": _TIME}
        if method != _METHOD:
            self.strange.add(method)
            return 404, {"error": "ERROR_METHOD_NOT_FOUND", "error_description": f"Method {method} not found"}
        return 200, {"result": self._stored(body), "time": _TIME}

    def _command(self, method: str, query: str) -> dict[str, Any]:
        if method != _METHOD:
            self.strange.add(method)
        return self._stored(decode_form(query.encode()))

    def _stored(self, body: dict[str, Any]) -> dict[str, Any]:
        now, items = time.monotonic(), body["MESSAGES"]
        with self._news:
            self.arrivals += [Arrival(now, item["chat"]["id"], item["message"]["id"]) for item in items]
            self._news.notify_all()
        rows = [
            {"user": "1", "message": item["message"], "chat": item["chat"], "SUCCESS": True, "session": _session(item)}
            for item in items
        ]
        return {"SUCCESS": True, "DATA": {"RESULT": rows}}

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = self._loop.create_server(lambda: _Wire(self), "127.0.0.1", 0, backlog=256)
        server = self._loop.run_until_complete(listening)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        self._loop.run_forever()
        server.close()
        self._loop.close()


class _Wire(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and ``Content-Length``: all that the connector's session speaks."""

    def __init__(self, portal: FastPortal) -> None:
        self._portal, self._buffer = portal, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            size = _length(head)
            if len(self._buffer) < end + 4 + size:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + size], self._buffer[end + 4 + size :]
            self._transport.write(self._answer(head, body))

    def _answer(self, head: str, body: bytes) -> bytes:
        path = head.split(" ", 2)[1]
        method = path.rpartition("/")[2].removesuffix(".json")
        status, answer = self._portal.answer(method, json.loads(body or b"{}"))
        text = json.dumps(answer).encode()
        reason = "OK" if status == 200 else "Not Found"
        return (
            f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        ).encode() + text


def _length(head: str) -> int:
    lengths = [line[15:] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
    return int(lengths[0]) if lengths else 0


def _session(item: dict[str, Any]) -> dict[str, str]:
    number = str(sum(item["chat"]["id"].encode()))
    return {"ID": number, "CHAT_ID": number}
