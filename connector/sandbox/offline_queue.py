"""Events kept on the portal's side until they are fetched (facts/bitrix24-platform.md §5.6)."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any


@dataclass(kw_only=True)
class OfflineRow:
    """One kept event. ``process`` names the batch that reserved it."""

    id: int
    client_id: str
    at: str
    event: str
    data: Any
    actor: int
    key: str
    process: str = ""
    error: bool = False

    def public(self) -> dict[str, Any]:
        """The row as ``event.offline.get`` shows it."""
        return {
            "ID": str(self.id),
            "TIMESTAMP_X": self.at,
            "EVENT_NAME": self.event,
            "EVENT_DATA": self.data,
            "EVENT_ADDITIONAL": {"user_id": str(self.actor)},
            "MESSAGE_ID": self.key,
        }


class OfflineQueue:
    """Rows of every application. Hold the portal's lock."""

    def __init__(self) -> None:
        self._rows: list[OfflineRow] = []
        self._last = 0

    def add(self, client_id: str, event: str, data: Any, actor: int, at: str) -> None:
        """Keep an event; an unreserved twin (same name and data) only gets a fresh time."""
        text = f"{event}|{json.dumps(data, sort_keys=True)}"
        key = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        for row in self._rows:
            if (row.client_id, row.key, row.process) == (client_id, key, ""):
                row.at = at
                return
        self._last += 1
        self._rows.append(
            OfflineRow(id=self._last, client_id=client_id, at=at, event=event, data=data, actor=actor, key=key)
        )

    def of(self, client_id: str) -> list[OfflineRow]:
        """Every row of an application, oldest first."""
        return [row for row in self._rows if row.client_id == client_id]

    def reserve(self, client_id: str, limit: int, errors: bool) -> tuple[str, list[OfflineRow]]:
        """Reserve up to ``limit`` free rows under a new process id."""
        process = secrets.token_hex(16)
        rows = [row for row in self.of(client_id) if not row.process and row.error == errors][:limit]
        for row in rows:
            row.process = process
        return process, rows

    def drop(self, rows: list[OfflineRow]) -> None:
        """Forget these rows."""
        gone = {row.id for row in rows}
        self._rows = [row for row in self._rows if row.id not in gone]

    def drop_all(self, client_id: str) -> None:
        """Forget an application's rows."""
        self.drop(self.of(client_id))
