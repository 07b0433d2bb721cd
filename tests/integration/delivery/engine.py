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
from connector.errors import ConnectorError
from connector.handlers.rules import AccountFacts, PortalFacts, Rules
from connector.journal import Envelope, Journal, NewDelivery
from connector.portal import Outcome, must_go_alone
from connector.portal.batch import Commands
from connector.portal.memory import OpenBudget
from connector.speech import Text

SEND = "imconnector.send.messages"
Hook = Callable[[str, Mapping[str, Any]], None]


class MovingClock:
    """The real clock plus what the test added."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def add(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


class FakeBudget(OpenBudget):
    """``free`` is what may leave now; each request takes one of it, and each look in vain adds ``gain``.

    ``seconds`` is what one item costs the portal, ``until`` what the pump is told to wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self.free, self.until, self.seconds, self.gain = 1000.0, 0.05, 0.1, 0.0

    def room(self) -> tuple[float, float]:
        if self.free >= 1:
            return self.free, 0.0
        self.free += self.gain
        return 0.0, self.until

    def expect(self, method: str, items: float = 1.0) -> float:
        return self.seconds * items


class FakePortal:
    """Chats in memory. ``before`` and ``after`` are asked at each command, ``lost`` after each request; all may raise.

    ``requests`` are what came by HTTP: the commands of each, ``ids`` their ids. ``cut`` is how many commands a batch
    runs, ``refuses`` is asked for each message, ``shaped`` makes the answer's rows what they are on the wire.
    """

    def __init__(self) -> None:
        self.chats: dict[str, list[str]] = {}
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.requests: list[list[tuple[str, Mapping[str, Any]]]] = []
        self.ids: list[str] = []
        self.budget = FakeBudget()
        self.cut = 50
        self.before: Hook = lambda method, params: None
        self.after: Hook = lambda method, params: None
        self.lost: Callable[[], Any] = lambda: None
        self.refuses: Callable[[Mapping[str, Any]], bool] = lambda item: False
        self.shaped: Callable[[list[Any]], Any] = lambda rows: rows
        self._lock = threading.Lock()

    def call(self, method: str, params: Mapping[str, Any], *, live: bool = True, request_id: str = "") -> Any:
        self._note([(method, params)], request_id)
        answer = self._run(method, params)
        self.lost()
        return answer

    def batch(
        self, commands: Commands, *, halt: bool = False, live: bool = True, request_id: str = ""
    ) -> dict[str, Outcome]:
        self._note(list(commands.values()), request_id)
        assert 1 < len(commands) <= 50
        assert not any(must_go_alone(params) for _, params in commands.values())
        outcomes = {}
        for number, (key, (method, params)) in enumerate(commands.items()):
            outcomes[key] = self._outcome(method, params) if number < self.cut else Outcome(state="not_run")
        self.lost()
        return outcomes

    def sizes(self) -> list[int]:
        """How many commands each request had."""
        return [len(request) for request in self.requests]

    def _note(self, commands: list[tuple[str, Mapping[str, Any]]], request_id: str) -> None:
        with self._lock:
            self.budget.free -= 1
            self.requests.append(commands)
            self.ids.append(request_id)

    def _outcome(self, method: str, params: Mapping[str, Any]) -> Outcome:
        try:
            return Outcome(state="ok", result=self._run(method, params))
        except ConnectorError as error:
            return Outcome(state="failed", error=error)

    def _run(self, method: str, params: Mapping[str, Any]) -> Any:
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
            if self.refuses(item):
                rows.append({"SUCCESS": False, "ERRORS": ["no"]})
                continue
            self.chats.setdefault(chat, []).append(item["message"]["id"])
            number = str(list(self.chats).index(chat) + 1)
            rows.append({"SUCCESS": True, "session": {"ID": number, "CHAT_ID": number}})
        return {"SUCCESS": True, "DATA": {"RESULT": self.shaped(rows)}}

    def _imconnector_status(self, params: Mapping[str, Any]) -> Any:
        return {"LINE": params["LINE"], "STATUS": True}

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
        self.on_fetch: Callable[[], None] = lambda: None
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
        self._portals: dict[str, FakePortal] = {"main": self.portal}
        reach = Reach(
            portals=self._portals,
            accounts={"shop": SimpleNamespace(provider=provider, settings=None, http=None)},
            fetch=self._fetch,
            read=lambda key: b"",
        )
        self.work = Work(journal=journal, rules=rules, reach=reach, clock=clock, doubt=lambda _: 4.0, **work)

    def reach_portal(self, portal: FakePortal) -> None:
        """Another portal in place of the first one."""
        self.portal = self._portals["main"] = portal

    def pump(self, destination: str = "portal:main", **more: Any) -> int:
        return Pump(self.work, destination).run(**more)

    def put(self, event: Event, destination: str = "portal:main", **more: Any) -> str:
        number = next(self._numbers)
        trace = f"{number:026x}"
        request = Request(method="POST", path="/", headers={}, body=b"{}", received_at=self.clock())
        envelope = Envelope(trace=trace, account="shop", dedupe_key=str(number), request=request)
        where = {"destination": destination, "lane": event.lane, "position": event.position}
        delivery = NewDelivery(event=event, **(where | more))
        assert self.journal.accept(envelope, [delivery])
        return trace

    def write(self, conversation: str, message_id: str, **more: Any) -> str:
        album, lane = more.get("album", ""), more.pop("lane", "")
        event = MessageReceived(
            account="shop",
            conversation=conversation,
            message_id=message_id,
            **({"client": Person(id="7"), "text": "Hi"} | more),
        )
        return self.put(event, lane=lane or event.lane, group=f"{event.lane}:{album}" if album else "")

    def later(self) -> None:
        """Pump until nothing waits any more, with time passing and room coming between."""
        for _ in range(40):
            self.portal.budget.free = max(self.portal.budget.free, 5.0)
            self.pump()
            if not self.deliveries("waiting"):
                return
            self.clock.add(30)
        raise AssertionError(self.deliveries("waiting"))

    def deliveries(self, state: str) -> list[dict[str, Any]]:
        return self.journal.list(kind="deliveries", state=state, limit=500)

    def _send(self, outgoing: Outgoing, settings: Any, http: Any) -> Receipt:
        self.on_send(outgoing)
        self.sent.append(outgoing)
        return Receipt(ids=(f"p{len(self.sent)}",))

    def _fetch(self, effect: Any) -> StoredFile:
        self.on_fetch()
        return StoredFile(
            key=effect.file.ref, name=effect.file.name, mime="", size=0, url=f"https://hub/{effect.file.ref}"
        )
