"""How the chat answers: JSON, its own errors, and who may read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from connector.bootstrap import Connector
from connector.errors import ConnectorError, Refused, TransientError
from connector.intake import new_trace
from connector.speech import Text
from webhooks.answers import BROKEN
from webhooks.chat.limits import TooOften
from webhooks.chat.rooms import Room, Rooms, allow
from webhooks.chat.talking import Talking

log = structlog.get_logger()

_AWAY = Text(
    "The chat cannot answer for a moment; it will be tried again", "Чат пока не отвечает; попробуем ещё раз сами"
)


class Answers:
    """Wraps every answer of the blueprint."""

    def __init__(self, connector: Connector, rooms: Rooms, talking: Talking) -> None:
        self._clock, self._rooms, self._talking = connector.clock, rooms, talking

    def wrap(self, blueprint: Blueprint) -> None:
        """Origins are checked before anything is done, errors told in the chat's own shape."""
        blueprint.before_request(self._check)
        blueprint.after_request(self._finish)
        told: dict[type[Exception], Callable[[Any], Response]] = {
            Refused: lambda error: _told(error.status, error.cause, error.hint),
            TooOften: lambda error: _wait(_told(error.status, error.cause, error.hint), error.wait),
            TransientError: lambda error: _wait(_told(503, error.cause, _AWAY), error.retry_after or 5),
            RequestEntityTooLarge: lambda _: self._too_large(),
            HTTPException: lambda error: _told(error.code or 500, f"http.{error.code}", Text(error.name, error.name)),
            Exception: self._broken,
        }
        for kind, handler in told.items():
            blueprint.register_error_handler(kind, handler)

    def _check(self) -> None:
        self._rooms.room(_account()).check(request.headers.get("Origin", ""))

    def _finish(self, answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers.setdefault("Cache-Control", "no-store")
        return allow(answer, self._room(), request.headers.get("Origin", ""))

    def _room(self) -> Room | None:
        return self._rooms.room(_account()) if _account() in self._rooms.names() else None

    def _too_large(self) -> Response:
        error = self._talking.too_large()
        return _told(error.status, error.cause, error.hint)

    def _broken(self, error: Exception) -> Response:
        trace = new_trace(self._clock())
        log.error("request.failed", path="/chat", trace=trace, exc_info=error)
        return _told(500, "internal", error.hint if isinstance(error, ConnectorError) else BROKEN)


def _account() -> str:
    return str((request.view_args or {}).get("account", ""))


def _told(status: int, cause: str, hint: Text) -> Response:
    answer = jsonify({"error": cause, "hint": {"en": hint.en, "ru": hint.ru}})
    answer.status_code = status
    return answer


def _wait(answer: Response, seconds: float) -> Response:
    answer.headers["Retry-After"] = str(max(1, round(seconds)))
    return answer
