"""Who takes part in the demo, named in its language: operators, lines, and customers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connector.domain.request import Request
from connector.sandbox.config import LINES, OPERATORS, LineSettings, Operator
from connector.speech import Text

_OPERATORS = (
    Operator(id=1, name="Anna", last_name="Smirnova", admin=True, extension="101"),
    Operator(id=2, name="Boris", last_name="Kuznetsov", extension="102"),
)
_LINES = (
    LineSettings(id=1, name="Sales"),
    LineSettings(id=2, name="Support"),
    LineSettings(id=3, name="Returns"),
)
_MAIL = Text("Orders", "Заказы")
MAIL_LINE = 4
PHONE, ADDRESS = "79161234567", "maria@example.com"  # the visitor's
VISITOR = Text("Maria Orlova", "Мария Орлова")
CUSTOMERS: Sequence[Text] = (
    Text("Vera Sokolova", "Вера Соколова"),
    Text("Gleb Antonov", "Глеб Антонов"),
    Text("Daria Belova", "Дарья Белова"),
    Text("Egor Vlasov", "Егор Власов"),
    Text("Zoya Grishina", "Зоя Гришина"),
    Text("Ivan Denisov", "Иван Денисов"),
    Text("Kira Ershova", "Кира Ершова"),
    Text("Lev Zhukov", "Лев Жуков"),
    Text("Nina Zaitseva", "Нина Зайцева"),
    Text("Oleg Ilyin", "Олег Ильин"),
    Text("Polina Kotova", "Полина Котова"),
    Text("Roman Lapin", "Роман Лапин"),
)


def contents(language: str) -> dict[str, Any]:
    """What the CRM knows from the start: the visitor with their telephone and address."""
    first, _, last = VISITOR.say(language).partition(" ")
    ways = [
        {"typeId": "PHONE", "valueType": "MOBILE", "value": f"+{PHONE}"},
        {"typeId": "EMAIL", "valueType": "HOME", "value": ADDRESS},
    ]
    return {"items": [{"entityTypeId": 3, "fields": {"name": first, "lastName": last, "fm": ways}}]}


def operators(language: str) -> tuple[Operator, ...]:
    """The employees who answer."""
    return OPERATORS if language == "ru" else _OPERATORS


def lines(language: str) -> tuple[LineSettings, ...]:
    """The open lines."""
    return (*(LINES if language == "ru" else _LINES), LineSettings(id=MAIL_LINE, name=_MAIL.say(language)))


def signed(request: Request, name: str) -> Request:
    """A pretend Telegram customer's message with another name: first and last, with a blank between them."""
    update = json.loads(request.body)
    first, _, last = name.partition(" ")
    for message in (part for part in update.values() if isinstance(part, dict)):
        for person in ("from", "chat"):
            message[person] |= {"first_name": first, "last_name": last}
    return replace(request, body=json.dumps(update, ensure_ascii=False).encode())
