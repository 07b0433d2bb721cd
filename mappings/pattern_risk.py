"""What a pattern may cost: whether it is quick for certain, what must stand in a text that it matches, and texts that
would show it to be catastrophic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from mappings.pattern_syntax import MANY, Piece

CALM = 16
FINITE = 200
PROBES = 40
PROBE_LENGTH = 600
_VARIANTS = 6


def needles(piece: Piece) -> tuple[str, ...]:
    """Small-letter texts of which one at least stands in whatever matches; none when nothing can be said."""
    if piece.kind == "choice":
        branches = [needles(branch) for branch in piece.inner]
        return tuple(needle for branch in branches for needle in branch) if all(branches) else ()
    if piece.kind == "repeat":
        return needles(piece.inner[0]) if piece.least else ()
    if piece.kind == "row":
        runs = [run for run in _runs(piece) if run]
        inner = [needles(part) for part in piece.inner if part.kind in ("row", "choice", "repeat")]
        known = [*((run.casefold(),) for run in runs), *(found for found in inner if found)]
        return max(known, key=_rare, default=())
    return (piece.letters.casefold(),) if piece.exact else ()


def _rare(found: tuple[str, ...]) -> tuple[int, int, int]:
    """How seldom one of them stands in a text: short ones are everywhere, few are looked for quicker."""
    shortest = min(map(len, found))
    return min(shortest, 4), -len(found), shortest


def literal(piece: Piece) -> bool:
    """Whether it is a text, or several to choose from, and nothing else: then its needles decide."""
    if piece.kind == "choice":
        return all(literal(branch) for branch in piece.inner)
    return piece.kind == "row" and bool(piece.inner) and all(part.exact for part in piece.inner)


def calm(piece: Piece) -> bool:
    """Whether no text of two thousand characters can hold it up: one endless repetition and few ways to choose, or
    none and not too many.
    """
    endless, ways, nested = _measure(piece, inside=False)
    return endless <= 1 and ways <= (CALM if endless else FINITE) and not nested


def doubled(piece: Piece) -> bool:
    """Whether it endlessly repeats what may be empty and repeats endlessly itself, as in ``(.*)*``: there is no text
    for which that is needed, and on some it never ends, however quick it is on others.
    """
    inner = piece.inner[0] if piece.kind == "repeat" and piece.most > MANY else None
    found = inner is not None and _may_be_empty(inner) and _measure(inner, inside=False)[0] > 0
    return found or any(map(doubled, piece.inner))


def _may_be_empty(piece: Piece) -> bool:
    if piece.kind == "choice":
        return any(map(_may_be_empty, piece.inner))
    if piece.kind == "repeat":
        return piece.least == 0 or _may_be_empty(piece.inner[0])
    if piece.kind == "row":
        return all(map(_may_be_empty, piece.inner))
    return piece.kind != "letter"


def probes(piece: Piece) -> Iterator[str]:
    """Texts that nearly match: what repeats is repeated, then comes what fits nothing, then all that a match needs."""
    whole = _variants(piece)[0]
    for before, unit in islice(_pumps(piece, ""), PROBES):
        probe = before + unit * (PROBE_LENGTH // len(unit)) + "\x00"
        yield probe
        yield f"{probe}\n{whole}"


def _runs(row: Piece) -> Iterator[str]:
    run = ""
    for part in row.inner:
        if part.exact:
            run += part.letters
        elif part.kind != "anchor":
            yield run
            run = ""
    yield run


def _measure(piece: Piece, *, inside: bool) -> tuple[int, int, bool]:
    """How many endless repetitions, how many ways of choosing otherwise, and whether one stands in a repetition."""
    varies = piece.kind == "repeat" and piece.least != piece.most
    choosing = varies or piece.kind == "choice"
    endless = int(varies and piece.most > MANY)
    ways = 1
    if choosing and not endless:
        ways = len(piece.inner) if piece.kind == "choice" else piece.most - piece.least + 1
    groups = piece.kind == "repeat" and piece.most > MANY and piece.inner[0].kind != "letter"
    nested = groups or (inside and (choosing or piece.kind == "repeat"))
    for part in piece.inner:
        found = _measure(part, inside=inside or (piece.kind == "repeat" and piece.most > 1))
        endless, nested = endless + found[0], nested or found[2]
        ways = ways + found[1] - 1 if piece.kind == "choice" else min(ways * found[1], FINITE + 1)
    return endless, ways, nested


def _pumps(piece: Piece, before: str) -> Iterator[tuple[str, str]]:
    if piece.kind == "row":
        for part in piece.inner:
            yield from _pumps(part, before)
            before += _variants(part)[0]
        return
    if piece.kind == "repeat" and piece.most > 2:
        yield from ((before, unit) for unit in _variants(piece.inner[0]) if unit)
    for part in piece.inner:
        yield from _pumps(part, before)


def _variants(piece: Piece) -> list[str]:
    """A few texts that it takes."""
    if piece.kind == "letter":
        return list(piece.letters[:_VARIANTS])
    if piece.kind == "choice":
        return [each for branch in piece.inner for each in _variants(branch)[:2]][:_VARIANTS]
    if piece.kind == "repeat":
        return [each * max(1, min(piece.least, MANY)) for each in _variants(piece.inner[0])]
    if piece.kind == "row":
        rows = [""]
        for part in piece.inner:
            rows = [row + each for each in _variants(part)[:3] for row in rows][:_VARIANTS]
        return rows
    return [""]
