"""A pump with a real journal, a pretend portal and a pretend channel."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from connector.delivery import Pump, Reach, Work
from connector.domain.events import Event, MessageReceived
from connector.domain.provider import AccountSettings, Capabilities, Channel, Outgoing, Provider
from connector.domain.request import Request
from connector.domain.values import Person, Receipt, StoredFile
from connector.handlers.rules import AccountFacts, PortalFacts, Rules
from connector.journal import Envelope, Journal, NewDelivery
from connector.speech import Text

SEND = "imconnector.send.messages"


class MovingClock:
    """The real clock plus what the test added."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def add(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


class FakePortal:
    """Chats in memory. ``misbehave`` is asked before and after each call and may raise."""

    def __init__(self) -> None:
        self.chats: dict[str, list[str]] = {}
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.before: Callable[[str, Mapping[str, Any]], None] = lambda method, params: None
        self.after: Callable[[str, Mapping[str, Any]], None] = lambda method, params: None
        self._lock = threading.Lock()

    def call(self, method: str, params: Mapping[str, Any], *, live: bool = True) -> Any:
        self.before(method, params)
        with self._lock:
            self.calls.append((method, params))
            answer = getattr(self, "_" + method.replace(".", "_"), lambda _: True)(params)
        self.after(method, params)
        return answer

    def _imconnector_send_messages(self, params: Mapping[str, Any]) -> Any:
        rows = []
        for item in params["MESSAGES"]:
            chat = item["chat"]["id"]
            self.chats.setdefault(chat, []).append(item["message"]["id"])
            number = str(list(self.chats).index(chat) + 1)
            rows.append({"SUCCESS": True, "session": {"ID": number, "CHAT_ID": number}})
        return {"SUCCESS": True, "DATA": {"RESULT": rows}}

    def _imopenlines_session_history_get(self, params: Mapping[str, Any]) -> Any:
        number = int(params.get("CHAT_ID") or params["SESSION_ID"])
        messages = list(self.chats.values())[number - 1]
        rows = {str(n): {"params": {"connectorMid": [mid]}} for n, mid in enumerate(messages)}
        return {"sessionId": number, "chatId": number, "message": rows}

    def _crm_activity_list(self, params: Mapping[str, Any]) -> Any:
        return [
            {"ASSOCIATED_ENTITY_ID": str(n), "PROVIDER_PARAMS": {"USER_CODE": f"c1_fake|1|{chat}|33"}}
            for n, chat in enumerate(self.chats, start=1)
        ]


class Engine:
    """Everything a pump needs, and ways to put work into it."""

    def __init__(self, journal: Journal, clock: MovingClock, **work: Any) -> None:
        self.journal, self.clock, self.portal = journal, clock, FakePortal()
        self.sent: list[Outgoing] = []
        self.on_send: Callable[[Outgoing], None] = lambda outgoing: None
        self._numbers = itertools.count(1)
        provider = Provider(
            slug="fake",
            title=Text("Fake", "Fake"),
            settings=AccountSettings,
            capabilities=Capabilities(),
            channel=Channel(
                verify=lambda request, settings: None,
                dedupe_key=lambda request, settings: request.digest(),
                parse=lambda request, settings: [],
                send=self._send,
                locate=lambda file, settings, http: None,  # type: ignore[arg-type,return-value]
            ),
        )
        rules = Rules(
            public_url="https://hub.example",
            accounts={"shop": AccountFacts(name="shop", provider=provider, portal="main", line=1)},
            portals={"main": PortalFacts(name="main", language="en", connectors={"fake": "c1_fake"})},
        )
        reach = Reach(
            portals={"main": self.portal},
            accounts={"shop": SimpleNamespace(provider=provider, settings=None, http=None)},
            fetch=self._fetch,
            read=lambda key: b"",
        )
        self.work = Work(journal=journal, rules=rules, reach=reach, clock=clock, doubt=lambda _: 0.2, **work)

    def pump(self, destination: str = "portal:main", **more: Any) -> int:
        return Pump(self.work, destination).run(**more)

    def put(self, event: Event, destination: str = "portal:main", **more: Any) -> str:
        number = next(self._numbers)
        trace = f"{number:026x}"
        request = Request(method="POST", path="/", headers={}, body=b"{}", received_at=self.clock())
        envelope = Envelope(trace=trace, account="shop", dedupe_key=str(number), request=request)
        delivery = NewDelivery(destination=destination, event=event, lane=event.lane, position=event.position, **more)
        assert self.journal.accept(envelope, [delivery])
        return trace

    def write(self, conversation: str, message_id: str, **more: Any) -> str:
        album = more.get("album", "")
        event = MessageReceived(
            account="shop", conversation=conversation, message_id=message_id, client=Person(id="7"), text="Hi", **more
        )
        return self.put(event, group=f"{event.lane}:{album}" if album else "")

    def deliveries(self, state: str) -> list[dict[str, Any]]:
        return self.journal.list(kind="deliveries", state=state, limit=500)

    def _send(self, outgoing: Outgoing, settings: Any, http: Any) -> Receipt:
        self.on_send(outgoing)
        self.sent.append(outgoing)
        return Receipt(ids=(f"p{len(self.sent)}",))

    def _fetch(self, effect: Any) -> StoredFile:
        return StoredFile(
            key=effect.file.ref, name=effect.file.name, mime="", size=0, url=f"https://hub/{effect.file.ref}"
        )
