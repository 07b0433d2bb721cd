"""The corpus of letters as they are read, each by itself; tests/integration/mail reads it through the whole house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.domain.events import Event, Ignored, LetterBounced, LetterReceived
from connector.letters import Mailbox, told
from tests.mail.corpus import ADDRESS, ALIASES, Case, Expect, letters
from tests.unit.letters.shelf import digested

BOX = Mailbox(account="support", addresses=frozenset({ADDRESS, *ALIASES}), domain="acme.example")


@pytest.mark.parametrize("case", letters(), ids=lambda case: case.name)
def test_a_letter_of_the_corpus_is_read_right(case: Case):
    (event,) = told(digested(case.raw), BOX)
    assert not [*_wrong(event, case.expect)]


def test_there_are_five_hundred_letters_the_same_in_every_run():
    assert len(letters()) == 500
    assert len({case.name for case in letters()}) == 500
    letters.cache_clear()
    first = letters()
    letters.cache_clear()
    assert letters() == first


def _wrong(event: Event, expect: Expect) -> Iterator[str]:
    if isinstance(event, LetterBounced):
        yield from () if expect.outcome == "bounce" and expect.shown in event.said else (f"bounced: {event}",)
    elif isinstance(event, Ignored):
        yield from () if expect.outcome == "ignored" else (f"ignored: {event}",)
    elif isinstance(event, LetterReceived):
        yield from _wrong_message(event, expect)
    else:
        yield f"is {event}"


def _wrong_message(event: LetterReceived, expect: Expect) -> Iterator[str]:
    message, letter = event.message, event.message.letter
    is_machine = letter.automatic == "auto_reply"
    if is_machine != (expect.outcome in ("note", "ignored")) or bool(letter.spam) != (expect.outcome == "quarantine"):
        yield f"automatic {letter.automatic!r}, spam {letter.spam!r}"
    if expect.outcome == "ignored":
        return
    if message.client.id != expect.client:
        yield f"from {message.client.id}"
    if expect.shown not in f"{letter.subject}\n{message.text}":
        yield f"shows {message.text[:300]!r}"
    yield from (f"shows {part!r}" for part in expect.hidden if part in message.text)
    if tuple(file.name for file in message.files) != expect.files:
        yield f"has {[file.name for file in message.files]}"
