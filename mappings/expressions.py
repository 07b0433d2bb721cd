"""Expressions of mappings: ``event.channel == 'telegram'``, ``Order {{ record.number | trim }}``.

Jinja reads them, a list of allowed parts checks them, and each becomes a Python function over plain data. They reach
no attribute of any object, nothing outside the scope, and end within a time that the size of their input bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from jinja2 import nodes

from mappings.allowed import check, path
from mappings.bbcode import ALREADY, BREAK, FILTER, escape
from mappings.compiling import Compiler, Run
from mappings.contexts import MISSING, Context
from mappings.filters import FILTERS, TESTS, Filter
from mappings.operators import reach
from mappings.plain import ExpressionError, seen, sized
from mappings.syntax import Code, read

__all__ = ["Context", "Expression", "ExpressionError", "parse"]

_SMALL = frozenset({bool, int, float, type(None)})
_GUARDS = frozenset({"default", "defined"})
_TYPED = "as typed"
"""A filter that nobody can write."""
_CALLED = {
    **FILTERS,
    _TYPED: Filter(
        call=lambda value: escape(value) if isinstance(value, str) else value,
        signature=_TYPED,
        about=("", ""),
        example="",
        gives="",
    ),
}
_SURPRISES = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError, MemoryError)


class Expression:
    """One compiled text.

    ``text`` is as written; ``names`` the dotted paths it reads (``event.client.phone``); ``optional`` those of them
    whose absence it expects (``| default``, ``is defined``); ``literal`` whether it has no braces at all.
    """

    __slots__ = ("_careful", "_compiler", "_paths", "_quick", "literal", "names", "optional", "text")

    def __init__(self, text: str, parts: list[str | Code], context: Context) -> None:
        self.text = text
        self.literal = not any(isinstance(part, Code) for part in parts)
        found = [pair for part in parts if isinstance(part, Code) for pair in _paths(part.tree)]
        self._paths = tuple(sorted({words for words, _ in found}))
        self.names = frozenset(".".join(words) for words in self._paths)
        self.optional = frozenset(".".join(words) for words, expected in found if expected)
        self._compiler = Compiler(parts, context, _CALLED, TESTS)
        self._quick = self._compiler.function(careful=False)
        self._careful: Run | None = None

    def __call__(self, scope: Mapping[str, Any]) -> Any:
        """The value. ``scope`` is plain data. Raises ``ExpressionError``."""
        try:
            value = self._quick(scope)
        except _SURPRISES:
            value = self._again(scope)
        return value if type(value) in _SMALL else sized(value)

    def saw(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """The values of ``names`` as they are in ``scope``, each at most 200 characters; unknown ones are left out."""
        values = ((".".join(words), reach(scope, *words)) for words in self._paths)
        return {name: seen(value) for name, value in values if value is not MISSING}

    def _again(self, scope: Mapping[str, Any]) -> Any:
        """The same with care, to say in words what was wrong."""
        self._careful = self._careful or self._compiler.function(careful=True)
        try:
            return self._careful(scope)
        except _SURPRISES as error:
            raise ExpressionError(
                (
                    f"The value cannot be computed ({type(error).__name__})",
                    f"Значение не вычисляется ({type(error).__name__})",
                ),
                (
                    "Look at the values it reads; one of them is of the wrong kind",
                    "Посмотрите на значения в нём: одно из них не того вида",
                ),
            ) from None


def parse(text: str, *, bare: bool, context: Context | None = None, bbcode: bool = False) -> Expression:
    """``text`` compiled. ``bare`` is one expression without braces (around the whole they are tolerated); otherwise
    a text: exactly one ``{{ }}`` gives the value as it is, any other text with braces gives text. What is written in
    ``bbcode`` is BBCode, the values in it are shown as they are typed.

    Raises ``ExpressionError`` with the offset in ``text``.
    """
    parts = read(text, bare=bare)
    codes = [part for part in parts if isinstance(part, Code)]
    context = context or Context()
    check(codes, FILTERS, TESTS, context.names)
    return Expression(text, _typed(_alone(parts)) if bbcode else _alone(parts), context)


def _alone(parts: list[str | Code]) -> list[str | Code]:
    """A single expression with nothing but blank space around it stands alone."""
    codes = [part for part in parts if isinstance(part, Code)]
    blank = all(isinstance(part, Code) or not part.strip() for part in parts)
    return [codes[0]] if len(codes) == 1 and blank else parts


def _typed(parts: list[str | Code]) -> list[str | Code]:
    """The parts of a text in BBCode: values as they are typed, and no written ``[`` begins a tag with one of them."""
    followed = zip(parts, (*parts[1:], ""), strict=True)
    return [
        replace(part, tree=_shown(part.tree))
        if isinstance(part, Code)
        else part + BREAK * (part.endswith("[") and isinstance(after, Code))
        for part, after in followed
    ]


def _shown(tree: nodes.Expr) -> nodes.Expr:
    """The value as it is typed, unless the last that is done to it says that it is BBCode itself."""
    if isinstance(tree, nodes.CondExpr):
        other = tree.expr2 and _shown(tree.expr2)
        return nodes.CondExpr(tree.test, _shown(tree.expr1), other)
    whole = path(tree) if isinstance(tree, nodes.Getattr | nodes.Getitem) else None
    already = whole is not None and whole[1] and tuple(whole[0]) in ALREADY
    said = already or (isinstance(tree, nodes.Filter) and tree.name == FILTER)
    return tree if said else nodes.Filter(tree, _TYPED, [], [], None, None)


def _paths(tree: nodes.Node) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Every path in ``tree`` and whether its absence is expected there."""
    waiting: list[tuple[nodes.Node, bool]] = [(tree, False)]
    while waiting:
        node, expected = waiting.pop()
        found = path(node) if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem) else None
        if found:
            yield tuple(found[0]), expected
            while isinstance(node, nodes.Getattr | nodes.Getitem):
                if isinstance(node, nodes.Getitem):
                    waiting.append((node.arg, False))
                node = node.node
            continue
        guarded = node.node if isinstance(node, nodes.Filter | nodes.Test) and node.name in _GUARDS else None
        waiting.extend((child, child is guarded) for child in node.iter_child_nodes())
