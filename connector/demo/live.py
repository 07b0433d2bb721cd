"""Live traffic: customers write, operators answer, and every delivery passes by with its calls and its time."""

from __future__ import annotations

import random
import time
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text as Line

from connector.demo.house import DemoHouse
from connector.demo.script import PICTURE, Conversation
from connector.speech import Text

CUSTOMER = {
    "ru": ("Здравствуйте! Заказ готов?", "Сколько стоит доставка?", "Спасибо!", "А можно счёт?", "Когда вы открыты?"),
    "en": (
        "Hello! Is my order ready?",
        "How much is delivery?",
        "Thank you!",
        "May I have an invoice?",
        "When do you open?",
    ),
}
OPERATOR = {
    "ru": ("Да, [b]готов[/b].", "Доставка 300 ₽.", "Пожалуйста!", "Отправляю.", "С девяти до шести."),
    "en": ("Yes, it is [b]ready[/b].", "Delivery is 5 €.", "You are welcome!", "On its way.", "From nine to six."),
}
STOP = Text(
    "Customers and operators talk by themselves. Write as the operator: "
    "connector sandbox --url {portal} say CHAT TEXT. Stop with Ctrl+C.",
    "Клиенты и операторы переписываются сами. Написать за оператора: "
    "connector sandbox --url {portal} say ЧАТ ТЕКСТ. Остановка: Ctrl+C.",
)
BEAT = 0.4


def watch(house: DemoHouse, console: Console, language: str) -> int:
    """Show traffic until Ctrl+C; returns 0."""
    tongue = "ru" if language == "ru" else "en"
    console.print(STOP.with_(portal=house.sandbox.url).say(language), style="bold", highlight=False)
    shown: set[int] = set()
    chance = random.Random()
    try:
        while True:
            _somebody_writes(house, chance, tongue)
            for row in _settled(house, shown):
                console.print(_line(house, row), soft_wrap=True)
            time.sleep(chance.uniform(0.5, 1.5) * BEAT)
    except KeyboardInterrupt:
        return 0


def _somebody_writes(house: DemoHouse, chance: random.Random, tongue: str) -> None:
    talk = Conversation(house, chance.choice(sorted(house.standins)), str(chance.randint(700, 712)))
    chats = [chat["external"] for chat in house.sandbox.chats()]
    if talk.external in chats and chance.random() < 0.45:
        talk.reply(chance.choice(OPERATOR[tongue]))
    elif chance.random() < 0.15:
        talk.post(talk.standin.attach(talk.name, "photo.png", PICTURE, ""))
    else:
        talk.post(talk.standin.say(talk.name, chance.choice(CUSTOMER[tongue])))


def _settled(house: DemoHouse, shown: set[int]) -> list[dict[str, Any]]:
    rows = house.connector.journal.list(kind="deliveries", limit=50)
    fresh = [row for row in rows if row["id"] not in shown and row["state"] != "waiting"]
    shown.update(row["id"] for row in fresh)
    return sorted(fresh, key=lambda row: int(row["id"]))


def _line(house: DemoHouse, row: dict[str, Any]) -> Line:
    """Who, what, which lane, which calls, how long from the request to the result."""
    calls = [call for call in house.connector.journal.trace(row["trace"])["calls"] if call["delivery_id"] == row["id"]]
    said = ", ".join(f"{call['what']} {call['seconds'] * 1000:.0f} ms" for call in calls)
    took = datetime.fromisoformat(row["settled_at"]) - datetime.fromisoformat(row["created_at"])
    line = Line(no_wrap=True, overflow="ellipsis")
    line.append(f"{row['trace'][-6:]} ", style="dim")
    line.append(f"{_who(row):<22} ", style="bold")
    line.append(f"{row['lane']:<22} {row['kind']:<17} ")
    line.append(f"{row['state']:<6} ", style="green" if row["state"] == "done" else "red")
    line.append(f"{took.total_seconds() * 1000:>5.0f} ms  ", style="cyan")
    line.append(said, style="dim")
    return line


def _who(row: dict[str, Any]) -> str:
    event = row["event"]
    client = event.get("client")
    return " ".join(part for part in (client["first_name"], client["last_name"]) if part) if client else row["account"]
