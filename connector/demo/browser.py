"""A visitor of the shop as their browser speaks to the web chat: plain HTTP, with a pass and no cookies."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import requests

from connector.demo.house import DemoHouse

STRANGER = "https://stranger.example"
PAGE = {"url": "https://shop.example/cups", "title": "Cups"}
TIMEOUT = 15


class Visitor:
    """``account`` is the web chat's; ``origin`` the site on which the chat stands. Raises ``requests.HTTPError``."""

    def __init__(self, house: DemoHouse, account: str, origin: str) -> None:
        self._http, self._chat, self._origin = house.http, f"{house.url}/chat/{account}", origin
        arrived = self._post("/visitors", {"language": "en", "page": PAGE, "utm": {"source": "demo"}})
        self._pass, self.name = str(arrived["pass"]), str(arrived["visitor"])

    def say(self, text: str, files: Sequence[str] = (), *, number: str = "") -> str:
        """Send a message, or one sent before once more; its id."""
        number = number or secrets.token_urlsafe(16)
        told = {"id": number, "text": text, "files": list(files), "page": PAGE, "utm": {"source": "demo"}}
        self._post("/messages", told)
        return number

    def attach(self, name: str, mime: str, content: bytes) -> str:
        """Upload a file; its id for :meth:`say`."""
        headers = {"Content-Type": mime, "X-File-Name": quote(name)}
        answer = self._ask("POST", "/files", data=content, headers=headers)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def messages(self, by: str) -> list[dict[str, Any]]:
        """What stands in the chat from ``visitor``, ``operator`` or ``system``, oldest first."""
        answer = self._ask("GET", "/state?after=0")
        answer.raise_for_status()
        return [row for row in answer.json()["messages"] if row["from"] == by]

    def content(self, url: str) -> bytes:
        """The bytes of a file in the chat."""
        answer = self._http.get(url, timeout=TIMEOUT)
        answer.raise_for_status()
        return bytes(answer.content)

    def from_elsewhere(self) -> int:
        """The status that a page of a stranger's site gets."""
        return self._ask("GET", "/state?after=0", origin=STRANGER).status_code

    def _post(self, path: str, told: dict[str, Any]) -> dict[str, Any]:
        answer = self._ask("POST", path, json=told)
        answer.raise_for_status()
        return dict(answer.json())

    def _ask(self, method: str, path: str, *, origin: str = "", **more: Any) -> requests.Response:
        headers = {"Origin": origin or self._origin, **more.pop("headers", {})}
        if hasattr(self, "_pass"):
            headers["Authorization"] = f"Bearer {self._pass}"
        return self._http.request(method, f"{self._chat}{path}", headers=headers, timeout=TIMEOUT, **more)


def words(message: dict[str, Any]) -> str:
    """The text of a message without its looks."""
    return "".join(part["text"] for part in message["parts"])
