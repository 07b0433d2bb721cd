"""Filters with regular expressions. Small and capital letters are the same unless ``case``; a text is looked at up to
64 KB; a search that takes longer than 50 ms is an error."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import regex

from mappings.contexts import Context
from mappings.documented import Filter
from mappings.pattern_risk import calm, doubled, literal, needles, probes
from mappings.pattern_syntax import Piece, Reader, refused
from mappings.plain import TEXT_LIMIT, ExpressionError, shown, text, too_large

SECONDS = 0.05
PROBE_SECONDS = 0.2
PROBES_SECONDS = 5.0
CALM_LENGTH = 2_000
_PLACE = re.compile(r"\\(\d)")


class Folded:
    """The last text in small letters: many rules look at the same one."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last: tuple[str, str] = ("", "")

    def __call__(self, words: str) -> str:
        """``words`` in small letters, up to 64 KB."""
        last = self.last
        if last[0] is words:
            return last[1]
        folded = words[:TEXT_LIMIT].casefold()
        self.last = (words, folded)
        return folded


class Pattern:
    """One compiled pattern. ``needles`` are texts one of which must stand in the small letters of what matches;
    ``literal`` says that they decide."""

    def __init__(self, written: str, *, case: bool) -> None:
        self.written = written
        if not written:
            raise refused(written, ("it is empty", "он пуст"))
        tree = Reader(written).read()
        self.needles, self.literal, self._calm = needles(tree), literal(tree) and not case, calm(tree)
        try:
            self._compiled = regex.compile(written, 0 if case else regex.IGNORECASE)
        except (regex.error, ValueError, OverflowError) as error:
            why = str(error).partition(" at position")[0]
            raise refused(written, (why, why)) from None
        self.groups = self._compiled.groups
        if not self._calm:
            self._probe(tree)

    def search(self, words: str) -> regex.Match[str] | None:
        """The first match. Raises ``ExpressionError`` after 50 ms."""
        if self._calm and len(words) <= CALM_LENGTH:
            return self._compiled.search(words)
        try:
            return self._compiled.search(words[:TEXT_LIMIT], timeout=SECONDS)
        except TimeoutError:
            raise self._slow() from None

    def replaced(self, words: str, by: Callable[[regex.Match[str]], str]) -> str:
        """``words`` with every match replaced. Raises ``ExpressionError`` after 50 ms."""
        try:
            return self._compiled.sub(by, words[:TEXT_LIMIT], timeout=SECONDS)
        except TimeoutError:
            raise self._slow() from None

    def _probe(self, tree: Piece) -> None:
        if doubled(tree):
            raise self._slow()
        end = time.monotonic() + PROBES_SECONDS
        for probe in probes(tree):
            try:
                self._compiled.search(probe, timeout=PROBE_SECONDS)
            except TimeoutError:
                raise self._slow() from None
            if time.monotonic() > end:
                raise self._slow()

    def _slow(self) -> ExpressionError:
        return ExpressionError(
            (
                f"The pattern `{shown(self.written)}` takes too long on some texts",
                f"Шаблон `{shown(self.written)}` на некоторых текстах работает слишком долго",
            ),
            (
                "Do not repeat what repeats already, as in (a+)+ or a*a*; say more exactly what may stand there",
                "Не повторяйте то, что уже повторяется, как в (a+)+ или a*a*; точнее опишите, что там может быть",
            ),
        )


@lru_cache(1024)
def _made(written: str, case: bool) -> Pattern:
    """The same in the next version of the set: most of its files have not changed."""
    return Pattern(written, case=case)


def compiled(context: Context, pattern: Any, *, case: bool = False) -> Pattern:
    """The pattern, compiled once for the whole set. Raises ``ExpressionError``."""
    key = f"pattern {case:d} {text(pattern)}"
    if key not in context.memory:
        context.memory[key] = _made(text(pattern), case)
    found: Pattern = context.memory[key]
    return found


