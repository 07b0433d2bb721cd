"""The pretend mail server speaks with the programs that are used in earnest: smtplib and IMAPClient."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from connector.providers.mail.standin import MailServer, written

VERA, SHOP = "vera@example.com", "shop@acme.example"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer(SHOP) as server:
        yield server


@pytest.fixture
def reader(mail: MailServer) -> Iterator[IMAPClient]:
    imap = mail.account()["imap"]
    with IMAPClient(imap["host"], port=imap["port"], ssl=False, timeout=5) as client:
        client.login(imap["user"], imap["password"])
        yield client


def sender(mail: MailServer) -> smtplib.SMTP:
    smtp = mail.account()["smtp"]
    return smtplib.SMTP(smtp["host"], smtp["port"], timeout=5)


def known(mail: MailServer) -> smtplib.SMTP:
    smtp = sender(mail)
    smtp.login(SHOP, "secret")
    return smtp


def test_a_letter_is_read_whole_and_stays_unread(mail: MailServer, reader: IMAPClient) -> None:
    letter = mail.write(VERA, "Заказ «17»", "Готов?", name="Вера", files=[("чек.txt", b"paid")])
    opened = reader.select_folder("INBOX", readonly=True)
    assert (opened[b"EXISTS"], opened[b"UIDVALIDITY"], opened[b"UIDNEXT"]) == (1, 1, 2)
    assert reader.search(["UID", "1:*"]) == [1]
    told = reader.fetch([1], ["RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[]", "BODY.PEEK[HEADER]", "FLAGS"])[1]
    raw = told[b"BODY[]"]
    assert told[b"RFC822.SIZE"] == len(raw)
    assert raw.startswith(told[b"BODY[HEADER]"])
    assert told[b"BODY[HEADER]"].endswith(b"\r\n\r\n")
    assert told[b"FLAGS"] == ()
    assert abs((datetime.now(UTC) - told[b"INTERNALDATE"].astimezone(UTC)).total_seconds()) < 60
    assert (letter.subject, letter.text.strip(), letter.files[0].name) == ("Заказ «17»", "Готов?", "чек.txt")
    assert [kept.message_id for kept in mail.inbox(SHOP)] == [letter.message_id]


@pytest.mark.parametrize(
    ("asked", "uids"),
    [
        (["ALL"], [1, 2]),
        (["UID", "2:*"], [2]),
        (["UID", "9:*"], [2]),
        (["SINCE", date(2020, 1, 1)], [1, 2]),
        (["SINCE", date(2999, 1, 1)], []),
        (["HEADER", "X-Order", "17"], [2]),
        (["NOT", "HEADER", "X-Order", "17"], [1]),
        (["UNSEEN"], [1, 2]),
        (["SEEN"], []),
    ],
)
def test_letters_are_found(mail: MailServer, reader: IMAPClient, asked: list[object], uids: list[int]) -> None:
    mail.write(VERA, "First", "1")
    mail.write(VERA, "Second", "2", headers={"X-Order": "n-17"})
    reader.select_folder("INBOX", readonly=True)
    assert reader.search(asked) == uids


def test_who_idles_hears_of_a_letter_at_once(mail: MailServer, reader: IMAPClient) -> None:
    reader.select_folder("INBOX", readonly=True)
    assert not mail.wait_for_listeners(seconds=0.1)
    reader.idle()
    assert mail.wait_for_listeners()
    threading.Timer(0.1, mail.write, (VERA, "News", "!")).start()
    assert reader.idle_check(timeout=5) == [(1, b"EXISTS")]
    reader.idle_done()
    assert reader.search(["ALL"]) == [1]


def test_what_was_sent_is_kept_in_the_folder_that_is_told_as_sent(mail: MailServer, reader: IMAPClient) -> None:
    assert [(flags[-1], name) for flags, _, name in reader.list_folders() if b"\\Sent" in flags] == [
        (b"\\Sent", "Sent")
    ]
    assert reader.find_special_folder(b"\\Sent") == "Sent"
    reader.append("Sent", written(SHOP, VERA, "Re: Заказ", "Готов."), flags=[b"\\Seen"])
    [kept] = mail.folder("Sent")
    assert (kept.subject, kept.text.strip()) == ("Re: Заказ", "Готов.")
    reader.select_folder("Sent", readonly=True)
    assert reader.search(["HEADER", "Message-ID", kept.message_id]) == [1]
    assert reader.fetch([1], ["FLAGS"])[1][b"FLAGS"] == (b"\\Seen",)


def test_flags_change_only_where_the_folder_is_open_for_writing(mail: MailServer, reader: IMAPClient) -> None:
    mail.write(VERA, "First", "1")
    reader.select_folder("INBOX")
    reader.add_flags([1], [b"\\Seen"])
    assert reader.search(["SEEN"]) == [1]
    reader.select_folder("INBOX", readonly=True)
    reader.fetch([1], ["BODY[]"])
    assert mail.boxes.folders["INBOX"].letters[0].flags == {"\\Seen"}


def test_a_wrong_password_opens_nothing(mail: MailServer) -> None:
    imap = mail.account()["imap"]
    with IMAPClient(imap["host"], port=imap["port"], ssl=False, timeout=5) as client:
        with pytest.raises(LoginError):
            client.login(imap["user"], "guess")
        client.plain_login(imap["user"], imap["password"])
    with sender(mail) as smtp, pytest.raises(smtplib.SMTPAuthenticationError):
        smtp.login(SHOP, "guess")


def test_a_letter_leaves_and_lies_with_whom_it_was_sent_to(mail: MailServer) -> None:
    with known(mail) as smtp:
        smtp.sendmail(SHOP, [VERA], written(SHOP, VERA, "Re", "It is\n.ready\n"))
    [letter] = mail.inbox(VERA)
    assert letter.text.splitlines() == ["It is", ".ready"]


def test_letters_are_refused_and_cut_as_asked(mail: MailServer) -> None:
    letter = written(SHOP, VERA, "Re", "Ready")
    mail.manners.next = ["later", "never", "cut_before", "cut_after"]
    mail.manners.unknown = {"nobody@example.com"}
    for code in (451, 554):
        with known(mail) as smtp, pytest.raises(smtplib.SMTPDataError) as caught:
            smtp.sendmail(SHOP, [VERA], letter)
        assert (caught.value.smtp_code, mail.inbox(VERA)) == (code, [])
    for kept in (0, 1):
        smtp = known(mail)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            smtp.sendmail(SHOP, [VERA], letter)
        assert len(mail.inbox(VERA)) == kept
    with known(mail) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.sendmail(SHOP, ["nobody@example.com"], letter)


def test_nobody_sends_without_a_password(mail: MailServer) -> None:
    with sender(mail) as smtp, pytest.raises(smtplib.SMTPSenderRefused):
        smtp.sendmail(SHOP, [VERA], written(SHOP, VERA, "Re", "Ready"))
    assert mail.inbox(VERA) == []
