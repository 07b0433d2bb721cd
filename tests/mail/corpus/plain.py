"""Letters of people at all mail programs: charsets, encodings, and what they answer."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace

from tests.mail.corpus.case import Case, begun_by, of_ours
from tests.mail.corpus.desk import Desk, case, changed
from tests.mail.corpus.mime import multipart, part, written
from tests.mail.corpus.writer import Letter, programs

_DRESSES = [("windows-1251", "8bit"), ("koi8-r", "base64"), ("iso-8859-5", "quoted-printable")]
# what is declared (empty: nothing), what it is
_CHARSETS = [
    ("", "utf-8"), ("", "cp1251"), ("", "koi8-r"), ("x-unknown", "utf-8"), ("x-unknown", "cp1251"),
    ("unknown-8bit", "koi8-r"), ("cp-1251", "cp1251"), ("win-1251", "cp1251"), ("utf-8", "cp1251"),
    ("us-ascii", "utf-8"), ("us-ascii", "koi8-r"), ("_autodetect_all", "cp1251"), ('"utf-8', "utf-8"),
    ("utf-8; x=y", "utf-8"), ("gb2312", "gb2312"), ("gb18030", "gb18030"), ("shift_jis", "shift_jis"),
    ("euc-kr", "euc-kr"), ("iso-2022-jp", "iso2022_jp"), ("x-mac-cyrillic", "mac_cyrillic"), ("ibm866", "cp866"),
    ("utf-16", "utf-16"), ("utf-16le", "utf-16-le"), ("utf-7", "utf-7"),
    ("iso-8859-1", "cp1251"), ("windows-1252", "koi8-r"),
]  # fmt: skip


def first_letters(desk: Desk) -> Iterator[Case]:
    """Somebody new writes."""
    for program in programs():
        for charset, encoding in _DRESSES:
            draft = desk.draft(program, charset=charset, encoding=encoding)
            yield case("first letter", draft, name=f"{program} {charset}", hidden=draft.hidden)


def answers(desk: Desk) -> Iterator[Case]:
    """A client writes, we answer, they answer ours; their program tells it in two of three ways."""
    ways = ("in reply to", "references only", "references cut")
    for at, program in enumerate(programs()):
        for way in (ways[0], ways[1 + at % 2]):
            root = desk.draft(program)
            story = f"{program} {way} {root.number}"
            yield case("answer", root, name=f"{program}, the first", story=story, hidden=root.hidden)
            yield case("answer", answered := answering(desk, root, way), name=way, story=story, hidden=answered.hidden)


def answering(desk: Desk, root: Letter, way: str, number: int = 1) -> Letter:
    """The client answers our answer to ``root``."""
    ours = of_ours(begun_by(root.message_id), number)
    draft = desk.draft(root.program, name=root.name, address=root.address, answers=desk.answer())
    draft = replace(draft, subject=f"Re: {root.subject}")
    if way == "in reply to":
        return replace(draft, in_reply_to=ours, references=(root.message_id, ours))
    return replace(draft, references=(root.message_id, ours) if way == "references only" else (ours,))


def charsets(desk: Desk) -> Iterator[Case]:
    """The charset is told wrongly or not at all."""
    for declared, real in _CHARSETS:
        for kind in ("plain", "html"):
            draft = desk.draft("script")
            body = draft.said if kind == "plain" else f"<html><body><p>{draft.said}</p></body></html>"
            mime = f"text/{kind}" + (f"; charset={declared}" if declared else "")
            raw = changed(draft, content=part(mime, body.encode(real), "base64"))
            yield case("charset", draft, raw, name=f"{real} as {declared or 'nothing'}, {kind}")


def encodings(desk: Desk) -> Iterator[Case]:
    """Transfer encodings and boundaries that are not what the standards want."""
    for name, content in _broken():
        draft = desk.draft("script")
        pieces = 3 if name == "a very long line" else 1
        yield case("encoding", draft, changed(draft, content=content(draft.said)), name=name, pieces=pieces)
    for name, ends in (("LF alone", b"\n"), ("CR alone", b"\r")):
        draft = desk.draft("gmail-web")
        yield case("encoding", draft, draft.raw().replace(b"\r\n", ends), name=name, hidden=draft.hidden)


def _broken():
    def based(said: str, how: str = "base64", junk: bytes = b"", cut: int = 0) -> bytes:
        data = b64encode(f"{said}\nЕщё строка.\n".encode())
        data = data[: len(data) - cut] if cut else data
        headers = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n".encode()
        return headers + data[:40] + junk + data[40:] + b"\r\n"

    def as_it_is(said: str, how: str) -> bytes:
        headers = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {how}\r\n\r\n".encode()
        return headers + said.encode() + b"\r\n"

    def mixed(said: str, shape: str) -> bytes:
        whole = multipart("mixed", [written(said), part("application/pdf", b"")])
        changes = {
            "end": (b"--=_b0undary--\r\n", b""),
            "quotes": (b'"=_b0undary"', b"'=_b0undary'"),
            "preamble": (b"\r\n\r\n--", b"\r\n\r\nThis is a multi-part message in MIME format.\r\n--"),
        }
        before, after = changes[shape]
        return whole.replace(before, after, 1) + (b"\r\nepilogue\r\n" if shape == "preamble" else b"")

    odd = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return [
        ("base64 in one line", lambda said: based(said)),
        ("base64 with junk", lambda said: based(said, junk=b"!!\r\n \t**")),
        ("base64 cut", lambda said: based(said, cut=7)),
        ("base64 in capitals", lambda said: based(said, "BASE64")),
        ("base64 in quotes", lambda said: based(said, '"base64"')),
        ("base64 with a comment", lambda said: based(said, "base64 (as ever)")),
        ("7bit that is 8bit", lambda said: as_it_is(said, "7bit")),
        ("binary", lambda said: as_it_is(said, "binary")),
        ("an unknown encoding", lambda said: as_it_is(said, "x-none")),
        ("quoted-printable left as it was", lambda said: odd + f"{said}\r\nСкидка =ZZ 5=\r\n".encode()),
        ("no end of the boundary", lambda said: mixed(said, "end")),
        ("a preamble and an epilogue", lambda said: mixed(said, "preamble")),
        ("NUL signs", lambda said: as_it_is("\0" + said + "\0", "8bit")),
        ("a very long line", lambda said: as_it_is(f"{said} {'и' * 20_000}", "8bit")),
    ]
