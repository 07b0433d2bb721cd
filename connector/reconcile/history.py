"""What a session's history tells of messages that were handed to our connector (facts/bitrix24-openlines.md §3.2a)."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from connector.portal import encode_params

METHOD = "imopenlines.session.history.get"
HIDDEN = "HiddenMessage"  # COMPONENT_ID of what was written in silent mode
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Handed:
    """A message that the portal gave to our connector and has no delivery of.

    ``code`` is the chat's entity id ``<connector>|<line>|<chat.id>|<user>``, ``at`` unix seconds, ``name`` the author's
    name as colleagues see it, ``files`` as an event would list them.
    """

    message_id: str
    chat_id: str
    code: str
    author: str
    name: str
    text: str
    at: float
    files: tuple[Mapping[str, Any], ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def connector(self) -> str:
        """Our connector's id."""
        return self.code.split("|")[0]

    @property
    def line(self) -> str:
        """The line that the chat began on; an event names the same (§1.9)."""
        return self.code.split("|")[1]

    def body(self, *, signed: bool) -> bytes:
        """The form by which the event would have come, without its ``auth``: what is empty is left out (§1.9).

        ``signed`` puts the operator's name before the text, as the portal does for its events.
        """
        sign = f"[b]{self.name}:[/b] [br]" if signed and self.name and self.author != "0" and self.text else ""
        message = {
            "user_id": self.author,
            "text": sign + self.text,
            "files": list(self.files),
            "params": dict(self.params),
        }
        entry = {
            "im": {"chat_id": self.chat_id, "message_id": self.message_id},
            "message": {name: value for name, value in message.items() if value},
            "chat": {"id": self.code.split("|")[2]},
        }
        data = {"CONNECTOR": self.connector, "LINE": self.line, "MESSAGES": [entry]}
        form = {"event": "ONIMCONNECTORMESSAGEADD", "data": data, "ts": int(self.at)}
        return urlencode(encode_params(form), errors="replace").encode()


def handed_over(history: Any, prefix: str) -> list[Handed]:
    """The messages of a history that were handed to a connector whose id begins with ``prefix``, oldest first.

    The portal marks a message ``SENDING`` at the moment it posts the event, and takes the mark away when its delivery
    is told. The mark is the only proof that a message is meant for the client: notes, whispers and what was said in
    silent mode look the same otherwise and never bear it.
    """
    root = _map(history)
    chat_id = str(root.get("chatId") or "")
    code = str(_map(_map(root.get("chat")).get(chat_id)).get("entityId") or "")
    if code.count("|") < 3 or not prefix or not code.startswith(prefix):
        return []
    users, files = _map(root.get("users")), _map(root.get("files"))
    found = [_handed(row, chat_id, code, users, files) for row in _rows(root.get("message")) if _sending(row)]
    return sorted((message for message in found if message), key=lambda message: int(message.message_id))


def session_of(history: Any) -> str:
    """The session that a history is of."""
    return str(_map(history).get("sessionId") or "")


def _sending(row: Mapping[str, Any]) -> bool:
    params = _map(row.get("params"))
    marked = params.get("sending") in ("Y", True, 1, "1")
    return marked and not params.get("connectorMid") and params.get("componentId") != HIDDEN


def _handed(
    row: Mapping[str, Any], chat_id: str, code: str, users: Mapping[str, Any], files: Mapping[str, Any]
) -> Handed | None:
    number, at, params = str(row.get("id") or ""), _time(row), _map(row.get("params"))
    if not number.isdecimal() or at is None:
        return None
    author = str(row.get("senderid") or "0")
    return Handed(
        message_id=number,
        chat_id=chat_id,
        code=code,
        author=author,
        name=str(_map(users.get(author)).get("name") or ""),
        text=str(row.get("text") or ""),
        at=at,
        files=tuple(_files(params.get("fileId"), files)),
        params={_upper(name): str(value) for name, value in params.items() if _travels(name, value)},
    )


def _time(row: Mapping[str, Any]) -> float | None:
    """When it was handed over: ``SENDING_TS`` is unix seconds; the date of writing serves as well."""
    stamp = str(_map(row.get("params")).get("sendingTs") or "")
    if stamp.isdecimal() and 0 < int(stamp) < 2**33:
        return float(stamp)
    try:
        written = datetime.fromisoformat(str(row.get("date") or ""))
    except ValueError:
        return None
    return written.timestamp() if written.tzinfo else None


def _files(value: Any, known: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for number in value if isinstance(value, list) else _map(value).values():
        file = _map(known.get(str(number)))
        link, name = str(file.get("urldownload") or ""), str(file.get("name") or "")
        if link:
            mime = mimetypes.guess_type(name)[0] or ""
            shown = {
                "name": name,
                "type": file.get("type"),
                "mime": mime,
                "downloadLink": link,
                "size": file.get("size"),
            }
            yield {key: text for key, text in shown.items() if text not in (None, "")}


def _travels(name: str, value: Any) -> bool:
    """The parameters that an event carries on (§1.9), of those that are plain values."""
    return name.startswith(("imol", "is")) and isinstance(value, str | int) and value != ""


def _upper(name: str) -> str:
    """``imolVoteSid`` → ``IMOL_VOTE_SID``: the history writes in humps what the event writes in capitals."""
    return _HUMP.sub("_", name).upper()


def _rows(value: Any) -> list[Mapping[str, Any]]:
    rows = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [row for row in rows if isinstance(row, Mapping)]


def _map(value: Any) -> Mapping[str, Any]:
    """PHP writes an empty map as a list."""
    return value if isinstance(value, Mapping) else {}
