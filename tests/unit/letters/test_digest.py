"""Raw letters, as broken as they come, into digests."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.letters import digest_headers, read
from connector.letters.charsets import text_of
from connector.letters.headers import addresses, decoded, ids, mailbox
from tests.unit.letters.shelf import BOX, RECEIVED, WHERE, Shelf, digested, letter, reading


def mixed(*parts: str, kind: str = "mixed") -> str:
    body = "".join(f"--bb\n{part}\n" for part in parts)
    return f"From: a@b.example\nSubject: s\nContent-Type: multipart/{kind}; boundary=bb\n\n{body}--bb--\n"


def test_a_digest_is_plain_json_with_what_the_contract_names():
    told = digested(letter())
    assert json.loads(json.dumps(told)) == told
    assert [*told] == [
        "v", "raw", "size", "cut", "headers", "text", "html", "parts", "left_out", "report", "where", "received",
    ]  # fmt: skip
    assert told["text"] == "Здравствуйте"
    assert told["where"] == WHERE
    assert told["received"] == "2025-11-03T11:05:00+00:00"


def test_the_whole_letter_is_kept_as_it_came():
    shelf = Shelf()
    raw = letter().encode()
    key = shelf.digest(raw)["raw"]
    assert shelf.files[key] == ("Заказ.eml", "message/rfc822", raw)


@pytest.mark.parametrize("charset", ["koi8-r", "cp1251", "utf-8", "iso-8859-5", "cp866"])
def test_russian_is_read_by_its_declared_charset(charset: str):
    body = base64.encodebytes("Привет, мир".encode(charset)).decode()
    raw = letter(body, content_type=f"text/plain; charset={charset}", content_transfer_encoding="base64")
    assert digested(raw)["text"] == "Привет, мир"


@pytest.mark.parametrize("charset", ["koi8-r", "cp1251", "utf-8"])
@pytest.mark.parametrize("declared", ["unknown-8bit", "bogus\x00", "us-ascii", "punycode", "zlib", ""])
def test_russian_is_read_when_the_charset_is_a_lie(charset: str, declared: str):
    assert text_of("Добрый день, где мой заказ?".encode(charset), declared) == "Добрый день, где мой заказ?"


def test_one_broken_letter_does_not_turn_utf_8_into_noise():
    assert text_of("Добрый день".encode() * 20 + b"\xd0", "utf-8").startswith("Добрый день")


def test_nuls_that_dovecot_told_as_0x80_do_not_either():
    assert "Добрый день, где мой заказ?" in text_of(b"\x80" + "Добрый день, где мой заказ?".encode() + b"\x80", "utf-8")


def test_adjacent_encoded_words_are_joined_even_inside_a_letter():
    data = "Заявка".encode()
    words = [f"=?utf-8?B?{base64.b64encode(piece).decode()}?=" for piece in (data[:3], data[3:])]
    assert decoded("\n ".join(words)) == "Заявка"
    assert decoded("Re: =?koi8-r?Q?=FA=C1=CB=C1=DA?= 5 =?bogus?b?0YI=?=") == "Re: Заказ 5 т"


def test_names_of_attachments_are_decoded_in_every_fashion():
    told = digested(
        mixed(
            "Content-Type: application/pdf; name==?utf-8?B?0KHRh9GR0YIucGRm?=\n\nx",
            "Content-Type: application/pdf\nContent-Disposition: attachment; filename*0*=utf-8''%D0%A1%D1%87;\n"
            " filename*1*=%D1%91%D1%82.pdf\n\nx",
            'Content-Type: application/pdf\nContent-Disposition: attachment; filename="Счёт.pdf"\n\nx',
        )
    )
    assert [part["name"] for part in told["parts"]] == ["Счёт.pdf"] * 3


def test_a_malformed_message_id_is_taken_whole():
    assert ids(["<a b@c>", "junk <x@y> <x@y>", "bare@id"]) == ("a b@c", "x@y", "bare@id")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Иванов, Иван <I@A.example>", ("Иванов, Иван", "i@a.example")),
        ('"=?utf-8?B?0JjQstCw0L0=?=" <i@a.example>', ("Иван", "i@a.example")),
        ('"a b"@c', ("", "")),
        ("i@a.example (Ivan)", ("Ivan", "i@a.example")),
        ("<>", ("", "")),
        ("", ("", "")),
        ('"x\\"y" <i@a.example>', ('x"y', "i@a.example")),
    ],
)
def test_a_sender_is_read_or_left_empty(value: str, told: tuple[str, str]):
    assert mailbox(value) == told


def test_undisclosed_recipients_are_nobody():
    assert addresses(["undisclosed-recipients:;"]) == ()
    assert addresses(["A <a@b.example>, =?utf-8?B?0JjQstCw0L0=?= <C@d.example>", "a@b.example"]) == (
        "a@b.example", "c@d.example",
    )  # fmt: skip


def test_nuls_and_lone_surrogates_go_away():
    told = digested(b"Subject: a\0b\n\nx\0y")
    assert told["text"] == "xy"
    assert dict(map(tuple, told["headers"]))["Subject"] == "ab"


def test_alternatives_inline_pictures_invitations_and_tnef_are_told_apart():
    inner = (
        'Content-Type: multipart/related; boundary="rr"\n\n--rr\nContent-Type: text/html; charset=utf-8\n\n'
        "<p>Схема: <img src=cid:pic@1></p>\n--rr\nContent-Type: image/png; name=a.png\nContent-ID: <pic@1>\n"
        "Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--rr--"
    )
    told = digested(
        mixed(
            'Content-Type: multipart/alternative; boundary="aa"\n\n--aa\nContent-Type: text/plain\n\nСхема\n--aa\n'
            f"{inner}\n--aa\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--aa--",
            "Content-Type: application/ms-tnef\n\nTNEF",
            "Content-Type: message/rfc822\n\nSubject: =?utf-8?B?0KHRh9GR0YI=?=\n\nвнутри",
        )
    )
    assert told["text"].strip() == "Схема"
    assert "Схема" in told["html"]
    assert [(part["name"], part["mime"], part["inline"], part["cid"]) for part in told["parts"]] == [
        ("a.png", "image/png", True, "pic@1"),
        ("invite.ics", "text/calendar", False, ""),
        ("winmail.dat", "application/ms-tnef", False, ""),
        ("Счёт.eml", "message/rfc822", False, ""),
    ]
    assert told["parts"][0]["size"] == 8


def test_flowed_lines_are_joined_and_the_delimiter_of_signatures_is_not():
    raw = letter("Одна \nстрока\n-- \nИван", content_type="text/plain; charset=utf-8; format=flowed")
    assert digested(raw)["text"] == "Одна строка\n-- \nИван"


def test_headers_alone_make_a_digest_that_says_so():
    told = digest_headers(letter().encode(), size=200 * 2**20, where=WHERE, received=RECEIVED)
    assert (told["cut"], told["raw"], told["text"], told["size"]) == (True, "", "", 200 * 2**20)
    found = read(told, BOX)
    assert found.letter.subject == "Заказ"
    assert "200" in found.notes[0].ru
    assert found.letter.original is None


DELIVERY = """From: MAILER-DAEMON@mx.example
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=bb

