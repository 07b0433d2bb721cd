"""The private Postfix and the scripted next hop are what their docstrings say."""

from __future__ import annotations

import smtplib
import ssl

import pytest

from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import CUSTOMER, SUPPORT
from tests.mail.next_hop import NextHop, Step, next_hop
from tests.mail.postfix import Postfix
from tests.services import until

RAW = b"From: anna@client.test\r\nTo: support@acme.test\r\nSubject: hi\r\nMessage-ID: <1@client.test>\r\n\r\nhello\r\n"


def test_letters_go_to_mailboxes_unknown_users_bounce_and_the_rest_is_relayed(
    post: Postfix, mailboxes: Dovecot, hop: NextHop
):
    hop.script(Step(data="451 4.3.0 later"), Step(cut="before"))
    post.send(CUSTOMER, SUPPORT, RAW)
    post.send(SUPPORT, "who@elsewhere.test", RAW, password="secret")
    post.send(CUSTOMER, "nobody@acme.test", RAW)
    until(lambda: len(mailboxes.letters(SUPPORT)) == 1, "it is delivered")
    until(lambda: len(hop.letters) == 1, f"it is relayed: {post.told()}")
    until(lambda: len(mailboxes.letters(CUSTOMER)) == 1, f"it bounces: {post.told()}")
    assert hop.tries == 3
    assert hop.letters[0].recipients == ("who@elsewhere.test",)
    assert hop.letters[0].message["Message-ID"] == "<1@client.test>"
    assert b"message/delivery-status" in mailboxes.letters(CUSTOMER)[0]


def test_strangers_may_not_relay_and_tls_is_by_the_same_authority(post: Postfix, mailboxes: Dovecot):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        post.send(CUSTOMER, "who@elsewhere.test", RAW)
    trusted = ssl.create_default_context(cafile=str(mailboxes.ca))
    with smtplib.SMTP_SSL("localhost", post.tls_port, context=trusted) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login(SUPPORT, "wrong")
        smtp.login(SUPPORT, "secret")


def test_the_next_hop_does_as_it_is_told():
    with next_hop(passwords={SUPPORT: "secret"}) as hop:
        hop.script(Step(sender="421 4.7.0 busy"), Step(recipient="550 5.1.1 no"), Step(cut="kept"), Step(cut="before"))
        outcomes = [_sent(hop) for _ in range(5)]
    cut = "SMTPServerDisconnected"
    assert outcomes == ["SMTPSenderRefused", "SMTPRecipientsRefused", cut, cut, ""]
    assert [letter.raw for letter in hop.letters] == [RAW, RAW]
    assert {letter.user for letter in hop.letters} == {SUPPORT}


def _sent(hop: NextHop) -> str:
    try:
        with smtplib.SMTP("127.0.0.1", hop.port) as smtp:
            smtp.login(SUPPORT, "secret")
            smtp.sendmail(SUPPORT, CUSTOMER, RAW)
    except smtplib.SMTPException as error:
        return type(error).__name__
    return ""
