"""A letter of ours: what its bytes say to a stranger's program, and to our own reader."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from connector.domain.events import Ignored
from connector.domain.letters import Heading
from connector.errors import PermanentError
from connector.letters import Mailbox, told
from connector.letters.writing import Enclosure, Paper, Writer, compose
from tests.unit.letters.shelf import BOX, Shelf, letter, reading

CONVERSATION = "0123456789abcdef"
OURS = f"t.{CONVERSATION}.9f8e7d6c@acme.example"
WRITER = Writer(address="support@acme.example", name="ACME Поддержка")
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def paper(text: str = "Добрый день", *files: Enclosure, writer: Writer = WRITER, **heading: Any) -> Paper:
    usual = {"to": "ivan@client.example", "subject": "Re: Заказ", "message_id": OURS}
    links = heading.pop("links", ())
    return compose(Heading(**{**usual, **heading}), text, files, links, writer=writer, conversation=CONVERSATION, at=AT)


def parsed(written: Paper) -> EmailMessage:
    message = message_from_bytes(written.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(written: Paper, kind: str = "plain") -> str:
    part = parsed(written).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_letter_has_both_bodies_and_says_whom_it_is_from_and_for():
    written = paper("Здравствуйте, [b]Иван[/b]", to_name="Иван, Петров", cc=("boss@client.example",))
    message = parsed(written)
    assert message.get_content_type() == "multipart/alternative"
    assert (message["From"].addresses[0].display_name, message["From"].addresses[0].addr_spec) == (
        "ACME Поддержка",
        "support@acme.example",
    )
    assert [(one.display_name, one.addr_spec) for one in message["To"].addresses] == [
        ("Иван, Петров", "ivan@client.example")
    ]
    assert message["Cc"] == "boss@client.example"
    assert (written.to, written.cc, written.writer) == (
        "ivan@client.example",
        ("boss@client.example",),
        "support@acme.example",
    )
    assert body(written) == "Здравствуйте, Иван\n"
    assert "Здравствуйте, <b>Иван</b>" in body(written, "html")
    assert message["Date"].datetime == AT


def test_a_letter_stands_in_its_thread():
    chain = ("root@client.example", "last@client.example")
    message = parsed(paper(in_reply_to="last@client.example", references=chain))
    assert message["Message-ID"] == f"<{OURS}>"
    assert message["In-Reply-To"] == "<last@client.example>"
    assert message["References"].split() == ["<root@client.example>", "<last@client.example>"]


def test_the_signature_stands_under_the_dashes_and_is_quiet():
    written = paper("Готово", signature="[b]Анна[/b]\n[url=https://acme.example]ACME[/url]")
    assert body(written) == "Готово\n\n-- \nАнна\nACME (https://acme.example)\n"
    assert '<div class="signature"' in body(written, "html")
    assert "<b>Анна</b>" in body(written, "html")
    assert "-- " not in body(paper("Готово"))


@pytest.mark.parametrize(
    ("bbcode", "text", "html"),
    [
        ("[url=https://a.example/?a=1&b=2]here[/url]", "here (https://a.example/?a=1&b=2)", "?a=1&amp;b=2"),
        (">>one\n>>two\nthree", "> one\n> two\nthree", "<blockquote style="),
        ("[list][*]one[*][b]two[/b][/list]", "• one\n• two", "• <b>two</b>"),
        (
            "so:\n\n[list=1]\n[*] one\n[*] two\n[/list]\n[code]x[*]y[/code]",
            "so:\n• one\n• two\n\nx[*]y",
            ">x[*]y</pre>",
        ),
        ("[code]a <b> = 1[/code]", "a <b> = 1", "a &lt;b&gt; = 1</pre>"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[img]https://a.example/p.png[/img]", "https://a.example/p.png", '<a href="https://a.example/p.png">'),
        ("[url=javascript:alert(1)]x[/url]", "x", "x"),
    ],
)
def test_bbcode_is_read_the_same_in_both_bodies(bbcode: str, text: str, html: str):
    written = paper(bbcode)
    assert body(written).strip() == text
    page = body(written, "html")
    assert html in page
    assert not [bad for bad in ("<script", "<img", "src=", "javascript:") if bad in page]


def test_files_keep_their_names_and_bytes():
    written = paper(
        "см. вложения",
        Enclosure(
            name="Отчёт за 2025 год, окончательный; очень длинное название.pdf", mime="application/pdf", data=b"%"
        ),
        Enclosure(name="../../etc/пароли\r\nX: y.txt", mime="text/plain; charset=utf-8", data=b"\x00\xff"),
        Enclosure(name="letter.eml", mime="message/rfc822", data=b"From: a@b.example\n\nhi"),
    )
    message = parsed(written)
    assert message.get_content_type() == "multipart/mixed"
    files = [(part.get_filename(), part.get_content_type()) for part in message.iter_attachments()]
    assert files == [
        ("Отчёт за 2025 год, окончательный_ очень длинное название.pdf", "application/pdf"),
        ("пароли X_ y.txt", "text/plain"),
        ("letter.eml", "application/octet-stream"),
    ]
    shelf = Shelf()
    digest = shelf.digest(written.raw)
    assert [(part["name"], shelf.files[part["key"]][2]) for part in digest["parts"]] == [
        (files[0][0], b"%"),
        (files[1][0], b"\x00\xff"),
        (files[2][0], b"From: a@b.example\n\nhi"),
    ]


def test_a_file_that_is_too_large_is_a_link_in_both_bodies():
    written = paper("см.", links=(("Видео & обзор.mp4", "https://acme.example/media/x?a=1&b=2"),), signature="Анна")
    assert body(written) == "см.\n\nВидео & обзор.mp4\nhttps://acme.example/media/x?a=1&b=2\n\n-- \nАнна\n"
    assert '<a href="https://acme.example/media/x?a=1&amp;b=2">Видео &amp; обзор.mp4</a>' in body(written, "html")


def test_a_machine_says_that_it_is_one():
    message = parsed(paper(automatic=True))
    assert (message["Auto-Submitted"], message["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    assert "Precedence" not in message
    assert paper(automatic=True).silent
    assert "Auto-Submitted" not in parsed(paper())


@pytest.mark.parametrize("where", ["to_name", "subject", "in_reply_to", "message_id", "signature"])
@pytest.mark.parametrize("evil", ["a\r\nBcc: victim@x.example", "a\nBcc: v@x.example\n\nbody", "a\x00\x0b\u2028Bcc: v"])
def test_nothing_in_a_header_begins_another(where: str, evil: str):
    message = parsed(paper(**{where: evil}))
    assert "Bcc" not in message
    assert message.get_content_type() == "multipart/alternative"
    assert body(paper(**{where: evil})).startswith("Добрый день")


@pytest.mark.parametrize("evil", ["", "no at sign", "a@b\r\nBcc: v@x.example", "a@b, v@x.example", "<v@x.example>"])
def test_what_is_no_address_gets_no_letter(evil: str):
    with pytest.raises(PermanentError) as caught:
        paper(to=evil)
    assert caught.value.cause == "mail.address"
    written = paper(cc=(evil, "boss@client.example"))
    assert (written.cc, written.unfit) == (("boss@client.example",), (evil,))


def test_a_domain_of_other_letters_is_written_by_its_ascii_name():
    written = paper(to="ivan@почта.рф", writer=Writer(address="support@пример.рф"))
    assert (written.to, written.international) == ("ivan@xn--80a1acny.xn--p1ai", False)
    assert written.raw.isascii()


def test_only_a_name_of_other_letters_needs_more_of_the_servers():
    written = paper(to="иван@почта.рф", cc=("пётр@почта.рф",))
    assert (written.international, written.cc) == (True, ("пётр@xn--80a1acny.xn--p1ai",))
    assert "иван@xn--80a1acny.xn--p1ai".encode() in written.raw
    in_copy = paper(cc=("пётр@почта.рф",))
    assert (in_copy.international, in_copy.unfit, in_copy.raw.isascii()) == (False, ("пётр@почта.рф",), True)


def test_the_same_letter_is_the_same_bytes():
    file = Enclosure(name="a.bin", mime="application/octet-stream", data=b"\x00" * 500)
    assert paper("x", file).raw == paper("x", file).raw
    assert paper("x", file, message_id=OURS.replace("9f", "00")).raw != paper("x", file).raw


def test_our_own_letter_is_recognised_as_ours():
    elsewhere = Mailbox(account="support", domain="acme.example")
    for box in (BOX, elsewhere):
        assert reading(paper().raw.decode(), box).letter.automatic == "ours"
    assert told(Shelf().digest(paper().raw), BOX) == [Ignored(what="mail.own")]


def test_the_answer_of_a_client_finds_the_conversation():
    by_headers = reading(letter(in_reply_to=f"<{OURS}>"))
    assert (by_headers.conversation, by_headers.letter.marked) == (CONVERSATION, True)
    subject = parsed(paper(writer=Writer(address=WRITER.address, mark="subject")))["Subject"]
    assert subject == f"Re: Заказ [#{CONVERSATION}]"
    assert reading(letter(subject=f"Re: {subject}")).conversation == CONVERSATION
    back = parsed(paper(writer=Writer(address=WRITER.address, mark="address")))["Reply-To"]
    assert back == f"support+t{CONVERSATION}@acme.example"
    assert reading(letter(to=back), BOX).conversation == CONVERSATION
    assert "Reply-To" not in parsed(paper())


@pytest.mark.parametrize("piece", ["[code]", "[list", " [list]\n", "[*]", ">>", "[/code][code]", "\n "])
@pytest.mark.timeout(20)
def test_no_text_takes_long(piece: str):
    assert paper(piece * 8000).raw.isascii()
