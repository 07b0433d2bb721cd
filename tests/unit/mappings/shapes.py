"""Kinds and settings that the tests of loading share."""

from __future__ import annotations

from pathlib import Path

from mappings.faults import BrokenError
from mappings.loading import Kinds, load

PERSON = {name: {} for name in ("id", "first_name", "last_name", "phone", "email")}
KINDS: Kinds = {
    "message.received": {
        **{name: {} for name in ("account", "channel", "conversation", "text", "at", "files")},
        "client": PERSON,
    },
    "reply.written": {"text": {}, "operator": {name: {} for name in ("id", "name")}},
    "dialog.started": {name: {} for name in ("account", "channel", "line")},
}
SETTINGS = "categories: {complaint: {title: {en: Complaint, ru: Жалоба}}, commercial: {title: Sale}}\n"
BROKEN = Path(__file__).parent / "broken"


def loaded(**files: str | bytes):
    """The set of own files, given without their ending ``.yaml``, with packaged settings below them."""
    return load({"defaults/_settings.yaml": SETTINGS, **{f"{name}.yaml": text for name, text in files.items()}}, KINDS)


def told(files: dict[str, str | bytes]) -> list[str]:
    """What is wrong with them, in English; nothing when they load."""
    try:
        load(files, KINDS)
    except BrokenError as error:
        return [fault.words("en") for fault in error.faults]
    return []
