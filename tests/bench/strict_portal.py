"""A portal with the limits of a real one, in a process of its own: 50 requests at once, 2 a second, real seconds.

``python -m tests.bench.strict_portal FOLDER`` serves one and says where as a line of JSON; :class:`StrictPortal` starts
that, prepares it and reads afterwards what came.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from connector.sandbox import SandboxServer
from tests.bench.services import running, until
from tests.contract.sandbox.tls_front import tls_front

CLIENT = {"client_id": "local.bench", "client_secret": "bench-client-secret"}
BURST, PER_SECOND, SECONDS_A_MESSAGE = 50, 2.0, 0.2
SEND = "imconnector.send.messages"
LIMITS = ("QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT")
_ICON = {"DATA_IMAGE": "data:image/svg+xml,%3Csvg/%3E"}
_TIMEOUT = 30


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One message in the portal: its chat, its own number and when it was stored, unix seconds."""

    chat: str
    number: int
    at: float


@dataclass(frozen=True, kw_only=True)
class Came:
    """What reached the portal: messages ``lost``, ``doubled``, conversations out of ``order``, errors by code."""

    lost: int
    doubled: int
    disordered: int
    errors: Mapping[str, int]
    requests: int
    ended: float

    @property
    def provoked(self) -> int:
        """How often a limit was hit."""
        return sum(self.errors.get(code, 0) for code in LIMITS)


class StrictPortal:
    """The bench's hold on such a process; ``tls`` is its host and port for clients that speak https only."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.url, self.tls, self.certificate = said["url"], said["tls"], said["certificate"]
        self.http = requests.Session()
        self.grant: dict[str, Any] = self.act("grant")

    def act(self, action: str, **given: Any) -> Any:
        """One action of the control API."""
        answer = self.http.post(f"{self.url}/_sandbox/{action}", json=given, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def read(self, what: str, **given: Any) -> Any:
        """One look of the control API."""
        answer = self.http.get(f"{self.url}/_sandbox/{what}", params=given, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def connect(self, connector: str) -> None:
        """Register a connector and switch it on, on line 1; afterwards the limits count from nought."""
        own = {"ID": connector, "NAME": "Bench", "ICON": _ICON, "PLACEMENT_HANDLER": "https://bench.test/settings"}
        self._call("imconnector.register", own)
        self._call("imconnector.activate", {"CONNECTOR": connector, "LINE": 1, "ACTIVE": 1})
        self.act("set_limits", burst=BURST, per_second=PER_SECOND)

    def _call(self, method: str, params: Mapping[str, Any]) -> None:
        body = {**params, "auth": self.grant["access_token"]}
        answer = self.http.post(self.grant["client_endpoint"] + method, json=body, timeout=_TIMEOUT)
        answer.raise_for_status()

    def stored(self) -> list[Stored]:
        """Every message of a client, by chat in the chat's order."""
        found = []
        for row in self.read("chats"):
            chat = self.read(f"chats/{row['id']}")
            found += [
                Stored(chat=chat["external"], number=int(message["connector_ids"][0]), at=message["at"])
                for message in chat["messages"]
                if message["author"] == "client"
            ]
        return found

    def count(self) -> int:
        """How many messages are there."""
        return int(self.read("state")["messages"])

    def wait_for(self, count: int, seconds: float) -> bool:
        """Wait until so many messages are there; false when they did not come in time."""
        ends = time.monotonic() + seconds
        while self.count() < count:
            if time.monotonic() > ends:
                return False
            time.sleep(0.2)
        return True

    def log(self) -> list[dict[str, Any]]:
        """Every request and every command of a batch, oldest first; ``at`` is unix seconds, ``ms`` how long it took."""
        return sorted(self.read("calls", limit=10**6), key=lambda row: float(row["at"]))

    def carriers(self) -> list[dict[str, Any]]:
        """The requests that carried messages, oldest first. A request and its commands have the same X-Request-ID."""
        log = self.log()
        requests_of = {row["request"] for row in log if row["method"] == SEND and row.get("batch")}

        def carries(row: dict[str, Any]) -> bool:
            packed = row["method"] == "batch" and row["request"] in requests_of
            return not row.get("batch") and (packed or row["method"] == SEND)

        return [row for row in log if carries(row)]

    def came(self, expected: int, since: float) -> Came:
        """What became of ``expected`` messages; errors and requests count from ``since``, unix seconds."""
        lanes: dict[str, list[int]] = defaultdict(list)
        for message in self.stored():
            lanes[message.chat].append(message.number)
        numbers = Counter(number for lane in lanes.values() for number in lane)
        rows = [row for row in self.log() if row["at"] >= since]
        served = [row for row in rows if row["method"] == SEND and row["status"] == 200]
        return Came(
            lost=expected - len(numbers),
            doubled=sum(times - 1 for times in numbers.values()),
            disordered=sum(lane != sorted(lane) for lane in lanes.values()),
            errors=Counter(row["error"] for row in rows if row["error"]),
            requests=sum(not row.get("batch") for row in rows),
            ended=max((row["at"] + row["ms"] / 1000 for row in served), default=since),
        )


@contextmanager
def strict_portal(folder: Path) -> Iterator[StrictPortal]:
    """A fresh portal; it is gone after the block."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "portal.log"
    with running([sys.executable, "-m", "tests.bench.strict_portal", folder], log) as process:
        until(lambda: b"}\n" in log.read_bytes(), process, log)
        yield StrictPortal(json.loads(log.read_bytes().splitlines()[-1]))


def serve(folder: Path) -> None:
    """Serve a portal until the process is stopped."""
    config = {"real_time": True, "log_size": 500_000, "token_ttl": 86400.0, "seconds": {SEND: SECONDS_A_MESSAGE}}
    server = SandboxServer(burst=BURST, per_second=PER_SECOND, **CLIENT, **config)
    with server, tls_front(server.app, folder) as front:
        said = {"url": server.url, "tls": front.domain, "certificate": str(front.certificate)}
        print(json.dumps(said), flush=True)
        server.join()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
