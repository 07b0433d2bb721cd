"""An account of UIS and both of its APIs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connector.domain.effects import Dial
from connector.domain.provider import Outgoing
from connector.domain.request import Reply, Request
from connector.domain.values import Receipt
from connector.providers.uis import outbound
from connector.providers.uis.settings import UisSettings
from tests.contract.providers.recorded import Wire

TOKEN = "c0ffee5e1f0f1a2b3c4d5e6f7a8b9c0d"
RAW: dict[str, Any] = {
    "account": "calls",
    "provider": "uis",
    "portal": "main",
    "token": TOKEN,
    "access_token": "uis-access-token-0001",
    "number": "+7 495 123-45-67",
    "employees": {"101": 25},
}
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
EMPLOYEES = [
    {"id": 25, "extension": {"extension_phone_number": "101"}, "phone_numbers": [{"phone_number": "79160000025"}]},
    {"id": 26, "extension": {"extension_phone_number": "102"}, "phone_numbers": []},
    {"id": 27, "extension": None, "phone_numbers": None},
]


def account(**changes: Any) -> UisSettings:
    return UisSettings.model_validate(RAW | changes)


class Api:
    """Both APIs of UIS: answers by method."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {"get_employees": {"data": EMPLOYEES}, **answers}
        self.wire = Wire(self.handle)

    def handle(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        answer = self.answers[asked["method"].replace(".", "_")]
        answer = answer(asked["params"]) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
        if isinstance(answer, Reply):
            return answer
        said = answer if "error" in answer else {"result": answer}
        return Reply(body=json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said}).encode())

    def asked(self, number: int = -1) -> dict[str, Any]:
        return json.loads(self.wire.seen[number].body)


def refusal(mnemonic: str, **metadata: Any) -> dict[str, Any]:
    data = {"mnemonic": mnemonic, "metadata": metadata}
    return {"error": {"code": -32602, "message": "It is not so", "data": data}}


def dial(api: Api, extension: str = "101", line: str = "", **changes: Any) -> Receipt:
    command = Dial(account="calls", extension=extension, phone="+79001112233", call="b24-7f3a", line=line)
    return outbound.dial(Outgoing(command=command), account(**changes), api.wire)


PLACED = {"data": {"call_session_id": 237859081}}
