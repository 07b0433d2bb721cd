"""A conversation as the browser gets it (the contract of the page and the script)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.bbparts import parts, typed
from connector.domain.values import StoredFile
from connector.journal.chat_views import ChatRow, ChatState
from connector.media import Media

# What browsers show by themselves; anything else is a file to save.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"})
Json = dict[str, Any]


class Telling:
    """Makes JSON of rows; links of files are signed for each look."""

    def __init__(self, media: Media) -> None:
        self._media = media

    def state(self, state: ChatState) -> Json:
        """``{seq, messages, unread, seen, operator, rating, earlier}``."""
        return {
            "seq": state.seq,
            "messages": [self._message(row, state.faces) for row in state.rows],
            "unread": state.unread,
            "seen": state.seen,
            "operator": self._face(*state.operator, state.faces) if state.operator else None,
            "rating": {"id": str(state.asks)} if state.asks is not None else None,
            "earlier": state.earlier,
        }

    def file(self, stored: StoredFile) -> Json:
        """``{name, size, mime, kind, url, image}``; the address is empty when the file was trimmed."""
        there = self._media.path(stored.key).is_file()
        return {
            "name": stored.name,
            "size": stored.size,
            "mime": stored.mime,
            "kind": stored.kind,
            "url": self._media.url(stored) if there else "",
            "image": there and stored.mime in PICTURES,
        }

    def _message(self, row: ChatRow, faces: Mapping[str, Json]) -> Json:
        """``asks``: the portal's own words for a rating, in place of which the browser shows buttons."""
        own = row.side == "visitor"
        return {
            "order": row.id,
            "seq": row.seq,
            "id": row.key.partition(":")[2] if own else str(row.id),
            "from": row.side,
            "parts": typed(row.text) if own else parts(row.text),
            "at": row.at.isoformat(),
            "edited": row.edited,
            "deleted": row.deleted,
            "files": [self.file(file) for file in row.files],
            "mark": row.mark or None,
            "asks": row.asks,
            **self._face(row.name, row.author, faces),
        }

    def _face(self, name: str, author: str, faces: Mapping[str, Json]) -> Json:
        """Who spoke: the name that stood in the message, else the one that the portal told."""
        known = faces.get(author) or {}
        picture = StoredFile(**known["picture"]) if known.get("picture") else None
        there = picture is not None and self._media.path(picture.key).is_file()
        return {
            "name": name or known.get("name", ""),
            "picture": self._media.url(picture) if there and picture else None,
        }
