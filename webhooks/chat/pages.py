"""What is shown: the page of a chat, the script for other sites, and the files of both."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path, PurePath

from flask import Response, render_template, request

from connector.bootstrap import Connector
from connector.errors import Refused
from connector.providers.webchat.wire import TEXT_LIMIT
from connector.speech import Text
from webhooks.chat.rooms import Room
from webhooks.chat.talking import DOCUMENTS, FAMILIES, Talking
from webhooks.chat.telling import Json

_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
SHORT = 600  # seconds that browsers keep a file without asking
ACCEPT = ",".join([*(f"{family}/*" for family in FAMILIES), *(f".{ending}" for ending in DOCUMENTS)])
_TITLE = Text("Chat with us", "Чат с нами")
_NO_FILE = Text("There is no such file", "Такого файла нет")


class Pages:
    """The page and the files."""

    def __init__(self, connector: Connector, talking: Talking) -> None:
        self._house, self._talking = connector.settings, talking
        folder = Path(__file__).parent / "static"
        self._files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in _KINDS}

    def settings(self, room: Room) -> Json:
        """What the page needs to know before it knows the visitor."""
        return {
            "title": room.settings.title or _TITLE.say(self._house.language),
            "color": room.settings.color,
            "greeting": room.settings.greeting,
            "language_default": self._house.language,
            "text_limit": TEXT_LIMIT,
            "file_limit": self._talking.file_limit,
            "accept": ACCEPT,
        }

    def page(self, room: Room) -> Response:
        """The page; sites of ``origins`` may frame it."""
        language = request.args.get("lang") or request.accept_languages.best_match(("ru", "en")) or self._house.language
        language, nonce = ("ru" if language.lower().startswith("ru") else "en"), secrets.token_urlsafe(16)

        def say(en: str | Text, ru: str = "") -> str:
            return (en if isinstance(en, Text) else Text(en, ru)).say(language)

        shown = {"account": room.account, "base": f"/chat/{room.account}", **self.settings(room)}
        body = render_template("chat/page.html", chat=shown, language=language, nonce=nonce, say=say)
        answer = Response(body, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = _policy(nonce, sorted(room.origins))
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Referrer-Policy"] = "same-origin"
        return answer

    def file(self, name: str) -> Response:
        """A file of the page, or the script; browsers keep it for ten minutes. Raises ``Refused`` 404."""
        body = self._files.get(name)
        if body is None:
            raise Refused("chat.no_file", hint=_NO_FILE, status=404)
        answer = Response(body, mimetype=_KINDS[PurePath(name).suffix])
        answer.set_etag(hashlib.sha256(body).hexdigest()[:32])
        answer.headers["Cache-Control"] = f"public, max-age={SHORT}"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        answer.make_conditional(request)
        return answer


def _policy(nonce: str, frames: list[str]) -> str:
    """No ``X-Frame-Options``: it cannot name an origin."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors 'self' {' '.join(frames)}",
        )
    )
