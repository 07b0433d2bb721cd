"""Whose letter, in which conversation, by a person or a machine."""

from __future__ import annotations

import dataclasses

import pytest

from connector.letters import Mailbox
from connector.letters.threads import hashed
from tests.unit.letters.shelf import BOX, RECEIVED, letter, reading

TOKEN = "0123456789abcdef"
OURS = f"<t.{TOKEN}.u1@acme.example>"


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"message_id": "<a@b>"}, hashed("a@b")),
        ({"message_id": "<c@b>", "in_reply_to": "<a@b>"}, hashed("a@b")),
        ({"message_id": "<c@b>", "in_reply_to": "<b@b>", "references": "<a@b> <b@b>"}, hashed("a@b")),
        ({"in_reply_to": OURS}, TOKEN),
        ({"in_reply_to": "<x@y>", "references": f"<a@b> {OURS}\n <c@d>"}, TOKEN),
        ({"to": f"Support <support+t{TOKEN}@acme.example>"}, TOKEN),
        ({"to": "undisclosed-recipients:;", "delivered_to": f"support+t{TOKEN}@acme.example"}, TOKEN),
        ({"subject": f"Re: Заказ [#{TOKEN}]", "message_id": "<z@z>"}, TOKEN),
        ({"message_id": "<z@z>", "to": f"other+t{TOKEN}@evil.example"}, hashed("z@z")),
        ({"message_id": "<z@z>", "in_reply_to": f"<t.{TOKEN}.u1@evil.example>"}, hashed(f"t.{TOKEN}.u1@evil.example")),
    ],
)
def test_a_letter_finds_its_conversation(headers: dict[str, str], told: str):
    assert reading(letter(**headers)).conversation == told


def test_a_letter_without_an_id_gets_the_same_one_each_time():
    first, again = reading(letter()), reading(letter())
    assert first.letter.message_id == again.letter.message_id
    assert first.letter.message_id != reading(letter("Другое")).letter.message_id
    assert reading(letter(message_id="")).letter.message_id.endswith("@letters.invalid")


@pytest.mark.parametrize(
    ("headers", "machine"),
    [
        ({}, ""),
        ({"auto_submitted": "no"}, ""),
        ({"auto_submitted": "auto-replied (vacation)"}, "auto_reply"),
        ({"auto_submitted": "auto-generated"}, "auto_reply"),
        ({"precedence": "bulk"}, "bulk"),
        ({"precedence": "auto_reply"}, "auto_reply"),
        ({"precedence": "list"}, "list"),
        ({"x_autoreply": "yes"}, "auto_reply"),
        ({"delivered_to": "Autoresponder"}, "auto_reply"),
        ({"list_id": "<news.acme>"}, "list"),
        ({"list_unsubscribe": "<mailto:u@x>"}, "bulk"),
        ({"return_path": "<>"}, "auto_reply"),
        ({"from_": "MAILER-DAEMON@mx.example"}, "auto_reply"),
        ({"from_": "Магазин <no-reply@shop.example>"}, "bulk"),
        ({"x_failed_recipients": "a@b.example"}, "auto_reply"),
        ({"from_": "Мы <support@acme.example>"}, "ours"),
        ({"message_id": OURS}, "ours"),
        ({"x_auto_response_suppress": "All"}, ""),
        ({"subject": "Автоответ: в отпуске"}, ""),
    ],
)
def test_machines_are_told_from_people(headers: dict[str, str], machine: str):
    assert reading(letter(**headers)).letter.automatic == machine


def test_prose_where_an_id_should_be_joins_nothing():
    prose = {"message_id": "<z@z>", "in_reply_to": "Your letter of Monday to a@b.example"}
    assert reading(letter(**prose)).conversation == hashed("z@z")


def test_a_newsletter_with_an_address_for_answers_is_still_one():
    found = reading(letter(from_="noreply@shop.example", reply_to="info@shop.example", list_unsubscribe="<u@x>"))
    assert found.letter.automatic == "bulk"


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, False),
        ({"x_auto_response_suppress": "OOF, AutoReply"}, True),
        ({"x_auto_response_suppress": "None"}, False),
        ({"subject": "Out of office: Re: Order"}, True),
        ({"precedence": "bulk"}, True),
    ],
)
def test_some_letters_want_no_automatic_answer(headers: dict[str, str], told: bool):
    assert reading(letter(**headers)).letter.suppress is told


def test_spam_is_told_by_headers_that_the_account_names():
    assert reading(letter(x_spam_flag="YES")).letter.spam == "X-Spam-Flag: YES"
    own = dataclasses.replace(BOX, spam={"X-Our-Filter": "^bad"})
    assert reading(letter(x_spam_flag="YES"), own).letter.spam == ""
    assert reading(letter(x_our_filter="BAD 9.1"), own).letter.spam == "X-Our-Filter: BAD 9.1"


def test_the_client_is_the_sender_by_address_and_name():
    client = reading(letter()).client
    assert (client.id, client.email) == ("ivan@client.example", "ivan@client.example")
    assert (client.first_name, client.last_name) == ("Иван", "Петров")


def test_a_form_of_a_site_writes_for_its_visitor():
    found = reading(letter(from_="Сайт <support@acme.example>", reply_to="Анна <anna@client.example>"))
    assert (found.client.id, found.client.first_name) == ("anna@client.example", "Анна")
    assert found.letter.automatic == ""
    assert found.letter.reply_to == "anna@client.example"
    silent = reading(letter(from_="no-reply@site.example", reply_to="Анна <anna@client.example>"))
    assert (silent.client.id, silent.letter.automatic) == ("anna@client.example", "")


def test_a_broken_sender_still_is_somebody():
    found = reading(letter(from_='"a b"@c'), Mailbox(account="m"))
    assert found.client.id.startswith("unknown.")
    assert found.client.email == ""


def test_a_broken_date_is_the_time_of_arrival():
    assert reading(letter(date="yesterday")).sent_at == RECEIVED
    assert reading(letter(date="Mon, 3 Nov 2025 14:05:00 +0300")).sent_at == RECEIVED


def test_the_letter_carries_its_thread_and_its_people():
    found = reading(letter(
        message_id="<c@b>", in_reply_to="<b@b>", references="<a@b> <b@b>", cc="Boss <boss@client.example>",
        reply_to="ivan@other.example",
    )).letter  # fmt: skip
    assert (found.message_id, found.in_reply_to, found.references) == ("c@b", "b@b", ("a@b", "b@b"))
    assert (found.to, found.cc) == (("support@acme.example",), ("boss@client.example",))
    assert (found.from_address, found.reply_to) == ("ivan@client.example", "ivan@other.example")


def test_a_picture_of_the_cut_quote_stays_in_the_original():
    raw = (
        "From: i@c.example\nSubject: Re: s\nContent-Type: multipart/related; boundary=bb\n\n--bb\n"
        "Content-Type: text/html\n\n<p>See <img src='cid:new'></p><div class=gmail_quote>On 3 Nov 2025 at 10:00 A "
        "&lt;a@b.example&gt; wrote:<img src='cid:old'></div>\n"
        "--bb\nContent-Type: image/png\nContent-ID: <new>\n\nx\n--bb\nContent-Type: image/png\nContent-ID: <old>\n\ny\n"
        "--bb\nContent-Type: application/pdf; name=a.pdf\n\nz\n--bb--\n"
    )
    found = reading(raw)
    assert [file.name for file in found.files] == ["file.png", "a.pdf"]
    assert found.files[0].kind == "image"
    assert found.text == "See"
    assert found.letter.shortened
