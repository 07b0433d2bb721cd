"""``/ops/audit``: who did what, when and why."""

from __future__ import annotations

from flask import Blueprint, Response, request

from connector.bootstrap import Connector
from connector.speech import Text
from webhooks.console.aims import aims
from webhooks.console.showing import Shows
from webhooks.console.typed import HIGHEST

_PAGE = 50

DEEDS = {
    "account.connected": Text("set up the channel's side", "настройка на стороне канала"),
    "rehearsal": Text("sent a test message", "отправлено проверочное сообщение"),
    "signed_in": Text("signed in", "вход"),
    "signed_out": Text("signed out", "выход"),
    "user.added": Text("added a user", "добавлен пользователь"),
    "user.role": Text("changed a role", "изменена роль"),
    "user.password": Text("changed a password", "изменён пароль"),
    "user.disabled": Text("disabled a user", "отключён пользователь"),
    "user.enabled": Text("enabled a user", "включён пользователь"),
    "user.ended": Text("ended sessions", "завершены сеансы"),
    "replay": Text("replayed", "повторено"),
    "discard": Text("discarded", "отброшено"),
    "rebind": Text("bound anew", "привязано заново"),
    "unbind": Text("unbound an address", "отвязан адрес"),
    "secrets.rotated": Text("rotated the secret key", "сменён секретный ключ"),
    "mapping": Text("put rules to use", "введены в действие правила"),
    "mapping.edited": Text("edited rules", "изменены правила"),
    "sync.run": Text("began a run", "начат запуск"),
    "sync.full": Text("began a full run", "начат полный запуск"),
    "sync.allowed": Text("allowed records to vanish", "разрешено пропадание записей"),
    "sync.cancelled": Text("cancelled a run", "отменён запуск"),
    "sync.paused": Text("paused a source", "источник поставлен на паузу"),
    "sync.resumed": Text("resumed a source", "источник возобновлён"),
    "sync.retried": Text("tried records again", "повторены записи"),
    "sync.let_be": Text("let records be", "записи оставлены как есть"),
    "sync.forgotten": Text("forgot the mirror", "зеркало очищено"),
    "access.granted": Text("gave access", "выдан доступ"),
    "access.revoked": Text("took access away", "отозван доступ"),
    "access.invited": Text("invited an employee", "приглашён сотрудник"),
    "access.dismissed": Text("dismissed an employee", "уволен сотрудник"),
    "access.learned": Text("wrote down an external id", "записан внешний код"),
    "links.exported": Text("kept the links of a removed portal", "сохранены связи удалённого портала"),
}

# Reasons that the connector gives itself; a person's own stand as they were written.
REASONS = {
    "command line": Text("command line", "командная строка"),
    "console": Text("through the console", "через консоль"),
    "bitrix24": Text("from Bitrix24", "из Битрикс24"),
    "one's own": Text("one's own", "свой собственный"),
    "everywhere": Text("all browsers at once", "все браузеры сразу"),
    "the others": Text("all other browsers", "все остальные браузеры"),
    "the demo's visitor": Text("the demo's visitor", "посетитель демо"),
    "the portal does not know of this delivery": Text(
        "the portal does not know of this delivery", "портал не знает об этой доставке"
    ),
    "removed with its settings and data": Text("removed with its settings and data", "удалён с настройками и данными"),
    "found by e-mail": Text("found by e-mail", "найден по почте"),
    "not in Bitrix24 yet": Text("not in Bitrix24 yet", "ещё нет в Битрикс24"),
    "another source leads them here": Text("another source leads them here", "сюда ведёт и другой источник"),
    "the button of the application's page": Text(
        "the button of the application's page", "кнопка на странице приложения"
    ),
}


def add(rooms: Blueprint, connector: Connector, shows: Shows) -> None:
    """The routes."""

    @rooms.get("/audit")
    def audit() -> Response:
        before = request.args.get("before", type=int)
        before = None if before is None else max(0, min(before, HIGHEST))
        notes = connector.journal.audits(limit=_PAGE + 1, before=before)
        older = notes[_PAGE - 1].id if len(notes) > _PAGE else None
        return shows.page(
            "audit.html",
            notes=notes[:_PAGE],
            older=older,
            paged=before is not None,
            deeds=DEEDS,
            reasons=REASONS,
            aims=aims,
        )
