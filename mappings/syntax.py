"""From text to Jinja's syntax tree: what stands in braces is parsed, each by itself. Nothing is rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateError, nodes
from jinja2.parser import Parser

from mappings.plain import ExpressionError

CODE_LIMIT = 4_000
WHOLE_LIMIT = 64 * 1024
BRACKETS = 30
"""Jinja's parser descends some fifteen calls for each bracket."""

_JINJA = Environment(autoescape=False, keep_trailing_newline=True)
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}
_WHY = (
    (re.compile("end of (?:template|print)|unclosed"), "its end is missing", "что-то не закрыто или не дописано"),
    (re.compile("token '(.{1,40})', got '(.{1,40})'"), "`{0}` is expected before `{1}`", "перед `{1}` ожидается `{0}`"),
    (re.compile("unexpected (?:char )?['`](.{1,40})['`]"), "`{0}` does not belong there", "`{0}` тут лишнее"),
)
_SIGNS = frozenset({"-", "+"})
_WORDS = frozenset({"not", "if", "else"})


@dataclass(frozen=True, kw_only=True)
class Token:
    """One word of an expression; ``offset`` is its place in the whole text."""

    kind: str
    value: str
    offset: int


@dataclass(frozen=True, kw_only=True)
class Code:
    """One expression: its syntax tree and its words."""

    tree: nodes.Expr
    tokens: tuple[Token, ...]

    def offset(self, word: str) -> int:
        """Where ``word`` stands in the text; the beginning of the expression when it does not."""
        return next((token.offset for token in self.tokens if token.value == word), self.tokens[0].offset)


def read(text: str, *, bare: bool) -> list[str | Code]:
    """The parts of ``text`` in order; a bare one has exactly one. Raises ``ExpressionError``."""
    if bare:
        body = text.strip()
        tokens = list(_tokens(text)) if body.startswith("{{") and body.endswith("}}") else _bare_tokens(text)
    else:
        tokens = list(_tokens(text))
    parts = [part for part in _parts(tokens) if not bare or isinstance(part, Code) or part.strip()]
    if bare and (len(parts) != 1 or isinstance(parts[0], str)):
        raise ExpressionError(
            (
                "One expression is expected here, not a text with braces",
                "Здесь ожидается одно выражение, а не текст со скобками",
            ),
            (
                "Write it without braces: event.channel == 'telegram'",
                "Напишите без скобок: event.channel == 'telegram'",
            ),
        )
    return parts


def _bare_tokens(text: str) -> list[Token]:
    begin, end = (
        Token(kind="variable_begin", value="{{", offset=0),
        Token(kind="variable_end", value="}}", offset=len(text)),
    )
    return [begin, *_tokens(text, "variable"), end]


def _tokens(text: str, state: str | None = None) -> Iterator[Token]:
    if len(text) > (WHOLE_LIMIT if state is None else CODE_LIMIT):
        raise _too_long()
    offset = 0
    try:
        for _, kind, value in _JINJA.lexer.tokeniter(text, None, None, state):
            yield Token(kind=kind, value=value, offset=offset)
            offset += len(value)
    except TemplateError as error:
        raise _unread(str(error.message), offset) from None


def _parts(tokens: list[Token]) -> Iterator[str | Code]:
    inside: list[Token] | None = None
    begin = 0
    spent = 0
    for token in tokens:
        if token.kind == "data" and inside is None:
            yield token.value
        elif token.kind == "variable_begin" and token.value == "{{":
            inside, begin = [], token.offset
        elif token.kind == "variable_end" and token.value == "}}" and inside is not None:
            spent += token.offset - begin
            if spent > CODE_LIMIT:
                raise _too_long()
            yield _parsed(inside, begin)
            inside = None
        elif inside is None or token.kind in ("variable_begin", "variable_end"):
            raise _closed(token)
        else:
            inside.append(token)
    if inside is not None:
        raise _unread("unexpected end of template", begin)


