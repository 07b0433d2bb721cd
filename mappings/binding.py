"""Arguments of a filter: which parameter each belongs to, and what can be said of it before any event comes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, get_type_hints

from jinja2 import nodes

from mappings.documented import Filter
from mappings.faults import Said, nearest
from mappings.plain import ExpressionError, kind, shown

UNKNOWN = object()
"""The value of an argument that depends on the event."""
REQUIRED = inspect.Parameter.empty
"""The default of a parameter that has none."""

_WANTED: Mapping[object, tuple[tuple[type, ...], Said]] = {
    str: ((str,), ("a text in quotes", "текст в кавычках")),
    int: ((int,), ("a whole number", "целое число")),
    float: ((int, float), ("a number", "число")),
    list: ((list, tuple), ("a list", "список")),
}


class Parameter(NamedTuple):
    """A parameter of a filter: ``wanted`` is its type."""

    name: str
    default: Any
    wanted: object


@cache
def parameters(call: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of ``call`` after the first, which is the value or the context."""
    hints = get_type_hints(call)
    found = list(inspect.signature(call).parameters.values())[1:]
    return tuple(Parameter(each.name, each.default, hints.get(each.name)) for each in found)


def bound(filter_: Filter, node: nodes.Filter | nodes.Test) -> list[tuple[nodes.Node | None, Any]]:
    """For each parameter after the first, in order: what was written (or nothing) and its value (or ``UNKNOWN``).

    Raises ``ExpressionError`` for an argument too many, one missing, one of the wrong kind.
    """
    expected = parameters(filter_.call)
    names = [parameter.name for parameter in expected]
    written = dict(zip(names, node.args, strict=False))
    if len(node.args) > len(expected):
        raise _misused(filter_, ("too many arguments", "слишком много аргументов"))
    for pair in node.kwargs:
        key = str(getattr(pair, "key", ""))
        if key not in names:
            raise ExpressionError(
                (f"`{node.name}` has no argument `{shown(key)}`", f"У `{node.name}` нет аргумента `{shown(key)}`"),
                nearest(key, names) if names else _form(filter_),
            )
        if key in written:
            raise _misused(filter_, (f"`{key}` is given twice", f"`{key}` указан дважды"))
        written[key] = getattr(pair, "value")  # noqa: B009  Jinja's types call it an expression
    arguments: list[tuple[nodes.Node | None, Any]] = []
    for parameter in expected:
        argument = written.get(parameter.name)
        if argument is None and parameter.default is REQUIRED:
            raise _misused(filter_, (f"`{parameter.name}` is missing", f"не указан `{parameter.name}`"))
        value = parameter.default if argument is None else static(argument)
        if argument is not None:
            _check(filter_, parameter.name, value, parameter.wanted)
        arguments.append((argument, value))
    return arguments


def static(node: nodes.Node) -> Any:
    """The value of what is written out: a text, a number, a list or a dict of such; else ``UNKNOWN``."""
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and isinstance(node.node.value, int | float):
        return -node.node.value
    if isinstance(node, nodes.List | nodes.Tuple):
        values = [static(item) for item in node.items]
        return UNKNOWN if UNKNOWN in values else values
    if isinstance(node, nodes.Dict):
        pairs = [(static(pair.key), static(pair.value)) for pair in node.items]
        known = all(isinstance(key, str) and value is not UNKNOWN for key, value in pairs)
        return dict(pairs) if known else UNKNOWN
    return UNKNOWN


def _check(filter_: Filter, name: str, value: Any, wanted: object) -> None:
    if value is UNKNOWN:
        if name in filter_.literal:
            raise _misused(
                filter_,
                (f"`{name}` must be written out, not computed", f"`{name}` нужно написать прямо, а не вычислять"),
            )
        return
    if wanted not in _WANTED or value is None:
        return
    types, words = _WANTED[wanted]
    if not isinstance(value, types) or (isinstance(value, bool) and wanted is not bool):
        raise _misused(
            filter_,
            (
                f"`{name}` is {kind(value)[0]}, but {words[0]} is needed",
                f"`{name}` — {kind(value)[1]}, а нужно: {words[1]}",
            ),
        )


def _misused(filter_: Filter, why: Said) -> ExpressionError:
    name = filter_.signature.partition("(")[0]
    return ExpressionError((f"`{name}`: {why[0]}", f"`{name}`: {why[1]}"), _form(filter_))


def _form(filter_: Filter) -> Said:
    return (
        f"It is written {filter_.signature}, for example {filter_.example}",
        f"Пишется так: {filter_.signature}, например {filter_.example}",
    )
