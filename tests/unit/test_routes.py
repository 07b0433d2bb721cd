"""Where an operator's words go, and how long they wait for those that belong to the same letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.events import ReplyWritten
from connector.domain.values import Im
from connector.routes import Account, portal_routes
from tests.unit.handlers.posting import AT, MAIL, rules

LINE = ReplyWritten(
    portal="main",
    connector="cabc123_mail",
    line="1",
    account="box",
    conversation="0123456789abcdef",
    im=Im(chat_id="17", message_id="901"),
    author="7",
    text="Done",
)


def routed(event: ReplyWritten = LINE, *, now: Any = AT, **settings: Any) -> Any:
    box = rules(**settings).accounts["box"].mail
    account = Account(name="box", settings=box, provider=MAIL, portal="main", http=None)
    [wanted] = portal_routes(event, "main", {"box": account}, now=now)
    return wanted


def test_a_line_to_a_mailbox_waits_its_pause_for_others():
    wanted = routed()
    assert wanted.destination == "account:box"
    assert wanted.due_at == AT + timedelta(seconds=30)
    assert wanted.group == routed(replace(LINE, text="More")).group


def test_lines_of_two_authors_are_two_letters():
    assert routed().group != routed(replace(LINE, author="8")).group


@pytest.mark.parametrize("author", ["", "0"])
def test_what_the_line_says_itself_waits_for_nothing(author: str):
    wanted = routed(replace(LINE, author=author))
    assert (wanted.due_at, wanted.group) == (None, "")


def test_without_a_pause_every_line_is_a_letter():
    assert (routed(pause=0).due_at, routed(pause=0).group) == (None, "")


def test_a_reply_found_later_waits_no_more_but_is_joined_all_the_same():
    assert routed(now=None).due_at is None
    assert routed(now=None).group
