"""An account of Mango Office and a small pretend API that checks every signature."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from connector.domain.request import Reply, Request
from connector.providers.mango.settings import MangoSettings
from tests.contract.providers.recorded import Wire

RAW = {"account": "office", "provider": "mango", "portal": "main", "api_key": "key1", "sign_key": "salt1"}
BEGAN = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
USERS = {
    "users": [
        {"general": {"user_id": 77, "name": "Иван"}, "telephony": {"extension": "101"}},
        {"general": {"user_id": 78, "name": "Anna"}, "telephony": {"extension": "102"}},
        {"general": {"user_id": 79}, "telephony": {}},
        "odd",
    ]
}


def account(**changes: Any) -> MangoSettings:
    return MangoSettings.model_validate(RAW | changes)


class Mango:
    """Answers by path, in order; ``told`` is what it was asked, decoded."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {path.replace("__", "/"): list(told) for path, told in answers.items()}
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.wire = Wire(self.handle)

    def handle(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert form["vpbx_api_key"] == "key1"
        assert form["sign"] == hashlib.sha256(("key1" + form["json"] + "salt1").encode()).hexdigest()
        path = request.path.removeprefix("/vpbx/")
        self.told.append((path, json.loads(form["json"])))
        answer = self.answers[path].pop(0)
        return answer if isinstance(answer, Reply) else Reply(body=json.dumps(answer).encode())
