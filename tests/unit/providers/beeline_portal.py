"""An account of Beeline and the API of its portal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from connector.domain.request import Reply, Request
from connector.providers.beeline.settings import BeelineSettings
from tests.contract.providers.recorded import Wire

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
RAW: dict[str, Any] = {
    "account": "cloud",
    "provider": "beeline",
    "portal": "main",
    "secret": SECRET,
    "token": "beeline-api-key-0001",
    "employees": {"101": "9651112233"},
}
HOOK = "https://connector.example/hooks/cloud"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ABONENTS = [{"userId": "9651112233@mpbx.sip.beeline.ru", "phone": "9651112233", "extension": "101"}]


def account(**changes: Any) -> BeelineSettings:
    return BeelineSettings.model_validate(RAW | changes)


class Api:
    """The portal's API: answers by method and path, and what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {"GET abonents": ABONENTS} | answers
        self.wire = Wire(self.handle)

    def handle(self, request: Request) -> Reply:
        assert request.header("x-mpbx-api-auth-token") == "beeline-api-key-0001"
        asked = f"{request.method} {request.path.removeprefix('/apis/portal/')}"
        answer = self.answers.get(asked, Reply(status=404))
        answer = answer(request) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
        return answer if isinstance(answer, Reply) else Reply(body=json.dumps(answer).encode())

    def asked(self) -> list[str]:
        return [f"{request.method} {unquote(request.path).removeprefix('/apis/portal/')}" for request in self.wire.seen]
