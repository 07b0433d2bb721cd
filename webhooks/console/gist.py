"""An event in a few words: what the client or the operator wrote, or the names of the files."""

from __future__ import annotations

import json
import re
from typing import Any

from webhooks.console.masking import visible

_TEXT = re.compile(r'"text":\s*"((?:[^"\\]|\\.)*)')
_MOST = 140


def gist(event: str) -> str:
    """Words of an event's JSON, at most 140 characters; of a JSON text that was cut as much as can be read."""
    said = _said(event)
    line = " ".join(visible(said).split())
    return line if len(line) <= _MOST else f"{line[:_MOST]}…"


def _said(event: str) -> str:
    try:
        return _told(json.loads(event)) if event else ""
    except (ValueError, RecursionError):
        found = _TEXT.search(event)
        return _unescaped(found[1]) if found else ""


def _told(event: Any) -> str:
    if not isinstance(event, dict):
        return ""
    text, label, files = event.get("text"), event.get("label"), event.get("files")
    names = [file.get("name") or file.get("kind") or "" for file in files or () if isinstance(file, dict)]
    return str(text or label or ", ".join(map(str, names)))


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
