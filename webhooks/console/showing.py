"""How a page leaves: rendered here, with a policy that lets no script run but our own files, framed by whom we know."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, g, render_template, request
from markupsafe import Markup

from connector.bootstrap import Connector
from connector.errors import ConnectorError, Refused, TransientError
from connector.journal.users import ROLES
from connector.speech import Text
from webhooks.console.access import allowed
from webhooks.console.duties import TITLES
from webhooks.console.reading import reader
from webhooks.console.visits import seal

MENU = (
    ("ops.overview", Text("Overview", "Обзор")),
    ("ops.lanes", Text("Lanes", "Очереди")),
    ("ops.parked", Text("Parked", "Отложено")),
    ("ops.traces", Text("Traces", "Трассы")),
    ("ops.calls", Text("Calls", "Звонки")),
    ("ops.sync", Text("Sync", "Источники")),
    ("ops.portals", Text("Portals", "Порталы")),
    ("ops.accounts", Text("Accounts", "Аккаунты")),
    ("ops.connect", Text("Connect", "Подключение")),
    ("ops.audit", Text("Audit", "Аудит")),
    ("ops.users", Text("Users", "Пользователи")),
)
_NOBODY = "'none'"
_LOST = Text("There is no such page", "Такой страницы нет")


class Shows:
    """Pages for the person at the browser."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """``ops/<template>``; inside, ``read`` formats and ``say`` speaks as the reader likes it."""
        read, visitor = reader(request, self._connector.clock()), g.get("visitor")
        g.nonce = secrets.token_urlsafe(16)
        role = visitor.role if visitor else None
        body = render_template(
            f"ops/{template}",
            read=read,
            say=read.say,
            visitor=visitor,
            csrf=seal(),
            nonce=g.nonce,
            coded=coded,
            menu=[entry for entry in MENU if role and allowed(entry[0], role) and self._wanted(entry[0])],
            titles=TITLES,
            may=lambda endpoint: allowed(endpoint, role),
            here=request.full_path.rstrip("?") if request.method == "GET" else "/ops",
            **values,
        )
        return Response(body, status, mimetype="text/html")

    def _wanted(self, endpoint: str) -> bool:
        """Whether a house like this one has something to show there: calls are of telephony, sync is of sources."""
        if endpoint == "ops.sync":
            return bool(self._connector.settings.sources)
        accounts = self._connector.accounts.values()
        return endpoint != "ops.calls" or any(account.provider.telephony is not None for account in accounts)

    def fault(self, error: ConnectorError) -> Response:
        """Why it cannot be done and what to do."""
        status = error.status if isinstance(error, Refused) else 503 if isinstance(error, TransientError) else 409
        return self.page("fault.html", status, hint=error.hint)

    def lost(self) -> Response:
        """Nothing is there."""
        return self.page("fault.html", 404, hint=_LOST)


def insider() -> bool:
    """Whether the visitor may see what clients say and who they are."""
    return ROLES.index(g.visitor.role) >= ROLES.index("operator")


def coded(text: str) -> Markup:
    """The text with what stands between backticks as code."""
    parts = [
        Markup("<code>{}</code>" if place % 2 else "{}").format(part) for place, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def harden(answer: Response) -> Response:
    """Headers of everything below ``/ops``.

    ``same-origin``, not ``no-referrer``: with the latter browsers send ``Origin: null`` with our own forms.
    ``g.frames`` are the origins that may frame it; without any, old browsers are told so in their own way as well.
    """
    nonce, frames = g.get("nonce", ""), g.get("frames", ())
    own = f"'nonce-{nonce}'" if nonce else "'none'"
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {own}; script-src {own}; img-src 'self'; connect-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {' '.join(frames) or _NOBODY}"
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    if not frames:
        answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "same-origin"
    if answer.mimetype == "text/html":
        answer.headers["Cache-Control"] = "no-store"
    return answer
