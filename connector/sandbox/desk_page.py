"""The operator's desk in the browser: ``/desk``, its files, and what changes as server-sent events."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Blueprint, Response, render_template, request, send_file, send_from_directory

from connector.sandbox.answers import ApiError
from connector.sandbox.desk_calls import record_answer
from connector.sandbox.desk_view import INLINE_IMAGES, desk_view
from connector.sandbox.desk_words import desk_words
from connector.sandbox.framing import keep_here
from connector.sandbox.loopback import check_origin
from connector.sandbox.state import Portal

FILES = Path(__file__).parent / "desk_files"
STATIC = frozenset({"desk.css", "calls.css", "desk.js", "draw.js", "rich.js", "reply.js", "calls.js"})
BURST = 0.1  # seconds in which many changes become one frame
LOOK_AGAIN = 1.0  # seconds; what nobody rang for (time itself, calls from Python) shows up then
KEEP_ALIVE = 5.0
LANGUAGES = ("en", "ru")


class Bell:
    """Wakes every open desk when something may have changed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = 0

    def ring(self) -> None:
        """Something may have changed."""
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def wait(self, heard: int, timeout: float) -> int:
        """Wait for a ring after the ``heard``-th, at most ``timeout`` seconds; the number of the latest."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung > heard, timeout)
            return self._rung


def desk_blueprint(portal: Portal, bell: Bell) -> Blueprint:
    """``GET /desk``, ``/desk/<file>``, ``/desk/files/<id>/<sign>``, ``/desk/records/<id>/<sign>`` and
    ``/desk/events?chat=<id>&calls=1``; loopback only.
    """
    blueprint = Blueprint("desk", __name__, url_prefix="/desk", template_folder=str(FILES))
    keep_here(blueprint)

    @blueprint.after_request
    def careful(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", _policy(portal.config.desk_frames))
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    @blueprint.get("")
    def page() -> str:
        language = chosen_language(portal)
        return render_template("desk.html", language=language, words=desk_words(language))

    @blueprint.get("/<name>")
    def static(name: str) -> Response:
        if name not in STATIC:
            raise ApiError("UNKNOWN", f"There is no {name}", 404)
        return send_from_directory(FILES, name)

    @blueprint.get("/files/<int:number>/<sign>")
    def file(number: int, sign: str) -> Response:
        return _file(portal, number, sign)

    @blueprint.get("/records/<int:number>/<sign>")
    def record(number: int, sign: str) -> Response:
        return record_answer(portal, number, sign)

    @blueprint.get("/events")
    def events() -> Response:
        check_origin(request)
        chat, calls = request.args.get("chat", ""), request.args.get("calls") == "1"
        request.environ["sandbox.stream"] = True
        frames = _frames(portal, bell, int(chat) if chat.isdecimal() else 0, calls)
        return Response(frames, content_type="text/event-stream")

    return blueprint


def chosen_language(portal: Portal) -> str:
    """By ``?lang``, else as the browser likes it, else the portal's."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES) or portal.config.language


def _policy(frames: tuple[str, ...]) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self' data:",
            "media-src 'self'",
            "connect-src 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            "frame-ancestors " + (" ".join(frames) or "'none'"),
        )
    )


def _file(portal: Portal, number: int, sign: str) -> Response:
    """A file of a chat: pictures are shown, everything else is only saved, nothing of it can run."""
    with portal.lock:
        held = portal.files.get(number)
    if held is None or held.sign != sign:
        raise ApiError("FILE_NOT_FOUND", "There is no such file", 404)
    shown = held.mime in INLINE_IMAGES
    name = "".join(letter if letter.isprintable() else "_" for letter in held.name) or "file"
    kind = held.mime if shown else "application/octet-stream"
    answer = send_file(io.BytesIO(held.content), kind, as_attachment=not shown, download_name=name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return answer


def _frames(portal: Portal, bell: Bell, chat: int, calls: bool) -> Iterator[bytes]:
    """The whole screen as one ``data:`` frame, again whenever it differs from the last; without end."""
    yield b"retry: 1000\n\n"
    sent, spoke, heard = "", time.monotonic(), 0
    while True:
        state = json.dumps(desk_view(portal, chat, calls), ensure_ascii=False)
        if state != sent:
            yield f"data: {state}\n\n".encode()
            sent, spoke = state, time.monotonic()
        elif time.monotonic() - spoke > KEEP_ALIVE:
            yield b": still here\n\n"
            spoke = time.monotonic()
        time.sleep(BURST)
        heard = bell.wait(heard, LOOK_AGAIN)
