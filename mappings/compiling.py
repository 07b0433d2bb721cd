"""From the checked syntax tree to a Python function, once.

Each expression becomes two functions of the same meaning. The quick one reads fields directly and gives up at the
first surprise; then the careful one repeats it and says in words what was wrong. Nothing of the writer's text becomes
a Python name: texts and keys are constants, names are subscripts of the scope.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import nodes

from mappings import operators
from mappings.allowed import path
from mappings.binding import UNKNOWN, bound, static
from mappings.calling import callable_of
from mappings.contexts import MISSING, Context
from mappings.documented import Filter
from mappings.plain import ExpressionError
from mappings.syntax import Code

Run = Callable[[Mapping[str, Any]], Any]

_COMPARED: Mapping[str, type[ast.cmpop]] = {
    "eq": ast.Eq,
    "ne": ast.NotEq,
    "lt": ast.Lt,
    "lteq": ast.LtE,
    "gt": ast.Gt,
    "gteq": ast.GtE,
    "in": ast.In,
    "notin": ast.NotIn,
}
_CALCULATED: Mapping[type[nodes.Node], str] = {
    nodes.Sub: "sub",
    nodes.Mul: "mul",
    nodes.Div: "div",
    nodes.FloorDiv: "floordiv",
    nodes.Mod: "mod",
}
_GLOBALS: Mapping[str, Any] = {
    "__builtins__": {},
    "name": operators.name,
    "field": operators.field,
    "part": operators.part,
    "reach": operators.reach,
    "filled": operators.filled,
    "add": operators.add,
    "calculated": operators.calculated,
    "signed": operators.signed,
    "joined": operators.joined,
    "compared": operators.compared,
    "MISSING": MISSING,
}


class Compiler:
    """Compiles the parts of one text. ``filters`` and ``tests`` are all that can be called."""

    def __init__(
        self, parts: Sequence[str | Code], context: Context, filters: Mapping[str, Filter], tests: Mapping[str, Filter]
    ) -> None:
        self._parts, self._context = parts, context
        self._called = {nodes.Filter: filters, nodes.Test: tests}
        self._globals: dict[str, Any] = dict(_GLOBALS)
        self._prepared: dict[int, tuple[str, list[nodes.Node]]] = {}
        self._code: Code | None = None
        self._careful = False
        self._temporaries = 0

    def function(self, *, careful: bool) -> Run:
        """The function of the scope. Raises ``ExpressionError`` for wrong arguments of filters."""
        self._careful, self._temporaries = careful, 0
        bodies = [self._part(part) for part in self._parts]
        body = bodies[0] if len(bodies) == 1 and not isinstance(self._parts[0], str) else _call("joined", *bodies)
        arguments = ast.arguments(posonlyargs=[], args=[ast.arg("scope")], kwonlyargs=[], kw_defaults=[], defaults=[])
        inner = ast.FunctionDef(name="run", args=arguments, body=[ast.Return(body)], decorator_list=[])
        module = ast.fix_missing_locations(ast.Module(body=[inner], type_ignores=[]))
        place: dict[str, Any] = {}
        exec(compile(module, "<expression>", "exec"), self._globals, place)
        run: Run = place["run"]
        return run

    def _part(self, part: str | Code) -> ast.expr:
        if isinstance(part, str):
            return ast.Constant(part)
        self._code = part
        return self._expression(part.tree)

    def _expression(self, node: nodes.Node) -> ast.expr:
        return _WAYS[type(node)](self, node)

    def _constant(self, node: nodes.Const) -> ast.expr:
        return ast.Constant(node.value)

    def _name(self, node: nodes.Name) -> ast.expr:
        if self._careful:
            return _call("name", ast.Name("scope", ast.Load()), ast.Constant(node.name))
        return _item(ast.Name("scope", ast.Load()), node.name)

    def _getattr(self, node: nodes.Getattr) -> ast.expr:
        return self._field(node, node.node, node.attr)

    def _getitem(self, node: nodes.Getitem) -> ast.expr:
        key = node.arg
        if isinstance(key, nodes.Slice):
            edges = [ast.Constant(None) if edge is None else self._expression(edge) for edge in (key.start, key.stop)]
            if key.step is not None:
                raise ExpressionError(
                    ("A step is not used in [from:to]", "Шаг в [от:до] не применяется"),
                    ("Write [from:to]", "Пишите [от:до]"),
                )
            return _call("part", self._expression(node.node), *edges)
        if isinstance(key, nodes.Const) and isinstance(key.value, str):
            return self._field(node, node.node, key.value)
        return _call("field", self._expression(node.node), self._expression(key), ast.Constant(_written(node.node)))

    def _field(self, node: nodes.Node, of: nodes.Node, key: str) -> ast.expr:
        value = self._expression(of)
        if self._careful:
            return _call("field", value, ast.Constant(key), ast.Constant(_written(of)))
        temporary = self._temporary()
        return ast.IfExp(
            test=ast.Compare(ast.NamedExpr(temporary, value), [ast.Is()], [ast.Constant(None)]),
            body=ast.Constant(None),
            orelse=_item(ast.Name(temporary.id, ast.Load()), key),
        )

    def _list(self, node: nodes.List | nodes.Tuple) -> ast.expr:
        return ast.List([self._expression(item) for item in node.items], ast.Load())

    def _dict(self, node: nodes.Dict) -> ast.expr:
        keys: list[ast.expr | None] = []
        for pair in node.items:
            if not (isinstance(pair.key, nodes.Const) and isinstance(pair.key.value, str)):
                raise ExpressionError(
                    (
                        "The names of fields in { } must be texts in quotes",
                        "Имена полей в { } пишутся текстом в кавычках",
                    ),
                    ("Write {'name': value}", "Пишите {'имя': значение}"),
                )
            keys.append(ast.Constant(pair.key.value))
        return ast.Dict(keys, [self._expression(pair.value) for pair in node.items])

    def _logical(self, node: nodes.And | nodes.Or) -> ast.expr:
        kind, values = type(node), []
        chain: nodes.Expr = node
        while isinstance(chain, nodes.And | nodes.Or) and type(chain) is kind:
            values.append(self._expression(chain.right))
            chain = chain.left
        values.append(self._expression(chain))
        return ast.BoolOp(ast.And() if kind is nodes.And else ast.Or(), values[::-1])

    def _not(self, node: nodes.Not) -> ast.expr:
        return ast.UnaryOp(ast.Not(), self._expression(node.node))

    def _condition(self, node: nodes.CondExpr) -> ast.expr:
        other = ast.Constant(None) if node.expr2 is None else self._expression(node.expr2)
        return ast.IfExp(self._expression(node.test), self._expression(node.expr1), other)

    def _compare(self, node: nodes.Compare) -> ast.expr:
        first = self._expression(node.expr)
        seconds = [self._operand(operand) for operand in node.ops]
        if self._careful:
            rest = [
                each
                for operand, second in zip(node.ops, seconds, strict=True)
                for each in (ast.Constant(operand.op), second)
            ]
            return _call("compared", first, *rest)
        return ast.Compare(first, [_COMPARED[operand.op]() for operand in node.ops], seconds)

    def _operand(self, operand: nodes.Operand) -> ast.expr:
        """What stands right of the sign; a list of texts after ``in`` is made once."""
        if operand.op in ("in", "notin") and isinstance(operand.expr, nodes.List | nodes.Tuple):
            values = static(operand.expr)
            if values is not UNKNOWN and all(isinstance(value, str) for value in values):
                one_of: Any = frozenset(values) if len(values) > 3 else tuple(values)
                return ast.Constant(one_of)
        return self._expression(operand.expr)

    def _add(self, node: nodes.Add) -> ast.expr:
        return _call("add", self._expression(node.left), self._expression(node.right))

    def _calculation(self, node: nodes.BinExpr) -> ast.expr:
        return _call(
            "calculated",
            ast.Constant(_CALCULATED[type(node)]),
            self._expression(node.left),
            self._expression(node.right),
        )

    def _sign(self, node: nodes.Neg | nodes.Pos) -> ast.expr:
        return _call(
            "signed", ast.Constant("neg" if isinstance(node, nodes.Neg) else "pos"), self._expression(node.node)
        )

    def _concat(self, node: nodes.Concat) -> ast.expr:
        return _call("joined", *map(self._expression, node.nodes))

    def _filter(self, node: nodes.Filter | nodes.Test) -> ast.expr:
        if isinstance(node, nodes.Filter) and node.name == "default":
            return self._default(node)
        if isinstance(node, nodes.Test) and node.name == "defined":
            return ast.Compare(self._reached(_value(node)), [ast.IsNot()], [ast.Name("MISSING", ast.Load())])
        filter_ = self._called[type(node)][node.name]
        try:
            called, arguments = self._prepare(filter_, node)
        except ExpressionError as error:
            error.offset = self._code.offset(node.name) if self._code else 0
            raise
        return _call(called, self._expression(_value(node)), *map(self._expression, arguments))

    def _prepare(self, filter_: Filter, node: nodes.Filter | nodes.Test) -> tuple[str, list[nodes.Node]]:
        """The name under which the call stands in the globals, and the arguments left to the moment of use."""
        if id(node) not in self._prepared:
            call, late = callable_of(filter_, node, self._context)
            name = f"_{len(self._prepared)}"
            self._globals[name] = call
            self._prepared[id(node)] = name, late
        return self._prepared[id(node)]

    def _default(self, node: nodes.Filter) -> ast.expr:
        (other, _), *_ = bound(self._called[nodes.Filter]["default"], node)
        temporary = self._temporary()
        return ast.IfExp(
            test=_call("filled", ast.NamedExpr(temporary, self._reached(_value(node)))),
            body=ast.Name(temporary.id, ast.Load()),
            orelse=ast.Constant("") if other is None else self._expression(other),
        )

    def _reached(self, node: nodes.Node) -> ast.expr:
        """The value, ``MISSING`` in place of an error when a step of a path is not there."""
        keys: list[ast.expr] = []
        inner = node
        while isinstance(inner, nodes.Getattr | nodes.Getitem) and path(node):
            if isinstance(inner, nodes.Getitem) and isinstance(inner.arg, nodes.Slice):
                return self._expression(node)
            keys.append(ast.Constant(inner.attr) if isinstance(inner, nodes.Getattr) else self._expression(inner.arg))
            inner = inner.node
        if not isinstance(inner, nodes.Name):
            return self._expression(node)
        return _call("reach", ast.Name("scope", ast.Load()), ast.Constant(inner.name), *keys[::-1])

    def _temporary(self) -> ast.Name:
        self._temporaries += 1
        return ast.Name(f"t{self._temporaries}", ast.Store())


_WAYS: Mapping[type[nodes.Node], Callable[[Compiler, Any], ast.expr]] = {
    nodes.Const: Compiler._constant,
    nodes.Name: Compiler._name,
    nodes.Getattr: Compiler._getattr,
    nodes.Getitem: Compiler._getitem,
    nodes.List: Compiler._list,
    nodes.Tuple: Compiler._list,
    nodes.Dict: Compiler._dict,
    nodes.And: Compiler._logical,
    nodes.Or: Compiler._logical,
    nodes.Not: Compiler._not,
    nodes.CondExpr: Compiler._condition,
    nodes.Compare: Compiler._compare,
    nodes.Add: Compiler._add,
    **dict.fromkeys(_CALCULATED, Compiler._calculation),
    nodes.Neg: Compiler._sign,
    nodes.Pos: Compiler._sign,
    nodes.Concat: Compiler._concat,
    nodes.Filter: Compiler._filter,
    nodes.Test: Compiler._filter,
}


def _value(node: nodes.Filter | nodes.Test) -> nodes.Node:
    return node.node or nodes.Const(None)


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(func=ast.Name(name, ast.Load()), args=list(arguments), keywords=[])


def _item(value: ast.expr, key: str) -> ast.expr:
    return ast.Subscript(value, ast.Constant(key), ast.Load())


def _written(node: nodes.Node) -> str:
    words = path(node)
    return ".".join(words[0]) if words else "(…)"
