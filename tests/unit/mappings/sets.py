"""Mapping sets of a few lines, and the packaged one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import mappings
from mappings.engine import MappingSet
from mappings.golden import MINIMAL
from mappings.loading import load
from mappings.minimal import INNER

FOLDER = Path(mappings.__file__).parent
_INNER: Mapping[str, tuple[str, ...]] = {
    "page": ("url", "title", "marks"),
    "letter": tuple(INNER["letter"]),
    "contact": ("name", "phone", "own"),
    "location": ("latitude", "longitude", "title", "address"),
}
KINDS: Mapping[str, Mapping[str, Any]] = {
    kind: {
        name: {inner: {} for inner in (value if isinstance(value, Mapping) else _INNER.get(name, ()))}
        for name, value in event.items()
    }
    for kind, event in MINIMAL.items()
}
CONFIG = """
version: 1
own: {phones: ["+74951234567"], emails: ["@acme.ru", sales@gmail.com]}
tag_fields: {contact: UF_CRM_TAGS}
categories:
  complaint: {title: {en: Complaint, ru: Жалоба}, priority: high, owner: 12}
  question: {title: {en: Question, ru: Вопрос}, priority: low}
"""


def set_of(*documents: str, config: str = CONFIG) -> MappingSet:
    """The rules of one file ``rules.yaml`` beside ``config``: for messages, unless a document begins with ``on``."""
    rules = (text if text.startswith("on:") else f"on: message.received\n{text}" for text in documents)
    return load({"_settings.yaml": config, "rules.yaml": "version: 1\n" + "\n---\n".join(rules)}, KINDS)


@cache
def packaged() -> MappingSet:
    """What a portal has before a line is written."""
    return load({f"defaults/{file.name}": file.read_bytes() for file in (FOLDER / "defaults").iterdir()}, KINDS)


def event(kind: str = "message.received", **fields: Any) -> dict[str, Any]:
    """The scope of an event; a client's fields are added to those of the minimal one."""
    whole = {**MINIMAL[kind], **fields}
    return {"event": {**whole, "client": {**MINIMAL["message.received"]["client"], **fields.get("client", {})}}}


def record(source: str = "orders", **values: Any) -> dict[str, Any]:
    """The scope of a record."""
    return {"record": values, "source": source}
