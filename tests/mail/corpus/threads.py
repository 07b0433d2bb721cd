"""Conversations: what tells that letters belong together, and what tells that they do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.mail.corpus.case import ADDRESS, OTHER, Case, begun_by, of_ours
from tests.mail.corpus.desk import Desk, case, changed
from tests.mail.corpus.plain import answering
from tests.mail.corpus.writer import Letter

_AGAIN = 3


def _told(draft: Letter, story: str, name: str, **more: str) -> Case:
    raw = changed(draft, ["references", "in-reply-to"]) if more.pop("alone", "") else b""
    return case("thread", draft, raw, name=name, story=story, hidden=draft.hidden, **more)


def by_marks(desk: Desk) -> Iterator[Case]:
    """The plus-tag alone, the token in the subject alone, ``Re:`` and the subject alone."""
    for _ in range(_AGAIN):
        for name in ("plus-tag", "token", "subject"):
            root = desk.draft()
            story = f"by {name} {root.number}"
            yield _told(root, story, f"{name}, the first")
            answer = replace(answering(desk, root, "in reply to"), in_reply_to="", references=())
            mark = begun_by(root.message_id)
            if name == "plus-tag":
                answer = replace(answer, to=ADDRESS.replace("@", f"+t{mark}@"), subject="Другая тема")
            elif name == "token":
                answer = replace(answer, subject=f"Re: [#{mark}] Другая тема")
            yield _told(answer, story, name)


def second_person(desk: Desk) -> Iterator[Case]:
    """A colleague answers in the thread: a chat of their own, twice the same one."""
    for _ in range(_AGAIN):
        root = desk.draft()
        story = f"second person {root.number}"
        yield _told(root, story, "the client")
        first = replace(answering(desk, root, "in reply to"), address=f"boss{root.number}@client.example")
        yield _told(first, story, "the colleague", thread=f"{story}, colleague")
        back = answering(desk, root, "in reply to", 2)
        yield _told(back, story, "the client again")
        again = replace(answering(desk, root, "references only", 2), address=first.address)
        yield _told(again, story, "the colleague again", thread=f"{story}, colleague")


def before_us(desk: Desk) -> Iterator[Case]:
    """A thread that began before we read the mailbox; its letters know each other by its root."""
    for _ in range(_AGAIN):
        root, middle = desk.draft(), desk.draft()
        first = answering(desk, root, "in reply to")
        first = replace(first, in_reply_to=middle.message_id, references=(root.message_id, middle.message_id))
        story = f"before us {first.number}"
        yield _told(first, story, "the first that we see")
        chain = (*first.references, first.message_id)
        second = replace(answering(desk, root, "in reply to"), in_reply_to=first.message_id, references=chain)
        yield _told(second, story, "the second")
        third = replace(answering(desk, root, "in reply to"), in_reply_to="", references=chain[:2])
        yield _told(third, story, "by the root alone")


def out_of_order(desk: Desk) -> Iterator[Case]:
    """The answer comes before what it answers."""
    for _ in range(_AGAIN):
        root = desk.draft()
        story = f"out of order {root.number}"
        late = replace(answering(desk, root, "in reply to"), in_reply_to=root.message_id, references=(root.message_id,))
        yield _told(late, story, "the second first")
        yield _told(root, story, "the first second")


def in_two_folders(desk: Desk) -> Iterator[Case]:
    """One letter in two folders is one letter."""
    for _ in range(6):
        draft = desk.draft()
        story = f"two folders {draft.number}"
        yield _told(draft, story, "here")
        yield _told(draft, story, "there", folder=OTHER, outcome="repeat")


def apart(desk: Desk) -> Iterator[Case]:
    """What looks alike and is not: ``Re:`` of a stranger, a new letter about the same, forged marks."""
    for _ in range(_AGAIN):
        root = desk.draft()
        story = f"apart {root.number}"
        yield _told(root, story, "the first")
        stranger = desk.draft(subject=f"Re: {root.subject}")
        yield _told(stranger, story, "Re: of a stranger", thread=f"{story}, stranger")
        new = desk.draft(root.program, name=root.name, address=root.address, subject=root.subject)
        yield _told(new, story, "a new one about the same", thread=f"{story}, new")
        forged = desk.draft(subject=f"Re: [#{begun_by(root.message_id)}] {root.subject}")
        yield _told(forged, story, "a forged token", thread=f"{story}, forger")
        known = desk.draft(in_reply_to=of_ours(begun_by(root.message_id)), to=ADDRESS)
        yield _told(known, story, "a forged answer", thread=f"{story}, second forger")


def renamed(desk: Desk) -> Iterator[Case]:
    """Another subject within a thread: still one chat."""
    for _ in range(_AGAIN):
        root = desk.draft()
        story = f"renamed {root.number}"
        yield _told(root, story, "the first")
        yield _told(
            replace(answering(desk, root, "in reply to"), subject="Совсем о другом"), story, "under another subject"
        )


def talks(desk: Desk, letters: int, each: int = 10) -> Iterator[Case]:
    """Long conversations, ``each`` letters of a client with answers of ours between: ``letters`` in all."""
    while letters > 0:
        root = desk.draft()
        story = f"talk {root.number}"
        yield case("talk", root, name="1", story=story, hidden=root.hidden)
        chain = [root.message_id]
        for number in range(2, min(each, letters) + 1):
            chain.append(of_ours(begun_by(root.message_id), number))
            draft = replace(answering(desk, root, "in reply to"), in_reply_to=chain[-1], references=tuple(chain))
            chain.append(draft.message_id)
            yield case("talk", draft, name=str(number), story=story, hidden=draft.hidden)
        letters -= each
