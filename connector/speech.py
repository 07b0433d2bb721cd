"""Text that a person reads, in both languages of the product."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["en", "ru"]


class Text(NamedTuple):
    """One phrase in English and Russian; ``{name}`` places are filled by :meth:`with_`."""

    en: str
    ru: str

    def say(self, language: str) -> str:
        """The phrase in ``language``; anything but ``ru`` reads English."""
        return self.ru if language.lower().startswith("ru") else self.en

    def with_(self, **values: object) -> Text:
        """The same phrase with its places filled. A missing name raises ``KeyError``."""
        return Text(self.en.format(**values), self.ru.format(**values))
