"""What belongs into the application's card in Bitrix24, value by value (facts/bitrix24-platform.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.portal.scopes import SCOPES
from connector.speech import Text

WHERE = Text(
    "Developer resources → Other → Local application. Type: server; it uses the interface.",
    "Разработчикам → Другое → Локальное приложение. Тип: серверное; использует интерфейс.",
)
_RIGHTS = Text("Rights (scope)", "Права (scope)")
_SOMETIMES = Text("Rights for some things only", "Права не для всех случаев")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the card: its name there, and the exact value."""

    code: str
    title: Text
    value: str


def fields(public_url: str) -> Sequence[Field]:
    """The two addresses."""
    here = public_url.rstrip("/")
    return (
        Field(code="handler", title=Text("Your handler path", "Путь вашего обработчика"), value=f"{here}/bitrix24/app"),
        Field(
            code="install",
            title=Text("Initial installation path", "Путь для первоначальной установки"),
            value=f"{here}/bitrix24/install",
        ),
    )


def pairs(public_url: str) -> list[tuple[Text, str]]:
    """The whole card: each field, then the rights in two lines: those of every channel, and those of some things."""
    values = [(field.title, field.value) for field in fields(public_url)]
    always, sometimes = (", ".join(one.name for one in SCOPES if bool(one.only) is only) for only in (False, True))
    return [*values, (_RIGHTS, always), (_SOMETIMES, sometimes)]
