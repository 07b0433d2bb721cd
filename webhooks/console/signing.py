"""Signing in and out, and the language."""

from __future__ import annotations

import re

import structlog
from flask import Blueprint, Response, g, request

from connector.bootstrap import Connector
from connector.errors import Refused
from connector.speech import Text
from webhooks.answers import see_other
from webhooks.console.reading import LANGUAGE
from webhooks.console.showing import Shows
from webhooks.console.visits import Visits

log = structlog.get_logger()

_OWN = re.compile(r"/ops(?:/[\w./~-]*)?(?:\?[!-\[\]-~]*)?")  # a query of what can be seen, but no backslash


def add(rooms: Blueprint, connector: Connector, visits: Visits, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/sign-in")
    def door() -> Response:
        return _go(request.args.get("next", "")) if g.visitor else _door(visits, shows)

    @rooms.post("/sign-in")
    def enter() -> Response:
        name, password = request.form.get("name", ""), request.form.get("password", "")
        try:
            token = connector.journal.sign_in(name, password, request.remote_addr or "", request.user_agent.string)
        except Refused as error:
            log.warning("console.sign_in_refused", cause=error.cause, remote=request.remote_addr)
            return _door(visits, shows, status=error.status, wrong=error.hint, name=name[:64])
        answer = _go(request.form.get("next", ""))
        visits.begin(answer, token)
        return answer

    @rooms.post("/sign-out")
    def leave() -> Response:
        answer = _go("/ops/sign-in")
        visits.end(answer, everywhere=request.form.get("everywhere") == "yes")
        return answer

    @rooms.get("/language/<any(en, ru):language>")
    def language(language: str) -> Response:
        answer = _go(request.args.get("next", ""))
        visits.remember(answer, LANGUAGE, language)
        return answer


def own(path: str) -> str:
    """``path`` when it is a page of the console, else its first page: nobody is sent elsewhere from here."""
    place = path.partition("?")[0]
    return path if _OWN.fullmatch(path) and "//" not in place and ".." not in place else "/ops"


def _door(visits: Visits, shows: Shows, *, status: int = 200, wrong: Text | None = None, name: str = "") -> Response:
    wanted = own(request.values.get("next", ""))
    answer = shows.page("sign_in.html", status, wrong=wrong, name=name, wanted=wanted)
    visits.knock(answer)
    return answer


def _go(path: str) -> Response:
    return see_other(own(path))