--bb
Content-Type: text/plain

Sorry
--bb
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ivan@client.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such
 user

Final-Recipient: rfc822; anna@client.example
Action: delayed
Status: 4.4.1
--bb
Content-Type: message/rfc822

Message-ID: <t.0123456789abcdef.u1@acme.example>
Subject: Re: Заказ

text
--bb--
"""


def test_a_delivery_report_tells_who_and_why():
    report = digested(DELIVERY)["report"]
    assert report == {
        "kind": "delivery",
        "original": "t.0123456789abcdef.u1@acme.example",
        "recipients": [
            {"to": "ivan@client.example", "action": "failed", "status": "5.1.1", "said": "550 5.1.1 no such user"},
            {"to": "anna@client.example", "action": "delayed", "status": "4.4.1", "said": ""},
        ],
    }
    bounces = reading(DELIVERY).bounces
    assert [(each.recipient, each.final, each.conversation) for each in bounces] == [
        ("ivan@client.example", True, "0123456789abcdef"),
        ("anna@client.example", False, "0123456789abcdef"),
    ]


def test_a_report_about_a_letter_that_microsoft_gave_another_id_tells_ours():
    renamed = "Message-ID: <DB7PR@prod.outlook.example>\nX-Microsoft-Original-Message-ID: <t.0123"
    found = reading(DELIVERY.replace("Message-ID: <t.0123", renamed))
    assert [each.message_id for each in found.bounces] == ["t.0123456789abcdef.u1@acme.example"] * 2


def test_a_report_about_a_strangers_letter_is_no_bounce_of_ours():
    found = reading(DELIVERY.replace("t.0123456789abcdef.u1@acme.example", "other@elsewhere.example"))
    assert found.bounces == ()
    assert found.letter.automatic == "auto_reply"


def test_bounces_of_exim_and_qmail_are_understood():
    exim = letter(
        "Delivery failed\n  no@client.example\n    550 5.7.1 blocked\n\n"
        "Message-ID: <t.0123456789abcdef.u2@acme.example>\n",
        from_="Mail Delivery System <mailer-daemon@mx.example>", x_failed_recipients="no@client.example",
    )  # fmt: skip
    qmail = letter(
        "Hi. This is the qmail-send program at mx.example.\n\n<no@client.example>:\n550 5.7.1 blocked\n\n"
        "--- Below this line is a copy of the message.\n\nMessage-Id: <t.0123456789abcdef.u2@acme.example>\n"
    )
    for raw in (exim, qmail):
        bounce = reading(raw).bounces[0]
        assert (bounce.recipient, bounce.status, bounce.final) == ("no@client.example", "5.7.1", True)
        assert bounce.message_id == "t.0123456789abcdef.u2@acme.example"


def test_a_read_receipt_names_the_letter_that_was_opened():
    raw = mixed(
        "Content-Type: text/plain\n\nRead",
        "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; i@c.example\n"
        "Original-Message-ID: <t.0123456789abcdef.u1@acme.example>\n"
        "Disposition: manual-action/MDN-sent-manually; displayed",
        kind="report; report-type=disposition-notification",
    )
    assert digested(raw)["report"]["recipients"][0]["action"] == "displayed"
    assert reading(raw).read == "t.0123456789abcdef.u1@acme.example"


def test_what_the_standard_library_writes_is_read_back():
    message = EmailMessage(policy=SMTP)
    message["From"] = "Иван Петров <ivan@client.example>"
    message["Subject"] = "Очень длинная тема письма, которая точно не поместится в одну строку заголовка"
    message.set_content("Текст письма")
    message.add_alternative("<p>Текст <b>письма</b></p>", subtype="html")
    message.add_attachment(b"\0\1\2", maintype="application", subtype="zip", filename="Архив документов.zip")
    told = digested(message.as_bytes())
    assert decoded(dict(map(tuple, told["headers"]))["Subject"]) == str(message["Subject"])
    assert reading(message.as_bytes()).text == "Текст [b]письма[/b]"
    assert (told["parts"][0]["name"], told["parts"][0]["size"]) == ("Архив документов.zip", 3)


HEADS = st.sampled_from(
    [b"From: ", b"Subject: =?utf-8?q?", b"Content-Type: multipart/mixed; boundary=x\n", b"Date: ", b"References: <",
     b"Content-Type: text/html\n\n<div>", b"--x\n", b"--x--\n", b"\n\n", b"Content-Type: text/plain; charset*=",
     b"Content-Transfer-Encoding: base64\n", b"To: undisclosed-recipients:;", b"\r", b"\0", b"<blockquote type=cite>",
     b"Content-Disposition: attachment; filename*0*=utf-8''%", b"Content-Type: message/delivery-status\n\n",
     b"Final-Recipient: ", b"X-Failed-Recipients: ", b"From:\n>wrote 10:00:", b"[url=", b"\xee\x80\x90"]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(st.binary(max_size=400), st.lists(st.one_of(HEADS, st.binary(max_size=20)), max_size=25).map(b"".join))
)
def test_any_bytes_make_a_digest_and_a_reading(raw: bytes):
    told = digested(raw)
    json.dumps(told).encode()
    found = read(told, BOX)
    assert len(found.conversation) == 16
    assert found.client.id
    assert found.letter.message_id
    found.text.encode()
    assert "\0" not in json.dumps(told)
