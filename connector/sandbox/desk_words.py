"""What the operator's desk says, in English and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connector.sandbox.words import REASONS

PHRASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("Operator's desk", "Рабочее место оператора"),
        "noscript": ("The desk needs JavaScript: switch it on.", "Нужен JavaScript: включите его."),
        "me": ("I am", "Я"),
        "chats": ("Chats", "Чаты"),
        "talk": ("Conversation", "Переписка"),
        "no_chats": ("Nobody has written yet.", "Пока никто не написал."),
        "choose": ("Choose a chat on the left.", "Выберите чат слева."),
        "gone": ("There is no such chat.", "Такого чата нет."),
        "back": ("To the chats", "К чатам"),
        "more_chats": (
            "The latest {shown} of {total} chats are shown.",
            "Показаны последние чаты: {shown} из {total}.",
        ),
        "earlier": ("Earlier messages not shown: {count}.", "Не показано более ранних сообщений: {count}."),
        "state_new": ("new", "новый"),
        "state_work": ("in progress", "в работе"),
        "state_answered": ("answered", "отвечен"),
        "state_rating": ("awaits a rating", "ждёт оценки"),
        "state_closed": ("closed", "завершён"),
        "state_spam": ("spam", "спам"),
        "unanswered": ("{count} without an answer", "без ответа: {count}"),
        "rated_5": ("rated: good", "оценка: хорошо"),
        "rated_1": ("rated: bad", "оценка: плохо"),
        "you": ("You", "Вы"),
        "system": ("System", "Система"),
        "note_mark": ("the customer does not see this", "клиент этого не видит"),
        "sending": ("sending", "отправляется"),
        "delivered": ("delivered", "доставлено"),
        "edited": ("edited", "изменено"),
        "deleted": ("The message is deleted.", "Сообщение удалено."),
        "file": ("File: {name}", "Файл: {name}"),
        "nobody": ("no operator", "без оператора"),
        "take": ("Take", "Взять себе"),
        "transfer": ("Transfer", "Передать"),
        "transfer_to": ("Transfer the chat to", "Кому передать чат"),
        "operators": ("Operators", "Операторы"),
        "lines": ("Open lines", "Открытые линии"),
        "rate": ("Ask for a rating", "Запросить оценку"),
        "finish": ("Finish", "Завершить"),
        "finish_sure": ("Finish this chat?", "Завершить этот чат?"),
        "delete": ("Delete", "Удалить"),
        "delete_sure": (
            "Delete this message? It disappears for the customer too.",
            "Удалить сообщение? У клиента оно тоже исчезнет.",
        ),
        "edit": ("Edit", "Изменить"),
        "editing": ("You are changing a message", "Вы изменяете сообщение"),
        "cancel": ("Cancel", "Отмена"),
        "text": ("Message", "Сообщение"),
        "text_hint": ("Enter sends, Shift+Enter starts a new line", "Enter — отправить, Shift+Enter — новая строка"),
        "attach": ("Attach", "Прикрепить"),
        "remove": ("Remove {name}", "Убрать {name}"),
        "note": ("Note for colleagues", "Заметка для коллег"),
        "send": ("Send", "Отправить"),
        "save": ("Save", "Сохранить"),
        "too_big": ("All files together may take 50 MB at most.", "Все файлы вместе — не больше 50 МБ."),
        "away": ("The sandbox does not answer. We keep trying.", "Песочница не отвечает. Мы продолжаем попытки."),
        "down": (
            "The portal is switched off: its REST answers with errors.",
            "Портал выключен: его REST отвечает ошибками.",
        ),
        "idle": (
            "The connector does not work on this chat's line: only notes can be written.",
            "Коннектор на линии этого чата не работает: можно писать только заметки.",
        ),
    }
)


def desk_words(language: str) -> dict[str, str]:
    """Every phrase of the desk in ``ru`` or else English; refusals are under ``error_<code>``."""
    column = 1 if language == "ru" else 0
    reasons = {f"error_{code}": pair[column] for code, pair in REASONS.items()}
    return {name: pair[column] for name, pair in PHRASES.items()} | reasons
