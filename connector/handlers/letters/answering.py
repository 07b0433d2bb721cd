"""What operators write, as letters; and letters that nobody wrote, of which there is one per client and day."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connector.domain.bbcode import strip_signature
from connector.domain.effects import Fetch, Look, Plan, Recall, Remember, Send
from connector.domain.events import LetterWanted, ReplyWritten
from connector.domain.letters import Heading
from connector.domain.mailbox import MailSettings
from connector.domain.values import OF_EVENT, Author, Receipt, StoredFile
from connector.errors import PermanentError
from connector.handlers.letters.signing import signature
from connector.handlers.letters.threads import THREAD, answering, known, shortened
from connector.handlers.replies import delivered, refused
from connector.handlers.rules import Rules
from connector.speech import Text

AUTOMATIC = OF_EVENT + "letter.automatic"  # by <account>/<client>: when a machine of ours wrote to them last
APART = timedelta(days=1)
NO_THREAD = Text(
    "Nobody has written in this conversation by mail yet, or it is long forgotten: there is no address to answer to. "
    "Write to the client from the mail program.",
    "В этом диалоге ещё никто не писал по почте, или он давно забыт: отвечать некуда. Напишите клиенту из почтовой "
    "программы.",
)
MACHINE = "not sent: a machine wrote the letter, or asked for no automatic answer"
ENOUGH = "not sent: one automatic letter per client and day is enough"
NO_ONE = "not sent: nobody is known to answer to"
REFUSED = "not sent: the mail server refused the automatic letter"


def letter_written(event: ReplyWritten, rules: Rules) -> Plan:
    """One letter of all ``lines``; each of them is told its delivery. What the line itself says (``author`` 0) is an
    automatic letter."""
    box = rules.accounts[event.account].mail
    assert box is not None
    by_line = event.author in ("", "0")
    thread = yield Recall(THREAD, event.lane)
    if by_line:
        why = yield from _unwanted(event.account, thread, rules.at)
        if why:
            return why
    try:
        if thread is None:
            raise PermanentError("mail.no_thread", hint=NO_THREAD)
        receipt, notes = yield from _sent(event, thread, box, by_line, rules)
    except PermanentError as error:
        yield refused(event, error, event.author, rules)
        if by_line:  # no person waits for it
            return REFUSED
        raise
    for number, im in enumerate(event.lines or (event.im,)):
        told = (*receipt.notes, *notes) if not number else ()
        yield delivered(replace(event, im=im), receipt.ids, told, event.author)
    return ""


def letter_wanted(event: LetterWanted, rules: Rules) -> Plan:
    """An automatic letter that the rules want, if one may be sent (RFC 3834; one per client and day)."""
    box = rules.accounts[event.account].mail
    thread = yield Recall(THREAD, event.lane)
    if box is None or thread is None:
        return NO_ONE
    why = yield from _unwanted(event.account, thread, rules.at)
    if why:
        return why
    day = rules.at.date().isoformat() if rules.at else event.because
    key = f"letter:{event.account}:{thread['client']}:{day}"
    heading = _heading(event.conversation, thread, box, key, automatic=True)
    heading = replace(heading, subject=event.subject or heading.subject)
    try:
        yield _send(event.account, event.conversation, event.text, (), heading, key)
    except PermanentError:
        return REFUSED
    yield from _left(event.account, event.conversation, thread, heading, rules.at)
    return ""


def _sent(event: ReplyWritten, thread: Mapping[str, Any], box: MailSettings, by_line: bool, rules: Rules) -> Plan:
    """The letter with all files: its receipt, and what the operator should know besides."""
    files: list[StoredFile] = []
    for file in event.files:
        files.append((yield Fetch(file=file, origin=f"portal:{event.portal}")))
    name, text = strip_signature(event.text)
    key = f"out:{event.portal}:{event.im.message_id}:0"
    heading = _heading(event.conversation, thread, box, key, automatic=by_line)
    signed, notes = ("", ()) if by_line else signature(event, name, text, thread, rules)
    heading = replace(heading, signature=signed)
    author = Author(id="" if by_line else f"{event.portal}/{event.author}")
    send = _send(event.account, event.conversation, text, tuple(files), heading, key, author)
    receipt: Receipt = yield send
    yield from _left(event.account, event.conversation, thread, heading, rules.at)
    return receipt, notes


def _heading(conversation: str, thread: Mapping[str, Any], box: MailSettings, key: str, *, automatic: bool) -> Heading:
    unique = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:20]
    to = str(thread["to"])
    others = {address: None for address in thread["cc"] if address not in box.boxes and address != to}
    return Heading(
        to=to,
        to_name=str(thread["name"]),
        cc=tuple(others) if box.answer_cc and not automatic else (),
        subject=answering(thread["subject"]),
        message_id=f"t.{conversation}.{unique}@{box.domain}",
        in_reply_to=thread["last"],
        references=tuple(shortened([*thread["references"], thread["last"]])),
        automatic=automatic,
    )


def _send(
    account: str,
    conversation: str,
    text: str,
    files: tuple[StoredFile, ...],
    heading: Heading,
    key: str,
    author: Author | None = None,
) -> Send:
    def proof() -> Plan:
        """Its own id, seen where what left is kept."""
        seen = yield Look(account=account, message_id=heading.message_id)
        return Receipt(ids=(heading.message_id,)) if seen else None

    return Send(
        account=account,
        conversation=conversation,
        text=text,
        files=files,
        author=author or Author(),
        heading=heading,
        key=key,
        proof=proof,
    )


def _left(account: str, conversation: str, thread: Mapping[str, Any], heading: Heading, at: datetime | None) -> Plan:
    """The thread goes on from our letter."""
    goes_on = {"last": heading.message_id, "references": list(heading.references)}
    yield Remember(THREAD, f"{account}.{conversation}", {**thread, **goes_on})
    yield from known(account, heading.message_id, conversation, automatic=heading.automatic)
    if heading.automatic and at:
        yield Remember(AUTOMATIC, f"{account}/{thread['client']}", {"at": at.isoformat()})


def _unwanted(account: str, thread: Mapping[str, Any] | None, at: datetime | None) -> Plan:
    """Why no automatic letter may leave now; an empty text when it may."""
    if thread is None:
        return NO_ONE
    if thread["automatic"] or thread["suppress"]:
        return MACHINE
    last = yield Recall(AUTOMATIC, f"{account}/{thread['client']}")
    return ENOUGH if last and at and at - datetime.fromisoformat(last["at"]) < APART else ""
