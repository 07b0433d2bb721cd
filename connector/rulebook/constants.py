"""What stands written out inside expressions: the values they may come to, and what is compared with a field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import nodes

from mappings.allowed import path, walk
from mappings.expressions import Expression, ExpressionError
from mappings.syntax import Code, read

_SAME = frozenset({"eq", "ne", "in", "notin"})


def results(expression: Expression) -> Iterator[Any]:
    """The written values that ``expression`` may come to: ``{{ 3 if facts.vip else 1 }}`` gives 3 and 1.

    Texts with braces in the middle come to nothing that is written out.
    """
    parts = [part for part in _parts(expression) if isinstance(part, Code) or part.strip()]
    if len(parts) == 1 and isinstance(parts[0], Code):
        yield from _results(parts[0].tree)


def compared(expression: Expression) -> Iterator[tuple[str, Any]]:
    """``(dotted path, value)`` wherever ``expression`` asks whether a field is, or is among, what is written there."""
    for part in _parts(expression):
        for node, _ in walk(part.tree) if isinstance(part, Code) else ():
            if isinstance(node, nodes.Compare):
                yield from _compared(node)


def _parts(expression: Expression) -> list[str | Code]:
    try:
        return read(expression.text, bare=True)
    except ExpressionError:
        return read(expression.text, bare=False)


def _compared(comparison: nodes.Compare) -> Iterator[tuple[str, Any]]:
    if len(comparison.ops) != 1 or comparison.ops[0].op not in _SAME:
        return
    operand = comparison.ops[0]
    for field, other in ((comparison.expr, operand.expr), (operand.expr, comparison.expr)):
        words = path(field)
        if words and words[1]:
            yield from ((".".join(words[0]), value) for value in _written(other))


def _written(node: nodes.Node) -> Iterator[Any]:
    if isinstance(node, nodes.Const):
        yield node.value
    elif isinstance(node, nodes.List | nodes.Tuple):
        yield from (item.value for item in node.items if isinstance(item, nodes.Const))


def _results(node: nodes.Node | None) -> Iterator[Any]:
    for inner in _INSIDE.get(type(node), _nothing)(node):
        yield from _results(inner)
    if isinstance(node, nodes.Const):
        yield node.value


def _nothing(_: Any) -> list[nodes.Node | None]:
    return []


def _of_default(node: nodes.Filter) -> list[nodes.Node | None]:
    return [node.node, *node.args] if node.name == "default" else []


def _of_table(node: nodes.Getitem) -> list[nodes.Node | None]:
    """``{'sale': 'WON', 'refund': 'LOSE'}[event.text]`` comes to one of those."""
    return [pair.value for pair in node.node.items] if isinstance(node.node, nodes.Dict) else []


_INSIDE: Mapping[type[Any], Callable[[Any], list[nodes.Node | None]]] = {
    nodes.CondExpr: lambda node: [node.expr1, node.expr2],
    nodes.Or: lambda node: [node.left, node.right],
    nodes.And: lambda node: [node.right],
    nodes.List: lambda node: node.items,
    nodes.Tuple: lambda node: node.items,
    nodes.Filter: _of_default,
    nodes.Getitem: _of_table,
}
