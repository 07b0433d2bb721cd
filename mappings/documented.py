"""A filter as the language knows it: how it is called, what it is for, an example that is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mappings.faults import Said


@dataclass(frozen=True, kw_only=True)
class Filter:
    """``call(value, *arguments)``; with ``prepared``, ``call(context, *arguments)`` gives a function of the value.

    A prepared filter is made once when its arguments are written out, so its mistakes are found before use;
    arguments named in ``literal`` must be written out. ``example`` is a whole text with braces that gives ``gives``.
    ``costly`` ones may stand ten times in an expression.
    """

    call: Callable[..., Any]
    signature: str
    about: Said
    example: str
    gives: Any
    prepared: bool = False
    literal: tuple[str, ...] = ()
    costly: bool = False
