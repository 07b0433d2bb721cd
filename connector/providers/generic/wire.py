"""The bodies that a generic sender posts, as published in ``schema.json``."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

Format = Literal["plain", "markdown", "bbcode", "html"]
Bare = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
Id = Annotated[Bare, Field(min_length=1, max_length=100, pattern=r"^[^|\s]+$")]
Word = Annotated[str, Field(max_length=255)]
HttpUrl = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s/]+")]


class _Part(BaseModel):
    """Fields that we do not know are let through: senders grow."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class FilePart(_Part):
    """A file to download. A download that asks for a login will not work: sign the address."""

    url: HttpUrl
    name: Word = ""
    type: Annotated[Word, Field(description="MIME type")] = ""
    size: Annotated[int, Field(ge=0, description="bytes")] | None = None


class ClientPart(_Part):
    """Who wrote. ``id`` never changes for a person; ``name`` is for senders that do not split it."""

    id: Id
    name: Word = ""
    first_name: Word = ""
    last_name: Word = ""
    username: Word = ""
    phone: Word = ""
    email: Word = ""
    language: Annotated[str, Field(max_length=35)] = ""
    profile_url: Annotated[str, Field(max_length=2000)] = ""
    picture_url: Annotated[str, Field(max_length=2000)] = ""


class LocationPart(_Part):
    """WGS 84 degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    title: Word = ""
    address: Word = ""


class MessagePart(_Part):
    """A message: text, files or a place."""

    id: Id
    text: Annotated[str, Field(max_length=100_000)] = ""
    format: Format = "plain"
    files: Annotated[tuple[FilePart, ...], Field(max_length=20)] = ()
    location: LocationPart | None = None
    reply_to: Annotated[str, Field(max_length=100)] = ""
    quote: Annotated[str, Field(max_length=4000)] = ""


class DeletedPart(_Part):
    """A message that is gone."""

    id: Id


class ButtonPart(_Part):
    """A press on a button under a message."""

    id: Id
    data: Annotated[str, Field(max_length=1000)]
    label: Word = ""


class _Data(_Part):
    conversation: Id
    client: ClientPart


class MessageData(_Data):
    """Of ``message.created`` and ``message.updated``."""

    message: MessagePart


class DeletedData(_Data):
    """Of ``message.deleted``."""

    message: DeletedPart


class ButtonData(_Data):
    """Of ``button.pressed``."""

    button: ButtonPart


class _Post(_Part):
    timestamp: Annotated[datetime, Field(description="ISO 8601 time of the event, with an offset")]


class MessageCreated(_Post):
    """A client wrote."""

    type: Literal["message.created"]
    data: MessageData


class MessageUpdated(_Post):
    """A client changed the text of a message."""

    type: Literal["message.updated"]
    data: MessageData


class MessageDeleted(_Post):
    """A client took a message back."""

    type: Literal["message.deleted"]
    data: DeletedData


class ButtonPressed(_Post):
    """A client pressed a button."""

    type: Literal["button.pressed"]
    data: ButtonData


Post = MessageCreated | MessageUpdated | MessageDeleted | ButtonPressed
TYPES = frozenset({"message.created", "message.updated", "message.deleted", "button.pressed"})


@cache
def _adapter() -> TypeAdapter[Post]:
    return TypeAdapter(Annotated[Post, Field(discriminator="type")])


def read(body: dict[str, Any]) -> Post:
    """The body as a model. Raises ``pydantic.ValidationError``, which names every wrong field."""
    return _adapter().validate_python(body)


def schema() -> dict[str, Any]:
    """The JSON Schema of what may be posted; ``schema.json`` holds the same."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a channel posts to the generic connector",
        **_adapter().json_schema(),
    }
