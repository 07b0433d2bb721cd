"""``/ops/me``: who I am here, what I may do, my password, my sessions, my language and time zone."""

from __future__ import annotations

from flask import Blueprint, Response, g, request, url_for

from connector.bootstrap import Connector
from connector.errors import PermanentError, Refused
from connector.journal.guests import STAY
from connector.journal.users import Seat
from connector.speech import Text
from webhooks.answers import see_other
from webhooks.console.agents import browser
from webhooks.console.duties import GISTS, duties
from webhooks.console.reading import OWN_ZONE, reader
from webhooks.console.showing import Shows
from webhooks.console.visits import Visits
from webhooks.console.zones import ZONES, zones

_DIFFER = Text("The new passwords differ. Type them again", "Новые пароли не совпали. Введите их ещё раз")
_NO_PASSWORD = Text("You came from Bitrix24 and have no password here", "Вы вошли из Битрикс24, пароля здесь у вас нет")
DONE = {
    "password": Text(
        "The password is changed; all other sessions have ended", "Пароль изменён; остальные сеансы завершены"
    ),
    "others": Text("All other sessions have ended", "Остальные сеансы завершены"),
    "zone": Text("Times are shown in this zone now", "Теперь время показано в этом поясе"),
}


def add(rooms: Blueprint, connector: Connector, visits: Visits, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/me")
    def me() -> Response:
        return _page(connector, shows)

    @rooms.post("/me/password")
    def renew() -> Response:
        try:
            token = _renewed(connector)
        except (PermanentError, Refused) as error:
            status = error.status if isinstance(error, Refused) else 400
            return _page(connector, shows, 400 if status == 401 else status, wrong=error.hint)
        answer = _back("password")
        visits.begin(answer, token)
        return answer

    @rooms.post("/me/others")
    def end_others() -> Response:
        if not g.visitor.portal:
            connector.journal.end_others(g.token)
        return _back("others")

    @rooms.post("/me/zone")
    def zone() -> Response:
        asked = request.form.get("zone", "")
        answer = _back("zone")
        visits.remember(answer, OWN_ZONE, asked if asked in ZONES else "")
        return answer


def _renewed(connector: Connector) -> str:
    """The token of the session that goes on. Raises ``Refused`` or ``PermanentError`` as ``renew_password`` does."""
    old, new, again = (request.form.get(key, "") for key in ("old", "password", "again"))
    if g.visitor.portal:
        raise PermanentError("user.no_password", hint=_NO_PASSWORD)
    if new != again:
        raise PermanentError("user.passwords_differ", hint=_DIFFER)
    seat = Seat(remote=request.remote_addr or "", agent=request.user_agent.string)
    return connector.journal.renew_password(g.visitor.name, old, new, seat)


def _page(connector: Connector, shows: Shows, status: int = 200, *, wrong: Text | None = None) -> Response:
    read = reader(request, connector.clock())
    mine = [] if g.visitor.portal else connector.journal.sessions_of(g.visitor.name, g.token)
    return shows.page(
        "me.html",
        status,
        gist=GISTS[g.visitor.role],
        duties=duties(g.visitor.role),
        sessions=mine,
        browser=browser,
        stay=STAY,
        zones=zones(read.language, read.now),
        own_zone=request.cookies.get(OWN_ZONE, ""),
        wrong=wrong,
        told=DONE.get(request.args.get("did", "")),
    )


def _back(did: str) -> Response:
    return see_other(url_for("ops.me", did=did))
