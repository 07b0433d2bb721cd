"""What operators write leaves as letters: once, whatever the mail server does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.e2e.mail.office import Office
from tests.integration.house.waiting import until
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import CUSTOMER, SUPPORT
from tests.mail.next_hop import NextHop, Step, Taken

pytestmark = pytest.mark.e2e
INVOICE = b"%PDF-1.4\n" + bytes(range(256)) * 300
Opens = Callable[..., AbstractContextManager[Office]]


def leaves(support: Office, hop: NextHop, count: int = 1, seconds: float = 120.0) -> list[Taken]:
    """Time goes on until so many letters left."""

    def left() -> bool:
        support.later(seconds)
        return len(hop.letters) >= count

    until(left, what=f"{count} letters left")
    return hop.letters


def filed(mailboxes: Dovecot, letter: Taken) -> None:
    """As a server does that keeps what leaves by it."""
    mailboxes.append(SUPPORT, "Sent", letter.raw)


def delivered(support: Office, *messages: int) -> None:
    """The portal knows of each message that it was delivered."""
    rows = {row["id"]: row for row in support.rows("operator")}
    assert all(rows[message]["delivered"] for message in messages), rows


@pytest.mark.usefixtures("asked")
def test_a_letter_refused_for_now_is_tried_again_until_it_is_taken(opens: Opens, scripted: NextHop):
    scripted.script(Step(data="451 4.7.1 come later"), Step(recipient="450 4.2.0 greylisted"), Step(sender="421 busy"))
    with opens(scripted) as support:
        support.sees(1)
        message = support.says("сто рублей")
        (letter,) = leaves(support, scripted)
        delivered(support, message)
        support.quiet()
        assert scripted.tries == 4
        assert letter.recipients == (CUSTOMER,)
        assert letter.user == SUPPORT
        assert support.notes() == []


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("where", ["recipient", "data"])
def test_a_letter_refused_for_good_is_told_to_the_operator_in_the_chat(opens: Opens, scripted: NextHop, where: str):
    scripted.script(Step(**{where: "550 5.1.1 no such user here"}))
    with opens(scripted) as support:
        support.sees(1)
        support.says("сто рублей")
        support.later()
        (note,) = support.notes()
        assert "no such user here" in note
        support.later(3600)
        assert (scripted.tries, scripted.letters) == (1, [])
        parked = support.house.connector.journal.list("deliveries", state="parked")
        assert [row["kind"] for row in parked] == ["reply.written"]


@pytest.mark.usefixtures("asked")
def test_several_lines_and_a_file_are_one_letter_with_one_copy_in_sent(
    opens: Opens, scripted: NextHop, mailboxes: Dovecot
):
    with opens(scripted) as support:
        support.sees(1)
        messages = [support.says("сто рублей"), support.says("и доставка"), support.says("[b]даром[/b]")]
        messages.append(support.says(files=[{"name": "Счёт № 5.pdf", "content": INVOICE, "mime": "application/pdf"}]))
        (letter,) = leaves(support, scripted)
        delivered(support, *messages)
        support.quiet()
        until(lambda: mailboxes.letters(SUPPORT, "Sent"), what="the copy is in Sent")
        support.later()
        (kept,) = mailboxes.letters(SUPPORT, "Sent")
        (seen,) = mailboxes.flags(SUPPORT, "Sent")
        assert len(scripted.letters) == 1
    text = letter.message.get_body(("plain",)).get_content()
    assert [line for line in ("сто рублей", "и доставка", "даром") if line in text] == [
        "сто рублей",
        "и доставка",
        "даром",
    ]
    (file,) = letter.message.iter_attachments()
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == (
        "Счёт № 5.pdf",
        "application/pdf",
        INVOICE,
    )
    assert kept == letter.raw
    assert b"\\Seen" in seen


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("copy", ["bcc", "server"])
@pytest.mark.parametrize("cut", ["kept", "before"])
def test_a_connection_cut_before_the_answer_to_data_never_sends_a_letter_twice(
    opens: Opens, scripted: NextHop, mailboxes: Dovecot, copy: str, cut: str
):
    if copy == "server":
        scripted.onwards = lambda letter: filed(mailboxes, letter)
    scripted.script(Step(cut=cut))
    with opens(scripted, copy) as support:
        support.sees(1)
        message = support.says("сто рублей")
        leaves(support, scripted)

        def known() -> bool:
            support.later(120)
            return bool({row["id"]: row for row in support.rows("operator")}[message]["delivered"])

        until(known, what="the portal knows that it was delivered")
        support.later(3600)
        support.quiet()
        assert len(scripted.letters) == 1
        assert scripted.tries == (1 if cut == "kept" else 2)
        assert len(support.rows("client")) == 1  # our own copy is no letter of a client
        assert support.notes() == []
    folder = "INBOX" if copy == "bcc" else "Sent"
    copies = [raw for raw in mailboxes.letters(SUPPORT, folder) if b"@acme.test>" in raw.partition(b"\r\n\r\n")[0]]
    assert len([raw for raw in copies if b"\r\nMessage-ID: <t." in raw]) == 1
