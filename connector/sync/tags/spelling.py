"""Tags as people write them, and as they are told apart: case and spaces make no other tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

LONGEST = 255  # characters of an option or a keyword

Spelled = Mapping[str, str]
"""Key → the tag as it is written."""


def key_of(tag: str) -> str:
    """What two spellings of one tag have in common."""
    return " ".join(tag.split()).casefold()


def spelled(tags: Iterable[Any]) -> dict[str, str]:
    """Tags by their keys, the first spelling of each; empty ones and those that fit nowhere are left out."""
    found: dict[str, str] = {}
    for each in tags:
        tag = " ".join(str(each).split()) if each not in (None, False, True) else ""
        if 0 < len(tag) <= LONGEST:
            found.setdefault(key_of(tag), tag)
    return found


def borne(value: Any, split: str) -> dict[str, str]:
    """The tags in a column: of a list each, of a text its parts, or the whole without ``split``."""
    if isinstance(value, str):
        return spelled(value.split(split) if split else [value])
    if isinstance(value, list | tuple):
        return spelled(value)
    return spelled([] if value is None else [value])


def strange(value: Any, split: str) -> list[str]:
    """What stands in a column and is too long for a tag."""
    text = "" if value is None else str(value)
    some = value if isinstance(value, list | tuple) else text.split(split) if split else [text]
    return [str(each) for each in some if len(" ".join(str(each).split())) > LONGEST]


def as_column(tags: Sequence[str], value: Any, split: str) -> Any:
    """Tags as the column had them: text where it was text. ``None``: several do not fit into one without ``split``."""
    if isinstance(value, list | tuple) or (value is None and not split):
        return list(tags)
    if not split:
        return None if len(tags) > 1 else "".join(tags)
    return f"{split} ".join(tags) if split.strip() else split.join(tags)


def fits(key: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns (``*`` is anything) means this tag."""
    return any(fnmatchcase(key, key_of(pattern)) for pattern in patterns)
