"""What a portal tells us, as our events (facts/bitrix24-openlines.md §1.9, facts/bitrix24-platform.md §5)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from connector.domain.events import (
    AppInstalled,
    AppUninstalled,
    DialogFinished,
    DialogStarted,
    Event,
    LineDisconnected,
    ReplyDeleted,
    ReplyEdited,
    ReplyWritten,
)
from connector.domain.values import File, FileKind, Im
from connector.portal.call_events import CALL_PARSERS, CLICKED, LEFT
from connector.portal.posts import Post, items_of, mapping_of, text_of, unreadable

# What has to be bound for all of the above to arrive: of open lines, of the application itself, of telephony.
TALK = (
    "ONIMCONNECTORMESSAGEADD",
    "ONIMCONNECTORMESSAGEUPDATE",
    "ONIMCONNECTORMESSAGEDELETE",
    "ONIMCONNECTORDIALOGSTART",
    "ONIMCONNECTORDIALOGFINISH",
    "ONIMCONNECTORSTATUSDELETE",
    "ONIMCONNECTORLINEDELETE",
)
LIFE = (
    "ONAPPUPDATE",
    "ONAPPUNINSTALL",
    "ONAPPTEST",
    "ONAPPPAYMENT",
)
CALLS = (CLICKED, LEFT)
WANTED = (*TALK, *LIFE)
# What ``event.test`` fires: our own question whether events reach us (facts/bitrix24-platform.md §5.2, §7 (47)).
PROBED, PROBE = "ONAPPTEST", "PROBE"
_ACCOUNT = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_KINDS: Mapping[str, FileKind] = MappingProxyType({"image": "image", "video": "video", "audio": "audio"})


def wanted(*, talk: bool = True, calls: bool = False) -> tuple[str, ...]:
    """What has to be bound on a portal with accounts that ``talk`` and with accounts of PBXs (``calls``)."""
    return (*(TALK if talk else ()), *LIFE, *(CALLS if calls else ()))


def parse_event(form: Mapping[str, Any], portal: str, connector_prefix: str) -> list[Event]:
    """The events of one post, each ``MESSAGES[i]`` its own (trap 3); at least one, ``Ignored`` when it means nothing.

    ``form`` comes from :func:`~connector.portal.wire.decode_form`. Events of connectors that do not begin with
    ``connector_prefix`` are ignored. Raises ``PermanentError`` when an element of ours lacks what it needs: the
    envelope is then kept and parked, so that no reply is lost.
    """
    post = Post(
        event=text_of(form.get("event")).upper(),
        portal=portal,
        prefix=connector_prefix,
        data=form.get("data"),
        ts=text_of(form.get("ts")),
    )
    return list(_PARSERS.get(post.event, Post.ignored)(post)) or list(post.ignored())


def dedupe_key(form: Mapping[str, Any]) -> str:
    """The same text for the same post however often it arrives (§7.2, trap 12); at most 100 characters.

    New messages are known by ``im.message_id`` alone, clicks by their call, deletions by their data; everything else
    may lawfully repeat (an edit back and forth, a line switched off again), so the sender's second ``ts`` counts. Which
    handler was posted to (``event_handler_id``) and the tokens never count.
    """
    event = text_of(form.get("event")).upper()[:60]
    data = form.get("data")
    post = Post(event=event, portal="", prefix="", data=data, ts="")
    if event == PROBED and (probe := _probe(post)):
        return probe_key(probe)
    ids = [_message_id(item) for item in items_of(post.field("MESSAGES"))]
    if event == "ONIMCONNECTORMESSAGEADD" and ids and all(ids):
        matter: Any = [post.connector, sorted(ids)]
    elif event == "ONIMCONNECTORMESSAGEDELETE" and ids and all(ids):
        matter = data
    elif event == CLICKED and post.said("CALL_ID"):
        matter = post.said("CALL_ID")
    else:
        # Without a time two installations look alike; the pair that each brings does not.
        matter = [data, form.get("ts") or form.get("auth")]
    canonical = json.dumps(matter, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"{event.lower()}:{hashlib.sha256(canonical.encode()).hexdigest()[:39]}"


def probe_key(probe: str) -> str:
    """The dedupe key under which the answer to ``event.test {PROBE: probe}`` is kept; ``probe`` is hexadecimal."""
    return f"{PROBED.lower()}:{probe}"


def _probe(post: Post) -> str:
    asked = mapping_of(post.field("QUERY"))
    probe = next((text_of(value) for name, value in asked.items() if str(name).upper() == PROBE), "")
    return probe if re.fullmatch(r"[0-9a-f]{8,40}", probe) else ""


def _written(post: Post) -> Iterator[Event]:
    for item, place in _messages(post):
        message = mapping_of(item.get("message"))
        yield ReplyWritten(
            **place,
            text=text_of(message.get("text")),
            files=tuple(_files(message.get("files"))),
            author=text_of(message.get("user_id")) or "0",
            params=dict(mapping_of(message.get("params"))),
            written_at=_moment(post.ts),
        )


def _edited(post: Post) -> Iterator[Event]:
    for item, place in _messages(post):
        message = mapping_of(item.get("message"))
        author = text_of(message.get("user_id")) or "0"
        yield ReplyEdited(
            **place, message_ids=_ids(message.get("id")), text=text_of(message.get("text")), author=author
        )


def _deleted(post: Post) -> Iterator[Event]:
    for item, place in _messages(post):
        yield ReplyDeleted(**place, message_ids=_ids(mapping_of(item.get("message")).get("id")))


def _messages(post: Post) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
    """Each element of ``MESSAGES`` with what all replies share; nothing for another's connector."""
    if not post.ours():
        return
    items = items_of(post.field("MESSAGES"))
    if not items:
        raise unreadable(post.event, "MESSAGES")
    for item in items:
        im = mapping_of(item.get("im"))
        message_id = _message_id(item)
        if not message_id:
            raise unreadable(post.event, "im.message_id")
        place = _place(post, text_of(mapping_of(item.get("chat")).get("id")))
        yield item, place | {"im": Im(chat_id=text_of(im.get("chat_id")), message_id=message_id)}


