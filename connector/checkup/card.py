"""What belongs into the application's card in Bitrix24, value by value (facts/bitrix24-platform.md §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from connector.portal.rights_check import NEEDED, OF_CALLS
from connector.speech import Text

WHERE = Text(
    "Developer resources → Other → Local application. Type: server; it uses the interface.",
    "Разработчикам → Другое → Локальное приложение. Тип: серверное; использует интерфейс.",
)
_ALL = (*NEEDED, *OF_CALLS)
_RIGHTS = Text("Rights (scope)", "Права (scope)")
PURPOSES: Mapping[str, Text] = MappingProxyType(
    {
        "imopenlines": Text("open lines: sessions and their history", "открытые линии: сессии и их история"),
        "imconnector": Text("channels in the Contact Center", "каналы в Контакт-центре"),
        "im": Text("notes in the chats of operators", "заметки в чатах операторов"),
        "crm": Text("the client's card beside the chat", "карточка клиента рядом с чатом"),
        "user": Text("names of operators", "имена операторов"),
        "telephony": Text(
            "calls: cards, recordings, calls by a click; only with a telephone system",
            "звонки: карточки, записи, звонки по клику; нужно только с телефонией",
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of the card: its name there, and the exact value."""

    code: str
    title: Text
    value: str


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One right that the application asks for, and what it is for."""

    name: str
    purpose: Text


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
    """The whole card: each field, then the rights in one line."""
    values = [(field.title, field.value) for field in fields(public_url)]
    return [*values, (_RIGHTS, ", ".join(_ALL))]


def scopes() -> Sequence[Scope]:
    """The rights, in the order of the card."""
    return tuple(Scope(name=name, purpose=PURPOSES[name]) for name in _ALL)
