"""A connector of fakes around the real Intake, the real application and the real wire of Bitrix24."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from connector.domain.events import Event, Ignored, MessageReceived
from connector.domain.ports import Clock, Grant, Installation
from connector.domain.provider import AccountSettings, Capabilities, Channel, Provider
from connector.domain.request import Reply, Request
from connector.domain.silence import Silence
from connector.domain.values import Person
from connector.errors import Refused
from connector.intake import Intake
from connector.journal import Envelope, JournalAway, NewDelivery, Vault
from connector.journal.glance import Arrivals, Heard
from connector.journal.links import Link
from connector.journal.proofs import Fate
from connector.journal.tallies import Day
from connector.media import Media
from connector.portal.visitors import Visitor
from connector.routes import Account
from connector.settings import AppSettings, ConsoleSettings, Limits, PortalSettings
from connector.speech import Text
from webhooks.app import create_app

SECRET = {"X-Secret": "open sesame"}
MEMBER = "m" * 32
APPLICATION_TOKEN = "t" * 32
PORTAL_URL = "https://acme.bitrix24.ru"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FakeJournal:
    """Keeps what it accepts; ``away`` makes it unreachable."""

    def __init__(self) -> None:
        self.kept: list[tuple[Envelope, list[NewDelivery]]] = []
        self.installations: dict[str, Installation] = {}
        self.links: dict[tuple[str, str], Any] = {}
        self.figures: dict[str, dict[str, Any]] = {}
        self.heard: dict[str, Heard] = {}
        self.fates: dict[tuple[str, str], Fate] = {}
        self.due_destinations: Any = list
        self.away = False
        self.refuses: Exception | None = None

    def _here(self) -> None:
        if self.away:
            raise JournalAway("pulled out")

    def accept(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> bool:
        self._here()
        if self.refuses is not None and deliveries:
            raise self.refuses
        if (envelope.account, envelope.dedupe_key) in {(e.account, e.dedupe_key) for e, _ in self.kept}:
            return False
        self.kept.append((envelope, list(deliveries)))
        return True

    def portals_of(self, member_id: str) -> list[str]:
        self._here()
        return [name for name, kept in self.installations.items() if kept.grant.member_id == member_id]

    def installation(self, portal: str) -> Installation | None:
        self._here()
        return self.installations.get(portal)

    def recall(self, kind: str, key: str) -> Any | None:
        self._here()
        return self.links.get((kind, key))

    def links_like(self, kind: str, prefix: str = "", *, limit: int = 1000) -> list[Link]:
        self._here()
        rows = [(key, value) for (of, key), value in sorted(self.links.items()) if of == kind]
        return [Link(key=key, value=value, at=NOW) for key, value in rows if key.startswith(prefix)][:limit]

    def stats(self) -> dict[str, dict[str, Any]]:
        self._here()
        return {"portal:main": {"waiting": 3, "parked": 1, "oldest": 12.5, "lanes": 2}, **self.figures}

    def day(self) -> Day:
        return Day(hours=(), rows=self.links.get(("", "day"), {}), whole=True)

    def arrivals(self) -> Arrivals:
        self._here()
        return Arrivals(heard=self.heard, whole=True)

    def fate(self, account: str, dedupe_key: str) -> Fate | None:
        self._here()
        return self.fates.get((account, dedupe_key))

    def parked_envelopes(self) -> int:
        self._here()
        return 4

    def silences(self) -> list[Silence]:
        self._here()
        return [Silence(name="account:shop", since=NOW, missed=23)]

    @property
    def deliveries(self) -> list[NewDelivery]:
        return [delivery for _, deliveries in self.kept for delivery in deliveries]

    @property
    def envelopes(self) -> list[Envelope]:
        return [envelope for envelope, _ in self.kept]


class FakeSpool:
    """A spool in memory."""

    def __init__(self) -> None:
        self.lines: list[tuple[Envelope, list[NewDelivery]]] = []

    def pending(self) -> bool:
        return bool(self.lines)

    def append(self, envelope: Envelope, deliveries: Sequence[NewDelivery]) -> None:
        self.lines.append((envelope, list(deliveries)))


class FakeBudget:
    """As full as it is told to be."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, float]] = {}

    def level(self) -> dict[str, float]:
        return {"used": 3.0, "burst": 50.0, "per_second": 2.0}

    def operating(self) -> dict[str, dict[str, float]]:
        return self.rows


