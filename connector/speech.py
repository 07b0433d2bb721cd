"""Text that a person reads, in both languages of the product."""

from __future__ import annotations

from collections.abc import Mapping
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
        """The same phrase with its places filled, a ``Text`` in each language. A missing name raises ``KeyError``."""
        return Text(self.en.format(**_spoken(values, "en")), self.ru.format(**_spoken(values, "ru")))

    def ended(self) -> Text:
        """The same phrase as a sentence that another may follow: with a full stop, unless it ends already."""
        return Text(_ended(self.en), _ended(self.ru))


def locale_language(env: Mapping[str, str]) -> str:
    """``ru`` or ``en`` by the locale variables."""
    locale = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return "ru" if locale.lower().startswith("ru") else "en"


def _ended(words: str) -> str:
    return words if words.endswith((".", "?", "!", "…")) or not words else f"{words}."


def _spoken(values: Mapping[str, object], language: str) -> dict[str, object]:
    return {name: value.say(language) if isinstance(value, Text) else value for name, value in values.items()}
