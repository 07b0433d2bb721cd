"""The end of a letter that its writer did not write this time: signatures, and what phones add by themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connector.letters import marks
from connector.letters.quotes import bare

_DEVICE = (
    r"(?:iphone|ipad|ipod|android|смартфон|телефон|планшет|устройств|мобильн|почт|mail|outlook|galaxy|samsung|xiaomi"
    r"|huawei|honor|redmi|nokia|blackberry|приложени|яндекс|yandex|windows|k-9|thunderbird|device|phone|tablet"
    r"|mobile|proton|spark|watch|macbook|imac|my)"
)
_ADDED = re.compile(
    rf"(?:-{{1,2}} ?)?(?:"
    rf"(?:sent (?:from|with|via|using)|отправлено (?:с|со|из|через|в|при помощи)|послано (?:с|из)) .{{0,40}}{_DEVICE}"
    r".{0,60}|get outlook for \S.{0,20}|(?:скачайте|получите|загрузите) outlook\b.{0,40}"
    r"|(?:пожалуйста,? )?(?:извините|простите)(?: меня)? за (?:мою )?краткость.{0,60}"
    r"|(?:please )?excuse my brevity.{0,30}|создано в .{0,30}k-9.{0,20})",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:--? ?)?(?:"
    r"с (?:наилучшими |искренним |глубоким |большим )?(?:уважением|пожеланиями)|с наилучшими|искренне ваш\w*"
    r"|всего (?:доброго|наилучшего)|хорошего дня|(?:best|kind|warm|kindest|warmest) (?:regards|wishes)|regards"
    r"|sincerely|yours (?:sincerely|faithfully|truly)|sincerely yours|cheers|best"
    r")\b[,.! ]*(?P<who>[^\n]{0,60})",
    re.IGNORECASE,
)
_MOST_LINES, _LONGEST_LINE, _ADDED_NEAR = 10, 90, 6


def unsigned(text: str) -> tuple[str, bool]:
    """``(text without its signature, whether one was cut)``. Never cuts everything: a text of thanks stays."""
    before = text.split("\n")
    lines = before
    for step in (_container, _added, _delimited, _closed, _added):
        shorter = _trimmed(step(lines))
        lines = shorter if any(bare(line) for line in shorter) else lines
    lines = [line for line in lines if line.strip() not in marks.OF_LINES]
    left = "\n".join(lines).strip()
    return left, len(lines) < len(_trimmed([line for line in before if line.strip() not in marks.OF_LINES]))


def _container(lines: Sequence[str]) -> list[str]:
    out: list[str] = []
    inside = 0
    for line in lines:
        mark = line.strip()
        inside += (mark == marks.SIGNED) - (mark == marks.UNSIGNED)
        if not inside and mark != marks.UNSIGNED:
            out.append(line)
        if inside < 0:
            inside = 0
    return out


def _added(lines: Sequence[str]) -> list[str]:
    told = [number for number, line in enumerate(lines) if bare(line)][-_ADDED_NEAR:]
    return [line for number, line in enumerate(lines) if not (number in told and _ADDED.fullmatch(bare(line)))]


def _delimited(lines: Sequence[str]) -> list[str]:
    """``-- `` alone begins a signature; without its space only near the end, for people draw lines."""
    for number, line in enumerate(lines):
        if marks.without(line).replace("\u00a0", " ") == "-- ":
            return list(lines[:number])
    for number, line, below in _ending(lines):
        if line in ("--", "—", "---", "__") and below <= _MOST_LINES:
            return list(lines[:number])
    return list(lines)


def _closed(lines: Sequence[str]) -> list[str]:
    for number, line, below in _ending(lines):
        found = _CLOSING.fullmatch(line) if below <= _MOST_LINES else None
        if found and _is_name(found["who"]) and _short(lines[number + 1 :]):
            return list(lines[:number])
    return list(lines)


def _ending(lines: Sequence[str]) -> list[tuple[int, str, int]]:
    """``(number, bare line, how many lines of text below it)`` of the last lines that a signature could begin at."""
    told: list[tuple[int, str, int]] = []
    for number in range(len(lines) - 1, -1, -1):
        line = bare(lines[number])
        if line:
            told.append((number, line, len(told)))
        if len(told) > _MOST_LINES + 1:
            break
    return told[::-1]


def _is_name(who: str) -> bool:
    """After the closing words stands nothing, or up to four words that begin with capitals."""
    words = who.strip(" ,.!").split()
    return len(words) <= 5 and all(not word[0].isalpha() or word[0].isupper() for word in words)


def _short(lines: Sequence[str]) -> bool:
    return all(len(line) <= _LONGEST_LINE and not line.endswith("?") for line in map(bare, lines))


def _trimmed(lines: Sequence[str]) -> list[str]:
    out = list(lines)
    while out and not bare(out[-1]) and out[-1].strip() not in marks.OF_LINES:
        out.pop()
    return out
