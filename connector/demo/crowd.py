"""Other customers: they write to the shop's bot while the visitor looks at what happens."""

from __future__ import annotations

import random
from collections.abc import Sequence

import requests

from connector.demo.counting import Counts, Key
from connector.demo.house import DemoHouse
from connector.demo.people import CUSTOMERS, signed
from connector.speech import Text

FIRST = 701  # the number of the first one's chat
WORDS: Sequence[Text] = (
    Text("Hello! Is my order ready?", "Здравствуйте! Мой заказ готов?"),
    Text("How much is delivery?", "Сколько стоит доставка?"),
    Text("When do you open?", "Во сколько вы открываетесь?"),
    Text("May I have an invoice?", "Можно счёт?"),
    Text("Is the blue one in stock?", "А синий есть в наличии?"),
    Text("Thank you!", "Спасибо!"),
)


class Crowd:
    """``language`` is what they speak."""

    def __init__(self, house: DemoHouse, counts: Counts, account: str, language: str) -> None:
        self._house, self._counts, self._account, self._language = house, counts, account, language
        self._standin = house.standins[account]
        self._chance = random.Random()

    def write(self, messages: int, chats: int) -> list[Key]:
        """So many messages in turn over so many chats; what they sent and the connector accepted."""
        first = self._chance.randrange(len(CUSTOMERS))
        sent = [self._say((first + number % chats) % len(CUSTOMERS)) for number in range(messages)]
        return [key for key in sent if key is not None]

    def _say(self, who: int) -> Key | None:
        said = self._standin.say(str(FIRST + who), self._chance.choice(WORDS).say(self._language))
        request = signed(said, CUSTOMERS[who].say(self._language))
        try:
            accepted = self._house.post(self._account, request).ok
        except requests.RequestException:
            return None
        return self._counts.note(self._account, request) if accepted else None
