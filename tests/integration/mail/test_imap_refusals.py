"""What a mailbox that cannot be read tells the person who can mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import Stopped, TransientError
from connector.providers.mail import setup
from connector.providers.mail.folders import examined
from connector.providers.mail.session import opened
from tests.integration.mail.imap_home import Home, account, letter, served
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT
from tests.services import free_port, until


def test_a_wrong_password_waits_for_a_person_and_the_right_one_needs_no_restart(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes, password="another")
    with served(home):
        until(lambda: home.link().get("state") == "refused", "it is not refused")
        english, russian = home.link()["why"]
        assert SUPPORT in english
        assert "app password" in english
        assert "пароль приложения" in russian
        mailboxes.add(SUPPORT, "another")
        until(home.connected, "no connection")


def test_a_folder_that_is_not_there_is_told_with_those_that_are(mailboxes: Dovecot, tmp_path: Path):
    mailboxes.append(SUPPORT, "Заявки", letter(1))
    home = Home(tmp_path, mailboxes, folders=["INBOX", "Зоявки"])
    with served(home):
        until(lambda: home.link().get("state") == "refused", "it is not refused")
    with opened(account(mailboxes)) as client, pytest.raises(Stopped) as refusal:
        examined(client, "Зоявки", readonly=True)
    assert refusal.value.cause == "mail.no_folder"
    assert "Зоявки" in refusal.value.hint.ru
    assert "INBOX, Sent" not in refusal.value.hint.ru
    assert "INBOX, Junk, Sent, Trash, Заявки" in refusal.value.hint.ru


def test_tls_and_starttls_are_believed_by_an_own_authority_only(mailboxes: Dovecot):
    for security, port in (("tls", mailboxes.tls_port), ("starttls", mailboxes.imap_port)):
        way = {"security": security, "port": port, "host": "localhost"}
        with opened(account(mailboxes, **way, ca=str(mailboxes.ca))) as client:
            assert client.folder_exists("INBOX")
        with pytest.raises(Stopped) as refusal, opened(account(mailboxes, **way)):
            pass
        assert refusal.value.cause == "mail.certificate"
        assert "`ca`" in refusal.value.hint.en


def test_a_certificate_of_another_host_is_not_believed(mailboxes: Dovecot):
    way = {"security": "tls", "port": mailboxes.tls_port, "host": "127.1", "ca": str(mailboxes.ca)}
    with pytest.raises(Stopped) as refusal, opened(account(mailboxes, **way)):
        pass
    assert refusal.value.cause == "mail.certificate"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_port_of_the_other_kind_is_told(mailboxes: Dovecot, security: str):
    port = mailboxes.imap_port if security == "tls" else mailboxes.tls_port
    with pytest.raises(TransientError) as failure, opened(account(mailboxes, security=security, port=port)):
        pass
    assert failure.value.cause in ("mail.no_imap", "mail.unreachable")


def test_a_server_that_is_not_there_is_told_with_where_it_was_looked_for():
    port = free_port()
    with pytest.raises(TransientError) as failure, opened(account(("127.0.0.1", port))):
        pass
    assert failure.value.cause == "mail.unreachable"
    assert f"127.0.0.1:{port}" in failure.value.hint.en


def test_a_password_in_russian_is_let_in(mailboxes: Dovecot):
    mailboxes.add(SUPPORT, "пароль")
    with opened(account(mailboxes, password="пароль")) as client:
        assert client.folder_exists("INBOX")


def test_the_check_looks_at_login_folders_idle_and_sent(mailboxes: Dovecot):
    found = {finding.code: finding for finding in setup.check(account(mailboxes), "", None)}
    assert {code: finding.state for code, finding in found.items() if code != "mail.smtp"} == {
        "mail.login": "ok",
        "mail.folders": "ok",
        "mail.idle": "ok",
        "mail.sent": "ok",
    }
    wrong = {finding.code: finding for finding in setup.check(account(mailboxes, password="no"), "", None)}
    assert wrong["mail.login"].state == "bad"
    assert "mail.folders" not in wrong
    lost = {finding.code: finding for finding in setup.check(account(mailboxes, folders=["No"]), "", None)}
    assert lost["mail.folders"].state == "bad"
    assert "INBOX" in lost["mail.folders"].hint.en


@pytest.mark.parametrize(("copy", "said"), [("bcc", f"hidden copy of each reply comes to {SUPPORT}"), ("none", "")])
def test_the_check_says_where_replies_are_kept(mailboxes: Dovecot, copy: str, said: str):
    made = account(mailboxes)
    kept = made.model_copy(update={"smtp": made.smtp.model_copy(update={"copy_": copy})})
    told = [finding.what.en for finding in setup.check(kept, "", None) if finding.code == "mail.sent"]
    assert len(told) == bool(said)
    assert said in " ".join(told)
