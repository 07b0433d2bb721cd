"""Which conversation a letter belongs to, by all that is known of those before it (facts/providers.md §4.2).

A letter names its thread by itself (``connector/letters/threads.py``); here the letters that we saw speak too. One
conversation is one client: whoever else writes in a thread has a conversation of their own beside it, because a chat of
Open Lines belongs to one client (facts/bitrix24-openlines.md §0.2) and an answer must not reach another person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from connector.domain.effects import Plan, Recall, Remember
from connector.domain.events import LetterReceived, MessageReceived
from connector.domain.letters import Letter
from connector.domain.values import OF_EVENT

THREAD = "letter.thread"  # by <account>.<conversation>: whom to answer, and under what
SEEN = OF_EVENT + "letter"  # by <account>/<message id>: the conversation of that letter
SUBJECT = OF_EVENT + "letter.subject"  # by <account>/<client>/<hash of the subject>: the last conversation about it
ASKED = 12  # ids of a thread that are looked up
REMEMBERED = timedelta(days=30)
HEAD, TAIL = 1, 20  # references that are kept of a long thread
_ANSWER = re.compile(
    r"^\s*(?:(?:re|aw|sv|antw|ha|fwd?|wg|tr|rv|отв|ответ|на|пересл|нa)\s*(?:\[\d+\]|\(\d+\))?\s*:|\[#[0-9a-f]{16}\])",
    re.IGNORECASE,
)
_MARK = re.compile(r"\[#[0-9a-f]{16}\]")


class Found(NamedTuple):
    """A conversation; ``thread`` is what is remembered of it, ``None`` for a new one; ``root`` is where it began."""

    conversation: str
    root: str
    thread: Mapping[str, Any] | None


def bare(subject: str) -> str:
    """A subject without answer marks and our token: what two letters about the same have in common."""
    left, before = subject, None
    while left != before:
        before, left = left, _ANSWER.sub("", left)
    return unmarked(left)


def unmarked(subject: str) -> str:
    """A subject without our token, as people know it."""
    return " ".join(_MARK.sub(" ", subject).split())


def answering(subject: str) -> str:
    """The subject of an answer; marks never pile up."""
    return f"Re: {bare(subject)}".strip()


def found(event: LetterReceived, letter: Letter, at: datetime | None) -> Plan:
    """The :class:`Found` conversation of a letter."""
    named = event.conversation if letter.marked else (yield from _by_letters(event, letter)) or event.conversation
    thread = yield Recall(THREAD, f"{event.account}.{named}")
    if thread is None and not letter.marked and (same := (yield from _by_subject(event, letter, at))):
        named, thread = same, (yield Recall(THREAD, f"{event.account}.{same}"))
    client = event.message.client.id
    if thread is None or thread["client"] == client:
        return Found(named, thread["root"] if thread else named, thread)
    root = str(thread["root"])
    first = (yield Recall(THREAD, f"{event.account}.{root}")) if root != named else None
    if first is not None and first["client"] == client:
        return Found(root, root, first)
    own = hashlib.sha256(f"{root}/{client}".encode("utf-8", "replace")).hexdigest()[:16]
    return Found(own, root, (yield Recall(THREAD, f"{event.account}.{own}")))


def remembered(event: MessageReceived, letter: Letter, root: str, at: datetime | None) -> Plan:
    """Keep what an answer to this letter, and those after it, will need."""
    before = [each for each in letter.references or (letter.in_reply_to,) if each]
    chain = [each for each in before if each != letter.message_id]
    thread = {
        "root": root,
        "client": event.client.id,
        "to": letter.reply_to or letter.from_address or event.client.email,
        "name": " ".join(part for part in (event.client.first_name, event.client.last_name) if part),
        "cc": [*letter.to, *letter.cc][:50],
        "subject": letter.subject,
        "last": letter.message_id,
        "references": shortened(chain),
        "automatic": letter.automatic,
        "suppress": letter.suppress,
    }
    yield Remember(THREAD, event.lane, thread)
    yield from known(event.account, letter.message_id, event.conversation)
    yield Remember(
        SUBJECT,
        _about(event.account, event.client.id, letter.subject),
        {"conversation": event.conversation, "at": at.isoformat() if at else ""},
    )


def known(account: str, message_id: str, conversation: str, *, automatic: bool = False) -> Plan:
    """Whoever answers this letter is in that conversation; ``automatic``: a machine of ours wrote it."""
    mark = {"automatic": True} if automatic else {}
    yield Remember(SEEN, f"{account}/{message_id}", {"conversation": conversation, **mark})


def shortened(chain: list[str]) -> list[str]:
    """The references of a long thread: where it began, and the last ones."""
    return chain if len(chain) <= HEAD + TAIL else [*chain[:HEAD], *chain[-TAIL:]]


def _by_letters(event: LetterReceived, letter: Letter) -> Plan:
    """By the letters that it answers, the nearest first; empty when we know none of them."""
    named = [each for each in dict.fromkeys((letter.in_reply_to, *reversed(letter.references))) if each]
    for message_id in named[:ASKED]:
        link = yield Recall(SEEN, f"{event.account}/{message_id}")
        if link:
            return link["conversation"]
    return ""


def _by_subject(event: LetterReceived, letter: Letter, at: datetime | None) -> Plan:
    """By sender and subject. What it answers may be ours all the same: Microsoft and Amazon SES give what leaves by
    them ids of their own, which nobody tells us."""
    # A subject is easily guessed, and a form speaks for whomever it likes: it joins nobody's conversation by that.
    is_form = event.message.client.id != letter.from_address
    if is_form or not _ANSWER.match(letter.subject) or not bare(letter.subject):
        return ""
    link = yield Recall(SUBJECT, _about(event.account, event.message.client.id, letter.subject))
    return link["conversation"] if link and _recent(link["at"], at) else ""


def _about(account: str, client: str, subject: str) -> str:
    about = hashlib.sha256(bare(subject).casefold().encode("utf-8", "replace")).hexdigest()[:16]
    return f"{account}/{client}/{about}"


def _recent(text: str, at: datetime | None) -> bool:
    return at is None or not text or at - datetime.fromisoformat(text) <= REMEMBERED
