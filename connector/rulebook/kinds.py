"""What rules may read: the fields of each event they can be written for, from the events themselves."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from types import MappingProxyType, UnionType
from typing import Any

from connector.domain.events import (
    ButtonPressed,
    CallFinished,
    CallRinging,
    ConversationBlocked,
    ConversationUnblocked,
    DialogFinished,
    DialogStarted,
    MessageReceived,
)
from connector.domain.values import Person
from connector.handlers.calls.ringing import SEEN as RINGING
from connector.handlers.letters.signing import KIND as REPLY
from connector.handlers.viewing import NOT_SEEN, NOTES

_MAPPED = (MessageReceived, ButtonPressed, ConversationBlocked, ConversationUnblocked, DialogStarted, DialogFinished)
_ADDED = ("channel", "portal", "at")  # what every view of an event has besides (connector/handlers/viewing.py)


def _shape(kind: Any) -> Mapping[str, Any]:
    """Nested names of the fields; a leaf, a list and what is free have none."""
    if not dataclasses.is_dataclass(kind):
        parts = [part for part in typing.get_args(kind) if part is not type(None)]
        one = typing.get_origin(kind) in (UnionType, typing.Union) and len(parts) == 1
        return _shape(parts[0]) if one else {}
    hints = typing.get_type_hints(kind)
    return {field.name: _shape(hints[field.name]) for field in dataclasses.fields(kind)}


def _kind(event: Any) -> str:
    return str(next(field.default for field in dataclasses.fields(event) if field.name == "kind"))


def _call() -> Mapping[str, Any]:
    seen = {name: shape for name, shape in _shape(CallFinished).items() if name not in NOT_SEEN}
    return {**seen, "conversation": {}, "client": _shape(Person), "owner": {}}


def _ringing() -> Mapping[str, Any]:
    return {name: _shape(Person) if name == "client" else {} for name in RINGING}


def _message() -> Mapping[str, Any]:
    seen = {name: shape for name, shape in _shape(MessageReceived).items() if name != NOTES}
    return {**seen, "letter": {name: shape for name, shape in seen["letter"].items() if name != "original"}}


_REPLY: Mapping[str, Any] = {
    **{name: {} for name in ("kind", "account", "conversation", "text")},
    "operator": {"id": {}, "name": {}},
    "client": {"id": {}, "name": {}, "email": {}},
    "subject": {},
}
"""A reply by mail, as :func:`connector.handlers.letters.signing.seen` has it."""
_SHAPES = {
    **{_kind(event): _shape(event) for event in _MAPPED},
    _kind(MessageReceived): _message(),
    _kind(CallRinging): _ringing(),
    _kind(CallFinished): _call(),
    REPLY: _REPLY,
}
KINDS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {kind: {**shape, **{name: {} for name in _ADDED}} for kind, shape in _SHAPES.items()}
)
