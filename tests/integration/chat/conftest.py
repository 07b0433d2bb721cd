from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector import settings
from connector.bootstrap import Connector, build
from connector.registry import models
from tests.conftest import FakeClock
from tests.e2e.faces.chat_stage import chat_house
from tests.integration.chat.browsing import Browser
from webhooks.app import create_app

__all__ = ["chat_house"]

YAML = """
portals:
  main: {url: "http://127.0.0.1:1", app: {client_id: local.1, client_secret: secret}}
accounts:
  site:
    {provider: webchat, portal: main, line: 1, secret: "the secret of the site's chat, long enough",
     origins: ["https://acme.example"], title: ACME, color: "#0b66c3", greeting: "Здравствуйте!"}
  desk: {provider: webchat, portal: main, line: 2, secret: "the secret of another chat, long enough"}
  shop: {provider: telegram, portal: main, line: 3, token: "1:abc", secret: s3cret, api_url: "http://127.0.0.1:1"}
limits: {media: 65536}
language: ru
"""
URL = "https://bridge.example"


@pytest.fixture
def house(journal_url: str, tmp_path: Path, clock: FakeClock) -> Iterator[Connector]:
    """A connector with two chats, on each of the two databases; its portal is nowhere."""
    (tmp_path / "connector.yaml").write_text(YAML, encoding="utf-8")
    env = {
        "CONNECTOR_SECRET_KEY": "k" * 40,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "CONNECTOR_PUBLIC_URL": URL,
        "DATABASE_URL": journal_url,
    }
    made = build(settings.load(tmp_path / "connector.yaml", env, models()), clock=clock)
    yield made
    made.journal.close()


@pytest.fixture
def browser(house: Connector) -> Browser:
    """A visitor who has not come yet."""
    return Browser(create_app(house).test_client())