def matches(context: Context, pattern: str, case: bool = False) -> Callable[[Any], bool]:
    """Whether the pattern is found."""
    found = compiled(context, pattern, case=bool(case))
    fold: Folded = context.memory.setdefault("folded", Folded())
    needles, search = found.needles, found.search
    if found.literal and len(needles) == 1:
        (needle,) = needles
        return lambda value: needle in fold(value if type(value) is str else text(value))

    def has_one(value: Any) -> bool:
        folded = fold(value if type(value) is str else text(value))
        for needle in needles:  # noqa: SIM110  a generator costs as much as the search
            if needle in folded:
                return True
        return False

    if found.literal:
        return has_one
    if needles:
        return lambda value: has_one(value) and search(text(value)) is not None
    return lambda value: search(text(value)) is not None


def extract(context: Context, pattern: str, group: int | None = None, case: bool = False) -> Callable[[Any], str]:
    """What the pattern, or a group of it, found; empty when nothing."""
    found = compiled(context, pattern, case=bool(case))
    number = min(1, found.groups) if group is None else group
    if not isinstance(number, int) or not 0 <= number <= found.groups:
        raise _no_group(found, number)

    def taken(value: Any) -> str:
        match = found.search(text(value))
        return (match[number] or "") if match else ""

    return taken


def replace_all(context: Context, pattern: str, by: str = "", case: bool = False) -> Callable[[Any], str]:
    r"""Every match replaced; ``\1`` in ``by`` is what the first group found."""
    found = compiled(context, pattern, case=bool(case))
    parts = _PLACE.split(text(by))
    numbers = [int(part) for part in parts[1::2]]
    if numbers and max(numbers) > found.groups:
        raise _no_group(found, max(numbers))

    def replaced(value: Any) -> str:
        words = text(value)
        room = TEXT_LIMIT

        def put(match: regex.Match[str]) -> str:
            nonlocal room
            put = "".join(match[int(part)] or "" if odd % 2 else part for odd, part in enumerate(parts))
            room -= len(put)
            return put if room >= 0 else too_large()

        return found.replaced(words, put)

    return replaced


def _no_group(pattern: Pattern, number: object) -> ExpressionError:
    return ExpressionError(
        (
            f"The pattern `{shown(pattern.written)}` has no group {shown(number)}",
            f"В шаблоне `{shown(pattern.written)}` нет группы {shown(number)}",
        ),
        (
            f"It has {pattern.groups}; put ( ) around what is wanted",
            f"Групп в нём: {pattern.groups}; заключите нужное в ( )",
        ),
    )


PATTERNS: Mapping[str, Filter] = {
    "matches": Filter(
        call=matches,
        signature="matches(pattern, case=false)",
        about=(
            "Whether the pattern (a regular expression) is found; letters may be small or capital unless case=true",
            "Найден ли шаблон (регулярное выражение); регистр не важен, если не указать case=true",
        ),
        example="{{ 'Хочу оформить Возврат' | matches('возврат|вернуть') }}",
        gives=True,
        prepared=True,
        literal=("pattern", "case"),
        costly=True,
    ),
    "extract": Filter(
        call=extract,
        signature="extract(pattern, group, case=false)",
        about=(
            "What the first group of the pattern found (without groups the whole); empty when nothing",
            "Что нашла первая группа шаблона (без групп — весь шаблон); пусто, если ничего",
        ),
        example="{{ 'Заказ № 1234, срочно' | extract('№\\s*(\\d+)') }}",
        gives="1234",
        prepared=True,
        literal=("pattern", "group", "case"),
        costly=True,
    ),
    "replace_all": Filter(
        call=replace_all,
        signature="replace_all(pattern, by, case=false)",
        about=(
            "Everything that the pattern finds becomes another text; \\1 is what its first group found",
            "Всё, что находит шаблон, заменяется текстом; \\1 — то, что нашла первая группа",
        ),
        example="{{ 'A 17 / B 4' | replace_all('\\s+', '') }}",
        gives="A17/B4",
        prepared=True,
        literal=("pattern", "case"),
        costly=True,
    ),
}
