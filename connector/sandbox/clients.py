"""Clients of connectors as users of the portal (facts/bitrix24-openlines.md §0.2, §1.7 "user")."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from connector.sandbox.downloads import Fetched
from connector.sandbox.model import User
from connector.sandbox.state import Portal

ERASED_WHEN_OMITTED = ("url", "gender")
KEPT_WHEN_OMITTED = ("email", "phone")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


class ClientRefusedError(Exception):
    """The user could not be created or updated; the whole message fails with this text."""


def digest(block: Mapping[str, Any]) -> str:
    """md5 of the whole user block, key order included: any difference is an update."""
    return hashlib.md5(json.dumps(block, ensure_ascii=False).encode(), usedforsecurity=False).hexdigest()


def known(portal: Portal, connector: str, block: Mapping[str, Any]) -> User | None:
    """The user of this client, shared by all lines of the connector; an empty id is never found."""
    number = portal.clients.get(f"{connector}|{block.get('id')}") if block.get("id") else None
    return portal.users.get(number) if number else None


def write(portal: Portal, connector: str, block: Mapping[str, Any], picture: Fetched | None) -> User:
    """Create or update the client's user.

    Raises :class:`ClientRefusedError` for a bad e-mail or a picture that is none.
    """
    user = known(portal, connector, block)
    mark = digest(block)
    if user and user.block == mark:
        return user
    email = str(block.get("email") or "")
    if email and not _EMAIL.fullmatch(email):
        raise ClientRefusedError("Неверный E-Mail." if portal.config.language == "ru" else "Invalid e-mail.")
    if picture and not picture.is_image:
        raise ClientRefusedError(
            "Файл не является изображением." if portal.config.language == "ru" else "Not an image."
        )
    if user is None:
        user = _create(portal, connector, str(block.get("id") or ""))
    _update(portal, user, block, picture)
    user.block = mark
    return user


def _create(portal: Portal, connector: str, external: str) -> User:
    number = portal.next_id("user")
    user = User(id=number, name="", xml_id=f"{connector}|{external}", client=True, departments=[])
    portal.users[number] = user
    if external:
        portal.clients[user.xml_id] = number
    return user


def _update(portal: Portal, user: User, block: Mapping[str, Any], picture: Fetched | None) -> None:
    guest = "Гость" if portal.config.language == "ru" else "Guest"
    name, last_name = str(block.get("name") or block.get("title") or guest), str(block.get("last_name") or "")
    words = name.split()
    if not last_name and len(words) == 2:
        name, last_name = words
    user.name, user.last_name = name, last_name
    for field in ERASED_WHEN_OMITTED:
        user.fields[field] = str(block.get(field) or "")
    for field in KEPT_WHEN_OMITTED:
        if block.get(field):
            user.fields[field] = str(block[field])
    if picture:
        user.fields["picture"] = portal.store(picture.name, picture.mime, picture.content).id