def _parsed(tokens: list[Token], begin: int) -> Code:
    words = tuple(token for token in tokens if token.kind != "whitespace")
    if not words:
        raise ExpressionError(
            ("The braces are empty", "Скобки пусты"),
            (
                "Write an expression in them, for example {{ event.text }}",
                "Впишите выражение, например {{ event.text }}",
            ),
            begin,
        )
    _check_nesting(words)
    source = "".join(_escaped(token.value) if token.kind == "string" else token.value for token in tokens)
    try:
        parser = Parser(_JINJA, source, state="variable")
        tree = parser.parse_expression()
    except RecursionError:
        raise _too_deep(begin) from None
    except (TemplateError, ValueError, SyntaxError, OverflowError) as error:
        raise _unread(str(error), words[0].offset) from None
    if not parser.stream.eos:
        word = str(parser.stream.current.value)
        after = next((token.offset for token in words if token.value == word), words[0].offset)
        raise _unread(f"unexpected `{word}`", after)
    return Code(tree=tree, tokens=words)


def _check_nesting(tokens: tuple[Token, ...]) -> None:
    """Nothing may make the parser descend without end: brackets, runs of signs, ``not`` and ``if``."""
    open_now = deepest = signs = words = 0
    for token in tokens:
        if token.kind == "operator":
            open_now += (token.value in "([{") - (token.value in ")]}")
            deepest = max(deepest, open_now)
        signs = signs + 1 if token.value in _SIGNS else 0
        words += token.kind == "name" and token.value in _WORDS
        if deepest > BRACKETS or signs > 3 or words > BRACKETS * 2:
            raise _too_deep(token.offset)


def _escaped(literal: str) -> str:
    r"""A literal for Jinja in which only \n, \t, \\, \' and \" are escapes: patterns keep their backslashes."""
    if "\\" not in literal:
        return literal
    body, letters, at = literal[1:-1], [], 0
    while at < len(body):
        follower = body[at + 1 : at + 2]
        if body[at] == "\\" and follower in _ESCAPES and follower:
            letters.append(_ESCAPES[follower])
            at += 2
        else:
            letters.append(body[at])
            at += 1
    plain = "".join(letters).encode("unicode_escape").decode("ascii")
    return "'" + plain.replace("'", "\\'") + "'"


def _closed(token: Token) -> ExpressionError:
    if token.kind in ("variable_begin", "variable_end"):
        return ExpressionError(
            (f"`{token.value}` is not used here", f"`{token.value}` здесь не применяется"),
            ("Write {{ and }} with spaces inside: {{ -5 }}", "Ставьте внутри {{ и }} пробелы: {{ -5 }}"),
            token.offset,
        )
    return ExpressionError(
        (
            f"`{token.value.strip()[:10]}` opens a statement or a comment",
            f"`{token.value.strip()[:10]}` начинает команду или комментарий",
        ),
        (
            "Only expressions in {{ }} are allowed; write conditions as {{ a if b else c }}, comments after # in YAML",
            "Допустимы только выражения в {{ }}; условия пишите как {{ a if b else c }}, комментарии — после # в YAML",
        ),
        token.offset,
    )


def _unread(why: str, offset: int) -> ExpressionError:
    en, ru = "a sign does not belong there", "в нём лишний знак"
    for form, form_en, form_ru in _WHY:
        if found := form.search(why):
            en, ru = form_en.format(*found.groups()), form_ru.format(*found.groups())
            break
    return ExpressionError(
        (f"The expression cannot be read: {en}", f"Выражение не читается: {ru}"),
        (
            "Check quotes, brackets and commas; a text stands in quotes, a filter after |",
            "Проверьте кавычки, скобки и запятые; текст пишется в кавычках, фильтр — после |",
        ),
        offset,
    )


def _too_long() -> ExpressionError:
    return ExpressionError(
        ("The expression is longer than 4,000 characters", "Выражение длиннее 4000 знаков"),
        (
            "Split it into facts with `set`, or move the data into a table",
            "Разбейте его на факты через `set` или вынесите данные в таблицу",
        ),
    )


def _too_deep(offset: int) -> ExpressionError:
    return ExpressionError(
        ("The expression is nested too deeply", "У выражения слишком глубокая вложенность"),
        ("Split it into facts with `set`", "Разбейте его на факты через `set`"),
        offset,
    )