def _dialog(kind: type[DialogStarted] | type[DialogFinished]) -> Callable[[Post], Iterator[Event]]:
    def read(post: Post) -> Iterator[Event]:
        for item in items_of(post.field("DATA")):
            about = mapping_of(item.get("connector"))
            connector = (text_of(about.get("connector_id")) or post.connector).lower()
            if not post.prefix or not connector.startswith(post.prefix):
                continue
            session = text_of(mapping_of(item.get("session")).get("id"))
            if not session:
                raise unreadable(post.event, "session.id")
            chat = text_of(mapping_of(item.get("chat")).get("id")) or text_of(about.get("chat_id"))
            line = post.line or text_of(about.get("line_id"))
            yield kind(**_place(post, chat) | {"connector": connector, "line": line}, session_id=session)

    return read


def _place(post: Post, chat: str) -> dict[str, Any]:
    """External ``chat.id`` is ``<account>.<conversation>``."""
    account, dot, conversation = chat.partition(".")
    if not dot or not conversation or not _ACCOUNT.fullmatch(account):
        raise unreadable(post.event, "chat.id")
    return {
        "portal": post.portal,
        "connector": post.connector,
        "line": post.line,
        "account": account,
        "conversation": conversation,
    }


def _status_deleted(post: Post) -> Iterator[Event]:
    if post.ours():
        yield LineDisconnected(portal=post.portal, connector=post.connector, line=post.line)


def _line_deleted(post: Post) -> Iterator[Event]:
    """Broadcast to every subscriber; ``data`` is the bare line id."""
    line = text_of(post.data) or post.line
    if line:
        yield LineDisconnected(portal=post.portal, connector="", line=line)


def _installed(post: Post) -> Iterator[Event]:
    yield AppInstalled(portal=post.portal)


def _uninstalled(post: Post) -> Iterator[Event]:
    """``CLEAN`` is 1 only when the user ticked the box; 0, empty and missing keep the data (§8)."""
    yield AppUninstalled(portal=post.portal, clean=text_of(post.field("CLEAN")) == "1")


def _files(value: Any) -> Iterator[File]:
    for item in items_of(value):
        ref = text_of(item.get("downloadLink")) or text_of(item.get("link"))
        size = text_of(item.get("size"))
        if ref:
            yield File(
                ref=ref,
                name=text_of(item.get("name")),
                mime=text_of(item.get("mime")),
                size=int(size) if size.isascii() and size.isdecimal() and len(size) < 16 else None,
                kind=_KINDS.get(text_of(item.get("type")), "document"),
            )


def _ids(value: Any) -> tuple[str, ...]:
    """``message.id``: an array in an update, a scalar in a deletion."""
    elements = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return tuple(text for text in map(text_of, elements) if text)


def _message_id(item: Mapping[str, Any]) -> str:
    return text_of(mapping_of(item.get("im")).get("message_id"))


def _moment(ts: str) -> datetime | None:
    return datetime.fromtimestamp(int(ts), UTC) if ts.isascii() and ts.isdecimal() and 0 < len(ts) < 11 else None


_PARSERS: Mapping[str, Callable[[Post], Iterator[Event]]] = MappingProxyType(
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
        **CALL_PARSERS,
    }
)
