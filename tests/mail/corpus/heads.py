"""Headers as they should not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.mail.corpus.case import OTHER, Case
from tests.mail.corpus.desk import Desk, case, changed
from tests.mail.corpus.mime import word

# how From is written; {a} is the address, the rest is bytes as they are
_SENDERS = [
    ("address alone", "{a}"),
    ("in brackets alone", "<{a}>"),
    ("comment after", "{a} (Иван Петров)"),
    ("name and address without brackets", "Ivan {a}"),
    ("spaces in brackets", "Ivan < {a} >"),
    ("capitals", "IVAN <{A}>"),
    ("a comma without quotes", "Петров, Иван <{a}>"),
    ("quotes with a comma", '"Petrov, Ivan" <{a}>'),
    ("quotes in quotes", '"Petrov \\"Boss\\" Ivan" <{a}>'),
    ("an encoded word in quotes", '"=?utf-8?B?0JjQstCw0L0=?=" <{a}>'),
    ("an encoded word that never ends", "=?utf-8?B?0JjQstCw0L0 <{a}>"),
    ("folded", "Ivan\r\n\t<{a}>"),
    ("address as name", '"{a}" <{a}>'),
    ("brackets twice", "Ivan <<{a}>>"),
    ("no closing bracket", "Ivan <{a}"),
    ("two senders", "Ivan <{a}>, Boss <boss@client.example>"),
    ("mailto", "Ivan <mailto:{a}>"),
]
_SUBJECTS = [
    ("empty", b""),
    ("raw UTF-8", "Заказ на окна".encode()),
    ("raw cp1251", "Заказ на окна".encode("cp1251")),
    ("raw koi8-r", "Заказ на окна".encode("koi8-r")),
    ("folded words", b"=?utf-8?B?0JfQsNC60LDQtw==?=\r\n =?utf-8?B?INC90LAg0L7QutC90LA=?="),
    ("a letter cut between words", b"=?utf-8?B?0JfQsNC60LA=?= =?utf-8?B?0LfQ?= =?utf-8?B?vdCw?="),
    ("broken base64", b"=?utf-8?B?0JfQsNC60LDQtw=?="),
    ("an unknown charset", b"=?x-bogus?B?0JfQsNC60LDQtw==?="),
    ("spaces alone", b"   "),
    ("very long", b"Order " * 400),
    ("dots and signs", b"Re: Re[2]: Fwd: ?!"),
]
_DATES = [
    "",
    "yesterday",
    "Mon, 32 Nov 2025 99:99:99 +0300",
    "2025-11-03T14:05:00Z",
    "Fri, 1 Jan 2100 00:00:00 +0000",
    "Thu, 1 Jan 1970 00:00:00 +0000",
    "Пн, 3 ноя 2025 14:05:00 +0300",
    "Mon, 3 Nov 2025 14:05:00 +9999",
]


def senders(desk: Desk) -> Iterator[Case]:
    """``From`` in all its shapes."""
    for name, shape in _SENDERS:
        draft = desk.draft("script")
        value = shape.format(a=draft.address, A=draft.address.upper())
        yield case("sender", draft, changed(draft, ["from"], [("From", value)]), name=name)
    for charset in ("utf-8", "cp1251", "koi8-r"):
        draft = desk.draft("script")
        raw = f"Иван Петров <{draft.address}>".encode(charset)
        yield case("sender", draft, changed(draft, ["from"], [("From", raw)]), name=f"raw {charset}")
    draft = desk.draft("script")
    yield case("sender", draft, changed(draft, ["from"], [("Sender", draft.address)]), name="Sender alone")
    draft = desk.draft("script")
    twice = [("From", f"Ivan <{draft.address}>"), ("From", "Other <other@client.example>")]
    yield case("sender", draft, changed(draft, ["from"], twice), name="two headers")


def subjects(desk: Desk) -> Iterator[Case]:
    """``Subject`` in all its shapes, and none."""
    for name, value in _SUBJECTS:
        draft = desk.draft("script")
        yield case("subject", draft, changed(draft, ["subject"], [("Subject", value)]), name=name)
    draft = desk.draft("script")
    yield case("subject", draft, changed(draft, ["subject"]), name="none")
    draft = desk.draft("script")
    yield case("subject", draft, changed(draft, [], [("Subject", "Another")]), name="twice")


def the_rest(desk: Desk) -> Iterator[Case]:
    """Dates, recipients, lines that are no headers."""
    for value in _DATES:
        draft = desk.draft("script")
        told = [("Date", value)] if value else []
        yield case("date", draft, changed(draft, ["date"], told), name=value or "none")
    for name, told in (
        ("undisclosed", [("To", "undisclosed-recipients:;")]),
        ("hidden copy", []),
        ("many", [("To", ", ".join(f"p{number}@client.example" for number in range(300)))]),
        ("in copy", [("To", "boss@client.example"), ("Cc", "ACME <help@acme.example>")]),
        ("broken", [("To", "<<>>, ;, @@")]),
    ):
        draft = desk.draft("script")
        yield case("recipient", draft, changed(draft, ["to"], told), name=name)
    draft = desk.draft("script")
    yield case("headers", draft, b"From client@client.example Mon Nov  3 14:05:00 2025\r\n" + draft.raw(), name="mbox")
    draft = desk.draft("script")
    named = [(f"X-Long-{number}", "x" * 900) for number in range(40)]
    yield case("headers", draft, changed(draft, [], named), name="forty long ones")


def ids(desk: Desk) -> Iterator[Case]:
    """Letters without an id are told apart, and those that share one."""
    for name, drop, add in (
        ("none", ["message-id"], []),
        ("constant", ["message-id"], [("Message-ID", "<constant@script.example>")]),
        ("empty", ["message-id"], [("Message-ID", "<>")]),
        ("without brackets", ["message-id"], [("Message-ID", "bare.{n}@script.example")]),
        ("with spaces", ["message-id"], [("Message-ID", "<spa ced {n}@script.example>")]),
        ("raw", ["message-id"], [("Message-ID", "<письмо{n}@script.example>")]),
    ):
        for _ in range(2):
            draft = desk.draft("script")
            told = [(header, value.replace("{n}", str(draft.number))) for header, value in add]
            yield case("id", draft, changed(draft, drop, told), name=name, story=f"id {name} {draft.number}")
    draft = desk.draft("script")
    once = changed(draft, ["message-id"])
    story = f"no id, twice {draft.number}"
    yield case("id", draft, once, name="none, one copy", story=story)
    yield case("id", draft, once, name="none, another copy", story=story, folder=OTHER, outcome="repeat")


def constant_of_one(desk: Desk) -> Iterator[Case]:
    """One sender gives one id to all letters: none of them is a repeat."""
    root = desk.draft("script")
    story = f"constant id of one {root.number}"
    for number in range(3):
        draft = root if not number else desk.draft("script", address=root.address, name=root.name)
        draft = replace(draft, subject=root.subject)
        raw = changed(draft, ["message-id"], [("Message-ID", "<same@pos.client.example>"), ("X-Name", word("ё"))])
        yield case("id", draft, raw, name=f"constant of one, {number}", story=story)
