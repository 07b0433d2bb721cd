"""What was said and what arrived, on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.integration.house.crowd import Conversation
from tests.integration.house.house import House
from tests.integration.house.talk import Talk

Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """By the portal's name of the chat: what customers ``said`` and the chat has ``shown``, what operators had
    ``taken`` from them and customers ``heard``. ``flagged`` are replies that the journal says it may have sent twice;
    ``unproven`` those whose delivery the portal was not told.
    """

    said: Texts
    shown: Texts
    taken: Texts
    heard: Texts
    flagged: frozenset[str]
    unproven: frozenset[str]

    def lost(self) -> list[str]:
        """Messages that are in no chat."""
        return sorted(every(self.said) - every(self.shown))

    def doubled(self) -> list[str]:
        """Messages that are in a chat more than once."""
        return twice(self.shown)

    def disordered(self) -> list[str]:
        """Chats that do not show exactly what was said, in order."""
        return sorted(chat for chat in self.said if list(self.said[chat]) != list(self.shown[chat]))

    def unheard(self) -> list[str]:
        """Replies that no customer got."""
        return sorted(every(self.taken) - every(self.heard))

    def heard_twice(self, account: str = "") -> list[str]:
        """Replies that a customer of ``account`` (empty: of any) got more than once."""
        return twice({chat: texts for chat, texts in self.heard.items() if chat.startswith(account)})

    def overtaken(self) -> list[str]:
        """Chats whose replies came for the first time in another order than they were said."""
        return sorted(chat for chat, texts in self.taken.items() if not _in_order(self.heard[chat], texts))


def tally(house: House, conversations: Sequence[Conversation], taken: Texts) -> Tally:
    """Look at the portal, at the customers and into the journal."""
    talks = [Talk(house, known.account, known.name) for known in conversations]
    unproven = {row["text"] for talk in talks for row in talk.rows("operator") if row["sending"]}
    return Tally(
        said={talk.chat: known.texts for talk, known in zip(talks, conversations, strict=True)},
        shown={talk.chat: talk.shown() for talk in talks},
        taken=taken,
        heard={talk.chat: talk.heard() for talk in talks},
        flagged=frozenset(_flagged(house)),
        unproven=frozenset(unproven & every(taken)),
    )


def every(texts: Texts) -> set[str]:
    """All texts of all chats."""
    return {text for row in texts.values() for text in row}


def twice(texts: Texts) -> list[str]:
    """The texts that occur more than once, as often as they are too many."""
    counted = Counter(text for row in texts.values() for text in row)
    return sorted((counted - Counter(dict.fromkeys(counted, 1))).elements())


def _in_order(heard: Sequence[str], taken: Sequence[str]) -> bool:
    wanted = set(taken)
    return [text for text in dict.fromkeys(heard) if text in wanted] == list(taken)


def _flagged(house: House) -> set[str]:
    rows = [row for name in house.standins() for row in house.journal.list(destination=f"account:{name}", limit=5000)]
    return {row["event"]["text"].rpartition("[br]")[2] for row in rows if row["flagged"]}
