"""Hostile letters before people's eyes: neither at the desk nor in the console anything runs or is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request, expect

from tests import services
from tests.e2e.faces.browser import Face, OpenPage, browser_page, chromium
from tests.e2e.faces.console_stage import PASSWORD, signed_in
from tests.integration.mail.letterbox import Letterbox, letterbox
from tests.integration.mail.test_hostile import PAGES, from_client, page, trap
from tests.mail.corpus.mime import multipart, part, written

__all__ = ["browser_page", "chromium"]

RUN = "<img src=x onerror=\"window.caught='img'\"><script>window.caught='script'</script>"


@pytest.fixture
def box(tmp_path: Path, sqlite_url: str, redis_server: services.Redis) -> Iterator[Letterbox]:
    with letterbox(tmp_path, redis_server, sqlite_url) as made:
        made.house.connector.journal.add_user("admin", "admin", PASSWORD, who="root", why="new")
        yield made


def hostile(address: str) -> list[bytes]:
    """Letters with words that would run in a page, and pages that would fetch from ``address``."""
    content = PAGES.read_text(encoding="utf-8").replace("$trap", address)
    attached = part("text/html", content.encode(), disposition='attachment; filename="<img src=x onerror=a()>.html"')
    return [
        from_client(page(content), Subject=RUN),
        from_client(written(RUN), From=f'"{RUN.replace(chr(34), chr(39))}" <ivan@client.example>', Subject="Words"),
        from_client(multipart("mixed", [written(f"Файл {address}/link"), attached]), Subject="Files"),
        from_client(page(RUN + content), ("X-Spam-Flag", "YES"), Subject=f"Spam {RUN}"),
    ]


def watched(face: Face, own: str) -> list[str]:
    """The addresses besides ``own`` that the browser asks for, as they come."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).netloc not in ("", urlsplit(own).netloc):
            asked.append(request.url)

    face.page.on("request", note)
    return asked


def test_the_desk_and_the_console_show_hostile_letters_as_words(box: Letterbox, browser_page: OpenPage):
    sandbox, console = box.house.sandbox, box.house.connector.settings.public_url
    with trap() as (address, fetched):
        for raw in hostile(address):
            box.bring(raw)
        box.done()
        desk = browser_page()
        asked = watched(desk, sandbox.url)
        for number, chat in enumerate(sandbox.chats()):
            desk.page.goto(f"{sandbox.url}/desk#{chat['id']}")
            expect(desk.page.locator("#messages > li").first).to_be_visible()
            assert desk.page.locator("#messages script, #messages iframe, #messages img").count() == 0
            assert desk.page.evaluate("window.caught") is None
            desk.screen(f"desk-hostile-letter-{number}")
        face = signed_in(browser_page(), console)
        asked_too = watched(face, console)
        (parked,) = box.parked()
        for name, path in {
            "quarantine": "/ops/parked/list?of=deliveries&cause=mail.spam",
            "spam": f"/ops/parked/{parked['id']}",
        }.items():
            face.page.goto(f"{console}{path}")
            expect(face.page.get_by_text("window.caught").first).to_be_visible()
            face.screen(f"console-hostile-letter-{name}")
        for row in box.house.connector.journal.list("envelopes", limit=20):
            face.page.goto(f"{console}/ops/trace/{row['trace']}")
            assert face.page.locator("main script, main iframe, main img").count() == 0
            assert face.page.evaluate("window.caught") is None
        face.screen("console-hostile-letter-trace")
        assert (asked, asked_too, fetched) == ([], [], [])
