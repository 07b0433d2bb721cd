"""What left is kept, once, and found again: with a real IMAP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from connector.domain.values import Receipt
from connector.errors import Stopped, TransientError
from connector.providers.mail import PROVIDER, outbound
from connector.providers.mail.settings import MailboxSettings
from connector.providers.postman import Postman
from tests.integration.mail.posting import CLIENT, OURS, US, outgoing
from tests.integration.mail.smtp_talk import talking
from tests.mail.dovecot import Dovecot
from tests.mail.next_hop import NextHop, Step, Taken, next_hop


class Mailbox:
    """Ours, whose letters leave by ``hop``."""

    def __init__(self, dovecot: Dovecot, hop: NextHop) -> None:
        self.dovecot, self.hop = dovecot, hop

    def settings(self, imap: dict[str, Any] | None = None, **smtp: Any) -> MailboxSettings:
        server: dict[str, Any] = {"host": "127.0.0.1", "port": self.dovecot.imap_port, "security": "none"}
        server |= {} if imap and "oauth" in imap else {"password": "secret"}
        told = {"host": "127.0.0.1", "port": self.hop.port, "security": "none", **smtp}
        return MailboxSettings.model_validate(
            {
                "account": "support",
                "provider": "mail",
                "portal": "main",
                "address": US,
                "imap": {**server, **(imap or {})},
                "smtp": told,
            }
        )

    def send(self, settings: MailboxSettings, text: str = "Добрый день", **heading: Any) -> Receipt:
        return outbound.send(outgoing(text, **heading), settings, Postman(settings, requests.Session()))

    def look(self, settings: MailboxSettings, message_id: str = OURS) -> bool:
        assert PROVIDER.session is not None
        return outbound.look(message_id, settings, PROVIDER.session(settings, requests.Session(), None))

    def sent(self, folder: str = "Sent") -> list[bytes]:
        return self.dovecot.letters(US, folder)


@pytest.fixture
def mailbox(mailboxes: Dovecot) -> Iterator[Mailbox]:
    with next_hop() as hop:
        yield Mailbox(mailboxes, hop)


def kept_by_server(mailbox: Mailbox) -> Callable[[Taken], None]:
    """As Gmail and Yandex do."""

    def keep(letter: Taken) -> None:
        mailbox.dovecot.append(US, "Sent", letter.raw)

    return keep


def delivered_by(dovecot: Dovecot) -> Callable[[Taken], None]:
    """To everybody on the envelope."""

    def deliver(letter: Taken) -> None:
        for recipient in letter.recipients:
            dovecot.deliver(recipient, letter.raw)

    return deliver


def test_what_left_is_put_into_sent_as_read_and_found_there(mailbox: Mailbox):
    settings = mailbox.settings()
    assert not mailbox.look(settings)
    assert mailbox.send(settings).notes == ()
    assert mailbox.sent() == [mailbox.hop.letters[0].raw]
    assert mailbox.dovecot.flags(US, "Sent") == [{b"\\Seen"}]
    assert mailbox.look(settings)
    assert not mailbox.look(settings, OURS.replace("9f", "00"))
    assert mailbox.dovecot.letters(US) == []


def test_a_letter_that_the_server_keeps_itself_is_not_put_there_twice(mailbox: Mailbox):
    mailbox.hop.onwards = kept_by_server(mailbox)
    mailbox.send(mailbox.settings(copy="append"))
    mailbox.send(mailbox.settings(copy="server"), message_id=OURS.replace("9f", "00"))
    assert len(mailbox.sent()) == 2
    assert mailbox.look(mailbox.settings(copy="server"))


def test_a_letter_that_microsoft_gave_another_id_is_found_by_ours(mailbox: Mailbox):
    renamed = b"Message-ID: <DB7PR@prod.outlook.test>\r\nX-Microsoft-Original-Message-ID: <"
    keep = kept_by_server(mailbox)
    mailbox.hop.onwards = lambda letter: keep(replace(letter, raw=letter.raw.replace(b"Message-ID: <", renamed)))
    mailbox.send(mailbox.settings(copy="append"))
    assert len(mailbox.sent()) == 1
    assert mailbox.look(mailbox.settings(copy="server"))


def test_a_hidden_copy_comes_back_to_a_watched_folder_and_is_found_there(mailbox: Mailbox):
    mailbox.hop.onwards = delivered_by(mailbox.dovecot)
    settings = mailbox.settings(copy="bcc")
    assert mailbox.send(settings).notes == ()
    assert (len(mailbox.dovecot.letters(US)), len(mailbox.dovecot.letters(CLIENT)), mailbox.sent()) == (1, 1, [])
    assert mailbox.look(settings)
    assert not mailbox.look(mailbox.settings(copy="none"))


def test_the_folder_may_be_named_and_may_have_any_name(mailbox: Mailbox):
    mailbox.dovecot.append(US, "Исходящие", b"From: a@b.test\r\n\r\nx\r\n")
    settings = mailbox.settings({"sent": "Исходящие"})
    mailbox.send(settings)
    assert len(mailbox.sent("Исходящие")) == 2
    assert mailbox.look(settings)


@pytest.mark.parametrize("wrong", [{"sent": "Нет такой"}, {"password": "wrong"}, {"port": 9}])
def test_a_copy_that_cannot_be_kept_is_a_note_and_no_second_letter(mailbox: Mailbox, wrong: dict[str, Any]):
    settings = mailbox.settings(wrong)
    receipt = mailbox.send(settings)
    ((en, ru),) = receipt.notes
    assert receipt.ids == (OURS,)
    assert "not in the Sent folder" in en
    assert "в папке «Отправленные» его нет" in ru
    assert len(mailbox.hop.letters) == 1
    with pytest.raises((Stopped, TransientError)):
        mailbox.look(settings)


def test_a_letter_that_did_not_leave_is_not_kept(mailbox: Mailbox):
    mailbox.hop.script(Step(cut="before"), Step(data="451 4.3.0 later"))
    for _ in range(2):
        with pytest.raises(TransientError):
            mailbox.send(mailbox.settings())
    assert mailbox.sent() == []
    assert not mailbox.look(mailbox.settings())


def test_a_token_that_ended_before_its_time_is_bought_anew_once(mailbox: Mailbox):
    office = Office()
    oauth = {"token_url": "https://id.test/token", "client_id": "we", "refresh_token": "r"}
    with talking(replies={"AUTH XOAUTH2": ["535 5.7.8 expired", "235 in"]}) as talk:
        settings = mailbox.settings({"oauth": oauth}, port=talk.port, copy="none")
        postman = Postman(settings, office)
        outbound.send(outgoing(), settings, postman)
        outbound.send(outgoing(), settings, postman)
        assert (office.sold, len(talk.letters)) == (2, 2)
        talk.replies = {"AUTH XOAUTH2": ["535 5.7.8 never"]}
        with pytest.raises(Stopped):
            outbound.send(outgoing(), settings, postman)
    assert office.sold == 3


class Office:
    """Sells tokens."""

    sold = 0

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.sold += 1
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b'{"access_token": "t%d", "expires_in": 3600}' % self.sold
        return answer
