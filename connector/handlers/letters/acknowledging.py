"""The automatic letter that rules want, asked for once per message; whether it may leave is told there (answering)."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.domain.effects import Emit, Plan, Recall, Remember
from connector.domain.events import LetterWanted
from connector.handlers.case import Case
from connector.handlers.crm import MADE
from connector.speech import Text
from mappings.outcome import Acknowledgement

FRESH = timedelta(days=1)
NO_LETTER = Text(
    "The rules acknowledge this message by a letter, and it did not come by mail: it was left out. Say "
    "`when: event.letter` in the rule.",
    "Правила отвечают на это сообщение автоматическим письмом, а оно пришло не по почте: пропущено. Добавьте в правило "
    "`when: event.letter`.",
)
STALE = Text(
    "The letter is older than a day: it was not acknowledged any more.",
    "Письмо старше суток: автоматический ответ на него уже не отправлен.",
)


def acknowledged(case: Case, wanted: Acknowledgement, now: datetime | None) -> Plan:
    """Ask for the letter; a message that did not come by mail, or came long ago, gets none and a note says so."""
    about = case.about
    if not about.get("letter"):
        case.notes.append(NO_LETTER.say(case.language))
        return
    key = f"acknowledge:{case.identity}"
    if (yield Recall(case.kept(MADE), key)):
        return
    if now and case.at and now - case.at > FRESH:
        case.notes.append(STALE.say(case.language))
        return
    letter = LetterWanted(
        account=str(about["account"]),
        conversation=str(about["conversation"]),
        because=str(about["message_id"]),
        text=wanted.text,
        subject=wanted.subject,
    )
    yield Emit(letter, f"account:{about['account']}")
    yield Remember(case.kept(MADE), key, {"text": wanted.text})
