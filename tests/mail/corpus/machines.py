"""Letters that nobody wrote: reports, receipts, answering machines, newsletters, forms, spam, and our own come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from string import Template

from tests.mail.corpus.case import ADDRESS, ALIASES, OTHER, Case, begun_by, of_ours
from tests.mail.corpus.desk import Desk, case, changed
from tests.mail.corpus.mime import word, written
from tests.mail.corpus.plain import answering
from tests.mail.corpus.writer import HERE, Letter

_REPORTS = ("postfix", "postfix-delayed", "exchange", "gmail", "exim", "qmail")
# headers of answering machines
_AWAY: Sequence[tuple[str, list[tuple[str, str]]]] = [
    ("RFC 3834", [("Auto-Submitted", "auto-replied")]),
    ("generated", [("Auto-Submitted", "auto-generated (rejected)"), ("X-Auto-Response-Suppress", "All")]),
    ("X-Autoreply", [("X-Autoreply", "yes")]),
    ("X-Autorespond", [("X-Autorespond", "Out of office")]),
    ("precedence", [("Precedence", "auto_reply")]),
    ("no return path", [("Return-Path", "<>")]),
]
_MASS: Sequence[tuple[str, list[tuple[str, str]]]] = [
    ("list", [("List-Id", "<news.client.example>"), ("Precedence", "list")]),
    ("newsletter", [("List-Unsubscribe", "<https://client.example/u>"), ("Precedence", "bulk")]),
    (
        "one click",
        [("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"), ("List-Unsubscribe", "<mailto:u@x.example>")],
    ),
    ("discussion", [("List-Id", "Users <users.client.example>"), ("List-Post", "<mailto:users@client.example>")]),
]
_SPAM: Sequence[tuple[str, str]] = [
    ("X-Spam-Flag", "YES"),
    ("X-Spam-Status", "Yes, score=12.1 required=5.0"),
    ("X-Spam", "Yes"),
    ("X-Yandex-Spam", "4"),
    ("X-Mailgun-Sflag", "Yes"),
    ("X-MS-Exchange-Organization-SCL", "6"),
    ("X-Forefront-Antispam-Report", "CIP:192.0.2.1;SFV:SPM;SCL:5"),
]
_NOT_SPAM = [
    ("X-Spam-Flag", "NO"),
    ("X-Spam-Status", "No, score=-1"),
    ("X-Yandex-Spam", "1"),
    ("X-Spam", "Not detected"),
]


def reports(desk: Desk) -> Iterator[Case]:
    """A letter of ours did not arrive; then one that was never ours."""
    for name in _REPORTS:
        for _ in range(2):
            root = desk.draft()
            story = f"report of {name} {root.number}"
            yield case("report", root, name=f"{name}, the first", story=story, hidden=root.hidden)
            told = desk.draft("script")
            raw, said = _report(name, told, of_ours(begun_by(root.message_id)), root.address)
            yield case("report", told, raw, name=name, story=story, outcome="bounce", shown=said, client=root.address)
        told = desk.draft("script")
        raw, said = _report(name, told, f"other{told.number}@elsewhere.example", "x@client.example")
        yield case("report", told, raw, name=f"{name}, not of ours", outcome="ignored", shown=said)


def _report(name: str, told: Letter, ours: str, to: str) -> tuple[bytes, str]:
    said = f"user unknown {told.number:04d}"
    text = Template((HERE / "reports" / f"{name}.txt").read_text(encoding="utf-8"))
    filled = text.substitute(id=f"{told.number:08x}", ours=ours, to=to, said=said, name="Client")
    return filled.encode().replace(b"\n", b"\r\n"), said


def answering_machines(desk: Desk) -> Iterator[Case]:
    """Receipts and machines that answer: told in a chat that is known, else to nobody."""
    for name, signs in _AWAY:
        root = desk.draft()
        story = f"away {name} {root.number}"
        yield case("away", root, name=f"{name}, the first", story=story, hidden=root.hidden)
        ours = of_ours(begun_by(root.message_id))
        same = {"name": root.name, "address": root.address}
        away = desk.draft("script", subject=f"Автоответ: {root.subject}", in_reply_to=ours, references=(ours,), **same)
        raw = changed(away, add=signs)
        yield case("away", away, raw, name=name, story=story, outcome="note", hidden=away.hidden)
        stranger = desk.draft("script")
        yield case("away", stranger, changed(stranger, add=signs), name=f"{name}, of a stranger", outcome="ignored")
    for _ in range(2):
        root = desk.draft()
        story = f"receipt {root.number}"
        yield case("receipt", root, name="the first", story=story, hidden=root.hidden)
        told = desk.draft("script")
        raw, said = _report("receipt", told, of_ours(begun_by(root.message_id)), root.address)
        yield case("receipt", told, raw, name="of ours", story=story, outcome="ignored", shown=said)
    by_words = desk.draft("script", subject="Out of office: back on Monday")
    yield case("away", by_words, name="by its subject alone")


def masses(desk: Desk) -> Iterator[Case]:
    """Newsletters and notices are shown; nobody answers them by himself."""
    for name, told in _MASS:
        draft = desk.draft("outlook-365")
        yield case("mass", draft, changed(draft, add=told), name=name, hidden=draft.hidden)
    for address in ("noreply", "no-reply", "do-not-reply", "no_reply.bank"):
        draft = desk.draft("script")
        draft = replace(draft, address=f"{address}.{draft.number}@client.example".replace("noreply.", "noreply+"))
        yield case("mass", draft, name=address)


def forms(desk: Desk) -> Iterator[Case]:
    """A form on a site writes from no-reply or from our own address; the client waits at ``Reply-To``."""
    for sender in ("noreply@site.example", "no-reply@acme.example", ADDRESS):
        for _ in range(2):
            draft = desk.draft("script", subject="Заявка с сайта")
            raw = changed(
                draft, ["from"], [("From", f"Site <{sender}>"), ("Reply-To", f"{word(draft.name)} <{draft.address}>")]
            )
            yield case("form", draft, raw, name=f"from {sender}")


def ours(desk: Desk) -> Iterator[Case]:
    """What we wrote comes back: copies, lists, loops."""
    for address in (ADDRESS, *ALIASES):
        draft = desk.draft("script", address=address)
        yield case("ours", draft, name=f"from {address}", outcome="ignored")
    for folder in ("INBOX", OTHER):
        draft = desk.draft("script")
        told = [("Message-ID", f"<{of_ours(begun_by(draft.message_id))}>")]
        raw = changed(draft, ["message-id"], told)
        yield case("ours", draft, raw, name=f"by its id, {folder}", folder=folder, outcome="ignored")
    draft = desk.draft("script", address=ADDRESS.upper())
    yield case("ours", draft, name="in capitals", outcome="ignored")


def spam(desk: Desk) -> Iterator[Case]:
    """Spam by its headers, and what only looks like it."""
    for name, value in _SPAM:
        draft = desk.draft()
        yield case("spam", draft, changed(draft, add=[(name, value)]), name=name, outcome="quarantine")
    for name, value in _NOT_SPAM:
        draft = desk.draft("script")
        yield case("no spam", draft, changed(draft, add=[(name, value)]), name=f"{name}: {value}")


def away_then_back(desk: Desk) -> Iterator[Case]:
    """A machine answers, then the person does: one chat."""
    root = desk.draft("gmail-web")
    story = f"away, then back {root.number}"
    yield case("away", root, name="the first", story=story, hidden=root.hidden)
    machine = answering(desk, root, "in reply to")
    content = written(machine.said)
    raw = changed(machine, add=[("Auto-Submitted", "auto-replied")], content=content)
    yield case("away", machine, raw, name="the machine", story=story, outcome="note")
    person = replace(
        answering(desk, root, "in reply to"), in_reply_to=machine.message_id, references=(machine.message_id,)
    )
    yield case("away", person, name="the person", story=story, hidden=person.hidden)
