"""An event in a few words: what the client or the operator wrote, a letter's subject and sender, or names of files."""

from __future__ import annotations

import json
import re
from typing import Any

from webhooks.console.letters import said as of_letter
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
    if letter := of_letter(event):
        return letter
    text, label, files = event.get("text"), event.get("label"), event.get("files")
    names = [file.get("name") or file.get("kind") or "" for file in files or () if isinstance(file, dict)]
    return str(text or label or ", ".join(map(str, names)))


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
