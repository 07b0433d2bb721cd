"""Letters in memory: the folders of our mailbox, and what lies in everybody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(kw_only=True)
class Kept:
    """A letter in a folder: its ``uid``, its bytes, when it came, its flags."""

    uid: int
    raw: bytes
    at: datetime
    flags: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class Folder:
    """A folder. ``use`` is its flag of special use, as ``\\Sent``; ``validity`` changes when its uids begin anew."""

    name: str
    use: str = ""
    validity: int = 1
    next_uid: int = 1
    letters: list[Kept] = field(default_factory=list)


class Boxes:
    """``owner`` has folders and may read them by IMAP; of everybody else there is only what they were sent.

    ``idling`` is how many connections wait for news.
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner.lower()
        self.folders = {
            folder.name: folder
            for folder in (Folder(name="INBOX"), Folder(name="Sent", use="\\Sent"), Folder(name="Junk", use="\\Junk"))
        }
        self.watchers: list[Callable[[Folder], None]] = []
        self.lock = threading.RLock()
        self.idling = 0
        self._others: dict[str, list[Kept]] = {}

    def deliver(self, address: str, raw: bytes) -> None:
        """A letter comes to an address."""
        if address.lower() == self.owner:
            self.put("INBOX", raw)
            return
        with self.lock:
            box = self._others.setdefault(address.lower(), [])
            box.append(Kept(uid=len(box) + 1, raw=raw, at=datetime.now(UTC)))

    def put(self, name: str, raw: bytes, flags: set[str] | None = None, at: datetime | None = None) -> Kept:
        """A letter into a folder; whoever watches is told. Raises ``KeyError``."""
        with self.lock:
            folder = self.folders[name]
            kept = Kept(uid=folder.next_uid, raw=raw, at=at or datetime.now(UTC), flags=set(flags or ()))
            folder.next_uid += 1
            folder.letters.append(kept)
            watchers = list(self.watchers)
        for watcher in watchers:
            watcher(folder)
        return kept

    def of(self, address: str) -> list[Kept]:
        """All that was sent to an address, oldest first."""
        with self.lock:
            if address.lower() == self.owner:
                return list(self.folders["INBOX"].letters)
            return list(self._others.get(address.lower(), ()))
