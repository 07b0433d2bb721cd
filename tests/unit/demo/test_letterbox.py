"""The customer's mail program: what it sends is a letter in the shop's mailbox, what it shows came from there."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

import pytest

from connector.demo import letterbox
from connector.demo.letterbox import SHOP_ADDRESS, Letterbox
from connector.demo.people import ADDRESS
from connector.providers.mail.standin import Letter, MailServer, written


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with letterbox.server() as server:
        yield server


@pytest.fixture
def box(mail: MailServer) -> Letterbox:
    return Letterbox(mail, "Мария Орлова")


def shop_answers(mail: MailServer, letter: Letter, text: str) -> None:
    smtp = mail.account()["smtp"]
    with smtplib.SMTP(smtp["host"], smtp["port"], timeout=5) as client:
        client.login(SHOP_ADDRESS, mail.manners.password)
        raw = written(
            SHOP_ADDRESS, ADDRESS, f"Re: {letter.subject}", text, answers=letter, files=[("счёт.pdf", b"%PDF")]
        )
        client.sendmail(SHOP_ADDRESS, [ADDRESS], raw)


def test_what_the_customer_writes_lies_in_the_shops_mailbox(mail: MailServer, box: Letterbox):
    box.write("Заказ 17", "Где он?", [("фото.png", b"\x89PNG")])
    [letter] = mail.inbox(SHOP_ADDRESS)
    assert letter.sender == f"Мария Орлова <{ADDRESS}>"
    assert (letter.subject, letter.text.strip()) == ("Заказ 17", "Где он?")
    [piece] = letter.files
    assert (piece.name, piece.mime, piece.content) == ("фото.png", "image/png", b"\x89PNG")


def test_letters_both_ways_stand_in_order_and_answers_in_their_thread(mail: MailServer, box: Letterbox):
    box.write("Заказ 17", "Где он?")
    shop_answers(mail, mail.inbox(SHOP_ADDRESS)[0], "В пути.")
    box.write("Re: Заказ 17", "Спасибо!", answers="in0")
    rows = box.screen()
    assert [(row["id"], row["mine"], row["text"]) for row in rows] == [
        ("out0", True, "Где он?"),
        ("in0", False, "В пути."),
        ("out1", True, "Спасибо!"),
    ]
    first, second, third = (dict(row["headers"]) for row in rows)
    assert second["In-Reply-To"] == first["Message-ID"]
    assert third["References"].split() == [first["Message-ID"], second["Message-ID"]]
    file = box.file("in0", 0)
    assert file is not None
    assert (file.name, file.content, file.image) == ("счёт.pdf", b"%PDF", False)


def test_what_is_not_there_is_neither_answered_nor_shown(mail: MailServer, box: Letterbox):
    with pytest.raises(LookupError):
        box.write("Re: ?", "Спасибо!", answers="in0")
    assert (box.screen(), box.file("in0", 0), mail.inbox(SHOP_ADDRESS)) == ([], None, [])
