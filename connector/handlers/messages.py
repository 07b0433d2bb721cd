"""A client's side of a conversation, on its way into Open Lines (facts/bitrix24-openlines.md §1.7, §7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.domain.effects import Acknowledge, Call, Fetch, Plan, Recall, Remember
from connector.domain.events import (
    ButtonPressed,
    ConversationBlocked,
    ConversationUnblocked,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
)
from connector.domain.values import StoredFile
from connector.errors import PermanentError
from connector.handlers.lines import line_of, seen_in_chat
from connector.handlers.mapped import seen_for_chat
from connector.handlers.rules import Rules
from connector.handlers.visits import as_known, remembered
from connector.speech import Text

NAME_LIMIT = 200
HIDDEN = "not shown in Open Lines: a rule says chat: false"
FILE_LOST = Text("[File {name} could not be brought: {why}]", "[Файл {name} получить не удалось: {why}]")
BLOCKED = Text(
    "The client blocked the bot: replies will not arrive.", "Клиент заблокировал бота: ответы до него не дойдут."
)
UNBLOCKED = Text(
    "The client unblocked the bot: replies arrive again.", "Клиент разблокировал бота: ответы снова доходят."
)
NOT_TAKEN = Text(
    "Bitrix24 refused the message: {why}. Check the client's data and the line's settings, then replay.",
    "Bitrix24 не принял сообщение: {why}. Проверьте данные клиента и настройки линии, затем повторите доставку.",
)
NOT_STORED = Text(
    "Bitrix24 accepted the message but did not store it (no session in its answer). Look at the line's settings "
    "and whether a rating was awaited, then replay.",
    "Bitrix24 принял сообщение, но не сохранил его (в ответе нет сессии). Проверьте настройки линии и не ожидалась "
    "ли оценка, затем повторите доставку.",
)


def message_received(event: MessageReceived, rules: Rules) -> Plan:
    """Bring the files here, then send the message into its chat; followers wait in the lane (trap 23)."""
    said, event = event, (yield from as_known(event))
    if not (yield from seen_for_chat(replace(event, page=said.page), rules)):
        yield from remembered(said, event)
        return HIDDEN
    line = yield from line_of(event.account, event.lane, rules, begun_by=replace(event, page=said.page))
    files, notes = yield from _bring(event, rules)
    items = rules.items(event, files, [*(rules.say(event.account, Text(*note)) for note in event.notes), *notes])
    named = event.letter is not None and event.letter.begins and bool(event.letter.subject)
    for item in items:
        alone = item is not items[-1] or named or event.page is not None  # whoever follows would tell of the same page
        yield from _send(item, event, line, rules, joins="" if alone else "MESSAGES")
    if named:
        yield from _name(event, line, rules)
    yield from remembered(said, event)
    return ""


def message_edited(event: MessageEdited, rules: Rules) -> Plan:
    """Replace the text in the chat: idempotent, an unknown id succeeds as well (§1.8)."""
    yield from _change("imconnector.update.messages", event, {"id": event.message_id, "text": event.text or " "}, rules)


def message_deleted(event: MessageDeleted, rules: Rules) -> Plan:
    """Delete in the chat: idempotent (§1.8)."""
    for message_id in event.message_ids:
        yield from _change("imconnector.delete.messages", event, {"id": message_id}, rules)


def button_pressed(event: ButtonPressed, rules: Rules) -> Plan:
    """A press reads like a message: ``▸ label``."""
    message = MessageReceived(
        account=event.account,
        conversation=event.conversation,
        message_id=f"press.{event.press_id}",
        client=event.client,
        text=f"▸ {event.label or event.data}",
        sent_at=event.sent_at,
    )
    yield from message_received(message, rules)


def button_acknowledged(event: ButtonPressed, rules: Rules) -> Plan:
    """Stop the waiting mark on the client's button."""
    yield Acknowledge(account=event.account, conversation=event.conversation, press_id=event.press_id)


def conversation_blocked(event: ConversationBlocked, rules: Rules) -> Plan:
    """Tell the operators that replies will not arrive."""
    yield from _note(event, BLOCKED, rules)


def conversation_unblocked(event: ConversationUnblocked, rules: Rules) -> Plan:
    """Tell the operators that replies arrive again."""
    yield from _note(event, UNBLOCKED, rules)


