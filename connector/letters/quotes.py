"""The new part of a letter: what its writer added above, below and between the lines of earlier ones (§4.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connector.letters import marks

_TAGS = re.compile(r"\[/?(?:b|i|u|s|url|size|color|font|code)(?:=[^\]\n]*)?\]", re.IGNORECASE)
_SPACES = re.compile(r"[\u00a0\u2000-\u200b\u202f\u2060\ufeff\t ]+")
_MONTH = (
    r"янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек|"
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
)
_DAY = r"пн|вт|ср|чт|пт|сб|вс|понед|вторн|сред|четв|пятн|субб|воскр|mon|tue|wed|thu|fri|sat|sun"
_DATE = re.compile(
    rf"\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{4}}-\d\d-\d\d|\b\d{{1,2}}(?:st|nd|rd|th)?\.? (?:{_MONTH})"
    rf"|(?:{_MONTH})\w*\.? \d{{1,2}}\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}[:.]\d{2}")
_VERBS = r"\b(?:пишет|писал[аи]?|написал[аи]?|wrote|writes)(?:\(а\))?"
_WHO = re.compile(
    rf"(?:[\w.+-]+@[\w.-]+[>)\]]*|{_VERBS}|[+-]\d\d:?\d\d (?:от|from) [^:]{{1,80}})\s*:\s*$",
    re.IGNORECASE,
)
_VERB = re.compile(rf"{_VERBS}\s*:\s*$", re.IGNORECASE)
# The Bat! and Roundcube: the time comes last, and a quote must follow, for people write so too.
_WROTE_AT = re.compile(rf"{_VERBS} [^:\n]{{4,40}}\d{{1,2}}[:.]\d\d(?:[:.]\d\d)?:$", re.IGNORECASE)
_QUOTING = re.compile(r"^(?:Цитирую|Quoting) .{0,100}[\w.+-]+@[\w.-]+>?:$", re.IGNORECASE)  # Horde
_QUOTED = re.compile(r"(?:[A-ZА-ЯЁ]{1,4})?>")  # The Bat! puts the initials before the sign
_OPENING = re.compile(rf"^(?:on\b|(?:{_DAY})\w*\b|\W?\d{{1,2}}[./ -])", re.IGNORECASE)
_FROM = re.compile(r"^\*?(?:От|От кого|From|Отправитель)\*?:\*?\s*\S", re.IGNORECASE)
_FIELD = re.compile(
    r"^\*?(?:Тема|Subject|Кому|To|Дата|Date|Отправлено|Sent|Копия|Cc|От|От кого|From|Reply-To|Важность|Importance)\*?:",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"^\*?(?:Тема|Subject)\*?:", re.IGNORECASE)
_WHEN = re.compile(r"^\*?(?:Дата|Date|Отправлено|Sent|Кому|To)\*?:", re.IGNORECASE)
_ANY_FIELD = re.compile(r"^[^\s:][^:\n]{0,20}:\s*\S")
_FORWARD = re.compile(
    r"(?:-{3,}|_{3,})? ?(?:Пересылаемое|Пересланное|Перенаправленное|Переадресованное|Forwarded|Begin forwarded"
    r"|Начало (?:переадресованного|пересылаемого|пересланного|перенаправленного)) "
    r"(?:сообщени[ея]|письмо|message|email)(?: ?-{3,}| ?:)?.*",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"-{2,} ?(?:Исходное сообщение|Исходное письмо|Original message|Original appointment|Reply message"
    r"|Ответное сообщение) ?-{2,}|_{20,}|-{16}",
    re.IGNORECASE,
)
_SUBJECT_FORWARD = re.compile(r"^\s*(?:\[[^\]]*\]\s*)?(?:fwd?|пер|пересл|wg|tr)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


def is_forward(subject: str) -> bool:
    """The letter hands on an earlier one, which is then its very content."""
    return bool(_SUBJECT_FORWARD.match(subject))


def fresh(text: str) -> tuple[str, bool]:
    """``(what is new, whether anything was cut)`` of BBCode or plain text with marks; may come out empty."""
    lines = text.split("\n")
    return _Cutter(lines).cut()


def bare(line: str) -> str:
    """A line as it is compared: no tags, no marks, single spaces."""
    return _SPACES.sub(" ", _TAGS.sub("", marks.without(line))).strip()


class _Cutter:
    """Walks the lines once; ``bares`` are the same lines for comparison."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.bares = [bare(line) for line in lines]
        self.kept: list[str] = []
        self.was_cut = False
        self.was_quoted = False  # plain blockquotes after one that was introduced are its other pieces
        self.at = 0

    def cut(self) -> tuple[str, bool]:
        while self.at < len(self.lines):
            if not self._step():
                self.was_cut = True
                break
        self._drop_tail()
        return "\n".join(self.kept).strip(), self.was_cut

    def _step(self) -> bool:
        """Takes or skips what lies at ``at``; ``False`` when all the rest is an earlier letter."""
        line, mark = self.bares[self.at], self.lines[self.at].strip()
        if mark == marks.REST or (mark == marks.RULED and self._fields_follow()):
            return self._keep_forward()
        if mark in (marks.QUOTE, marks.PERHAPS):
            self._container(sure=mark == marks.QUOTE)
            return True
        if _FORWARD.fullmatch(line):
            return self._keep_forward()
        if _SEPARATOR.fullmatch(line) and self._begins_earlier():
            return False
        if self._is_block(self.at):
            return False
        size = self._attribution(self.at)
        if size:
            return self._attributed(size)
        if mark not in marks.OF_LINES:
            self.kept.append(self.lines[self.at])
        elif mark in (marks.SIGNED, marks.UNSIGNED):
            self.kept.append(mark)
        self.at += 1
        return True

    def _fields_follow(self) -> bool:
        """In whatever language: people draw lines with the same style, and write on under them."""
        below = [self.bares[at] for at in range(self.at + 1, min(len(self.lines), self.at + 12)) if self.bares[at]]
        return len(below) > 2 and all(map(_ANY_FIELD.match, below[:3]))

    def _keep_forward(self) -> bool:
        """A forwarded letter is content; an earlier letter after Outlook's rule is not."""
        after = self._next(self.at)
        if not (
            _FORWARD.fullmatch(self.bares[self.at]) or (after is not None and _FORWARD.fullmatch(self.bares[after]))
        ):
            return False
        self.kept += [line for line in self.lines[self.at :] if line.strip() not in marks.OF_LINES]
        self.at = len(self.lines)
        return True

    def _container(self, *, sure: bool) -> None:
        end = self._closing(self.at)
        inside = self._next(self.at)
        if inside is not None and _FORWARD.fullmatch(self.bares[inside]):
            self.kept += [line for line in self.lines[self.at : end] if line.strip() not in marks.OF_LINES]
            self.at = end + 1
            return
        introduced = self._introduced() or (inside is not None and inside < end and bool(self._attribution(inside)))
        if not (sure or introduced or self.was_quoted):
            self.at += 1  # its lines are taken one by one, its end is no text
            return
        self.was_cut = self.was_quoted = True
        self._drop_introduction()
        self.kept.append("")
        self.at = end + 1

    def _closing(self, start: int) -> int:
        depth = 0
        for at in range(start, len(self.lines)):
            mark = self.lines[at].strip()
            depth += (mark in (marks.QUOTE, marks.PERHAPS)) - (mark == marks.CLOSE)
            if not depth:
                return at
        return len(self.lines)

    def _introduced(self) -> bool:
        last = next((line for line in reversed(self.kept) if bare(line)), "")
        return _says(bare(last), near=True)

    def _drop_introduction(self) -> None:
        while self.kept and not bare(self.kept[-1]) and self.kept[-1] != marks.UNSIGNED:
            self.kept.pop()
        for size in (1, 2, 3):
            joined = " ".join(bare(line) for line in self.kept[-size:])
            if len(self.kept) >= size and _says(joined, near=size == 1) and (size == 1 or _OPENING.match(joined)):
                del self.kept[-size:]
                return

    def _attributed(self, size: int) -> bool:
        """After ``Name wrote:`` either quoted lines come, and perhaps an answer below them, or all is earlier."""
        after = self._next(self.at + size - 1)
        self.was_cut = True
        if after is None or self.lines[after].strip() in (marks.QUOTE, marks.PERHAPS):
            self.at = len(self.lines) if after is None else after
            if after is not None:
                self._container(sure=True)
            return True
        if not _QUOTED.match(self.bares[after]):
            return False
        rest = range(after, len(self.lines))
        self.kept += [self.lines[each] for each in rest if not _QUOTED.match(self.bares[each])]
        self.at = len(self.lines)
        return True

    def _attribution(self, at: int) -> int:
        """How many lines an attribution takes that begins at ``at``: 0 when there is none."""
        line = self.bares[at].lstrip("> ")
        if not line:
            return 0
        after = self._next(at)
        quoted = after is not None and (
            _QUOTED.match(self.bares[after]) is not None or self.lines[after].strip() in (marks.QUOTE, marks.PERHAPS)
        )
        if _says(line, near=quoted):
            return 1
        if not (_OPENING.match(line) and _DATE.search(line)) or (line.endswith((".", "!", "?")) and len(line) < 30):
            return 0
        for size in (2, 3):
            more = [each.lstrip("> ") for each in self.bares[at + 1 : at + size]]
            if any(not each or _says(each, near=False) for each in more):
                return 0
            if _says(" ".join([line, *more]), near=False):
                return size
        return 0

    def _is_block(self, at: int) -> bool:
        """``From: … Sent: … Subject: …`` as Outlook, Samsung and many phones put it."""
        if not _FROM.match(self.bares[at].lstrip("> ")):
            return False
        below = [line.lstrip("> ") for line in self.bares[at + 1 : at + 9] if line][:6]
        return any(map(_SUBJECT.match, below)) and any(map(_WHEN.match, below))

    def _begins_earlier(self) -> bool:
        """A bare rule is a separator only above fields or an attribution; one with words always is."""
        line, after = self.bares[self.at], self._next(self.at)
        if not line.strip("-_"):
            return after is not None and bool(_FIELD.match(self.bares[after]) or self._attribution(after))
        return True

    def _next(self, at: int) -> int | None:
        return next(
            (
                each
                for each in range(at + 1, min(len(self.lines), at + 40))
                if self.lines[each].strip() and self._told(each)
            ),
            None,
        )

    def _told(self, at: int) -> bool:
        return bool(self.bares[at]) or self.lines[at].strip() in (marks.QUOTE, marks.PERHAPS)

    def _drop_tail(self) -> None:
        while self.kept and (not bare(self.kept[-1]) or self.kept[-1].lstrip().startswith(">")):
            if self.kept[-1] == marks.UNSIGNED:
                break
            self.was_cut = self.was_cut or bool(bare(self.kept[-1]))
            self.kept.pop()


def _says(line: str, *, near: bool) -> bool:
    """``line`` introduces a quote. ``near``: a quote follows for sure, so less is demanded."""
    if not line.endswith(":") or not 8 <= len(line) <= 300:
        return False
    if near and (_WROTE_AT.search(line) or _QUOTING.match(line)):
        return True
    if not _WHO.search(line):
        return False
    return bool((near and _VERB.search(line)) or (_TIME.search(line) and _DATE.search(line)))
