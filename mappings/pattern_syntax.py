"""What a regular expression of a mapping may consist of, read into a tree.

Only what every engine means the same way: letters, classes, groups, alternatives, repetitions, anchors, lookaround.
Recursion, fuzzy matching, conditions and flags inside the pattern are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mappings.plain import ExpressionError, shown

PATTERN_LIMIT = 1_000
SIZE_LIMIT = 2_000
MANY = 20
"""A repetition that may come more often than this counts as endless."""

_COUNT = re.compile(r"\{(\d{0,6})(,?)(\d{0,6})\}")
_NAMED = re.compile(r"P<[A-Za-z]\w{0,30}>")
_LOOKS = ("?=", "?!", "?<=", "?<!")
_SAMPLES = {"d": "1", "w": "aя1_", "s": " \n", "D": "aя ", "W": " -", "S": "aя1-", ".": "aя1 "}
_ANCHORS = frozenset("bBAZ")
_CONTROL = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One element: ``kind`` is letter (``letters`` are samples of what it takes; ``exact`` when it is that one letter),
    row, choice, repeat (``least``, ``most``), look or anchor."""

    kind: str
    letters: str = ""
    exact: bool = False
    inner: tuple[Piece, ...] = field(default=())
    least: int = 1
    most: int = 1


class Reader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._at, self._depth = pattern, 0, 0
        if len(pattern) > PATTERN_LIMIT:
            raise refused(pattern, ("it is longer than 1,000 characters", "он длиннее 1000 знаков"))

    def read(self) -> Piece:
        """The whole pattern. Raises ``ExpressionError`` for what is not allowed."""
        tree = self._choice()
        if self._at < len(self._pattern):
            raise self._refused("`)` without `(`", "лишняя `)`")
        if _size(tree) > SIZE_LIMIT:
            raise self._refused(
                "its repetitions multiply to over 2,000", "повторы в нём перемножаются больше чем до 2000"
            )
        return tree

    def _choice(self) -> Piece:
        rows = [self._row()]
        while self._take("|"):
            rows.append(self._row())
        return rows[0] if len(rows) == 1 else Piece(kind="choice", inner=tuple(rows))

    def _row(self) -> Piece:
        pieces: list[Piece] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            pieces.append(self._repeated(self._one()))
        return Piece(kind="row", inner=tuple(pieces))

    def _one(self) -> Piece:
        letter = self._next()
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._set()
        if letter == "\\":
            return self._escaped()
        if letter in "^$":
            return Piece(kind="anchor")
        if letter == ".":
            return Piece(kind="letter", letters=_SAMPLES["."])
        if letter == "{":
            raise self._refused("`{` is not a count; write \\{", "`{` — не число повторов; пишите \\{")
        if letter in "*+?":
            raise self._refused(f"nothing before `{letter}` to repeat", f"перед `{letter}` нечего повторять")
        return Piece(kind="letter", letters=letter, exact=True)

    def _repeated(self, piece: Piece) -> Piece:
        least, most = 1, 1
        count = _COUNT.match(self._pattern, self._at)
        if self._take("*"):
            least, most = 0, MANY + 1
        elif self._take("+"):
            least, most = 1, MANY + 1
        elif self._take("?"):
            least, most = 0, 1
        elif count and (count[1] or count[3]):
            self._at = count.end()
            least = int(count[1] or 0)
            most = int(count[3]) if count[3] else MANY + 1 if count[2] else least
        else:
            return piece
        if max(least, most) > 1_000:
            raise self._refused("a repetition of more than 1,000", "повтор больше 1000 раз")
        if not self._take("?"):
            self._take("+")
        return Piece(kind="repeat", inner=(piece,), least=least, most=most)

    def _group(self) -> Piece:
        self._depth += 1
        if self._depth > 10:
            raise self._refused("more than 10 groups inside one another", "больше 10 вложенных групп")
        kind = "row"
        if self._pattern.startswith("?", self._at):
            named = _NAMED.match(self._pattern, self._at + 1)
            look = next((mark for mark in _LOOKS if self._pattern.startswith(mark, self._at)), "")
            kind = "look" if look else "row"
            if named:
                self._at = named.end()
            elif not (self._take(look or "?:") or self._take("?>")):
                mark = self._pattern[self._at : self._at + 2]
                raise self._refused(f"`({mark}` is not used here", f"`({mark}` не применяется")
        inner = self._choice()
        if not self._take(")"):
            raise self._refused("`)` is missing", "не хватает `)`")
        self._depth -= 1
        return Piece(kind=kind, inner=(inner,))

    def _set(self) -> Piece:
        inverse, samples, begin = self._take("^"), "", self._at
        while not self._take("]") or self._at == begin + 1:
            if self._pattern.startswith(("[", "&&", "||", "--", "~~"), self._at):
                raise self._refused("`[` inside `[ ]`; write \\[", "`[` внутри `[ ]`; пишите \\[")
            letter = self._next()
            piece = self._escaped(inside=True) if letter == "\\" else Piece(kind="letter", letters=letter)
            samples += piece.letters
        return Piece(
            kind="letter",
            letters="".join(each for each in "aя1 -x" if each not in samples) or "~" if inverse else samples,
        )

    def _escaped(self, *, inside: bool = False) -> Piece:
        letter = self._next()
        if letter in _SAMPLES and letter != ".":
            return Piece(kind="letter", letters=_SAMPLES[letter])
        if letter in _CONTROL:
            return Piece(kind="letter", letters=_CONTROL[letter], exact=True)
        if letter in _ANCHORS and not inside:
            return Piece(kind="anchor")
        if letter.isdigit() and letter != "0" and not inside:
            return Piece(kind="repeat", inner=(Piece(kind="letter", letters="aя1"),), least=0, most=MANY + 1)
        if letter.isalnum():
            raise self._refused(f"`\\{letter}` is not used here", f"`\\{letter}` не применяется")
        return Piece(kind="letter", letters=letter, exact=True)

    def _next(self) -> str:
        if self._at >= len(self._pattern):
            raise self._refused("it ends too early", "он обрывается")
        self._at += 1
        return self._pattern[self._at - 1]

    def _take(self, mark: str) -> bool:
        found = self._pattern.startswith(mark, self._at)
        self._at += len(mark) if found else 0
        return found

    def _refused(self, en: str, ru: str) -> ExpressionError:
        return refused(self._pattern, (en, ru))


def _size(piece: Piece) -> int:
    """How many elements it has when repetitions are written out, as the engine does."""
    return max(1, piece.least) * max(1, sum(_size(part) for part in piece.inner))


def refused(pattern: str, why: tuple[str, str]) -> ExpressionError:
    """The pattern cannot be used, and why."""
    return ExpressionError(
        (f"The pattern `{shown(pattern)}`: {why[0]}", f"Шаблон `{shown(pattern)}`: {why[1]}"),
        (
            "Put \\ before a sign that means itself: \\. \\( \\+",
            "Ставьте \\ перед знаком, который означает сам себя: \\. \\( \\+",
        ),
    )
