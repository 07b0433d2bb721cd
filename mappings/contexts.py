"""What expressions are compiled with: the settings of the mapping set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Table = Mapping[str, Mapping[str, str]]
"""Rows of a CSV file by the value of its first column; each row has every column, the first too."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """``country`` is ISO 3166 alpha-2, ``zone`` an IANA name, ``language`` ``ru`` or ``en``.

    ``names`` are the first words that expressions may begin with (``event``, ``facts`` …); ``None`` leaves that to
    the moment of use. ``memory`` holds what expressions of this set share: compiled patterns, the last folded text.
    """

    country: str = "RU"
    zone: str = "Europe/Moscow"
    language: str = "ru"
    tables: Mapping[str, Table] = field(default_factory=dict)
    names: frozenset[str] | None = None
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Pathless:
    """Stands for a name or a field that is not there; seen by ``default`` and ``is defined`` only."""


MISSING = Pathless()