class FakePortal:
    """Adopts what ``accepts`` says, and remembers it."""

    def __init__(self, name: str, journal: FakeJournal) -> None:
        self.name, self._journal = name, journal
        self.adopted: list[Grant] = []
        self.refuses: Exception | None = None
        self.connector_prefix = "cabc123_"
        self.budget = FakeBudget()
        self.visitors = {
            "admin-token": Visitor(user_id="7", admin=True, name="Ivan Petrov"),
            "token": Visitor(user_id="8", admin=False, name="Anna"),
        }
        self.hastened = 0

    def adopt(self, grant: Grant) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.adopted.append(grant)
        self._journal.installations[self.name] = installation(self.name, grant.member_id)

    def seal_grant(self, grant: Grant) -> str:
        return f"sealed:{len(grant.refresh_token)}"

    def connector_id(self, slug: str) -> str:
        return self.connector_prefix + slug

    def installed(self) -> bool:
        return self.name in self._journal.installations

    def installation(self) -> Installation | None:
        return self._journal.installations.get(self.name)

    def visitor(self, access_token: str) -> Visitor:
        if access_token not in self.visitors:
            raise Refused("portal.other_token", hint=Text("a stranger", "чужой"), status=403)
        return self.visitors[access_token]

    def hasten(self) -> None:
        self.hastened += 1


class FakeRedis:
    """Answers or does not."""

    def __init__(self) -> None:
        self.away = False

    def ping(self) -> bool:
        if self.away:
            raise ConnectionError
        return True

    def register_script(self, script: str) -> Any:
        return lambda *args, **kwargs: [0, 0, 0]


def installation(portal: str, member: str = MEMBER, *tokens: str) -> Installation:
    """An installed portal."""
    grant = Grant(
        access_token="a",
        refresh_token="r",
        expires_at=NOW + timedelta(hours=1),
        member_id=member,
        client_endpoint=f"{PORTAL_URL}/rest/",
        server_endpoint="https://oauth.bitrix.info/rest/",
    )
    return Installation(portal=portal, state="active", grant=grant, application_tokens=tokens or (APPLICATION_TOKEN,))


def _verify(request: Request, settings: Any) -> None:
    if request.header("x-secret") != SECRET["X-Secret"]:
        raise Refused("fake.secret", hint=Text("The secret is wrong", "Неверный секрет"), status=401)


def _parse(request: Request, settings: Any) -> list[Event]:
    body = json.loads(request.body)
    if body.get("kind") == "typing":
        return [Ignored(what="typing")]
    return [
        MessageReceived(
            account=settings.account,
            conversation=str(body["chat"]),
            message_id=str(body["id"]),
            client=Person(id="1"),
            text=body.get("text", ""),
            album=body.get("album", ""),
            position=body["id"],
        )
    ]


def _greet(request: Request, settings: Any) -> Reply | None:
    return Reply(body=b"hello " + request.query.encode()) if request.method == "GET" else None


def channel() -> Channel:
    """A provider's channel: JSON bodies, a secret header, a greeting by GET."""
    return Channel(
        verify=_verify,
        dedupe_key=lambda request, settings: "" if b"nokey" in request.body else f"k{request.digest()[:8]}",
        parse=_parse,
        send=lambda *_: (_ for _ in ()).throw(AssertionError("the edge never sends")),
        locate=lambda *_: (_ for _ in ()).throw(AssertionError("the edge never fetches")),
        accepted=Reply(status=200, body=b"ok"),
        handshake=_greet,
    )


def account(name: str, *, portal: str = "main", slug: str = "fake", line: int | None = None) -> Account:
    """A wired account of the fake provider."""
    title = Text("Fake channel", "Учебный канал")
    about = {"settings": AccountSettings, "capabilities": Capabilities(), "channel": channel()}
    provider = Provider(slug=slug, title=title, **about)
    settings = AccountSettings(account=name, provider=slug, portal=portal, line=line)
    http = SimpleNamespace(request=lambda *_, **__: None)
    return Account(name=name, settings=settings, provider=provider, portal=portal, http=http)


class World:
    """The connector, its fakes, and a browser."""

    def __init__(self, folder: Path, clock: Clock, *, portals: Sequence[str] = ("main",)) -> None:
        self.journal, self.spool, self.redis = FakeJournal(), FakeSpool(), FakeRedis()
        self.portals = {name: FakePortal(name, self.journal) for name in portals}
        self.accounts = {name: account(name) for name in ("shop", "bar")}
        vault = Vault(["k" * 40])
        urls = {name: PORTAL_URL if name == "main" else f"https://{name}.bitrix24.ru" for name in portals}
        app = AppSettings.model_validate({"client_id": "local.1", "client_secret": "s"})
        self.connector: Any = SimpleNamespace(
            settings=SimpleNamespace(
                portals={n: PortalSettings(name=n, url=url, app=app) for n, url in urls.items()},
                limits=Limits(body=4096),
                var=folder,
                public_url="https://edge.example",
                console=ConsoleSettings(),
                sources={},
                mappings=None,
            ),
            journal=self.journal,
            spool=self.spool,
            media=Media(folder / "media", "https://edge.example", b"m" * 32, clock, timedelta(hours=1)),
            vault=vault,
            portals=self.portals,
            accounts=self.accounts,
            intake=Intake(self.journal, self.spool, self.accounts, clock),  # type: ignore[arg-type]
            redis=self.redis,
            clock=clock,
        )

    def install(self, portal: str = "main") -> None:
        """Make the portal known."""
        self.journal.installations[portal] = installation(portal)

    def browser(self) -> Any:
        """A client of a fresh application (a fresh process, so to say)."""
        return create_app(self.connector).test_client()
