"""What a Telegram message carries (facts/providers.md §2.1, the table of fields)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.domain.bbcode import escape
from connector.domain.values import Contact, File, FileKind, Location
from connector.providers.telegram.entities import to_bbcode
from connector.speech import Text

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Content:
    """The readable part of a message."""

    text: str = ""
    files: tuple[File, ...] = ()
    location: Location | None = None
    contact: Contact | None = None


def read(message: Json) -> Content | str:
    """The content, or the name of what is in the message when it is nothing that a client said."""
    for kind, reader in CONTENTS.items():
        if kind in message:
            return reader(message)
    return next((key for key in message if key not in _ENVELOPE), "empty")


def text(message: Json) -> str:
    """Text or caption as BBCode."""
    if "text" in message:
        return to_bbcode(message["text"], message.get("entities", ()))
    return to_bbcode(message.get("caption", ""), message.get("caption_entities", ()))


@dataclass(frozen=True, kw_only=True)
class Media:
    """How a field with a file is named when Telegram does not say."""

    kind: FileKind
    extension: str
    mime: str


MEDIA: dict[str, Media] = {
    "animation": Media(kind="video", extension="mp4", mime="video/mp4"),
    "voice": Media(kind="voice", extension="ogg", mime="audio/ogg"),
    "video_note": Media(kind="video", extension="mp4", mime="video/mp4"),
    "audio": Media(kind="audio", extension="mp3", mime="audio/mpeg"),
    "video": Media(kind="video", extension="mp4", mime="video/mp4"),
    "document": Media(kind="document", extension="bin", mime="application/octet-stream"),
    "photo": Media(kind="image", extension="jpg", mime="image/jpeg"),
    "sticker": Media(kind="sticker", extension="webp", mime="image/webp"),
}
_MOVING_STICKERS = {
    "is_animated": Media(kind="sticker", extension="tgs", mime="application/x-tgsticker"),
    "is_video": Media(kind="sticker", extension="webm", mime="video/webm"),
}
#: What a client can send and an operator's chat cannot show: named, so that nobody misses it.
_UNSHOWN = {
    "poll": Text("poll", "опрос"),
    "dice": Text("dice", "кубик"),
    "game": Text("game", "игра"),
    "story": Text("story", "история"),
    "invoice": Text("invoice", "счёт"),
    "checklist": Text("checklist", "список дел"),
    "paid_media": Text("paid media", "платный контент"),
    "giveaway": Text("giveaway", "розыгрыш"),
}
_ENVELOPE = frozenset(
    {
        "message_id",
        "date",
        "chat",
        "from",
        "sender_chat",
        "message_thread_id",
        "is_topic_message",
        "reply_to_message",
        "quote",
        "external_reply",
        "forward_origin",
        "is_automatic_forward",
        "via_bot",
        "edit_date",
        "has_protected_content",
        "media_group_id",
        "author_signature",
        "link_preview_options",
        "effect_id",
        "business_connection_id",
        "sender_business_bot",
        "is_from_offline",
        "reply_markup",
    }
)


def _file(message: Json, field: str) -> Content:
    media, found = MEDIA[field], message[field]
    if field == "photo":
        found = max(found, key=lambda size: size["width"] * size["height"])
    if field == "sticker":
        media = next((moving for flag, moving in _MOVING_STICKERS.items() if found.get(flag)), media)
    file = File(
        ref=str(found["file_id"]),
        name=str(found.get("file_name") or f"{field}_{message['message_id']}.{media.extension}"),
        mime=str(found.get("mime_type") or media.mime),
        size=found.get("file_size"),
        kind=media.kind,
    )
    caption = escape(str(found.get("emoji", ""))) if field == "sticker" else text(message)
    return Content(text=caption, files=(file,))


def _venue(message: Json) -> Content:
    venue = message["venue"]
    return Content(
        location=Location(
            latitude=float(venue["location"]["latitude"]),
            longitude=float(venue["location"]["longitude"]),
            title=escape(str(venue["title"])),
            address=escape(str(venue["address"])),
        )
    )


def _location(message: Json) -> Content:
    point = message["location"]
    return Content(location=Location(latitude=float(point["latitude"]), longitude=float(point["longitude"])))


def _contact(message: Json) -> Content:
    card = message["contact"]
    name = " ".join(str(card[part]) for part in ("first_name", "last_name") if card.get(part))
    # Telegram says whose number it is; a card without user_id may be anybody's.
    own = "user_id" in card and card["user_id"] == message.get("from", {}).get("id")
    return Content(contact=Contact(name=escape(name), phone=escape(str(card["phone_number"])), own=own))


def _unshown(kind: str) -> Callable[[Json], Content]:
    name = _UNSHOWN[kind]
    return lambda message: Content(text=f"[i]Telegram: {name.en} / {name.ru}[/i]{_question(message, kind)}")


def _question(message: Json, kind: str) -> str:
    return f"\n{escape(str(message[kind].get('question', '')))}" if kind == "poll" else ""


def _media(field: str) -> Callable[[Json], Content]:
    return lambda message: _file(message, field)


#: First match wins: an animation also sets ``document``, a venue also sets ``location``.
CONTENTS: dict[str, Callable[[Json], Content]] = {
    "text": lambda message: Content(text=text(message)),
    **{field: _media(field) for field in MEDIA},
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    **{kind: _unshown(kind) for kind in _UNSHOWN},
}
