"""Clicks on numbers and call-back forms (facts/bitrix24-telephony-crm.md §1.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from connector.domain.callbacks import CallRequested
from connector.domain.events import Event
from connector.portal.posts import Post, unreadable

CLICKED, LEFT = "ONEXTERNALCALLSTART", "ONEXTERNALCALLBACKSTART"
LONGEST = 100  # of a number or a call's id
_MOST_WORDS = 2000
_ENTITIES = frozenset({"CONTACT", "COMPANY", "LEAD"})


def _clicked(post: Post) -> Iterator[Event]:
    """Bitrix24 has registered the call already. EXTENSION is what follows the dialled number, not the user's own."""
    call_id = post.said("CALL_ID")[:LONGEST]
    if not call_id:
        raise unreadable(post.event, "CALL_ID")
    kind, number = _entity(post)
    yield CallRequested(
        portal=post.portal,
        phone=_phone(post),
        line=post.said("LINE_NUMBER")[:LONGEST],
        user=_whole(post.said("USER_ID")),
        call_id=call_id,
        extension=post.said("EXTENSION")[:LONGEST],
        entity=kind,
        entity_id=number,
    )


def _left(post: Post) -> Iterator[Event]:
    """A visitor left a number in a form: nobody has registered anything yet."""
    kind, number = _entity(post)
    yield CallRequested(
        portal=post.portal,
        phone=_phone(post),
        line=post.said("LINE_NUMBER")[:LONGEST],
        text=post.said("TEXT")[:_MOST_WORDS],
        entity=kind,
        entity_id=number,
    )


def _phone(post: Post) -> str:
    """The number in E.164 where the portal could tell it, else as it was written."""
    phone = post.said("PHONE_NUMBER_INTERNATIONAL") or post.said("PHONE_NUMBER")
    if not phone:
        raise unreadable(post.event, "PHONE_NUMBER")
    return phone[:LONGEST]


def _entity(post: Post) -> tuple[str, int]:
    kind, number = post.said("CRM_ENTITY_TYPE").upper().removeprefix("CRM_"), _whole(post.said("CRM_ENTITY_ID"))
    return (kind, number) if kind in _ENTITIES and number else ("", 0)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


CALL_PARSERS: Mapping[str, Callable[[Post], Iterator[Event]]] = MappingProxyType({CLICKED: _clicked, LEFT: _left})
