"""A customer's mail program and the desk talk, through real servers, and both see one conversation."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime

import pytest

from tests.e2e.mail.customer import Customer
from tests.e2e.mail.office import Office
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import CUSTOMER, SUPPORT

pytestmark = pytest.mark.e2e
ROUNDS = 5


def test_ten_letters_both_ways_are_one_thread_at_the_customer_and_one_chat_at_the_desk(
    support: Office, customer: Customer
):
    talk = [customer.writes("Где мой заказ? Письмо 0")]
    for turn in range(1, ROUNDS + 1):
        support.sees(turn)
        support.says(f"Ответ {turn}: он уже в пути")
        support.later()
        talk.append(customer.gets(turn)[-1])
        if turn < ROUNDS:
            talk.append(customer.answers(talk[-1], f"Спасибо! Письмо {turn}"))
    support.quiet()
    assert len(talk) == 2 * ROUNDS
    assert len(support.chats()) == 1
    shown = [row["text"] for row in support.rows("client")]
    assert [text.count("Письмо") for text in shown] == [1] * ROUNDS, shown  # no quotes of those before
    assert "Заказ № 15" in shown[0]
    for number, letter in enumerate(talk):
        if number % 2:
            ours(letter, talk[:number], f"Ответ {number // 2 + 1}")
    assert threads(customer) == [len(talk)]


def test_a_letter_that_answers_nothing_is_another_thread_and_another_chat(support: Office, customer: Customer):
    for turn in (1, 2):
        customer.writes(f"Вопрос {turn}")
        support.sees(turn)
    assert len(support.chats()) == 2
    for turn, chat in enumerate(support.chats(), 1):
        support.says(f"ответ {turn}", chat)
        support.later()
        customer.gets(turn)
    assert threads(customer) == [2, 2]


def ours(letter: EmailMessage, before: list[EmailMessage], text: str) -> None:
    """A letter of ours is what a mail program expects of an answer to the last of those ``before``."""
    assert letter.defects == []
    assert getaddresses([letter["From"]]) == [("Поддержка ACME", SUPPORT)]
    assert getaddresses([letter["To"]]) == [("Анна Ковалёва", CUSTOMER)]
    assert letter["Subject"] == "Re: Заказ № 15"
    assert letter["In-Reply-To"] == before[-1]["Message-ID"]
    assert letter["References"].split() == [each["Message-ID"] for each in before]
    assert letter["Message-ID"] not in letter["References"]
    assert letter["Message-ID"].endswith("@acme.test>")
    assert parsedate_to_datetime(letter["Date"]).tzinfo is not None
    assert letter["Auto-Submitted"] is None
    body = letter.get_body(("plain",))
    assert body is not None
    assert text in body.get_content()


def threads(customer: Customer) -> list[int]:
    """How many letters each conversation has by Dovecot's own reading, references alone (THREAD=REFS)."""
    mailboxes: Dovecot = customer.mailboxes
    for raw in [*mailboxes.letters(customer.address), *customer.sent]:
        mailboxes.append(customer.address, "All", raw)
    return sorted(len(thread) for thread in mailboxes.threads(customer.address, "All"))
