"""The console over a real journal, and people who sign in to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from connector import settings
from connector.bootstrap import Connector, build
from connector.journal import Vault, open_journal
from connector.journal.users import ROLES
from connector.registry import models
from tests.e2e.faces.browser import NARROW, WIDE, Face, OpenPage
from tests.services import Redis, free_port
from webhooks.app import create_app

KEY, PASSWORD = "k" * 40, "correct horse battery"
HOSTILE = "<img src=x onerror=\"document.title='stolen'\"><script>document.title='stolen'</script>"
YAML = """
portals:
  main: {url: "http://127.0.0.1:1", app: {client_id: local.1, client_secret: secret}}
accounts:
  shop: {provider: telegram, portal: main, line: 1, token: "1:abc", secret: s3cret, api_url: "http://127.0.0.1:1"}
"""
Look = tuple[Literal["ru", "en"], bool, int]
LOOKS: tuple[Look, ...] = (
    ("ru", False, WIDE),
    ("en", True, WIDE),
    ("ru", True, NARROW),
    ("en", False, NARROW),
)
# Each pair has both languages, light and dark, wide and narrow.
PAIRS: tuple[tuple[Look, Look], ...] = (
    (("ru", False, WIDE), ("en", True, NARROW)),
    (("en", False, WIDE), ("ru", True, NARROW)),
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
    url = f"http://127.0.0.1:{free_port()}"
    database = folder / "connector.db"
    database.write_bytes(_peopled())
    env = {
        "CONNECTOR_SECRET_KEY": KEY,
        "REDIS_URL": redis_server.url,
        "CONNECTOR_PUBLIC_URL": url,
        "DATABASE_URL": f"sqlite:///{database}",
    }
    made = build(settings.load(folder / "connector.yaml", env, models()))
    yield made
    made.journal.close()


@cache
def _peopled() -> bytes:
    """A database with a user for each role, made once: a password takes its time."""
    with TemporaryDirectory() as folder:
        database = Path(folder, "connector.db")
        journal = open_journal(f"sqlite:///{database}", Vault([KEY]))
        for role in ROLES:
            journal.add_user(role, role, PASSWORD, who="root", why="new")
        journal.audit(HOSTILE, "replay", HOSTILE, HOSTILE)
        journal.close()
        return database.read_bytes()


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
    """Each page (``{name: path}``) in both languages, light and dark, wide and 360 px: accessible, quiet, pictured. Two
    looks have it all; every other page has the other two.
    """
    named = list(pages.items())
    for number, looks in enumerate(PAIRS):
        for look in looks if named[number::2] else ():
            _in_one_look(console, browser_page, named[number::2], look, name)


def _in_one_look(console: str, browser_page: OpenPage, pages: list[tuple[str, str]], look: Look, name: str) -> None:
    language, dark, width = look
    face = signed_in(browser_page(language=language, dark=dark, width=width), console, name)
    for title, path in pages:
        face.page.goto(console + path)
        expect(face.page.locator("html")).to_have_attribute("lang", language)
        face.is_accessible()
        face.screen(f"console-{title}-{language}-{'dark' if dark else 'light'}-{width}")
    assert "stolen" not in face.page.title()
