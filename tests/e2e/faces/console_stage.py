"""The console over a real journal, and people who sign in to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from connector import settings
from connector.bootstrap import Connector, build
from connector.journal.users import ROLES
from connector.registry import models
from tests.e2e.faces.browser import NARROW, WIDE, Face, OpenPage
from tests.services import Redis
from webhooks.app import create_app

PASSWORD = "correct horse battery"
HOSTILE = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"
YAML = """
portals:
  main: {url: "http://127.0.0.1:1", app: {client_id: local.1, client_secret: secret}}
accounts:
  shop: {provider: telegram, portal: main, line: 1, token: "1:abc", secret: s3cret, api_url: "http://127.0.0.1:1"}
"""
LOOKS: tuple[tuple[Literal["ru", "en"], bool, int], ...] = (
    ("ru", False, WIDE),
    ("en", True, WIDE),
    ("ru", True, NARROW),
    ("en", False, NARROW),
)


@pytest.fixture
def house(tmp_path: Path, redis_server: Redis) -> Iterator[Connector]:
    """A connector with a user for each role."""
    with housed(tmp_path, redis_server, YAML) as made:
        yield made


@contextmanager
def housed(folder: Path, redis_server: Redis, yaml: str) -> Iterator[Connector]:
    """A connector of these settings with a user for each role."""
    (folder / "connector.yaml").write_text(yaml, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    env = {"CONNECTOR_SECRET_KEY": "k" * 40, "REDIS_URL": redis_server.url, "CONNECTOR_PUBLIC_URL": url}
    made = build(settings.load(folder / "connector.yaml", env, models()))
    for role in ROLES:
        made.journal.add_user(role, role, PASSWORD, who="root", why="new")
    made.journal.audit(HOSTILE, "replay", HOSTILE, HOSTILE)
    yield made
    made.journal.close()


@pytest.fixture
def console(house: Connector) -> Iterator[str]:
    """Its address."""
    url = house.settings.public_url
    server = make_server("127.0.0.1", int(url.rpartition(":")[2]), create_app(house), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield url
    server.shutdown()


def signed_in(face: Face, console: str, name: str = "admin") -> Face:
    """At the first page, by the keyboard alone."""
    face.page.goto(f"{console}/ops")
    face.page.locator("#name").focus()  # browsers do it by themselves, but not without scripts
    face.page.keyboard.type(name)
    face.page.keyboard.press("Tab")
    face.page.keyboard.type(PASSWORD)
    face.page.keyboard.press("Enter")
    face.page.wait_for_url(f"{console}/ops")
    return face


def in_every_look(console: str, browser_page: OpenPage, pages: dict[str, str], *, name: str = "admin") -> None:
    """Each page (``{name: path}``) in both languages, light and dark, wide and 360 px: accessible, quiet, pictured."""
    for language, dark, width in LOOKS:
        face = signed_in(browser_page(language=language, dark=dark, width=width), console, name)
        for title, path in pages.items():
            face.page.goto(console + path)
            expect(face.page.locator("html")).to_have_attribute("lang", language)
            face.is_accessible()
            face.screen(f"console-{title}-{language}-{'dark' if dark else 'light'}-{width}")
        assert "stolen" not in face.page.title()
