"""The console over a real journal, and browsers of people with and without a role."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from connector.domain.provider import Finding
from connector.journal import Journal, Vault, open_journal
from connector.journal.users import ROLES
from connector.rulebook.book import Rulebook
from connector.speech import Text
from tests.conftest import SECRET, FakeClock
from tests.unit.webhooks.world import World
from webhooks.console import room
from webhooks.doors import Doors
from webhooks.guests import Entrance
from webhooks.looks import Looks
from webhooks.tickets import Tickets

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
OURS = "https://edge.example"


class Console:
    """The application and people at it."""

    def __init__(self, world: World, journal: Journal, clock: FakeClock) -> None:
        self.journal, self.clock, self.world = journal, clock, world
        book = Rulebook(journal, None)
        self.connector: Any = SimpleNamespace(**{**vars(world.connector), "journal": journal, "rulebook": book})
        self.app = Flask("webhooks.app", static_folder=None)
        looks = Looks(self.connector, look=lambda *_: iter([GOOD, BAD]))
        doors, tickets = Doors(self.connector), Tickets(self.connector.vault.derive_all("tickets"), clock)
        entrance = Entrance(self.connector, doors, tickets)
        self.app.register_blueprint(room(self.connector, entrance, looks=looks, account_looks=looks, way_looks=looks))

    def browser(self, language: str = "en") -> Browser:
        """Nobody yet."""
        return Browser(self.app.test_client(), language)

    def signed_in(self, role: str = "admin", language: str = "en") -> Browser:
        """Somebody of this role, whose name is the role."""
        browser = self.browser(language)
        assert browser.sign_in(role).status_code == 303
        return browser


class Browser:
    """A client that behaves as browsers do: cookies, ``Origin`` with every form."""

    def __init__(self, client: Any, language: str) -> None:
        self.client, self._headers = client, {"Accept-Language": language}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, base_url=OURS, headers={**self._headers, **headers})

    def post(self, path: str, form: dict[str, str] | None = None, *, origin: str | None = OURS) -> Any:
        headers = self._headers if origin is None else {**self._headers, "Origin": origin}
        return self.client.post(path, data=form or {}, base_url=OURS, headers=headers)

    def seal(self, path: str = "/ops") -> str:
        """What the forms of that page carry."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        assert found
        return found[1]

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> Any:
        form = {"name": name, "password": password, "csrf": self.seal("/ops/sign-in"), **more}
        return self.post("/ops/sign-in", form)

    def submit(self, path: str, page: str = "/ops", **form: str) -> Any:
        return self.post(path, {"csrf": self.seal(page), **form})

    @property
    def session(self) -> str:
        kept = self.client.get_cookie("ops_session", domain="edge.example", path="/ops")
        return kept.value if kept else ""


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a user for each role."""
    path = tmp_path_factory.mktemp("peopled") / "connector.db"
    opened = open_journal(f"sqlite:///{path}", Vault([SECRET]), clock=FakeClock())
    for role in ROLES:
        opened.add_user(role, role, PASSWORD, who="root", why="new")
    opened.close()
    with closing(sqlite3.connect(path)) as raw, raw:  # nearly every test signs in, and a real hash is slow
        raw.execute("UPDATE users SET password = ?", [QUICK.hash(PASSWORD)])
    return path


@pytest.fixture
def journal(peopled: Path, tmp_path: Path, clock: FakeClock) -> Iterator[Journal]:
    path = shutil.copy(peopled, tmp_path / "connector.db")
    opened = open_journal(f"sqlite:///{path}", Vault([SECRET]), clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def console(world: World, journal: Journal, clock: FakeClock) -> Console:
    return Console(world, journal, clock)


GOOD = Finding(Text("REST answers", "REST отвечает"), "ok", code="portal.rest")
BAD = Finding(
    Text("A handler is missing", "Нет обработчика"),
    "bad",
    Text("bind it", "привяжите"),
    "portal.handlers",
    "connector portal rebind main",
)