def merged(events: list[MessageReceived]) -> MessageReceived:
    """The parts of one album as one message: ids of the first, files of all, the caption wherever it stood."""
    texts = [event.text for event in events if event.text]
    files = tuple(file for event in events for file in event.files)
    return replace(events[0], text="\n".join(texts), files=files)


def _bring(event: MessageReceived, rules: Rules) -> Plan:
    files: list[StoredFile] = []
    notes: list[str] = []
    original = event.letter.original if event.letter else None
    for file in (*event.files, *((original,) if original else ())):
        try:
            files.append((yield Fetch(file=file, origin=f"account:{event.account}")))
        except PermanentError as error:
            hint = error.hint.say(rules.portals[rules.accounts[event.account].portal].language)
            notes.append(rules.say(event.account, FILE_LOST, name=file.name or file.kind, why=hint))
    return files, notes


def _send(item: dict[str, Any], event: MessageReceived, line: str, rules: Rules, *, joins: str) -> Plan:
    message_id = item["message"]["id"]
    key = f"in:{event.account}:{event.conversation}:{message_id}"
    params = {"CONNECTOR": rules.connector(event.account), "LINE": line}

    def proof() -> Plan:
        return seen_in_chat(event.lane, event.account, event.conversation, line, message_id, rules)

    try:
        session = yield _call({**params, "MESSAGES": [item]}, key, proof, joins)
    except PermanentError as error:
        bare = {**item, "user": {k: v for k, v in item["user"].items() if k not in ("phone", "email", "picture")}}
        if error.cause != "openlines.refused" or bare == item:
            raise
        session = yield _call({**params, "MESSAGES": [bare]}, key, proof, joins)
    yield Remember("chat", event.lane, {"chat_id": session["CHAT_ID"], "session_id": session["ID"], "line": line})


def _name(event: MessageReceived, line: str, rules: Rules) -> Plan:
    """The chat is named after the letter (§1.8: only while a session is open). A name is worth no parked message."""
    assert event.letter is not None
    chat, user = rules.chat(event)["id"], rules.user(event.account, event.client)["id"]
    params = {"CONNECTOR": rules.connector(event.account), "LINE": line, "CHAT_ID": chat, "USER_ID": user}
    try:
        yield Call("imconnector.chat.name.set", {**params, "NAME": event.letter.subject[:NAME_LIMIT]})
    except PermanentError:
        return


def _call(params: Mapping[str, Any], key: str, proof: Any, joins: str) -> Call:
    return Call("imconnector.send.messages", params, joins=joins, key=key, proof=proof, judge=_stored)


def _stored(answer: Any) -> dict[str, str]:
    """The session of the only item; a failed item never fails the call itself (§1.7)."""
    rows = ((answer or {}).get("DATA") or {}).get("RESULT") or [{}]
    row = rows[0] if isinstance(rows, list) else next(iter(rows.values()))
    if not row.get("SUCCESS"):
        why = "; ".join(str(text) for text in row.get("ERRORS") or []) or "?"
        raise PermanentError("openlines.refused", hint=NOT_TAKEN.with_(why=why), detail=why)
    session = row.get("session")
    if not session:
        raise PermanentError("openlines.not_stored", hint=NOT_STORED)
    return {"ID": str(session["ID"]), "CHAT_ID": str(session["CHAT_ID"])}


def _change(method: str, event: MessageEdited | MessageDeleted, message: dict[str, Any], rules: Rules) -> Plan:
    line = yield from line_of(event.account, event.lane, rules)
    item = {"user": rules.user(event.account, event.client), "message": message, "chat": rules.chat(event)}
    yield Call(method, {"CONNECTOR": rules.connector(event.account), "LINE": line, "MESSAGES": [item]})


def _note(event: ConversationBlocked | ConversationUnblocked, text: Text, rules: Rules) -> Plan:
    chat = yield Recall("chat", event.lane)
    if not chat:
        return
    yield Call(
        "im.message.add",
        {"DIALOG_ID": f"chat{chat['chat_id']}", "MESSAGE": rules.say(event.account, text), "SYSTEM": "Y"},
        key=f"note:{event.kind}:{event.lane}:{event.position}",
    )
