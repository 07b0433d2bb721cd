"""Who is at the browser: the session's cookie, and the proof that a form is ours.

A POST must carry a token bound to the session (before signing in: to a cookie of the sign-in page) and come from our
own origin.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import Request, Response, g, redirect, request, url_for

from connector.bootstrap import Connector
from connector.errors import Refused
from connector.journal.sessions import LONGEST, Visitor
from connector.speech import Text
from webhooks.console.access import ROUTES, allowed

SESSION, DOOR = "ops_session", "ops_door"
_AJAR = 12 * 3600.0  # seconds that a sign-in page may stay open
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_FORGED = Text(
    "This form is too old or did not come from this console. Go back, reload the page and try again",
    "Эта форма устарела или пришла не из этой консоли. Вернитесь, обновите страницу и повторите",
)
_ORIGIN = Text(
    "The request comes from {origin}, the console is at {ours}. Open the console at its public address; behind a "
    "proxy pass the Host header on and set CONNECTOR_PUBLIC_URL",
    "Запрос пришёл с {origin}, а консоль находится на {ours}. Откройте консоль по её внешнему адресу; за прокси "
    "передавайте заголовок Host и задайте CONNECTOR_PUBLIC_URL",
)
_ROLE = Text(
    "Your role does not allow this. Ask an administrator: `connector user role`",
    "Ваша роль этого не позволяет. Обратитесь к администратору: `connector user role`",
)


class Visits:
    """The door of every page below ``/ops``."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._ours = connector.settings.public_url.rstrip("/")
        self._frames = connector.settings.console.frames

    def guard(self) -> Response | None:
        """Let the request through, or send it to sign in. Raises ``Refused`` 403 for a wrong role or form."""
        g.visitor, g.frames = None, self._frames
        if request.endpoint == "ops.static":
            return None
        g.visitor = self._visitor()
        role = g.visitor.role if g.visitor else None
        if not allowed(request.endpoint, role):
            if g.visitor is not None or request.endpoint not in ROUTES:
                raise Refused("console.role", hint=_ROLE, status=403)
            return self._to_sign_in()
        if request.method not in _READING:
            self._check_origin(request)
            self._check_form(request)
        return None

    def begin(self, answer: Response, token: str) -> None:
        """The browser gets a new session; the one it had is forgotten."""
        former = request.cookies.get(SESSION, "")
        if former:
            self._connector.journal.forget_session(former)
        self._set(answer, SESSION, token, LONGEST)
        answer.delete_cookie(DOOR, path="/ops")

    def end(self, answer: Response, *, everywhere: bool) -> None:
        """Signed out, here or everywhere."""
        self._connector.journal.sign_out(request.cookies.get(SESSION, ""), everywhere=everywhere)
        answer.delete_cookie(SESSION, path="/ops")

    def knock(self, answer: Response) -> None:
        """Give the sign-in page its cookie; somebody signed in has a better one."""
        if "door" in g:
            self._set(answer, DOOR, g.door, _AJAR)

    def _visitor(self) -> Visitor | None:
        token = request.cookies.get(SESSION, "")
        return self._connector.journal.visitor(token) if token else None

    def _to_sign_in(self) -> Response:
        wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
        back = None if wanted in ("", "/ops") else wanted
        return redirect(url_for("ops.door", next=back), 303)  # type: ignore[return-value]

    def _check_origin(self, received: Request) -> None:
        told = received.headers.get("Origin") or _origin(received.headers.get("Referer", ""))
        if told not in (_origin(self._ours), _origin(received.host_url)):
            hint = _ORIGIN.with_(origin=(told or "-")[:200], ours=self._ours)
            raise Refused("console.origin", hint=hint, status=403)

    def _check_form(self, received: Request) -> None:
        if not hmac.compare_digest(received.form.get("csrf", "").encode(errors="replace"), seal().encode()):
            raise Refused("console.form", hint=_FORGED, status=403)

    def _set(self, answer: Response, name: str, value: str, seconds: float) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=int(seconds),
            path="/ops",
            httponly=True,
            samesite="Lax",
            secure=self._ours.startswith("https:"),
        )


def seal() -> str:
    """What a form of this page carries."""
    if g.get("visitor") is None:
        g.door = g.get("door") or request.cookies.get(DOOR) or secrets.token_urlsafe(32)
        secret = g.door
    else:
        secret = request.cookies.get(SESSION, "")
    return hmac.digest(secret.encode(errors="replace"), b"form", "sha256").hex()


def _origin(url: str) -> str:
    """``https://Host:443/x`` → ``https://host``; empty for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if not parts.scheme or not parts.hostname:
        return ""
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{parts.netloc.lower()}" if port != usual else f"{parts.scheme}://{parts.hostname}"
