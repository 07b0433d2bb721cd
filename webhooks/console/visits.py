"""Who is at the browser: the session's cookie, and the proof that a form is ours.

A POST must carry a token bound to the session (before signing in: to a cookie of the sign-in page) and come from our
own origin.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Request, Response, g, request, url_for

from connector.bootstrap import Connector
from connector.errors import Refused
from connector.journal.sessions import LONGEST, Visitor
from connector.speech import Text
from webhooks.answers import see_other
from webhooks.console.access import ROUTES, allowed
from webhooks.console.reading import LANGUAGE
from webhooks.guests import COOKIE_SECONDS, Entrance

# A browser's own session, a visit inside a portal's frame, and the sign-in page's.
SESSION, FRAME, DOOR = "ops_session", "ops_frame", "ops_door"
_YEAR = 365 * 86400.0
_AJAR = 12 * 3600.0  # seconds that a sign-in page may stay open
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_TICKETED = frozenset({"ops.step_in"})  # proven by a ticket instead of a seal

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
_OVER = Text(
    "This visit is over. Close the application in Bitrix24 and open it again",
    "Этот сеанс закончился. Закройте приложение в Битрикс24 и откройте его снова",
)


class Visits:
    """The door of every page below ``/ops``. ``g.framed`` says that a portal shows the page inside itself."""

    def __init__(self, connector: Connector, entrance: Entrance) -> None:
        self._connector, self._entrance = connector, entrance
        self._ours = connector.settings.public_url.rstrip("/")
        self._frames = connector.settings.console.frames

    def guard(self) -> Response | None:
        """Let the request through, or send it to sign in. Raises ``Refused`` 403 for a wrong role or form."""
        g.visitor, g.token, g.framed, g.frames = None, "", False, self._frames
        if request.endpoint == "ops.static":
            return None
        self._recognise()
        role = g.visitor.role if g.visitor else None
        if not allowed(request.endpoint, role):
            if g.visitor is not None or request.endpoint not in ROUTES:
                raise Refused("console.role", hint=_ROLE, status=403)
            return self._to_sign_in()
        if request.method not in _READING:
            self._check_origin(request)
            if request.endpoint not in _TICKETED:
                self._check_form(request)
        return None

    def watch(self) -> Callable[[], Visitor | None]:
        """A look at who this request's visitor is, for later, when the request is long answered."""
        framed, token = g.framed, g.token
        if framed:
            return lambda: self._entrance.visitor(token)
        return lambda: self._connector.journal.visitor(token, watching=True)

    def begin(self, answer: Response, token: str) -> None:
        """The browser gets a new session; the one it had is forgotten."""
        former = request.cookies.get(SESSION, "")
        if former:
            self._connector.journal.forget_session(former)
        self._set(answer, SESSION, token, LONGEST)
        self._set(answer, DOOR, "", 0)

    def begin_framed(self, answer: Response, cookie: str, language: str) -> None:
        """The same for a visit inside a portal's frame; the console speaks as the portal does."""
        if former := request.cookies.get(FRAME):
            self._connector.journal.forget_guest(former)
        g.framed = True
        self._set(answer, FRAME, cookie, COOKIE_SECONDS)
        if LANGUAGE not in request.cookies:
            self.remember(answer, LANGUAGE, "ru" if language.lower().startswith("ru") else "en")

    def framed_by(self, purpose: str, ticket: str) -> bool:
        """Let the portal that the ticket is of show this page; ``False`` for a ticket that is not ours."""
        origins = self._entrance.frames(purpose, ticket)
        g.framed, g.frames = g.framed or bool(origins), tuple(dict.fromkeys((*g.frames, *origins)))
        return bool(origins)

    def remember(self, answer: Response, name: str, value: str) -> None:
        """The browser remembers how its reader likes it; an empty value is forgotten."""
        self._set(answer, name, value, _YEAR if value else 0)

    def end(self, answer: Response, *, everywhere: bool) -> None:
        """Signed out, here or everywhere."""
        if g.framed:
            self._connector.journal.forget_guest(g.token)
            self._set(answer, FRAME, "", 0)
            return
        self._connector.journal.sign_out(g.token, everywhere=everywhere)
        self._set(answer, SESSION, "", 0)

    def knock(self, answer: Response) -> None:
        """Give the sign-in page its cookie; somebody signed in has a better one."""
        if "door" in g:
            self._set(answer, DOOR, g.door, _AJAR)

    def _recognise(self) -> None:
        held = self._held()
        for name, token in held:
            known = self._entrance.visitor if name == FRAME else self._user
            g.visitor = known(token)
            if g.visitor is not None:
                g.token = token
                if name == FRAME:
                    self.framed_by("visit", token)
                return
        if held and held[0][0] == FRAME and _in_frame():
            self.framed_by("visit", held[0][1])

    def _user(self, token: str) -> Visitor | None:
        """Whose session it is; a page that renews itself (``static/live.js``) keeps none alive."""
        by_itself = request.endpoint == "ops.live" or "X-Live" in request.headers
        return self._connector.journal.visitor(token, watching=by_itself)

    def _held(self) -> list[tuple[str, str]]:
        """The session cookies, the likelier first: on one site a browser may send its own and the frame's."""
        names = (FRAME, SESSION) if _in_frame() else (SESSION, FRAME)
        held = [(name, request.cookies[name]) for name in names if request.cookies.get(name)]
        sealed = request.form.get("csrf", "") if request.method not in _READING else ""
        return sorted(held, key=lambda each: not _same(sealed, _sealed(each[1])))

    def _to_sign_in(self) -> Response:
        if g.framed:
            raise Refused("console.over", hint=_OVER, status=403)
        wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
        back = None if wanted in ("", "/ops") else wanted
        return see_other(url_for("ops.door", next=back))

    def _check_origin(self, received: Request) -> None:
        told = received.headers.get("Origin") or _origin(received.headers.get("Referer", ""))
        if told not in (_origin(self._ours), _origin(received.host_url)):
            hint = _ORIGIN.with_(origin=(told or "-")[:200], ours=self._ours)
            raise Refused("console.origin", hint=hint, status=403)

    def _check_form(self, received: Request) -> None:
        if not _same(received.form.get("csrf", ""), seal()):
            raise Refused("console.form", hint=_FORGED, status=403)

    def _set(self, answer: Response, name: str, value: str, seconds: float) -> None:
        """In another site's frame only a cookie of that frame alone is kept (CHIPS); over http we are on one site."""
        secure = self._ours.startswith("https:")
        apart = secure and (g.framed or (bool(self._frames) and _in_frame()))
        answer.set_cookie(
            name,
            value,
            max_age=int(seconds),
            path="/ops",
            httponly=True,
            samesite="None" if apart else "Lax",
            secure=secure,
            partitioned=apart,
        )


def seal() -> str:
    """What a form of this page carries."""
    if g.get("visitor") is None:
        g.door = g.get("door") or request.cookies.get(DOOR) or secrets.token_urlsafe(32)
        secret = g.door
    else:
        secret = g.token
    return _sealed(secret)


def _sealed(secret: str) -> str:
    return hmac.digest(secret.encode(errors="replace"), b"form", "sha256").hex()


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), ours.encode())


def _in_frame() -> bool:
    return request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame")


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
