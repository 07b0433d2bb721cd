"""What customers sent against what stands in the portal's chats: nothing lost, nothing doubled, or the demo says so."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connector.demo.house import DemoHouse
from connector.domain.request import Request

Key = tuple[str, str]  # the conversation's lane, and the customer's message id
KIND = "message.received"
PAGE = 200


@dataclass(frozen=True, kw_only=True)
class Score:
    """Messages of customers. ``delivered`` stand in the portal; ``waiting`` and ``parked`` are kept by us for it."""

    sent: int = 0
    delivered: int = 0
    waiting: int = 0
    parked: int = 0
    doubled: int = 0
    lost: int = 0

    @property
    def settled(self) -> bool:
        """Nothing is under way any more."""
        return self.waiting == 0


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Both sides at one moment.

    ``kept`` is the state of each message in the journal, in the order in which they were kept; ``standing`` how
    often each stands in the portal; ``order`` the message ids of each chat as the portal shows them.
    """

    sent: frozenset[Key]
    kept: Mapping[Key, str]
    standing: Mapping[Key, int]
    order: Mapping[str, tuple[str, ...]]
    next_try: datetime | None = None

    @property
    def keys(self) -> frozenset[Key]:
        """Every message that a customer ever sent."""
        return self.sent | self.kept.keys()

    def score(self, keys: Iterable[Key] | None = None) -> Score:
        """The figures of these messages; of all that were ever sent without ``keys``."""
        wanted = self.keys if keys is None else set(keys)
        missing = [key for key in wanted if not self.standing.get(key)]
        states = Counter(self.kept.get(key, "") for key in missing)
        return Score(
            sent=len(wanted),
            delivered=len(wanted) - len(missing),
            waiting=states["waiting"],
            parked=states["parked"],
            doubled=sum(max(0, self.standing.get(key, 0) - 1) for key in wanted),
            lost=len(missing) - states["waiting"] - states["parked"],
        )

    def in_order(self, lane: str) -> bool:
        """Whether the messages of a conversation stand in the portal as they were kept."""
        kept = [name for of, name in self.kept if of == lane and self.standing.get((of, name))]
        known = set(kept)
        return kept == [name for name in self.order.get(lane, ()) if name in known]


@dataclass
class Counts:
    """Looks at the journal and at the portal. ``sent`` is written by those who pretend to be customers."""

    house: DemoHouse
    sent: set[Key] = field(default_factory=set)
    _rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, account: str, request: Request) -> Key | None:
        """A pretend Telegram customer's webhook was accepted; ``None`` for one that is no new message."""
        message = json.loads(request.body).get("message")
        if message is None:
            return None
        key = (f"{account}.{message['chat']['id']}", str(message["message_id"]))
        self.sent.add(key)
        return key

    def look(self) -> Sight:
        """Both sides now; first what was sent, then the journal, then the portal, so that nothing seems lost."""
        with self._lock:
            sent = frozenset(self.sent)
            self._read()
            rows = [self._rows[number] for number in sorted(self._rows)]
        due = [datetime.fromisoformat(row["due_at"]) for row in rows if row["state"] == "waiting"]
        standing, order = self._portal()
        return Sight(
            sent=sent,
            kept={(row["lane"], row["event"]["message_id"]): row["state"] for row in rows},
            standing=standing,
            order=order,
            next_try=max(min(due), datetime.now(UTC)) if due else None,
        )

    def _read(self) -> None:
        """Rows that are new, and those that were still waiting."""
        waiting = [number for number, row in self._rows.items() if row["state"] in ("waiting", "parked")]
        floor = min([*waiting, max(self._rows, default=0) + 1])
        after: int | None = None
        while True:
            rows = self.house.connector.journal.list(kind="deliveries", limit=PAGE, after=after)
            self._rows |= {row["id"]: row for row in rows if row["kind"] == KIND and row["id"] >= floor}
            if len(rows) < PAGE or rows[-1]["id"] < floor:
                return
            after = rows[-1]["id"]

    def _portal(self) -> tuple[Counter[Key], dict[str, tuple[str, ...]]]:
        portal = self.house.sandbox.portal
        standing: Counter[Key] = Counter()
        order: dict[str, tuple[str, ...]] = {}
        with portal.lock:
            for chat in portal.chats.values():
                said = [portal.messages[number] for number in chat.messages]
                names = tuple(mid for message in said if message.author == "client" for mid in message.mids)
                standing.update((chat.external, name) for name in names)
                order[chat.external] = order.get(chat.external, ()) + names
        return standing, order
