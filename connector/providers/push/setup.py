"""What ``connector check`` says of a source that is pushed to."""

from __future__ import annotations

from connector.domain.provider import Finding
from connector.domain.sources import Desk
from connector.speech import Text

_DOOR = Text("Rows are taken at /hooks/{source}", "Строки принимаются на /hooks/{source}")
_CAME = Text("Rows have come", "Строки уже приходили")
_NOTHING = Text(
    "Nothing has come yet that is kept: post a row as the README of the provider shows.",
    "Сохранённых запросов пока нет: пришлите строку, как показано в README провайдера.",
)
_UNSIGNED = Text(
    "A token can be read by whoever sees the request; let the other system sign, and set `secret`.",
    "Токен виден каждому, кто видит запрос; пусть другая система подписывает, задайте `secret`.",
)


def check(desk: Desk) -> list[Finding]:
    """Whether rows have come, and how they are proved."""
    settings = desk.settings
    weak = settings.secret is None
    door = _DOOR.with_(source=settings.source)
    came = bool(desk.kept(0.0, "", 1))
    return [
        Finding(door, "warn" if weak else "ok", _UNSIGNED if weak else None, "push.door"),
        Finding(_CAME, "ok" if came else "warn", None if came else _NOTHING, "push.came"),
    ]
