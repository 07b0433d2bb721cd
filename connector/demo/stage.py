"""Everything that the demo page shows, at one moment, as plain values."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from connector.demo.counting import Counts, Sight
from connector.demo.crowd import Crowd
from connector.demo.handset import Handset
from connector.demo.house import WEB_LOG, DemoHouse
from connector.demo.letterbox import ACCOUNT, Letterbox
from connector.demo.people import PHONE, VISITOR, operators
from connector.demo.phone import OWNER, Phone
from connector.demo.seen import Desk, Stories
from connector.demo.tour import Facts, Tour
from connector.demo.troubles import Troubles
from connector.demo.warehouse import Warehouse
from connector.domain.request import Request

TALK = frozenset({"message.received", "message.edited", "reply.written", "reply.edited"})
CALLS = frozenset({"call.ringing", "call.answered"})
FRESH = 0.25  # seconds for which one look serves everybody who watches
USER = "demo"


class Stage:
    """The visitor's demo: their telephones and mail, the warehouse, the troubles, the tour, and the figures.
    ``colleagues`` are the operators by extension.
    """

    def __init__(self, house: DemoHouse, language: str) -> None:
        self.house = house
        self.counts = Counts(house)
        self._telegram, self._webchat = house.account("telegram"), house.account("webchat")
        self.phone = Phone(house.standins[self._telegram], VISITOR.say(language), self._post)
        house.host.taps[self._telegram] = self.phone.listen
        colleagues = {one.extension: f"{one.name} {one.last_name}" for one in operators(language)}
        self.handset = Handset(house.exchange, VISITOR.say(language), colleagues)
        house.exchange.clicked = self.handset.called
        self.letterbox = Letterbox(house.mail, VISITOR.say(language))
        self.warehouse = Warehouse(house.connector, house.sandbox, house.folder)
        self.colleagues = colleagues
        self.troubles = Troubles(house, self.counts, Crowd(house, self.counts, self._telegram, language))
        self.tour = Tour()
        self._desk, self._stories = Desk(house.sandbox), Stories(house.folder / WEB_LOG)
        self._password, self._token = secrets.token_urlsafe(24), ""
        self._lock, self._looked, self._seen = threading.Lock(), 0.0, dict[str, Any]()
        house.connector.journal.add_user(USER, "admin", self._password, who=USER, why="the demo's visitor")

    @property
    def chat(self) -> str:
        """The web chat's account; empty when there is none."""
        return self._webchat

    def session(self) -> str:
        """A token of the console for the visitor's browser; the same one until somebody signs out."""
        journal = self.house.connector.journal
        with self._lock:
            if not self._token or journal.visitor(self._token) is None:
                self._token = journal.sign_in(USER, self._password, "127.0.0.1")
            return self._token

    def seen(self, language: str) -> dict[str, Any]:
        """What stands on the page now; texts in ``language``."""
        with self._lock:
            if time.monotonic() - self._looked > FRESH:
                self._seen, self._looked = self._look(), time.monotonic()
            seen = self._seen
        line = seen["line"]
        said = {**line, "text": line["text"].say(language)} if line else None
        return {**seen, "line": said, "warehouse": seen["warehouse"].say(language)}

    def _post(self, request: Request) -> Any:
        """A webhook of the visitor's phone; what was accepted is counted as sent."""
        answer = self.house.post(self._telegram, request)
        if answer.ok:
            self.counts.note(self._telegram, request)
        return answer

    def _look(self) -> dict[str, Any]:
        sight = self.counts.look()
        down = self.troubles.is_down
        self.tour.look(self._facts(sight, down))
        line = self.troubles.told(sight)
        return {
            "score": asdict(sight.score()),
            "next": _seconds(sight.next_try),
            "down": down,
            "busy": self.troubles.busy,
            "line": _line(line) if line else None,
            "call": self.handset.screen(),
            "warehouse": self.warehouse.look(),
            "last": self._last(),
            "done": list(self.tour.done),
        }

    def _facts(self, sight: Sight, down: bool) -> Facts:
        lanes = frozenset(lane for lane, _ in sight.keys if self._is_mine(lane))
        chats, replies = self._talks(lanes)
        return Facts(
            sight=sight,
            lanes=lanes,
            chats=chats,
            opened=frozenset(self._desk.opened),
            stories=self._stories.count(),
            replies=replies,
            talks=self._talked(),
            shipments=len(self.warehouse.shipments()),
            down=down,
        )

    def _is_mine(self, lane: str) -> bool:
        account, _, conversation = lane.partition(".")
        return account in (self._webchat, ACCOUNT) or (account == self._telegram and conversation == OWNER)

    def _talks(self, lanes: frozenset[str]) -> tuple[frozenset[int], tuple[Mapping[str, Any], ...]]:
        """The visitor's chats in the portal, and what operators wrote there to the client."""
        portal = self.house.sandbox.portal
        with portal.lock:
            chats = [chat for chat in portal.chats.values() if chat.external in lanes]
            said = [portal.messages[number] for chat in chats for number in chat.messages]
            replies = tuple(
                {"files": len(message.files), "sending": message.sending}
                for message in said
                if message.author == "operator" and message.forwarded
            )
        return frozenset(chat.id for chat in chats), replies

    def _talked(self) -> int:
        """How many of the visitor's calls are in the portal with their recordings."""
        calls = self.house.sandbox.phone_calls(PHONE, live=False)
        return sum(1 for call in calls if call["duration"] and call["recording"])

    def _last(self) -> dict[str, Any] | None:
        """The newest message or piece of a call: its trace, its way, its state and how many milliseconds it took."""
        rows = self.house.connector.journal.list(kind="deliveries", limit=50)
        row = next((row for row in rows if row["kind"] in TALK | CALLS), None)
        if row is None:
            return None
        end = datetime.fromisoformat(row["settled_at"]) if row["settled_at"] else None
        took = (end - datetime.fromisoformat(row["created_at"])).total_seconds() if end else None
        return {
            "trace": row["trace"],
            "inward": row["destination"].startswith("portal:"),
            "state": row["state"],
            "ms": None if took is None else round(took * 1000),
        }


def _line(line: Any) -> dict[str, Any]:
    score = asdict(line.score) if line.score else None
    return {"name": line.name, "text": line.text, "score": score, "over": line.over}


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else max(0, math.ceil((at - datetime.now(UTC)).total_seconds()))
