"""The pretend manager: a real TCP server in threads of its own."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from connector.providers.asterisk.settings import AsteriskSettings
from connector.providers.asterisk.standin.channels import Channels
from connector.providers.asterisk.standin.client import Client
from connector.providers.asterisk.standin.manners import Manners, Originating
from connector.providers.asterisk.standin.script import Frame
from connector.providers.asterisk.wire import Block

Then = Callable[[dict[str, str]], Sequence[Frame]]


class AmiServer:
    """Started when entered. ``manners`` is how it behaves, and may be changed while it runs; ``orders`` are the
    ``Originate`` that it got (the last of a repeated key), ``actions`` the names of all actions, ``secrets_seen`` what
    came in clear; ``before_showing`` is called before channels are listed."""

    def __init__(
        self, *, manners: Manners | None = None, port: int = 0, tls: ssl.SSLContext | None = None, seed: int = 7
    ) -> None:
        self.manners = manners or Manners()
        self.orders: list[dict[str, str]] = []
        self.actions: list[str] = []
        self.secrets_seen: list[str] = []
        self.before_showing: Callable[[], None] = lambda: None
        self.originating = Originating()
        self.then: Then | None = None
        self.port = port
        self._tls, self._chance = tls, random.Random(seed)
        self._clients: set[Client] = set()
        self._channels = Channels()
        self._lock = threading.Lock()
        self._door: socket.socket | None = None

    def __enter__(self) -> AmiServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on loopback; after :meth:`stop`, on the same port again."""
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._admit, args=(self._door,), name="ami-door", daemon=True).start()

    def stop(self) -> None:
        """Nobody answers any more, and all connections are cut."""
        door, self._door = self._door, None
        if door is not None:
            # close() alone would leave the thread that waits in accept() waiting, and the port open.
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()
        self.cut()

    def cut(self) -> None:
        """Cut all connections; whoever comes again is let in."""
        with self._lock:
            gone = list(self._clients)
            self._clients.clear()
        for client in gone:
            client.close()

    def account(self, **more: Any) -> dict[str, Any]:
        """The account of ``connector.yaml`` that leads here."""
        here = {"provider": "asterisk", "portal": "main", "host": "127.0.0.1", "port": self.port}
        return {**here, "username": self.manners.username, "secret": self.manners.secret, **more}

    def settings(self, account: str = "office", **more: Any) -> AsteriskSettings:
        """The same, read."""
        return AsteriskSettings.model_validate({"account": account, **self.account(**more)})

    def wait_for_listeners(self, many: int = 1, *, seconds: float = 10.0) -> bool:
        """Until so many are logged in for events and have asked which channels there are; whether they came."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if sum(client.listens and client.has_asked for client in self._listed()) >= many:
                return True
            time.sleep(0.01)
        return False

    def play(self, frames: Iterable[Frame], *, speed: float = 0.0, stop: threading.Event | None = None) -> None:
        """Say frames in order, ``speed`` seconds of them in one second (0: at once); doubled, shuffled by manners."""
        waiting: list[Frame] = []
        began, first = time.monotonic(), None
        for frame in frames:
            first = frame.at if first is None else first
            if speed and (pause := began + (frame.at - first) / speed - time.monotonic()) > 0:
                time.sleep(pause)
            if stop is not None and stop.is_set():
                return
            waiting += [frame, frame] if self._chance.random() < self.manners.double else [frame]
            while len(waiting) > self.manners.shuffle:
                self.say(waiting.pop(self._chance.randrange(len(waiting))))
        while waiting:
            self.say(waiting.pop(self._chance.randrange(len(waiting)) if self.manners.shuffle else 0))

    def say(self, *frames: Frame) -> None:
        """Say frames now, as they are, to all who listen; whoever is not there never hears of them."""
        for frame in frames:
            self.happen(frame)
            self.tell(frame)

    def happen(self, frame: Frame) -> None:
        """It is so from now on, though nobody is told yet."""
        with self._lock:
            self._channels.note(Block.read(frame.text.encode()))

    def tell(self, frame: Frame) -> None:
        """Tell all who listen of what happened."""
        for client in self._listed():
            client.tell(frame.text, Block.read(frame.text.encode())["Privilege"])

    def channels(self) -> list[dict[str, str]]:
        """The channels that there are by what was said."""
        with self._lock:
            return self._channels.shown()

    def forget_channels(self) -> None:
        """Asterisk was restarted: no call is left, and no Hangup told of it."""
        with self._lock:
            self._channels.clear()

    def originate(self, order: dict[str, str], client: Client) -> None:
        """Answer an ``Originate`` as ``originating`` says, and play what ``then`` makes of it."""
        self.orders.append(order)
        self.originating.answer(order, client)
        if self.then is not None and self.originating.how == "answered":
            self.play(self.then(order))

    def _listed(self) -> list[Client]:
        with self._lock:
            return list(self._clients)

    def _admit(self, door: socket.socket) -> None:
        while True:
            try:
                stream, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(stream,), name="ami-client", daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        try:
            if self._tls is not None:
                stream = self._tls.wrap_socket(stream, server_side=True)
        except OSError:
            stream.close()
            return
        client = Client(stream, self, random.Random(self._chance.random()))
        with self._lock:
            self._clients.add(client)
        try:
            client.serve()
        finally:
            with self._lock:
                self._clients.discard(client)
            client.close()
