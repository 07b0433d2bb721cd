from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.ports import Grant
from connector.portal import Portal
from connector.portal.memory import MemoryInstallations, MemoryLocks, OpenBudget
from connector.sandbox import SandboxServer
from connector.settings import AppSettings, PortalSettings


@dataclass
class House:
    """The sandbox with a portal of ours before it."""

    sandbox: SandboxServer
    store: MemoryInstallations = field(default_factory=MemoryInstallations)
    locks: MemoryLocks = field(default_factory=MemoryLocks)
    budget: OpenBudget = field(default_factory=OpenBudget)
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Long enough for another thread to go on, short enough for a test."""
        self.slept.append(seconds)
        time.sleep(min(seconds, 0.05))

    def settings(self, **changes: Any) -> PortalSettings:
        app = AppSettings(client_id="local.sandbox", client_secret=SecretStr("sandbox-secret"))
        fields: dict[str, Any] = {"name": "main", "url": self.sandbox.url, "app": app, "timeout": 5.0}
        return PortalSettings(**fields | changes)

    def portal(self, **changes: Any) -> Portal:
        return Portal(
            self.settings(**changes),
            store=self.store,
            locks=self.locks,
            budget=self.budget,
            seal=str,
            unseal=str,
            clock=lambda: datetime.now(UTC),
            sleep=self.sleep,
        )

    def grant(self, user_id: int = 1) -> Grant:
        given = self.sandbox.grant(user_id=user_id)
        return Grant(
            access_token=given["access_token"],
            refresh_token=given["refresh_token"],
            expires_at=datetime.fromtimestamp(given["expires"], UTC),
            member_id=given["member_id"],
            client_endpoint=given["client_endpoint"],
            server_endpoint=given["server_endpoint"],
            application_token=given["application_token"],
        )

    def installed(self) -> Portal:
        portal = self.portal()
        portal.adopt(self.grant())
        return portal

    def state(self) -> str:
        installation = self.store.installation("main")
        return installation.state if installation else ""


@pytest.fixture
def house() -> Iterator[House]:
    with SandboxServer() as sandbox:
        yield House(sandbox)
