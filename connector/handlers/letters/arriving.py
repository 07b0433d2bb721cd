"""A letter finds its conversation and goes on as a message; what a machine wrote is told apart
(facts/bitrix24-openlines.md §3.2, §4.4).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from connector.domain.bbcode import escape
from connector.domain.effects import Call, Emit, Plan, Recall
from connector.domain.events import LetterBounced, LetterReceived, MachineAnswered
from connector.domain.letters import Letter
from connector.domain.mailing import QUARANTINE
from connector.errors import PermanentError
from connector.handlers.letters.threads import SEEN, bare, found, known, remembered, unmarked
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
OF_MACHINE = "an automatic letter of ours did not arrive: nobody is told"
NOT_OURS = "the letter that did not arrive is none of ours: nobody is told"
SHOWN = 1000  # characters of an automatic answer, or of a server's words


def letter_received(event: LetterReceived, rules: Rules) -> Plan:
    """Into the conversation that it belongs to. Spam is parked where people see it, until one lets it in."""
    letter = event.message.letter
    assert letter is not None
    if letter.spam and not rules.replayed:
        raise PermanentError(QUARANTINE, hint=SPAM.with_(why=letter.spam), detail=letter.spam)
    conversation, root, thread = yield from found(event, letter, rules.at)
    portal = f"portal:{rules.accounts[event.account].portal}"
    if letter.automatic == "auto_reply":
        yield from known(event.account, letter.message_id, conversation)
        if thread is None:
            return NOBODY_THERE
        yield Emit(_answered(event, letter, conversation), portal)  # the mailbox does not wait for the portal here
        return ""
    begins = thread is None or bare(thread["subject"]).casefold() != bare(letter.subject).casefold()
    message = replace(
        event.message,
        conversation=conversation,
        letter=replace(letter, begins=begins, subject=unmarked(letter.subject)),
    )
    yield from remembered(message, letter, root, rules.at)
    yield Emit(message, portal)
    return ""


def letter_bounced(event: LetterBounced, rules: Rules) -> Plan:
    """Tell the operators that a letter of theirs did not arrive; nobody cares for one that a machine sent."""
    sent = yield Recall(SEEN, f"{event.account}/{event.message_id}")
    chat = yield Recall("chat", event.lane)
    if not sent or not chat:
        return NOT_OURS
    if sent.get("automatic"):
        return OF_MACHINE
    said = " ".join(part for part in (event.status, event.said) if part)[:SHOWN] or "?"
    text = BOUNCED if event.final else DELAYED
    words = rules.say(event.account, text, to=escape(event.recipient or "?"), said=escape(said))
    key = f"note:letter.bounced:{event.message_id}:{event.recipient}:{event.status}:{event.final}"
    yield from _told(chat, words, key)
    return ""


def machine_answered(event: MachineAnswered, rules: Rules) -> Plan:
    """The answer of a machine is a note to the operators: a message would set the line's own answers going."""
    chat = yield Recall("chat", event.lane)
    if not chat:
        return NOBODY_THERE
    words = rules.say(event.account, AUTOMATIC, who=escape(event.sender or "?"), said=event.text)
    yield from _told(chat, words, f"note:letter:{event.account}:{event.because}")
    return ""


def _answered(event: LetterReceived, letter: Letter, conversation: str) -> MachineAnswered:
    return MachineAnswered(
        account=event.account,
        conversation=conversation,
        because=event.message.message_id,
        sender=letter.from_address,
        text=event.message.text[:SHOWN] or escape(letter.subject),
    )


def _told(chat: dict[str, str], words: str, key: str) -> Plan:
    params = {"DIALOG_ID": f"chat{chat['chat_id']}", "MESSAGE": words, "SYSTEM": "Y"}
    yield Call("im.message.add", params, key=key, proof=partial(_said_there, chat["chat_id"], words))


def _said_there(chat_id: str, words: str) -> Plan:
    """Proof of a note: nobody (``senderid`` 0) says these words in the chat's last session (§3.2a). Tags and marks are
    left out, because a portal shows them as it likes."""
    try:
        history = yield Call("imopenlines.session.history.get", {"CHAT_ID": chat_id})
    except PermanentError:
        return None
    messages = history.get("message") if isinstance(history, Mapping) else None
    rows = messages.values() if isinstance(messages, Mapping) else messages or []
    wanted = _plain(words)
    said = (row for row in rows if str(row.get("senderid") or "0") == "0" and wanted in _plain(str(row.get("text"))))
    return next((row.get("id") for row in said), None)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", re.sub(r"<[^>]*>|\[[^\]]*\]", "", html.unescape(text)))
