"""The private Dovecot is what its docstring says."""

from __future__ import annotations

import ssl

import pytest
from imapclient import IMAPClient

from tests.mail.dovecot import Dovecot

RAW = b"From: a@client.test\r\nTo: support@acme.test\r\nSubject: hi\r\nMessage-ID: <1@client.test>\r\n\r\nhello\r\n"
REPLY = RAW.replace(b"<1@", b"<2@").replace(b"\r\n\r\n", b"\r\nIn-Reply-To: <1@client.test>\r\n\r\n")
USER = "support@acme.test"


def test_letters_come_by_lmtp_and_by_append(mailboxes: Dovecot):
    mailboxes.deliver(USER, RAW)
    assert mailboxes.append(USER, "Archive/Old", RAW) == 1
    assert mailboxes.append(USER, "INBOX", REPLY) == 2
    first, second = mailboxes.letters(USER)
    assert first.startswith(b"Return-Path: <customer@client.test>")
    assert first.endswith(RAW)
    assert [second] == [REPLY]
    assert mailboxes.letters(USER, "Archive/Old") == [RAW]
    assert mailboxes.flags(USER) == [set(), set()]
    assert mailboxes.threads(USER) == [[1, 2]]
    assert {"INBOX", "Sent", "Junk", "Trash"} <= {*mailboxes.folders(USER)}


def test_it_speaks_tls_by_its_own_authority(mailboxes: Dovecot):
    context = ssl.create_default_context(cafile=str(mailboxes.ca))
    with IMAPClient("localhost", mailboxes.tls_port, ssl_context=context) as imap:
        imap.login(USER, mailboxes.password(USER))
        assert imap.has_capability("IDLE")
        assert b"\\Sent" in {flag for flags, _, name in imap.list_folders() if name == "Sent" for flag in flags}
    with IMAPClient("localhost", mailboxes.imap_port, ssl=False) as imap:
        imap.starttls(context)
        imap.login(USER, mailboxes.password(USER))
    with pytest.raises(ssl.SSLCertVerificationError):
        IMAPClient("localhost", mailboxes.tls_port, ssl_context=ssl.create_default_context())


@pytest.mark.parametrize("kill", [True, False])
def test_letters_outlive_a_restart_and_uids_a_new_validity(mailboxes: Dovecot, kill: bool):
    mailboxes.append(USER, "INBOX", RAW)
    mailboxes.restart(kill=kill)
    before = mailboxes.uidvalidity(USER)
    mailboxes.reset_uidvalidity(USER)
    assert mailboxes.uidvalidity(USER) != before
    assert mailboxes.letters(USER) == [RAW]
