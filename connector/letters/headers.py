"""Headers as they lie in a letter, and what they mean.

The standard library's policies truncate ids and stumble over broken headers (facts/providers.md §4.3), so values are
kept raw and each is understood by what it is for.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from connector.letters.charsets import one_line, settled, text_of

Headers = Sequence[Sequence[str]]  # (name, raw value)

MOST, LONGEST = 300, 4000
_BLOCK = 1_000_000  # bytes of lines that are looked at: what follows such a head is not read as headers
_LINE = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_FOLD = re.compile(r"\r?\n[ \t]?|\r")
_WORD = re.compile(r"=\?([\w.:+-]*)(?:\*[\w-]*)?\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_JUNK = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_ID = re.compile(r"<([^<>]{1,996})>")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@\\]+@[^\s<>()\[\],;:\"@\\]+")
_NAMED = re.compile(r"^(.*?)<\s*([^<>]*@[^<>]*?)\s*>", re.DOTALL)


def split(raw: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """``(headers, body)`` of a letter; at most ``MOST`` headers, each at most ``LONGEST`` characters."""
    if b"\n" not in raw[:_BLOCK] and b"\r" in raw[:_BLOCK]:
        raw = raw.replace(b"\r", b"\n")
    headers, at = head(raw, 0, len(raw))
    return headers, raw[at:]


def head(raw: bytes, start: int, stop: int) -> tuple[list[tuple[str, str]], int]:
    """The headers of the part that lies between ``start`` and ``stop``, and where its body begins."""
    found: list[bytes] = []
    at = start
    for line, end in _lines(raw, start, stop):
        if line[:1] in b" \t" and line.strip() and found:
            found[-1] += b"\n" + line if len(found[-1]) < LONGEST else b""
        elif not line.strip():
            at = end
            if found:
                break
            continue
        elif _LINE.fullmatch(line):
            found.append(line)
        elif not (line.startswith((b"From ", b">From ")) and not found):
            break
        at = end
    return [_pair(line) for line in found[:MOST]], at


def first(headers: Headers, name: str) -> str:
    """The raw value of the first header ``name``, or an empty text."""
    return next(iter(every(headers, name)), "")


def every(headers: Headers, name: str) -> list[str]:
    """The raw values of all headers ``name``, in their order."""
    name = name.lower()
    return [pair[1] for pair in headers if pair[0].lower() == name]


def decoded(value: str) -> str:
    """A header's words as a person reads them, in one line without control signs. Never raises."""
    out: list[str] = []
    pending, charset, at = b"", "", 0
    for found in _WORD.finditer(value):
        gap = value[at : found.start()]
        if gap.strip() or (pending and found[1].lower() != charset):
            out.append(text_of(pending, charset))
            out.append(gap if gap.strip() or not pending else "")
            pending = b""
        elif not pending:
            out.append(gap)
        pending, charset, at = pending + _word(found[2], found[3]), found[1].lower(), found.end()
    return one_line("".join([*out, text_of(pending, charset), value[at:]]))


def ids(values: Iterable[str]) -> tuple[str, ...]:
    """Message ids in raw headers, without ``<>``, each once and in order; also those that lost their brackets."""
    found: list[str] = []
    for value in values:
        found += _ID.findall(value) or _unbracketed(value.split())
    clean = (one_line(each)[:996] for each in found)
    return tuple(dict.fromkeys(each for each in clean if each))


def mailbox(value: str) -> tuple[str, str]:
    """``(name, address)`` of a header with one sender; the address in lower case, empty when there is none."""
    named = _NAMED.match(value)
    if named:
        return _name(named[1]), _address(named[2])
    found = _ADDRESS.search(value)
    comment = re.search(r"\(([^()]*)\)", value)
    return _name(comment[1]) if comment else "", _address(found[0]) if found else ""


def addresses(values: Sequence[str]) -> tuple[str, ...]:
    """All addresses of ``To``-like headers, lower case, each once; groups and broken ones give none."""
    try:
        pairs = getaddresses([value.replace("\n", " ") for value in values])
    except Exception:  # the standard reader has its own opinion of some broken headers
        pairs = []
    found = [_address(address) for _, address in pairs]
    if not any(found):
        found = [_address(each) for value in values for each in _ADDRESS.findall(value)]
    return tuple(dict.fromkeys(address for address in found if address))


def date(value: str) -> datetime | None:
    """The aware time of a ``Date`` header, or ``None`` for a broken one; without a zone it is UTC."""
    try:
        told = parsedate_to_datetime(value)
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def params(value: str, header: str = "content-type") -> dict[str, str]:
    """The parameters of a ``Content-Type``-like header, RFC 2231 and encoded words decoded; "" is the value itself."""
    message = Message()
    message[header] = " ".join(value.split())
    told: list[tuple[str, object]]
    try:
        told = list(message.get_params([], header=header))
    except Exception:  # broken RFC 2231: the bare type is better than nothing
        told = [(value.split(";")[0].strip(), "")]
    out: dict[str, str] = {}
    for number, (name, said) in enumerate(told):
        key, text = ("", name) if number == 0 else (name.lower(), said)
        if key not in out or isinstance(text, tuple):  # RFC 2231 says more than the name for old programs beside it
            out[key] = _param(text)
    return out


def unbased(data: bytes) -> bytes:
    """Base64 with junk between its letters or an end that was cut."""
    clean = data.translate(None, _JUNK)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    try:
        return base64.b64decode(clean + b"=" * (-len(clean) % 4) if len(clean) % 4 else clean)
    except (binascii.Error, ValueError):
        return b""


def _unbracketed(told: Sequence[str]) -> list[str]:
    """Ids that lost their brackets; ``Your letter of Monday from a@b`` is prose."""
    return [word.strip("<>,;") for word in told] if all("@" in word for word in told) else []


def _lines(raw: bytes, at: int, stop: int) -> Iterator[tuple[bytes, int]]:
    read = 0
    while at < stop and read < _BLOCK:
        end = raw.find(b"\n", at, stop)
        end = stop if end < 0 else end + 1
        line = raw[at : min(end, at + 4 * LONGEST)].rstrip(b"\r\n")
        yield line, end
        at, read = end, read + len(line) + 1


def _pair(line: bytes) -> tuple[str, str]:
    name, _, value = line.partition(b":")
    told = _FOLD.sub(" ", text_of(value[:_BLOCK])).strip()
    return name.strip().decode("ascii", errors="replace")[:LONGEST], told[:LONGEST]


def _word(kind: str, text: str) -> bytes:
    data = settled(text).encode("utf-8", errors="replace")
    return unbased(data) if kind in "bB" else quopri.decodestring(data.replace(b" ", b"_"), header=True)


def _param(told: object) -> str:
    if isinstance(told, tuple):
        charset, _, said = told
        return one_line(text_of(str(said).encode("latin-1", errors="replace"), str(charset or "utf-8")))
    return decoded(str(told))


def _name(raw: str) -> str:
    text = re.sub(r'\\(["\\])', r"\1", decoded(raw.strip().strip('"')))
    return text.strip(" \"'«»<>,").strip()[:100]


def _address(raw: str) -> str:
    clean = one_line(raw).strip("<>'\" .,;").lower().removeprefix("mailto:")
    return clean if _ADDRESS.fullmatch(clean) and len(clean) <= 254 else ""
