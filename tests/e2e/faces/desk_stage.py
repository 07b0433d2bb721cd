"""The sandbox's portal with a connector at work, and what its desk's tests do with it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller
from tests.e2e.faces.browser import Face


def painted(width: int, height: int) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x2f\x80\xc0" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PNG = painted(160, 100)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(burst=0, language="ru") as server:
        yield server


@pytest.fixture
def shop(sandbox: SandboxServer) -> Caller:
    """A portal whose connector works on line 1."""
    app = Caller(sandbox)
    app.connect()
    return app


def client_says(shop: Caller, text: str, *, chat: str = "c1", name: str = "Мария Ли", **message: Any) -> None:
    """A message from a client of the connector."""
    mid = f"m{len(shop.server.portal.messages)}"
    user = {"id": f"u-{chat}", "name": name}
    shop.send({"user": user, "message": {"id": mid, "date": 1, "text": text, **message}, "chat": {"id": chat}})


def stored_url(shop: Caller, name: str, mime: str, content: bytes) -> dict[str, str]:
    """A file somewhere on the web that the portal can fetch."""
    portal = shop.server.portal
    return {"url": portal.file_url(portal.store(name, mime, content)), "name": name}


def reported(shop: Caller, message: int) -> None:
    """The connector tells the portal that a reply was delivered."""
    entry = {"im": {"chat_id": 1, "message_id": message}, "message": {"id": ["x1"], "date": 1}, "chat": {"id": "c1"}}
    shop.result("imconnector.send.status.delivery", CONNECTOR="acme_chat", LINE=1, MESSAGES=[entry])


def desk(face: Face, shop: Caller, chat: str = "") -> Face:
    """The desk, with a chat open."""
    row = f"#{shop.server.chat(chat)['id']}" if chat else ""
    face.page.goto(f"{shop.server.url}/desk{row}")
    expect(face.page.locator("#me option").first).to_be_attached()
    if chat:
        expect(face.page.locator("#open")).to_be_visible()
    return face


def last_message(face: Face) -> Locator:
    """The newest message on the screen."""
    return face.page.locator("#messages > li").last
