"""A PBX of fakes: what it is asked, what it remembers, how it answers who waits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from connector.domain.events import CallEnded, CallStarted, Event, Ignored
from connector.domain.provider import Capabilities, Provider
from connector.domain.request import Reply, Request
from connector.domain.telephony import Found, PbxSettings, Telephony
from connector.errors import Refused
from connector.routes import Account
from connector.speech import Text

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ALLOWED = {"X-Secret": "open sesame"}


@dataclass
class Past:
    """The history of a PBX: calls that it kept; ``raises`` comes first. ``asked`` are the spans."""

    calls: list[Event] = field(default_factory=list)
    raises: list[Exception] = field(default_factory=list)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    def __call__(self, since: datetime, until: datetime, settings: Any, http: Any) -> Iterable[Event]:
        self.asked.append((since, until))
        if self.raises:
            raise self.raises.pop(0)
        return [event for event in self.calls if since <= began(event) < until]


def began(event: Any) -> datetime:
    """When the call of an event began."""
    at: datetime = getattr(event, "started_at", None) or event.at
    return at


def ended(call: str, *, at: datetime = NOW, account: str = "office", lasted: float = 60.0, **more: Any) -> CallEnded:
    """A call that ended at ``at``, as a history tells it."""
    return CallEnded(
        account=account, call=call, at=at, past=True, started_at=at - timedelta(seconds=lasted), talk=30, **more
    )


def _verify(request: Request, settings: Any) -> None:
    if request.header("x-secret") != ALLOWED["X-Secret"]:
        raise Refused("fake.secret", hint=Text("The secret is wrong", "Неверный секрет"), status=401)


def _parse(request: Request, settings: Any) -> list[Event]:
    body = json.loads(request.body)
    if "call" not in body:
        return [Ignored(what="contact")]
    return [CallStarted(account=settings.account, call=body["call"], at=request.received_at, client=body["phone"])]


def _asks(request: Request, settings: Any) -> str:
    body = json.loads(request.body)
    return str(body["phone"]) if body.get("asks") else ""


def _tells(found: Found | None, settings: Any) -> Reply:
    told = {"responsible": found.extension, "name": found.name} if found else {}
    return Reply(body=json.dumps(told).encode(), content_type="application/json")


def pbx(
    name: str = "office", *, listens: bool = False, history: Past | None = None, renew: Any = None, **settings: Any
) -> Account:
    """A wired account of the fake PBX."""
    provider = Provider(
        slug="fakepbx",
        title=Text("Fake PBX", "Учебная АТС"),
        settings=PbxSettings,
        capabilities=Capabilities(),
        telephony=Telephony(
            verify=_verify,
            dedupe_key=lambda request, settings: request.digest(),
            parse=_parse,
            accepted=Reply(body=b"ok"),
            history=history,
            renew=renew,
            asks=_asks,
            tells=_tells,
            listen=(lambda settings, listening: None) if listens else None,
        ),
    )
    made = PbxSettings.model_validate({"account": name, "provider": "fakepbx", "portal": "main", **settings})
    http = SimpleNamespace(request=lambda *_, **__: None)
    return Account(name=name, settings=made, provider=provider, portal="main", http=http)


class Portal:
    """Answers ``telephony.externalCall.searchCrmEntities`` with ``rows``; ``raises`` comes first, after ``before``."""

    name = "main"

    def __init__(self, rows: Sequence[Any] = ()) -> None:
        self.rows: Any = list(rows)
        self.raises: Exception | None = None
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.before: Any = lambda: None

    def call(self, method: str, params: Any) -> Any:
        self.asked.append((method, dict(params)))
        self.before()
        if self.raises is not None:
            raise self.raises
        return self.rows


def row(user: int = 99, *, status: str = "OPENED", extension: str = "101", name: str = "Anna", **more: Any) -> Any:
    """A row of the portal's answer, with numbers as it writes them."""
    person = {"ID": str(user), "TIMEMAN_STATUS": status, "USER_PHONE_INNER": extension, "WORK_PHONE": None}
    found = {"CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 651, "ASSIGNED_BY_ID": user, "NAME": name}
    return {**found, "ASSIGNED_BY": person, **more}
