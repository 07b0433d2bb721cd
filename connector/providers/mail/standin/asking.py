"""What IMAP is asked about the letters of a folder: search and fetch (RFC 3501 §6.4.4, §6.4.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from email import message_from_bytes, policy

from connector.providers.mail.standin.boxes import Folder, Kept
from connector.providers.mail.standin.wording import numbers, words

_BODY = re.compile(
    r"(?:BODY(?:\.PEEK)?\[(?P<part>[^\]]*)\]|(?P<old>RFC822(?:\.HEADER)?))(?:<(?P<from>\d+)\.(?P<many>\d+)>)?"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def found(folder: Folder, asked: Sequence[str]) -> list[Kept]:
    """The letters that all criteria hold for: ALL, UID, SINCE, BEFORE, HEADER, flags, NOT, a set of numbers."""
    left, rest = list(folder.letters), [word for word in asked if word]
    while rest:
        wanted, rest = _criterion(folder, rest)
        left = [kept for kept in left if kept.uid in wanted]
    return left


def _criterion(folder: Folder, asked: list[str]) -> tuple[set[int], list[str]]:
    """The uids that the first criterion means, and what follows it. Raises ``ValueError`` for an unknown one."""
    name, rest = asked[0].upper(), asked[1:]
    every = [kept.uid for kept in folder.letters]
    if name == "CHARSET":
        return set(every), rest[1:]
    if name == "NOT":
        wanted, rest = _criterion(folder, rest)
        return set(every) - wanted, rest
    if name == "UID":
        return set(numbers(rest[0], every)), rest[1:]
    if name in ("SINCE", "BEFORE"):
        day, later = _day(rest[0]), name == "SINCE"
        return {kept.uid for kept in folder.letters if (kept.at.date() >= day) == later}, rest[1:]
    if name == "HEADER":
        return {kept.uid for kept in folder.letters if _has(kept, rest[0], rest[1])}, rest[2:]
    if name in ("SEEN", "UNSEEN", "DELETED", "UNDELETED", "ANSWERED", "UNANSWERED"):
        flag = "\\" + name.removeprefix("UN").capitalize()
        return {kept.uid for kept in folder.letters if (flag in kept.flags) != name.startswith("UN")}, rest
    if name == "ALL":
        return set(every), rest
    if name[0].isdigit() or name[0] == "*":
        chosen = numbers(name, range(1, len(every) + 1))
        return {every[number - 1] for number in chosen}, rest
    raise ValueError(name)


def _has(kept: Kept, header: str, text: str) -> bool:
    values = message_from_bytes(kept.raw, policy=policy.compat32).get_all(header, [])
    return any(text.lower() in str(value).lower() for value in values)


def _day(said: str) -> date:
    day, month, year = said.split("-")
    return date(int(year), _MONTHS.index(month.capitalize()) + 1, int(day))


def told(kept: Kept, asked: Sequence[str]) -> bytes:
    """The answer about one letter, without its number. What is not known of is left out."""
    pieces = [b"UID %d" % kept.uid]
    for item in asked:
        name = item.upper()
        body = _BODY.fullmatch(name)
        if name == "FLAGS":
            pieces.append(f"FLAGS ({' '.join(sorted(kept.flags))})".encode())
        elif name == "RFC822.SIZE":
            pieces.append(b"RFC822.SIZE %d" % len(kept.raw))
        elif name == "INTERNALDATE":
            pieces.append(f'INTERNALDATE "{_moment(kept.at)}"'.encode())
        elif body:
            label, content = _part(body, kept.raw)
            pieces.append(b"%s {%d}\r\n%s" % (label.encode(), len(content), content))
    return b"(" + b" ".join(pieces) + b")"


def _part(body: re.Match[str], raw: bytes) -> tuple[str, bytes]:
    """The label of the answer and the bytes."""
    head = raw[: raw.find(b"\r\n\r\n") + 4] if b"\r\n\r\n" in raw else raw
    part = body["part"] or ""
    content = {"HEADER": head, "TEXT": raw[len(head) :]}.get(part, raw)
    if part.startswith("HEADER.FIELDS"):
        content = _fields(head, part.partition("(")[2].rstrip(")").split())
    if body["old"] == "RFC822.HEADER":
        content = head
    label = body["old"] or f"BODY[{part}]"
    if body["from"] is None:
        return label, content
    first = int(body["from"])
    return f"{label}<{first}>", content[first : first + int(body["many"])]


def _fields(head: bytes, names: Sequence[str]) -> bytes:
    fields = re.findall(rb"(?m)^[^\s:]+:.*(?:\r\n[ \t].*)*\r\n", head)
    wanted = {name.lower().encode() for name in names}
    return b"".join(field for field in fields if field.partition(b":")[0].lower() in wanted) + b"\r\n"


def _moment(at: datetime) -> str:
    return f"{at.day:2}-{_MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S} {at:%z}"


def sequence(folder: Folder, asked: str, by_uid: bool) -> list[tuple[int, Kept]]:
    """The letters of a set with their numbers in the folder."""
    uids = [kept.uid for kept in folder.letters]
    wanted = numbers(asked, uids if by_uid else range(1, len(uids) + 1))
    rows = enumerate(folder.letters, 1)
    return [(number, kept) for number, kept in rows if (kept.uid if by_uid else number) in wanted]


def flags(value: Sequence[str]) -> set[str]:
    """As they are set."""
    return set(words(list(value)))
