"""Our pages inside Bitrix24: rendered here, framed by the portal only, with no script but ours and the portal's."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template

from connector.speech import Text
from webhooks.doors import Doors
from webhooks.tickets import ExpiredTicket

_BX24 = "https://api.bitrix24.com"


def page(template: str, language: str, *, frame: Sequence[str] = (), status: int = 200, **values: Any) -> Response:
    """``template`` in ``language``; ``frame`` are the origins that may show it in a frame (none: nobody may).

    Inside, ``say(en, ru)`` picks the language (it takes a ``Text`` as well) and ``nonce`` opens the one style.
    """
    language, nonce = ("ru" if language.lower().startswith("ru") else "en"), secrets.token_urlsafe(16)

    def say(en: str | Text, ru: str = "") -> str:
        return (en if isinstance(en, Text) else Text(en, ru)).say(language)

    body = render_template(template, language=language, nonce=nonce, say=say, **values)
    answer = Response(body, status, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = _policy(nonce, frame)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def tell_expiry(rooms: Blueprint, doors: Doors) -> None:
    """A ticket that is too old is told in the frame where that happens: it is ours, and names the portal."""

    @rooms.errorhandler(ExpiredTicket)
    def expired(error: ExpiredTicket) -> Response:
        frame = doors.origins(error.facts["portal"])
        return page("failure.html", error.facts["language"], frame=frame, status=error.status, hint=error.hint)


def _policy(nonce: str, frame: Sequence[str]) -> str:
    """No ``X-Frame-Options``: it cannot name an origin, and the portal must be able to frame us (platform §4.6)."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'nonce-{nonce}'",
            f"script-src 'nonce-{nonce}' {_BX24}",
            "img-src data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors " + (" ".join(frame) or "'none'"),
        )
    )
