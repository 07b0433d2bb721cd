"""Why a delivery about letters ended without a letter or a word, in both languages.

The journal keeps the English text (``flagged`` of a delivery); whoever shows it says it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.handlers.letters.answering import ENOUGH, MACHINE, NO_ONE, REFUSED
from connector.handlers.letters.arriving import NOBODY_THERE, NOT_OURS, OF_MACHINE
from connector.speech import Text

_RU: Mapping[str, str] = {
    ENOUGH: "не отправлено: клиенту достаточно одного автоматического письма в сутки",
    MACHINE: "не отправлено: письмо написал автомат или отправитель просил не отвечать автоматически",
    NO_ONE: "не отправлено: неизвестно, кому отвечать",
    REFUSED: "не отправлено: почтовый сервер не принял автоматическое письмо",
    NOBODY_THERE: "автоматическое письмо не отвечает ни на одно из наших: никому не показано",
    OF_MACHINE: "не дошло наше автоматическое письмо: никому не показано",
    NOT_OURS: "недошедшее письмо — не наше: никому не показано",
}


def noted(flagged: str) -> Text:
    """The words for a note of a delivery; one that is not about letters stands for itself."""
    return Text(flagged, _RU.get(flagged, flagged))
