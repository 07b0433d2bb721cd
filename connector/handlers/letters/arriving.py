"""A letter finds its conversation and goes on as a message; what a machine wrote is told apart."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.bbcode import escape
from connector.domain.effects import Call, Emit, Plan, Recall
from connector.domain.events import LetterBounced, LetterReceived
from connector.domain.mailing import QUARANTINE
from connector.errors import PermanentError
from connector.handlers.letters.threads import SEEN, bare, found, known, remembered
from connector.handlers.rules import Rules
from connector.speech import Text

SPAM = Text(
    "Taken for spam ({why}), so it was not shown to anybody. Replay it if it is a real letter, or discard it; which "
    "headers tell spam is said under `spam:` of the account.",
    "Письмо принято за спам ({why}) и никому не показано. Если это настоящее письмо, повторите доставку, иначе "
    "отбросьте её; признаки спама задаёт `spam:` этого аккаунта.",
)
AUTOMATIC = Text("Automatic answer from {who}: {said}", "Автоматический ответ от {who}: {said}")
BOUNCED = Text(
    "The letter did not reach {to}: {said}. Check the address and write to the client in another way.",
    "Письмо не дошло до {to}: {said}. Проверьте адрес и свяжитесь с клиентом иначе.",
)
DELAYED = Text(
    "The letter has not reached {to} yet, their server goes on trying: {said}.",
    "Письмо ещё не дошло до {to}, почтовый сервер продолжает попытки: {said}.",
)
NOBODY_THERE = "an automatic letter that answers none of ours: nobody is told"
NOT_OURS = "the letter that did not arrive is none of ours: nobody is told"
SHOWN = 1000  # characters of an automatic answer, or of a server's words


def letter_received(event: LetterReceived, rules: Rules) -> Plan:
    """Into the conversation that it belongs to. Spam is parked where people see it, until one lets it in."""
    letter = event.message.letter
    assert letter is not None
    if letter.spam and not rules.replayed:
        raise PermanentError(QUARANTINE, hint=SPAM.with_(why=letter.spam), detail=letter.spam)
    conversation, root, thread = yield from found(event, letter, rules.at)
    if letter.automatic == "auto_reply":
        return (yield from _noted(event, conversation, rules))
    begins = thread is None or bare(thread["subject"]).casefold() != bare(letter.subject).casefold()
    message = replace(event.message, conversation=conversation, letter=replace(letter, begins=begins))
    yield from remembered(message, letter, root, rules.at)
    yield Emit(message, f"portal:{rules.accounts[event.account].portal}")
    return ""


def letter_bounced(event: LetterBounced, rules: Rules) -> Plan:
    """Tell the operators that a letter of theirs did not arrive; nobody cares for one that a machine sent."""
    sent = yield Recall(SEEN, f"{event.account}/{event.message_id}")
    chat = yield Recall("chat", event.lane)
    if not sent or not chat:
        return NOT_OURS
    said = " ".join(part for part in (event.status, event.said) if part)[:SHOWN] or "?"
    text = BOUNCED if event.final else DELAYED
    words = rules.say(event.account, text, to=escape(event.recipient or "?"), said=escape(said))
    key = f"note:letter.bounced:{event.message_id}:{event.recipient}:{event.status}:{event.final}"
    yield from _told(chat, words, key)
    return ""


def _noted(event: LetterReceived, conversation: str, rules: Rules) -> Plan:
    """The answer of a machine is a note to the operators: a message would set the line's own answers going."""
    chat = yield Recall("chat", f"{event.account}.{conversation}")
    message, letter = event.message, event.message.letter
    assert letter is not None
    yield from known(event.account, letter.message_id, conversation)
    if not chat:
        return NOBODY_THERE
    text = message.text[:SHOWN] or letter.subject
    words = rules.say(event.account, AUTOMATIC, who=escape(letter.from_address or "?"), said=text)
    yield from _told(chat, words, f"note:letter:{event.account}:{message.message_id}")
    return ""


def _told(chat: dict[str, str], words: str, key: str) -> Plan:
    params = {"DIALOG_ID": f"chat{chat['chat_id']}", "MESSAGE": words, "SYSTEM": "Y"}
    yield Call("im.message.add", params, key=key)
