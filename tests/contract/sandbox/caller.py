"""A bare REST client: what goes over the wire is what the test wrote."""

from __future__ import annotations

from typing import Any

import requests

from connector.sandbox import SandboxServer

ICON = {"DATA_IMAGE": "data:image/svg+xml,%3Csvg/%3E"}


class Caller:
    """The application's REST calls with its own token; ``call`` returns ``(status, body)``."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.grant = server.grant()
        self.http = requests.Session()

    def call(self, method: str, /, **params: Any) -> tuple[int, Any]:
        body = {"auth": self.grant["access_token"], **params}
        answer = self.http.post(self.grant["client_endpoint"] + method, json=body, allow_redirects=False)
        return answer.status_code, answer.json()

    def result(self, method: str, /, **params: Any) -> Any:
        status, body = self.call(method, **params)
        assert status == 200, body
        assert "error" not in body, body
        return body["result"]

    def batch(self, cmd: Any, halt: Any = 0) -> Any:
        return self.result("batch", cmd=cmd, halt=halt)

    def connect(self, connector: str = "acme_chat", line: int = 1, **options: Any) -> None:
        """Register a connector and switch it on."""
        self.result(
            "imconnector.register",
            ID=connector,
            NAME="ACME",
            ICON=ICON,
            PLACEMENT_HANDLER=options.pop("handler", "http://127.0.0.1:9/settings"),
            **options,
        )
        self.result("imconnector.activate", CONNECTOR=connector, LINE=line, ACTIVE=1)

    def send(self, *items: dict[str, Any], connector: str = "acme_chat", line: int = 1) -> list[dict[str, Any]]:
        answer = self.result("imconnector.send.messages", CONNECTOR=connector, LINE=line, MESSAGES=list(items))
        assert answer["SUCCESS"] is True
        return answer["DATA"]["RESULT"]


def item(mid: str = "m1", text: str = "Hello", chat: str = "c1", user: str = "u1", **message: Any) -> dict[str, Any]:
    """One element of MESSAGES."""
    return {
        "user": {"id": user, "name": "Ann Lee"},
        "message": {"id": mid, "date": 1, "text": text, **message},
        "chat": {"id": chat},
    }
