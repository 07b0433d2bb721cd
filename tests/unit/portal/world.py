"""A portal with everything around it faked: its store, clock, budget and (by `responses`) the wire."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import responses
from pydantic import SecretStr

from connector.domain.ports import Grant, Installation
from connector.portal.memory import MemoryInstallations, MemoryLocks, OpenBudget
from connector.portal.rest import Portal
from connector.settings import AppSettings, PortalSettings

URL = "https://acme.bitrix24.ru"
REST = f"{URL}/rest/"
AUTH = "https://oauth.bitrix.info"
SERVER = f"{AUTH}/rest/"
TOKEN_URL = f"{AUTH}/oauth/token/"
APP_INFO_URL = f"{AUTH}/rest/app.info"
CLIENT_ID = "local.1"
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


class Clock:
    """Stands still until told otherwise; sleeping moves it (and takes ``really`` seconds, to let threads pass)."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []
        self.really = 0.0

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_(seconds)
        time.sleep(self.really)

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def grant(**changes: Any) -> Grant:
    fields: dict[str, Any] = {
        "access_token": "access-1",
        "refresh_token": "refresh-1",
        "expires_at": NOW + timedelta(hours=1),
        "member_id": "member-1",
        "client_endpoint": REST,
        "server_endpoint": SERVER,
        "user_id": "1",
        "domain": "acme.bitrix24.ru",
    }
    return Grant(**fields | changes)


def settings(**changes: Any) -> PortalSettings:
    app = AppSettings(client_id=CLIENT_ID, client_secret=SecretStr("the-secret"))
    fields: dict[str, Any] = {"name": "main", "url": URL, "app": app}
    return PortalSettings(**fields | changes)


def webhook_settings() -> PortalSettings:
    return settings(app=None, webhook=SecretStr(f"{URL}/rest/1/the-code/"))


def info(**install: Any) -> dict[str, Any]:
    """What the authorization server says about ``access-1``."""
    fields = {
        "installed": True,
        "scope": "crm,im",
        "status": "L",
        "domain": "acme.bitrix24.ru",
        "client_endpoint": REST,
        "member_id": "member-1",
    }
    client_id, user_id = install.pop("client_id", CLIENT_ID), install.pop("user_id", 1)
    return {"result": {"client_id": client_id, "user_id": user_id, "install": fields | install}}


def pair(number: int = 2, **changes: Any) -> dict[str, Any]:
    """The answer of the token endpoint."""
    fields = {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "expires_in": 3600,
        "client_endpoint": REST,
        "server_endpoint": SERVER,
        "domain": "oauth.bitrix.info",
        "member_id": "member-1",
        "user_id": 1,
    }
    return fields | changes


def denied(code: str, description: str = "") -> dict[str, str]:
    return {"error": code, "error_description": description}


@dataclass
class World:
    """One portal and what it touches."""

    wire: responses.RequestsMock
    config: PortalSettings = field(default_factory=settings)
    clock: Clock = field(default_factory=Clock)
    locks: MemoryLocks = field(default_factory=MemoryLocks)
    budget: OpenBudget = field(default_factory=OpenBudget)
    store: MemoryInstallations = field(default_factory=MemoryInstallations)

    def __post_init__(self) -> None:
        self.store = MemoryInstallations(clock=self.clock)
        self.budget.clock = lambda: self.clock().timestamp()

    def install(self, **changes: Any) -> None:
        fields: dict[str, Any] = {"portal": "main", "state": "active", "grant": grant(), "application_tokens": ("app",)}
        self.store.keep_installation(Installation(**fields | changes))

    def portal(self) -> Portal:
        return Portal(
            self.config,
            store=self.store,
            locks=self.locks,
            budget=self.budget,
            seal=lambda text: text[::-1],
            unseal=lambda text: text[::-1],
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def answer(self, method: str, body: Any, status: int = 200, *, base: str = REST, **kwargs: Any) -> None:
        self.wire.post(f"{base}{method}.json", json=body, status=status, **kwargs)

    def answer_by(
        self, method: str, callback: Callable[[dict[str, Any]], tuple[int, Any]], *, base: str = REST
    ) -> None:
        def reply(request: Any) -> tuple[int, dict[str, str], str]:
            status, body = callback(json.loads(request.body))
            return status, {}, json.dumps(body)

        self.wire.add_callback(responses.POST, f"{base}{method}.json", callback=reply)

    def token(self, body: Any = None, status: int = 200) -> None:
        self.wire.get(TOKEN_URL, json=pair() if body is None else body, status=status)

    def app_info(self, body: Any = None, status: int = 200) -> None:
        self.wire.get(APP_INFO_URL, json=info() if body is None else body, status=status)

    def sent(self, method: str) -> list[dict[str, Any]]:
        """The bodies of all calls of ``method``, in order."""
        return [
            json.loads(call.request.body or b"{}")
            for call in self.wire.calls
            if urlsplit(str(call.request.url)).path.endswith(f"/{method}.json")
        ]

    def renewals(self) -> list[dict[str, list[str]]]:
        """The queries of all calls of the token endpoint."""
        calls = [str(call.request.url) for call in self.wire.calls if "/oauth/token/" in str(call.request.url)]
        return [parse_qs(urlsplit(url).query) for url in calls]
