"""With a real mail server as a company has it: Postfix that wants a password, Dovecot behind it."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from connector.errors import PermanentError, Stopped
from tests.integration.mail.posting import CLIENT, OURS, account, sent, upload
from tests.mail.dovecot import Dovecot
from tests.mail.postfix import Postfix, postfix
from tests.services import until


@pytest.fixture
def server(mailboxes: Dovecot) -> Iterator[Postfix]:
    with postfix(mailboxes) as running:
        yield running


def settings(server: Postfix, mailboxes: Dovecot, security: str, password: str = "secret") -> Any:
    port = server.tls_port if security == "tls" else server.port
    return account(port, security=security, password=password, ca=str(mailboxes.ca))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_letter_reaches_the_clients_mailbox_as_it_was_written(server: Postfix, mailboxes: Dovecot, security: str):
    text = "Добрый день!\n.точка\nFrom here\n" + "длинная строка " * 200
    receipt = sent(settings(server, mailboxes, security), text, upload("счёт № 5.pdf", 100_000), to_name="Анна, client")
    assert (receipt.ids, receipt.notes) == ((OURS,), ())
    until(lambda: bool(mailboxes.letters(CLIENT)), "the letter does not arrive")
    message = message_from_bytes(mailboxes.letters(CLIENT)[0], policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Message-ID"] == f"<{OURS}>"
    assert message["To"].addresses[0].display_name == "Анна, client"
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n").strip() == text.strip()
    (part,) = message.iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("счёт № 5.pdf", b"x" * 100_000)


def test_it_says_no_in_its_own_words(server: Postfix, mailboxes: Dovecot):
    with pytest.raises(PermanentError) as caught:
        sent(settings(server, mailboxes, "starttls"), to="nobody@-.test")
    assert caught.value.detail.startswith("5")
    with pytest.raises(Stopped) as stopped:
        sent(settings(server, mailboxes, "starttls", password="wrong"))
    assert stopped.value.cause == "smtp.login"


def test_a_machines_letter_comes_from_nobody(server: Postfix, mailboxes: Dovecot):
    sent(settings(server, mailboxes, "starttls"), automatic=True)
    until(lambda: bool(mailboxes.letters(CLIENT)), "the letter does not arrive")
    message = message_from_bytes(mailboxes.letters(CLIENT)[0], policy=policy.default)
    assert (message["Return-Path"], message["Auto-Submitted"]) == ("<>", "auto-replied")
