"""A visitor's browser, without a browser."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SITE_ORIGIN, OWN_ORIGIN = "https://acme.example", "https://bridge.example"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


class Browser:
    """``origin`` is the site that it shows; the pass is kept as localStorage keeps it."""

    def __init__(self, client: FlaskClient, *, account: str = "site", origin: str = SITE_ORIGIN) -> None:
        self.client, self.base, self.origin = client, f"/chat/{account}", origin
        self.held = ""
        self._numbers = itertools.count(1)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request as a page would send it."""
        sent = {"Origin": self.origin} if self.origin else {}
        if self.held:
            sent["Authorization"] = f"Bearer {self.held}"
        given = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer: TestResponse = self.client.open(self.base + path, method=method, headers=sent, **given)
        return answer

    def arrive(self, **more: Any) -> str:
        """Get a pass; the visitor."""
        answer = self.ask("POST", "/visitors", {"language": "ru", **more})
        assert answer.status_code == 201, answer.text
        self.held = answer.json["pass"]
        return str(answer.json["visitor"])

    def words(self, text: str = "Есть?", **more: Any) -> dict[str, Any]:
        """A message with an id of its own."""
        return {"id": f"message-{next(self._numbers):012}", "text": text, **more}

    def say(self, text: str = "Есть?", **more: Any) -> TestResponse:
        return self.ask("POST", "/messages", self.words(text, **more))

    def upload(self, name: str = "чек.png", content: bytes = PNG, mime: str = "image/png") -> TestResponse:
        return self.ask("POST", "/files", content, Content_Type=mime, X_File_Name=quote(name))

    def state(self, query: str = "") -> dict[str, Any]:
        answer = self.ask("GET", f"/state{query}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = dict(answer.json or {})
        return found

    def shown(self) -> list[str]:
        """The conversation as lines."""
        return ["".join(part["text"] for part in message["parts"]) for message in self.state()["messages"]]
