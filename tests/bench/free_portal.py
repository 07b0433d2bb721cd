"""The sandbox without limits, in a process of its own: what a load costs there is counted by the portal itself.

``python -m tests.bench.free_portal`` serves one with the smart process of :mod:`tests.bench.shipments` and says where
as a line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from connector.domain.ports import Grant
from connector.sandbox import SandboxServer
from tests.bench.services import running, until
from tests.bench.shipments import CONTENTS, TYPE, fingerprint, items_of

CLIENT = {"client_id": "local.bench", "client_secret": "bench-client-secret"}
WRITES = ("crm.item.add", "crm.item.update")
_TIMEOUT = 600
_LOG = 1000
_ADD_SECONDS = 0.005  # what the portal says that one takes: doubts about a killed request end soon


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What is in the smart process: ``items``, and by how many external ids; ``said`` is their fingerprint."""

    items: int
    different: int
    said: str


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What the portal was asked: HTTP requests, and calls that made or changed an item."""

    requests: int
    added: int
    updated: int

    def since(self, before: Counted) -> Counted:
        """What came after ``before``."""
        return Counted(
            requests=self.requests - before.requests,
            added=self.added - before.added,
            updated=self.updated - before.updated,
        )


class FreePortal:
    """The bench's hold on such a process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        answer = self._http.post(f"{url}/_sandbox/grant", json={}, timeout=_TIMEOUT)
        answer.raise_for_status()
        self._given: dict[str, Any] = answer.json()

    def grant(self) -> Grant:
        """The tokens of the application."""
        names = ("access_token", "refresh_token", "member_id", "client_endpoint", "server_endpoint")
        told = {name: self._given[name] for name in (*names, "application_token")}
        return Grant(**told, expires_at=datetime.now(UTC) + timedelta(days=1))

    def counted(self) -> Counted:
        """By the portal's own counters."""
        told = self._read("_sandbox/counters")
        added, updated = (told["methods"].get(name, 0) for name in WRITES)
        return Counted(requests=told["requests"], added=added, updated=updated)

    def tally(self) -> Tally:
        """What is in the smart process now."""
        return Tally(**self._read("_bench/tally"))

    def _read(self, path: str) -> Any:
        answer = self._http.get(f"{self.url}/{path}", timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def free_portal(folder: Path) -> Iterator[FreePortal]:
    """A fresh portal; it is gone after the block."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "portal.log"
    with running([sys.executable, "-m", "tests.bench.free_portal"], log) as process:
        until(lambda: b"}\n" in log.read_bytes(), process, log)
        yield FreePortal(json.loads(log.read_bytes().splitlines()[-1])["url"])


def serve() -> None:
    """Serve a portal until the process is stopped."""
    seconds = dict.fromkeys(WRITES, _ADD_SECONDS)
    server = SandboxServer(
        burst=0, operating_limit=0.0, token_ttl=86400.0, log_size=_LOG, seconds=seconds, contents=CONTENTS, **CLIENT
    )

    @server.app.get("/_bench/tally")
    def tally() -> dict[str, Any]:
        rows = server.items(TYPE)
        names = Counter(str(row["xmlId"]) for row in rows)
        return {"items": len(rows), "different": len(names), "said": fingerprint(items_of(rows))}

    with server:
        print(json.dumps({"url": server.url}), flush=True)
        server.join()


if __name__ == "__main__":
    serve()
