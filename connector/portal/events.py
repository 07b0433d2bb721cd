"""What a portal tells us, as our events (facts/bitrix24-openlines.md §1.9, facts/bitrix24-platform.md §5)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from connector.domain.events import (
    AppInstalled,
    AppUninstalled,
    DialogFinished,
    DialogStarted,
    Event,
    Ignored,
    LineDisconnected,
    ReplyDeleted,
    ReplyEdited,
    ReplyWritten,
)
from connector.domain.values import File, FileKind, Im
from connector.errors import PermanentError
from connector.speech import Text

# What has to be bound for all of the above to arrive.
WANTED = (
    "ONIMCONNECTORMESSAGEADD",
    "ONIMCONNECTORMESSAGEUPDATE",
    "ONIMCONNECTORMESSAGEDELETE",
    "ONIMCONNECTORDIALOGSTART",
    "ONIMCONNECTORDIALOGFINISH",
    "ONIMCONNECTORSTATUSDELETE",
    "ONIMCONNECTORLINEDELETE",
    "ONAPPUPDATE",
    "ONAPPUNINSTALL",
    "ONAPPTEST",
    "ONAPPPAYMENT",
)
# What ``event.test`` fires: our own question whether events reach us (facts/bitrix24-platform.md §5.2, §7 (47)).
PROBED, PROBE = "ONAPPTEST", "PROBE"
_ACCOUNT = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_KINDS: Mapping[str, FileKind] = MappingProxyType({"image": "image", "video": "video", "audio": "audio"})


@dataclass(frozen=True, kw_only=True)
class _Post:
    """One event post: who sent it and its ``data``, found by names in any letter case."""

    event: str
    portal: str
    prefix: str
    data: Any
    ts: str

    def field(self, name: str) -> Any:
        """A field of ``data``: STATUSDELETE writes its keys in lower case, the others in upper case."""
        if not isinstance(self.data, Mapping):
            return None
        return next((value for key, value in self.data.items() if str(key).upper() == name), None)

    @property
    def connector(self) -> str:
        return _text(self.field("CONNECTOR")).lower()

    @property
    def line(self) -> str:
        return _text(self.field("LINE"))

    def ours(self) -> bool:
        return bool(self.prefix) and self.connector.startswith(self.prefix)

    def ignored(self) -> Iterator[Event]:
        yield Ignored(what=self.event[:100] or "nothing")


def parse_event(form: Mapping[str, Any], portal: str, connector_prefix: str) -> list[Event]:
    """The events of one post, each ``MESSAGES[i]`` its own (trap 3); at least one, ``Ignored`` when it means nothing.

    ``form`` comes from :func:`~connector.portal.wire.decode_form`. Events of connectors that do not begin with
    ``connector_prefix`` are ignored. Raises ``PermanentError`` when an element of ours lacks what it needs: the
    envelope is then kept and parked, so that no reply is lost.
    """
    post = _Post(
        event=_text(form.get("event")).upper(),
        portal=portal,
        prefix=connector_prefix,
        data=form.get("data"),
        ts=_text(form.get("ts")),
    )
    return list(_PARSERS.get(post.event, _Post.ignored)(post)) or list(post.ignored())


def dedupe_key(form: Mapping[str, Any]) -> str:
    """The same text for the same post however often it arrives (§7.2, trap 12); at most 100 characters.

    New messages are known by ``im.message_id`` alone, deletions by their data; everything else may lawfully repeat
    (an edit back and forth, a line switched off again), so the sender's second ``ts`` counts. Which handler was
    posted to (``event_handler_id``) and the tokens never count.
    """
    event = _text(form.get("event")).upper()[:60]
    data = form.get("data")
    post = _Post(event=event, portal="", prefix="", data=data, ts="")
    if event == PROBED and (probe := _probe(post)):
        return probe_key(probe)
    ids = [_message_id(item) for item in _items(post.field("MESSAGES"))]
    if event == "ONIMCONNECTORMESSAGEADD" and ids and all(ids):
        matter: Any = [post.connector, sorted(ids)]
    elif event == "ONIMCONNECTORMESSAGEDELETE" and ids and all(ids):
        matter = data
    else:
        # Without a time two installations look alike; the pair that each brings does not.
        matter = [data, form.get("ts") or form.get("auth")]
    canonical = json.dumps(matter, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"{event.lower()}:{hashlib.sha256(canonical.encode()).hexdigest()[:39]}"


def probe_key(probe: str) -> str:
    """The dedupe key under which the answer to ``event.test {PROBE: probe}`` is kept; ``probe`` is hexadecimal."""
    return f"{PROBED.lower()}:{probe}"


def _probe(post: _Post) -> str:
    asked = _mapping(post.field("QUERY"))
    probe = next((_text(value) for name, value in asked.items() if str(name).upper() == PROBE), "")
    return probe if re.fullmatch(r"[0-9a-f]{8,40}", probe) else ""


def _written(post: _Post) -> Iterator[Event]:
    for item, place in _messages(post):
        message = _mapping(item.get("message"))
        yield ReplyWritten(
            **place,
            text=_text(message.get("text")),
            files=tuple(_files(message.get("files"))),
            author=_text(message.get("user_id")) or "0",
            params=dict(_mapping(message.get("params"))),
            written_at=_moment(post.ts),
        )


def _edited(post: _Post) -> Iterator[Event]:
    for item, place in _messages(post):
        message = _mapping(item.get("message"))
        author = _text(message.get("user_id")) or "0"
        yield ReplyEdited(**place, message_ids=_ids(message.get("id")), text=_text(message.get("text")), author=author)


def _deleted(post: _Post) -> Iterator[Event]:
    for item, place in _messages(post):
        yield ReplyDeleted(**place, message_ids=_ids(_mapping(item.get("message")).get("id")))


def _messages(post: _Post) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
    """Each element of ``MESSAGES`` with what all replies share; nothing for another's connector."""
    if not post.ours():
        return
    items = _items(post.field("MESSAGES"))
    if not items:
        raise _unreadable(post.event, "MESSAGES")
    for item in items:
        im = _mapping(item.get("im"))
        message_id = _message_id(item)
        if not message_id:
            raise _unreadable(post.event, "im.message_id")
        place = _place(post, _text(_mapping(item.get("chat")).get("id")))
        yield item, place | {"im": Im(chat_id=_text(im.get("chat_id")), message_id=message_id)}


