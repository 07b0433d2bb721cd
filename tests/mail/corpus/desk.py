"""Where letters of the corpus are written: every one has a number, a sender and words that no other has."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.mail.corpus.case import INBOX, Case, Expect
from tests.mail.corpus.mime import Headers, letter
from tests.mail.corpus.writer import Letter, data, programs


class Desk:
    """``seed`` decides everything that is not told."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.number = 0

    def draft(self, program: str = "", *, latin: bool = False, **more: Any) -> Letter:
        """A letter of somebody new about something; what it says ends with its number."""
        self.number += 1
        people, number = data("people"), self.number
        sayings: Sequence[str] = people["latin" if latin else "sayings"]
        told: dict[str, Any] = {
            "number": number,
            "program": program or self.chance.choice(programs()),
            "name": "Laura Green" if latin else self.chance.choice(people["names"]),
            "address": f"client{number:04d}@client.example",
            "subject": f"{'Order' if latin else self.chance.choice(people['subjects'])} {number:04d}",
            "said": f"{self.chance.choice(sayings)} {'Request' if latin else 'Обращение'} {number:04d}.",
        }
        return Letter(**(told | more))

    def answer(self) -> str:
        """What we wrote before; it stands in quotes."""
        return f"{self.chance.choice(data('people')['answers'])} Ответ {self.number:04d}."


def case(
    kind: str, draft: Letter, raw: bytes = b"", *, name: str = "", story: str = "", folder: str = INBOX, **expect: Any
) -> Case:
    """The letter as a case of the corpus: a message of its sender in a chat of its own, unless told otherwise."""
    name = f"{draft.number:04d} {kind}{': ' if name else ''}{name}"
    usual = {"thread": story or name, "client": draft.address, "shown": draft.said}
    return Case(
        name=name,
        kind=kind,
        raw=raw or draft.raw(),
        story=story or name,
        folder=folder,
        expect=Expect(**(usual | expect)),
    )


def changed(draft: Letter, drop: Sequence[str] = (), add: Headers = (), content: bytes = b"") -> bytes:
    """The letter without the headers ``drop`` and with ``add``; ``content`` in place of its body."""
    gone = {name.lower() for name in drop}
    kept = [(name, value) for name, value in draft.headers() if name.lower() not in gone]
    return letter([*kept, *add], content or draft.body())
