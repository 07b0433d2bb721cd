"""Small things that events and effects are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FileKind = Literal["image", "voice", "audio", "video", "document", "sticker"]


@dataclass(frozen=True, kw_only=True)
class Person:
    """A client as the provider knows them. ``id`` is stable and the provider's own; other fields may be empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    profile_url: str = ""
    picture_url: str = ""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that still lies at its sender. ``ref`` is the sender's handle: a URL or a provider's file id."""

    ref: str
    name: str = ""
    mime: str = ""
    size: int | None = None
    kind: FileKind = "document"


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file kept under ``var/media``. ``key`` finds it on disk; ``url`` is signed and expires."""

    key: str
    name: str
    mime: str
    size: int
    url: str
    kind: FileKind = "document"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A point on the map, WGS 84 degrees."""

    latitude: float
    longitude: float
    title: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A card that the client shared; ``own`` when it is the client's own number."""

    name: str
    phone: str
    own: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """The page of a site on which a client writes. ``marks`` are its UTM marks, by name without ``utm_``."""

    url: str = ""
    title: str = ""
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who speaks to a client: ``id`` is ``<portal>/<user>``, empty for the system.

    ``asks`` is the session whose rating the message asks for (facts/bitrix24-openlines.md §3.3), empty for any other.
    """

    id: str = ""
    asks: str = ""


FACE = "operator"  # the link by ``Author.id`` that tells who an operator is: ``{name, picture}``
OF_EVENT = "event."  # how kinds of links begin that nobody asks for once their event itself is trimmed


@dataclass(frozen=True, kw_only=True)
class Im:
    """A message inside Bitrix24: ``chat_id`` and ``message_id`` are the portal's own numbers, as text."""

    chat_id: str
    message_id: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The provider's proof that it took a message: its message ids, in sending order.

    ``notes`` tell the operator which part fell back (a capability that the channel lacks), as (en, ru) pairs.
    """

    ids: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
