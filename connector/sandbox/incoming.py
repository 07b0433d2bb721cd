"""``imconnector.send.messages`` and its kin: from the connector into the chat.

facts/bitrix24-openlines.md §1.7, §1.8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connector.sandbox import desk, model
from connector.sandbox.answers import ApiError, EmptyObject, Params, lower_deep, whole
from connector.sandbox.clients import ClientRefusedError, digest, known, write
from connector.sandbox.connectors import where
from connector.sandbox.dialogs import MAX_CODE, clean_text, entity_code, find_chat, is_open, open_chat, open_session
from connector.sandbox.dialogs import write as write_message
from connector.sandbox.downloads import Fetched, fetch
from connector.sandbox.forwarding import forward
from connector.sandbox.methods import Call, Method
from connector.sandbox.model import Chat, Message, Session, User
from connector.sandbox.state import Portal

INCOMPLETE = {"ru": "Переданы не все обязательные данные", "en": "Not all the required data was passed"}
MAX_MID = 100

Item = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Fetches:
    """What the portal downloaded for one item; a dead file is None."""

    files: tuple[Fetched | None, ...] = ()
    picture: Fetched | None = None


def _items(call: Call, params: Params) -> tuple[str, int, list[Item]]:
    """Checked arguments; 400 ``ERROR_ARGUMENT``, ``IMCONNECTOR_NO_CORRECT_PROVIDER`` or ``NOT_ACTIVE_LINE``."""
    given, connector, line = where(params, "MESSAGES")
    messages = lower_deep(given["MESSAGES"])
    if isinstance(messages, Mapping):
        messages = list(messages.values())
    if not isinstance(messages, list) or not all(_has_parts(item) for item in messages):
        raise ApiError("ERROR_ARGUMENT", "Argument 'MESSAGES' is null or empty", 400, argument="MESSAGES")
    with call.portal.lock:
        if connector not in call.portal.connectors:
            raise ApiError("IMCONNECTOR_NO_CORRECT_PROVIDER", "Failed to find a suitable provider", 400)
        if not call.portal.works(connector, line):
            raise ApiError("NOT_ACTIVE_LINE", "This line is not active", 400)
    return connector, line, messages


def _has_parts(item: Any) -> bool:
    return isinstance(item, Mapping) and all(
        isinstance(item.get(part), Mapping) for part in ("user", "message", "chat")
    )


def _files(item: Item) -> list[Any]:
    files = item["message"].get("files")
    if isinstance(files, Mapping):
        return list(files.values())
    return files if isinstance(files, list) else []


def download(call: Call, params: Params) -> list[Fetches]:
    """Fetch every file, and the picture of every changed user block, before the portal is locked."""
    portal = call.portal
    connector, _, items = _items(call, params)
    fetched = []
    for item in items:
        user = item["user"]
        with portal.lock:
            held = known(portal, connector, user)
            changed = held is None or held.block != digest(user)
        picture = fetch(user.get("picture"), portal.config.download_timeout) if changed else None
        files = tuple(fetch(file, portal.config.download_timeout) for file in _files(item))
        fetched.append(Fetches(files=files, picture=picture))
    return fetched


def _each(call: Call, params: Params, work: Callable[[Call, str, int, Item, Fetches], Item]) -> dict[str, Any]:
    connector, line, items = _items(call, params)
    fetched = call.prepared or [Fetches()] * len(items)
    results = []
    for item, files in zip(items, fetched, strict=True):
        try:
            results.append(work(call, connector, line, item, files))
        except ClientRefusedError as refused:
            results.append({"SUCCESS": False, "ERRORS": [str(refused)]})
    return {"SUCCESS": True, "DATA": {"RESULT": results}}


def send(call: Call, params: Params) -> dict[str, Any]:
    """Store each item. Nothing is deduplicated; one item's failure does not fail the call: look at each ``SUCCESS``."""
    return _each(call, params, _store)


def update(call: Call, params: Params) -> dict[str, Any]:
    """Replace the text of every message with this id in the chat; an unknown id is a success too."""
    return _each(call, params, _rewrite)


def delete(call: Call, params: Params) -> dict[str, Any]:
    """Delete every message with this id in the chat; an unknown id is a success too."""
    return _each(call, params, _erase)


