"""Which parts of Jinja's syntax are part of the language; everything else is refused by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from jinja2 import nodes

from mappings.faults import Said, nearest
from mappings.plain import DEPTH_LIMIT, NUMBER_LIMIT, ExpressionError, shown
from mappings.syntax import Code

_ALLOWED = (
    nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair,
    nodes.Keyword, nodes.Filter, nodes.Test, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Add,
    nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos, nodes.Concat, nodes.CondExpr,
)  # fmt: skip
_REFUSED: Mapping[type[nodes.Node], tuple[Said, Said]] = {
    nodes.Call: (
        ("Nothing can be called in an expression", "В выражениях нельзя ничего вызывать"),
        ("Use a filter: `value | name(argument)`", "Используйте фильтр: `значение | имя(аргумент)`"),
    ),
    nodes.Pow: (
        ("`**` is not part of the language", "`**` в языке нет"),
        ("Multiply with `*`", "Умножайте знаком `*`"),
    ),
}
_ELSEWHERE: Mapping[str, str] = {
    "capitalize": "title", "count": "length", "float": "number", "format": "date", "int": "number", "map": "join",
    "match": "matches", "phone": "e164", "regex": "matches", "search": "matches", "strftime": "date", "strip": "trim",
    "tojson": "dump", "truncate": "cut", "upper_first": "title",
}  # fmt: skip
COSTLY_LIMIT = 10


def check(
    codes: Collection[Code], filters: Mapping[str, object], tests: Mapping[str, object], names: Collection[str] | None
) -> None:
    """Raises ``ExpressionError`` for the first part of ``codes`` that is not of the language."""
    costly = 0
    for code in codes:
        for node, depth in walk(code.tree):
            _check_kind(code, node)
            if depth > DEPTH_LIMIT:
                raise ExpressionError(
                    ("The expression is nested too deeply", "У выражения слишком глубокая вложенность"),
                    ("Split it into facts with `set`", "Разбейте его на факты через `set`"),
                    code.tokens[0].offset,
                )
            if isinstance(node, nodes.Name):
                _check_name(code, node.name, names)
            elif isinstance(node, nodes.Getattr):
                _check_name(code, node.attr, None)
            elif isinstance(node, nodes.Filter | nodes.Test):
                _check_call(code, node, filters if isinstance(node, nodes.Filter) else tests)
                costly += bool(getattr(filters.get(node.name), "costly", False))
            elif isinstance(node, nodes.Const):
                _check_number(code, node.value)
    if costly > COSTLY_LIMIT:
        raise ExpressionError(
            ("More than 10 patterns stand in one expression", "В одном выражении больше 10 шаблонов"),
            ("Join them with | inside one pattern", "Объедините их в один шаблон через |"),
        )


def walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with its depth; a chain of the same operator (`a and b and c`) counts as one level."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        for child in node.iter_child_nodes():
            chained = isinstance(node, nodes.And | nodes.Or) and type(child) is type(node) and child is node.left
            waiting.append((child, depth if chained else depth + 1))


def path(node: nodes.Node) -> tuple[list[str], bool] | None:
    """The words of ``event.client.phone`` and whether that is all of ``node``; ``None`` when it begins otherwise."""
    words: list[str] = []
    whole = True
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        key = node.attr if isinstance(node, nodes.Getattr) else node.arg
        if isinstance(key, nodes.Const):
            key = key.value
        if isinstance(key, str):
            words.append(key)
        else:
            words, whole = [], False
        node = node.node
    if not isinstance(node, nodes.Name):
        return None
    return [node.name, *reversed(words)], whole


def _check_kind(code: Code, node: nodes.Node) -> None:
    if type(node) in _ALLOWED:
        return
    said, mend = _REFUSED.get(
        type(node),
        (
            (f"`{type(node).__name__}` is not part of the language", f"`{type(node).__name__}` в языке нет"),
            ("Use names, filters, comparisons and conditions", "Доступны имена, фильтры, сравнения и условия"),
        ),
    )
    raise ExpressionError(said, mend, code.tokens[0].offset)


def _check_name(code: Code, word: str, names: Collection[str] | None) -> None:
    if word.startswith("_"):
        raise ExpressionError(
            (f"`{shown(word)}` begins with _ and is closed", f"`{shown(word)}` начинается с _ и закрыто"),
            ("For a field of a record write record['_id']", "Для поля записи пишите record['_id']"),
            code.offset(word),
        )
    if names is not None and word not in names:
        raise ExpressionError(
            (f"Unknown name `{shown(word)}`", f"Неизвестное имя `{shown(word)}`"),
            nearest(word, names),
            code.offset(word),
        )


def _check_call(code: Code, node: nodes.Filter | nodes.Test, known: Mapping[str, object]) -> None:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise ExpressionError(
            ("* and ** are not used in arguments", "* и ** в аргументах не применяются"),
            ("Write the arguments one by one", "Перечислите аргументы по одному"),
            code.offset(node.name),
        )
    if node.name in known:
        return
    what = ("filter", "фильтр") if isinstance(node, nodes.Filter) else ("test", "проверка")
    raise ExpressionError(
        (f"Unknown {what[0]} `{shown(node.name)}`", f"Нет такого: {what[1]} `{shown(node.name)}`"),
        nearest(_ELSEWHERE.get(node.name, node.name) if isinstance(node, nodes.Filter) else node.name, known),
        code.offset(node.name.split(".")[0]),
    )


def _check_number(code: Code, value: object) -> None:
    if isinstance(value, int | float) and not -NUMBER_LIMIT <= value <= NUMBER_LIMIT:
        raise ExpressionError(
            ("The number is beyond 10^15", "Число больше 10^15"),
            ("Keep long identifiers as texts, in quotes", "Длинные идентификаторы храните как текст, в кавычках"),
            code.tokens[0].offset,
        )
