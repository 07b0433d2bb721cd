"""Two answering machines that are set on each other through us exchange one letter at most (RFC 3834)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.e2e.mail.customer import Customer
from tests.e2e.mail.office import LINE, Office
from tests.integration.house.waiting import until
from tests.mail.next_hop import NextHop

pytestmark = pytest.mark.e2e
WELCOME = "Здравствуйте! Мы получили ваше письмо и скоро ответим."
RULE = """\
version: 1
name: acknowledging
on: message.received
when: event.letter
acknowledge: {subject: Мы вас услышали, text: Ваше письмо получено.}
"""
ROUNDS = 4


@pytest.fixture
def support(
    request: pytest.FixtureRequest, opens: Callable[..., AbstractContextManager[Office]], scripted: NextHop
) -> Iterator[Office]:
    """A support that acknowledges by itself: the ``line`` in every session, a ``rule`` every letter, or ``both``."""
    with opens(scripted) as made:
        if request.param != "rule":
            made.house.sandbox.set_line(LINE, welcome=WELCOME)
        if request.param != "line":
            folder = made.house.connector.settings.mappings
            assert folder is not None
            folder.mkdir(exist_ok=True)
            (folder / "acknowledging.yaml").write_text(RULE)
            made.house.connector.rulebook.publish()
        yield made


@pytest.mark.parametrize(
    ("support", "admits"),
    [
        ("line", {}),
        ("line", {"Auto_Submitted": "auto-replied"}),
        ("rule", {}),
        ("rule", {"Auto_Submitted": "auto-replied"}),
        ("both", {}),
    ],
    indirect=["support"],
)
def test_two_answering_machines_exchange_one_letter_at_most(support: Office, asked: Customer, admits: dict[str, str]):
    _known(support, 1)
    (ours,) = asked.gets(1)
    for turn in range(1, ROUNDS + 1):
        for letter in asked.letters():
            asked.answers(letter, f"Автоответ {turn}: я в отпуске", **admits)
        _known(support, 1 + turn)
        _finish(support)
    assert [letter["Message-ID"] for letter in asked.letters()] == [ours["Message-ID"]]
    assert ours["Auto-Submitted"] == "auto-replied"
    assert ours["In-Reply-To"]
    told = support.notes() if admits else [row["text"] for row in support.rows("client")]
    assert sum("я в отпуске" in text for text in told) == ROUNDS  # what the machine said is seen, in either case


def _known(support: Office, count: int) -> None:
    """Wait until so many letters of the customer came, and all that follows from them is done."""
    journal = support.house.connector.journal

    def known() -> bool:
        support.house.pump()
        rows = journal.list(limit=2000)
        return len([row for row in rows if (row["kind"], row["state"]) == ("letter.received", "done")]) >= count

    until(known, what=f"{count} letters are known")
    for _ in range(2):
        assert support.house.sandbox.settle()
        support.later()


def _finish(support: Office) -> None:
    """The dialog is over: whoever writes next begins a session, which is welcomed."""
    sandbox = support.house.sandbox
    for chat in support.chats():
        if sandbox.chat(chat)["sessions"][-1]["open"]:
            sandbox.finish(chat)
