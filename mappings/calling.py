"""A filter or a test where it stands: the function to call, made before any event comes where that can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import nodes

from mappings.binding import REQUIRED, UNKNOWN, bound, parameters
from mappings.contexts import Context
from mappings.documented import Filter


def callable_of(
    filter_: Filter, node: nodes.Filter | nodes.Test, context: Context
) -> tuple[Callable[..., Any], list[nodes.Node]]:
    """What to call with the value, and the arguments left to the moment of use.

    Raises ``ExpressionError`` for arguments that are wrong whatever the event is.
    """
    pairs = bound(filter_, node)
    late = [nodes.Const(value) if written is None else written for written, value in pairs]
    if not filter_.prepared:
        return filter_.call, late
    values = [value for _, value in pairs]
    early = _early(filter_, values)
    made: Callable[..., Any] | None = None if REQUIRED in early else filter_.call(context, *early)
    if made is not None and not any(value is UNKNOWN for value in values):
        return made, []
    return (lambda value, *arguments: filter_.call(context, *arguments)(value)), late


def _early(filter_: Filter, values: Sequence[Any]) -> list[Any]:
    """The arguments, an unknown one as if it were left out: so the known ones are checked at once."""
    pairs = zip(parameters(filter_.call), values, strict=True)
    return [parameter.default if value is UNKNOWN else value for parameter, value in pairs]
