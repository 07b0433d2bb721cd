"""An operator's side of a conversation, out to the client, and the word back (facts/bitrix24-openlines.md §7.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from connector.domain.bbcode import strip_signature
from connector.domain.effects import Call, Delete, Edit, Emit, Fetch, Plan, Send
from connector.domain.events import (
    FromPortal,
    ReplyDeleted,
    ReplyDelivered,
    ReplyEdited,
    ReplyRefused,
    ReplyWritten,
)
from connector.domain.values import Author, Receipt, StoredFile
from connector.errors import PermanentError
from connector.handlers.calls.reached import reply_reached
from connector.handlers.faces import meet
from connector.handlers.rules import Rules
from connector.speech import Text
from mappings.open_line import chat_id

NOT_DELIVERED = Text("Not delivered: {why}", "Не доставлено: {why}")
PARTLY = Text("Delivered with a change: {why}", "Доставлено с изменением: {why}")


def reply_written(event: ReplyWritten, rules: Rules) -> Plan:
    """Send text and files; the delivery status leaves only with the provider's ids (trap 4)."""
    receipts: list[Receipt] = []
    try:
        files = yield from _bring(event)
        for part, (text, carried) in enumerate(_parts(event.text, files)):
            receipts.append((yield _send(event, part, text, carried)))
    except PermanentError as error:
        yield refused(event, error, event.author, rules)
        raise
    ids = tuple(message_id for receipt in receipts for message_id in receipt.ids)
    notes = tuple(note for receipt in receipts for note in receipt.notes)
    if ids:
        yield delivered(event, ids, notes, event.author)


def reply_edited(event: ReplyEdited, rules: Rules) -> Plan:
    """Change the text at the client; what the channel cannot do is told to the operator."""
    try:
        receipt = yield Edit(
            account=event.account, conversation=event.conversation, message_ids=event.message_ids, text=event.text
        )
    except PermanentError as error:
        yield refused(event, error, event.author, rules)
        raise
    yield delivered(event, receipt.ids or event.message_ids, receipt.notes, event.author)


def reply_deleted(event: ReplyDeleted, rules: Rules) -> Plan:
    """Take the message back at the client."""
    try:
        yield Delete(account=event.account, conversation=event.conversation, message_ids=event.message_ids)
    except PermanentError as error:
        yield refused(event, error, "0", rules)
        raise


def reply_delivered(event: ReplyDelivered, rules: Rules) -> Plan:
    """Echo ``im`` untouched with all provider ids: the only carrier of the id mapping (§7.2 rule 3)."""
    message: dict[str, Any] = {"id": list(event.message_ids)}
    if event.delivered_at:
        message["date"] = int(event.delivered_at.timestamp())
    item = {"im": _im(event), "message": message, "chat": {"id": chat_id(event.account, event.conversation)}}
    yield Call(
        "imconnector.send.status.delivery", {"CONNECTOR": event.connector, "LINE": event.line, "MESSAGES": [item]}
    )
    yield from reply_reached(event, rules)
    for number, note in enumerate(event.notes):
        yield from _note(event, PARTLY.with_(why=Text(*note).say(_language(event, rules))), f"part{number}", "0", rules)
    if rules.accounts[event.account].provider.capabilities.faces:
        yield from meet(event.portal, event.author)


def reply_refused(event: ReplyRefused, rules: Rules) -> Plan:
    """REST has no failed status (§1.8): the operator reads why in a system note, which the client does not get."""
    yield from _note(
        event, NOT_DELIVERED.with_(why=Text(*event.why).say(_language(event, rules))), "refused", event.author, rules
    )


def together(events: list[ReplyWritten]) -> ReplyWritten:
    """Lines that one author wrote in a row as one reply: the first, with the texts and files of all."""
    said = [events[0].text, *(strip_signature(event.text)[1] for event in events[1:])]
    files = tuple(file for event in events for file in event.files)
    lines = tuple(event.im for event in events)
    return replace(events[0], text="\n\n".join(text for text in said if text.strip()), files=files, lines=lines)


def _bring(event: ReplyWritten) -> Plan:
    files: list[StoredFile] = []
    for file in event.files:
        files.append((yield Fetch(file=file, origin=f"portal:{event.portal}")))
    return files


def _parts(text: str, files: list[StoredFile]) -> Iterable[tuple[str, tuple[StoredFile, ...]]]:
    """One send per file, each with its own key, so that a retry repeats none; the text rides with the first."""
    if text or files:
        yield text, tuple(files[:1])
    for file in files[1:]:
        yield "", (file,)


def _send(event: ReplyWritten, part: int, text: str, files: tuple[StoredFile, ...]) -> Send:
    by_system = event.author in ("", "0")
    asks = event.params.get("IMOL_VOTE_SID", "")
    return Send(
        account=event.account,
        conversation=event.conversation,
        text=text,
        files=files,
        author=Author(
            id="" if by_system else f"{event.portal}/{event.author}", asks=asks if isinstance(asks, str) else ""
        ),
        key=f"out:{event.portal}:{event.im.message_id}:{part}",
    )


def delivered(
    event: FromPortal, ids: tuple[str, ...], notes: tuple[tuple[str, str], ...] = (), author: str = "0"
) -> Emit:
    """The client has it, under these ids; the portal shall know."""
    return Emit(ReplyDelivered(**_same(event), message_ids=ids, notes=notes, author=author), f"portal:{event.portal}")


def refused(event: FromPortal, error: PermanentError, author: str, rules: Rules) -> Emit:
    """The client does not get it; the operator shall know why."""
    return Emit(
        ReplyRefused(**_same(event), why=(error.hint.en, error.hint.ru), author=author), f"portal:{event.portal}"
    )


def _same(event: FromPortal) -> dict[str, Any]:
    names = ("portal", "connector", "line", "account", "conversation", "im")
    return {name: getattr(event, name) for name in names}


def _im(event: FromPortal) -> dict[str, str]:
    return {"chat_id": event.im.chat_id, "message_id": event.im.message_id}


def _language(event: FromPortal, rules: Rules) -> str:
    return rules.portals[event.portal].language


def _note(event: FromPortal, text: Text, what: str, author: str, rules: Rules) -> Plan:
    words = text.say(_language(event, rules))
    key = f"note:{event.portal}:{event.im.message_id}:{what}"
    try:
        yield Call("im.message.add", {"DIALOG_ID": f"chat{event.im.chat_id}", "MESSAGE": words, "SYSTEM": "Y"}, key=key)
    except PermanentError:
        if author in ("", "0"):
            raise
        tag = {"TAG": key.replace(":", "_")}
        yield Call("im.notify", {"USER_ID": author, "MESSAGE": words, "TYPE": "SYSTEM", **tag}, key=f"{key}:notify")
