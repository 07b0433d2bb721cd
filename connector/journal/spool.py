"""Where requests go while the database is away: lines of JSON, each one flushed to disk before it is acknowledged.

Writers append to ``spool.jsonl``. A drain moves that file aside, feeds it back line by line, and deletes it only when
every line is committed; a drain that is cut short begins anew, and the journal forgets the repeats. So long as either
file is there, newcomers queue up here too: order holds.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from connector.domain import events
from connector.domain.request import Request
from connector.errors import PermanentError
from connector.journal.faults import JournalAway, unwritable
from connector.journal.model import Envelope, NewDelivery
from connector.journal.rows import masked_headers, masked_path, masked_query
from connector.speech import Text

log = structlog.get_logger()

Accept = Callable[[Envelope, Sequence[NewDelivery]], bool]


class Spool:
    """One folder per machine; safe for all its processes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines = root / "spool.jsonl"
        self._draining = root / "draining.jsonl"
        self._rejected = root / "rejected.jsonl"

    def pending(self) -> bool:
        """Whether something waits to be fed back."""
        return self._lines.exists() or self._draining.exists()

    def append(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> None:
        """On disk when it returns. Raises :class:`JournalAway` when even that fails: then the request must be refused.

        Raises ``PermanentError`` for what cannot be written down at all.
        """
        try:
            line = _line(envelope, deliveries)
        except Exception as error:
            raise unwritable(error) from error
        try:
            with self._held("append.lock"):
                fresh = not self._lines.exists()
                _write(self._lines, line)
                if fresh:
                    _flush_folder(self._root)
        except OSError as error:
            raise JournalAway(f"spool: {error.strerror}") from error

    def drain(self, accept: Accept) -> int:
        """Feed everything to ``accept`` in order; returns how many lines it took (repeats included).

        Another process that drains already makes this one return 0. What ``accept`` raises as a ``TransientError``
        passes through, and everything stays for the next time. A line that nobody can read or write moves to
        ``rejected.jsonl`` with a log entry; a torn last line, which was never acknowledged, is skipped.
        """
        if not self.pending():
            return 0
        with self._held("drain.lock", wait=False) as mine:
            return self._drain(accept) if mine else 0

    def _drain(self, accept: Accept) -> int:
        fed = 0
        while self._move_aside():
            for line in _read(self._draining):
                fed += self._feed(line, accept)
            self._draining.unlink()
            _flush_folder(self._root)
        return fed

    def _move_aside(self) -> bool:
        """Whether there is a file to feed; what an earlier drain left behind comes first."""
        if self._draining.exists():
            return True
        with self._held("append.lock"), suppress(FileNotFoundError):
            self._lines.rename(self._draining)
            _flush_folder(self._root)
            return True
        return False

    def _feed(self, line: bytes, accept: Accept) -> int:
        try:
            envelope, deliveries = _parsed(line)
        except Exception as error:
            self._reject(line, type(error).__name__)
            return 0
        try:
            accept(envelope, deliveries)
        except PermanentError as error:
            self._reject(line, error.cause)
            return 0
        return 1

    def _reject(self, line: bytes, why: str) -> None:
        if not line.endswith(b"\n"):
            log.warning("spool.torn_line", bytes=len(line))
            return
        log.error("spool.rejected", why=why, bytes=len(line), kept_in=self._rejected.name)
        _write(self._rejected, line)

    @contextmanager
    def _held(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(self._root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(file)


def _write(path: Path, line: bytes) -> None:
    """Append and flush; a write that fails half-way leaves nothing behind. A torn line before it is closed first."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        data = b"\n" + line if torn else line
        try:
            while data:
                data = data[os.write(file, data) :]
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
    finally:
        os.close(file)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from (line for line in file if line.strip())


def _flush_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _line(envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bytes:
    request = envelope.request
    kept = {
        "trace": envelope.trace,
        "account": envelope.account,
        "dedupe_key": envelope.dedupe_key,
        "state": envelope.state,
        "cause": envelope.cause,
        "hint": list(envelope.hint) if envelope.hint else None,
        "detail": envelope.detail,
        "request": {
            **asdict(request),
            "headers": masked_headers(request.headers),
            "path": masked_path(request.path),
            "query": masked_query(request.query),
            "body": base64.b64encode(request.body).decode(),
            "received_at": request.received_at.isoformat(),
        },
        "deliveries": [_packed(delivery) for delivery in deliveries],
    }
    return json.dumps(kept, separators=(",", ":")).encode() + b"\n"


def _packed(delivery: NewDelivery) -> dict[str, Any]:
    return {
        "destination": delivery.destination,
        "event": delivery.dumped,
        "lane": delivery.lane,
        "position": delivery.position,
        "due_at": delivery.due_at.isoformat() if delivery.due_at else None,
        "group": delivery.group,
    }


def _parsed(line: bytes) -> tuple[Envelope, list[NewDelivery]]:
    kept = json.loads(line)
    asked, hint, parts = kept.pop("request"), kept.pop("hint"), kept.pop("deliveries")
    body, received = base64.b64decode(asked.pop("body")), datetime.fromisoformat(asked.pop("received_at"))
    request = Request(**asked, body=body, received_at=received)
    envelope = Envelope(**kept, request=request, hint=Text(*hint) if hint else None)
    return envelope, [_unpacked(part, received) for part in parts]


def _unpacked(part: dict[str, Any], received: datetime) -> NewDelivery:
    due = part.pop("due_at")
    event = events.load(part.pop("event"))
    return NewDelivery(**part, event=event, due_at=datetime.fromisoformat(due) if due else None, arrived_at=received)