def _store(call: Call, connector: str, line: int, item: Item, fetched: Fetches) -> Item:
    portal, message = call.portal, item["message"]
    external, text = str(item["chat"].get("id") or ""), str(message.get("text") or "")
    files = {index: file for index, file in enumerate(fetched.files) if file}
    if not external or "|" in external or not (text or files) or len(str(message.get("id") or "")) > MAX_MID:
        raise ClientRefusedError(INCOMPLETE[portal.config.language])
    user = write(portal, connector, item["user"], fetched.picture)
    if len(entity_code(portal, connector, line, external, user)) > MAX_CODE:
        raise ClientRefusedError(INCOMPLETE[portal.config.language])
    kept = {index: portal.store(file.name, file.mime, file.content).id for index, file in files.items()}
    chat = open_chat(portal, connector, line, external, user)
    _link(portal, chat, item["chat"])
    answer = _answer(item, user, chat, kept)
    session = _place(call, chat, user, message, kept)
    return answer | {"SUCCESS": True, "session": {"ID": str(session.id), "CHAT_ID": str(chat.id)}}


def _place(call: Call, chat: Chat, user: User, message: Item, kept: Mapping[int, int]) -> Session:
    """Put the message into the chat's session; a closed one is followed by a new one in the same chat."""
    portal, session = call.portal, call.portal.session_of(chat)
    welcome = ""
    if session is None or not is_open(session):
        session = open_session(portal, chat, call.who.user_id)
        welcome = portal.lines[session.line].welcome
    written = _write(portal, chat, session, user, message, kept)
    if desk.vote(portal, chat, session, written.text):
        return session
    if welcome:
        desk.system(portal, chat, session, welcome)
    if session.status in (model.REPLIED, model.CLOSING) and written.author == "client":
        # A message in the closing window puts the same session back to work (§7.3).
        session.status, session.wait_vote = model.ASKED_AGAIN, False
    return session


def _write(portal: Portal, chat: Chat, session: Session, user: User, message: Item, kept: Mapping[int, int]) -> Message:
    """The message as the client's, or as the employee's in ``user_id``: that one comes back as an event."""
    mids = [str(message["id"])] if message.get("id") else []
    employee = portal.users.get(whole(message.get("user_id")))
    if employee and not employee.client:
        posted = write_message(
            portal,
            chat,
            session,
            "operator",
            employee.id,
            str(message.get("text") or ""),
            files=kept.values(),
            mids=mids,
        )
        forward(portal, chat, posted)
        return posted
    text = str(message.get("text") or "")
    return write_message(portal, chat, session, "client", user.id, text, files=kept.values(), mids=mids)


def _link(portal: Portal, chat: Chat, block: Item) -> None:
    """``chat.url`` becomes a hidden note with the link to the original, once."""
    url = str(block.get("url") or "")
    if url and not chat.description:
        chat.description = url
        write_message(portal, chat, None, "system", 0, url)


def _answer(item: Item, user: User, chat: Chat | None, kept: Mapping[int, int]) -> Item:
    message: Item = {"id": item["message"].get("id"), "date": EmptyObject(), "text": item["message"].get("text")}
    if _files(item):
        # A list, or an object when the first file was dropped.
        message["files"] = dict(kept)
    about = {name: item["chat"][name] for name in ("id", "name") if item["chat"].get(name)}
    if chat and chat.description:
        about["description"] = chat.description
    answer: Item = {"user": str(user.id), "message": message, "chat": about}
    if item["message"].get("disable_crm") == "Y":
        answer["extra"] = {"disable_tracker": "Y"}
    return answer


def _same(portal: Portal, connector: str, line: int, item: Item) -> list[Message]:
    mid = str(item["message"].get("id") or "")
    user = known(portal, connector, item["user"])
    chat = find_chat(portal, connector, line, str(item["chat"].get("id") or ""), user)
    if chat is None or not mid:
        return []
    return [portal.messages[number] for number in chat.messages if mid in portal.messages[number].mids]


def _echo(portal: Portal, connector: str, item: Item) -> Item:
    user = known(portal, connector, item["user"])
    return {"user": str(user.id) if user else "", "message": item["message"], "chat": item["chat"], "SUCCESS": True}


def _rewrite(call: Call, connector: str, line: int, item: Item, fetched: Fetches) -> Item:
    text = str(item["message"].get("text") or "")
    if not text and not _files(item):
        raise ClientRefusedError(INCOMPLETE[call.portal.config.language])
    for message in _same(call.portal, connector, line, item):
        if not message.deleted:
            message.text, message.edited = clean_text(text), True
    return _echo(call.portal, connector, item)


def _erase(call: Call, connector: str, line: int, item: Item, fetched: Fetches) -> Item:
    for message in _same(call.portal, connector, line, item):
        message.deleted = True
    return _echo(call.portal, connector, item)


METHODS = MappingProxyType(
    {
        "imconnector.send.messages": Method(run=send, prepare=download, scope="imopenlines", app_only=True),
        "imconnector.update.messages": Method(run=update, prepare=download, scope="imopenlines", app_only=True),
        "imconnector.delete.messages": Method(run=delete, scope="imopenlines", app_only=True),
    }
)
