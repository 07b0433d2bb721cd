"""Histories as ``imopenlines.session.history.get`` tells them."""

from __future__ import annotations

from typing import Any

PREFIX = "cabc123_"
CODE = "cabc123_telegram|3|shop.77|585"


def message(number: int, text: str = "Hi", *, sender: int = 27, **params: Any) -> dict[str, Any]:
    """One row; handed over and not delivered unless ``params`` say otherwise."""
    return {
        "id": str(number),
        "chatid": "1807",
        "senderid": str(sender),
        "recipientid": "chat1807",
        "date": "2026-03-01T15:00:00+03:00",
        "text": text,
        "textlegacy": f"{text}<br />",
        "params": {"sending": "Y", "sendingTs": 1772366400, **params},
    }


def history(*rows: dict[str, Any], code: str = CODE, **more: Any) -> dict[str, Any]:
    """A history of these rows, newest first, as the portal orders them."""
    return {
        "chatId": 1807,
        "sessionId": 42,
        "message": {row["id"]: row for row in reversed(rows)},
        "users": {"27": {"id": "27", "name": "Ann Lee"}, "585": {"id": "585", "name": "Client"}},
        "chat": {"1807": {"id": "1807", "entityId": code, "entityData3": "N"}},
        "files": [],
        **more,
    }
