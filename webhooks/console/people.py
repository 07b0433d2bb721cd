"""``/ops/users``: who may use the console, and who is in it now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Blueprint, Response, g, request, url_for
from werkzeug.exceptions import NotFound

from connector.bootstrap import Connector
from connector.errors import PermanentError, Refused
from connector.journal.guests import STAY
from connector.journal.users import ROLES, Role, User
from connector.speech import Text
from webhooks.answers import see_other
from webhooks.console.agents import browser
from webhooks.console.duties import choices
from webhooks.console.reasons import reasoned
from webhooks.console.showing import Shows

log = structlog.get_logger()

_PAGE = 50

_DIFFER = Text("The passwords differ. Type them again", "Пароли не совпали. Введите их ещё раз")
_NO_ROLE = Text("Choose a role", "Выберите роль")
_ONESELF = Text(
    "This is your own account. Ask another administrator to change it",
    "Это ваша собственная учётная запись. Попросите изменить её другого администратора",
)
DONE: Mapping[str, Text] = {
    "added": Text("may sign in now", "теперь может войти"),
    "role": Text("has the new role; they sign in anew", "получил(а) новую роль; нужно войти заново"),
    "password": Text(
        "has the new password and is signed out everywhere", "получил(а) новый пароль; все сеансы завершены"
    ),
    "disabled": Text("may not sign in any more", "больше не может войти"),
    "enabled": Text("may sign in again", "снова может войти"),
    "ended": Text("is signed out everywhere", "все сеансы завершены"),
}


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was sent; ``why`` is never empty."""

    name: str
    role: Role | None
    passwords: tuple[str, str]
    who: str
    why: str

    def password(self) -> str:
        """The new password. Raises ``PermanentError`` when it was not typed alike twice."""
        if self.passwords[0] != self.passwords[1]:
            raise PermanentError("user.passwords_differ", hint=_DIFFER)
        return self.passwords[0]

    def chosen(self) -> Role:
        """The role. Raises ``PermanentError`` when there is none."""
        if self.role is None:
            raise PermanentError("user.no_role", hint=_NO_ROLE)
        return self.role


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""
    people = People(connector, shows)

    @rooms.get("/users")
    def users() -> Response:
        return people.listed()

    @rooms.post("/users")
    def add_user() -> Response:
        return people.added()

    @rooms.get("/users/<name>")
    def user(name: str) -> Response:
        return people.one(name)

    @rooms.post("/users/<name>")
    def change_user(name: str) -> Response:
        return people.changed(name)

    @rooms.post("/visits")
    def end_visit() -> Response:
        return people.visit_ended()


class People:
    """The pages and their deeds."""

    def __init__(self, connector: Connector, shows: Shows) -> None:
        self._connector, self._shows, self._journal = connector, shows, connector.journal
        self._deeds: Mapping[str, tuple[str, Callable[[Form], Any]]] = {
            "role": ("role", self._role),
            "password": ("password", self._password),
            "disable": ("disabled", lambda f: self._journal.disable_user(f.name, who=f.who, why=f.why)),
            "enable": ("enabled", lambda f: self._journal.enable_user(f.name, who=f.who, why=f.why)),
            "end": ("ended", lambda f: self._journal.end_user(f.name, who=f.who, why=f.why)),
        }

    def listed(self, status: int = 200, *, wrong: Text | None = None) -> Response:
        """All users page by page, who is in from a portal, and the form for a new one."""
        after = request.args.get("after", "")[:64].replace("\0", "")
        found = self._journal.users(after=after, limit=_PAGE + 1)
        more = found[_PAGE - 1].name if len(found) > _PAGE else None
        visits = self._journal.visits(limit=_PAGE + 1, before=request.args.get("visits", type=float))
        given = self._connector.settings.console.portal_users
        return self._shows.page(
            "users.html",
            status,
            users=found[:_PAGE],
            after=after,
            more=more,
            present=self._journal.present(),
            visits=visits[:_PAGE],
            older_visits=visits[_PAGE - 1].started_at.timestamp() if len(visits) > _PAGE else None,
            stay=STAY,
            given=given,
            choices=choices(),
            wrong=wrong,
            typed={"name": request.form.get("name", "")[:64], "role": request.form.get("role", "")},
            ended=request.args.get("ended") == "yes",
        )

    def added(self) -> Response:
        """A new user; the form stays as it was typed when something is wrong with it."""
        try:
            form = _form(request.form.get("name", ""))
            made = self._journal.add_user(form.name, form.chosen(), form.password(), who=form.who, why=form.why)
        except (PermanentError, Refused) as error:
            return self.listed(400, wrong=error.hint)
        log.info("console.user_added", name=made.name, who=g.visitor.name)
        return see_other(url_for("ops.user", name=made.name, did="added"))

    def one(self, name: str, status: int = 200, *, wrong: Text | None = None) -> Response:
        """One user, and what can be changed."""
        user = self._known(name)
        return self._shows.page(
            "user.html",
            status,
            one=user,
            oneself=_is_oneself(user.name),
            sessions=self._journal.sessions_of(user.name),
            browser=browser,
            choices=choices(),
            wrong=wrong,
            told=DONE.get(request.args.get("did", "")),
        )

    def changed(self, name: str) -> Response:
        """One deed; what cannot be is said on the same page."""
        user = self._known(name)
        done, deed = self._deeds.get(request.form.get("deed", ""), ("", None))
        if deed is None:
            raise NotFound
        try:
            if _is_oneself(user.name):
                raise PermanentError("user.oneself", hint=_ONESELF)
            deed(_form(user.name))
        except (PermanentError, Refused) as error:
            return self.one(name, 400, wrong=error.hint)
        log.info("console.user_changed", name=user.name, did=done, who=g.visitor.name)
        return see_other(url_for("ops.user", name=user.name, did=done))

    def visit_ended(self) -> Response:
        """Somebody from a portal has to open the application again."""
        portal, user = (request.form.get(key, "")[:64].replace("\0", "") for key in ("portal", "user"))
        try:
            form = _form("")
        except Refused as error:
            return self.listed(400, wrong=error.hint)
        self._journal.end_guest(portal, user, who=form.who, why=form.why)
        return see_other(url_for("ops.users", ended="yes"))

    def _role(self, form: Form) -> None:
        self._journal.set_role(form.name, form.chosen(), who=form.who, why=form.why)

    def _password(self, form: Form) -> None:
        self._journal.set_password(form.name, form.password(), who=form.who, why=form.why)

    def _known(self, name: str) -> User:
        found = next((user for user in self._journal.users() if user.name == name), None)
        if found is None:
            raise NotFound
        return found


def _form(name: str) -> Form:
    """Raises ``Refused`` 400 without a reason."""
    deed = reasoned()
    asked = request.form.get("role", "")
    return Form(
        name=name,
        role=next((role for role in ROLES if role == asked), None),
        passwords=(request.form.get("password", ""), request.form.get("again", "")),
        who=deed.who,
        why=deed.why,
    )


def _is_oneself(name: str) -> bool:
    return not g.visitor.portal and bool(g.visitor.name == name)