def _dialog(kind: type[DialogStarted] | type[DialogFinished]) -> Callable[[_Post], Iterator[Event]]:
    def read(post: _Post) -> Iterator[Event]:
        for item in _items(post.field("DATA")):
            about = _mapping(item.get("connector"))
            connector = (_text(about.get("connector_id")) or post.connector).lower()
            if not post.prefix or not connector.startswith(post.prefix):
                continue
            session = _text(_mapping(item.get("session")).get("id"))
            if not session:
                raise _unreadable(post.event, "session.id")
            chat = _text(_mapping(item.get("chat")).get("id")) or _text(about.get("chat_id"))
            line = post.line or _text(about.get("line_id"))
            yield kind(**_place(post, chat) | {"connector": connector, "line": line}, session_id=session)

    return read


def _place(post: _Post, chat: str) -> dict[str, Any]:
    """External ``chat.id`` is ``<account>.<conversation>``."""
    account, dot, conversation = chat.partition(".")
    if not dot or not conversation or not _ACCOUNT.fullmatch(account):
        raise _unreadable(post.event, "chat.id")
    return {
        "portal": post.portal,
        "connector": post.connector,
        "line": post.line,
        "account": account,
        "conversation": conversation,
    }


def _status_deleted(post: _Post) -> Iterator[Event]:
    if post.ours():
        yield LineDisconnected(portal=post.portal, connector=post.connector, line=post.line)


def _line_deleted(post: _Post) -> Iterator[Event]:
    """Broadcast to every subscriber; ``data`` is the bare line id."""
    line = _text(post.data) or post.line
    if line:
        yield LineDisconnected(portal=post.portal, connector="", line=line)


def _installed(post: _Post) -> Iterator[Event]:
    yield AppInstalled(portal=post.portal)


def _uninstalled(post: _Post) -> Iterator[Event]:
    """``CLEAN`` is 1 only when the user ticked the box; 0, empty and missing keep the data (§8)."""
    yield AppUninstalled(portal=post.portal, clean=_text(post.field("CLEAN")) == "1")


def _files(value: Any) -> Iterator[File]:
    for item in _items(value):
        ref = _text(item.get("downloadLink")) or _text(item.get("link"))
        size = _text(item.get("size"))
        if ref:
            yield File(
                ref=ref,
                name=_text(item.get("name")),
                mime=_text(item.get("mime")),
                size=int(size) if size.isascii() and size.isdecimal() and len(size) < 16 else None,
                kind=_KINDS.get(_text(item.get("type")), "document"),
            )


def _items(value: Any) -> list[Mapping[str, Any]]:
    """The elements of a list that PHP may have written as a map, in order."""
    elements = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [element for element in elements if isinstance(element, Mapping)]


def _ids(value: Any) -> tuple[str, ...]:
    """``message.id``: an array in an update, a scalar in a deletion."""
    elements = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return tuple(text for text in map(_text, elements) if text)


def _message_id(item: Mapping[str, Any]) -> str:
    return _text(_mapping(item.get("im")).get("message_id"))


def _moment(ts: str) -> datetime | None:
    return datetime.fromtimestamp(int(ts), UTC) if ts.isascii() and ts.isdecimal() and 0 < len(ts) < 11 else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _unreadable(event: str, name: str) -> PermanentError:
    return PermanentError("portal.event_unreadable", hint=_UNREADABLE.with_(name=name), detail=f"{event}: {name}")


_UNREADABLE = Text(
    "The event lacks {name}, so it cannot be passed on; look at the envelope in the journal, reply by hand if needed.",
    "В событии нет {name}, передать его дальше нельзя; посмотрите конверт в журнале и при нужде ответьте вручную.",
)

_PARSERS: Mapping[str, Callable[[_Post], Iterator[Event]]] = MappingProxyType(
    {
        "ONIMCONNECTORMESSAGEADD": _written,
        "ONIMCONNECTORMESSAGEUPDATE": _edited,
        "ONIMCONNECTORMESSAGEDELETE": _deleted,
        "ONIMCONNECTORDIALOGSTART": _dialog(DialogStarted),
        "ONIMCONNECTORDIALOGFINISH": _dialog(DialogFinished),
        "ONIMCONNECTORSTATUSDELETE": _status_deleted,
        "ONIMCONNECTORLINEDELETE": _line_deleted,
        "ONAPPINSTALL": _installed,
        "ONAPPUPDATE": _installed,
        "ONAPPUNINSTALL": _uninstalled,
    }
)
