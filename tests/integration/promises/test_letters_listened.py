"""The process that reads a mailbox: its disk is full, or it is killed beside another one."""

from __future__ import annotations

import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

from tests.integration.mail.imap_home import Home, letter, served
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT, mailboxes
from tests.services import until

__all__ = ["mailboxes"]
ROOT = Path(__file__).parents[3]


def with_file(number: int) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "anna@client.test", SUPPORT, f"letter {number}"
    message["Message-ID"] = f"<{number}@client.test>"
    message.set_content("See the file")
    message.add_attachment(f"%PDF-1.4 {number}".encode(), maintype="application", subtype="pdf", filename="list.pdf")
    return message.as_bytes().replace(b"\n", b"\r\n")


def test_while_the_disk_is_full_letters_stay_in_the_mailbox_and_then_come(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes)
    store, full, refused = home.intake.store, [False], []
    assert store is not None

    def kept(name: str, mime: str, data: bytes) -> str:
        if full[0]:
            refused.append(name)
            raise OSError(28, "No space left on device")
        return store(name, mime, data)

    home.intake.store = kept
    with served(home):
        until(home.connected, "no connection")
        mailboxes.append(SUPPORT, "INBOX", with_file(0))
        until(lambda: home.count() == 1, "it is not read")
        full[0] = True
        for number in range(1, 6):
            mailboxes.append(SUPPORT, "INBOX", with_file(number))
        until(lambda: len(refused) > 2, "it is not read")
        assert home.count() == 1
        full[0] = False
        until(lambda: home.count() == 6, "letters are missing")
        time.sleep(0.5)
    assert home.subjects("accepted") == [f"letter {number}" for number in range(6)]
    assert all(home.media.read(told["raw"]) for told in home.digests())


def test_of_two_listeners_the_other_goes_on_when_one_is_killed(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes)
    with served(home):
        until(home.connected, "no connection")  # from here on everything is new
    command = [sys.executable, "-m", "tests.integration.mail.imap_home", str(tmp_path), str(mailboxes.imap_port)]

    def listens() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    first = listens()
    try:
        mailboxes.append(SUPPORT, "INBOX", letter(0))
        until(lambda: home.count() == 1, "nobody listens")
        second = listens()
        try:
            time.sleep(2)
            for number in range(1, 30):
                mailboxes.append(SUPPORT, "INBOX", letter(number))
                if number == 15:
                    first.kill()
            until(lambda: home.count() == 30, "nobody goes on")
            time.sleep(0.5)
        finally:
            second.kill()
            second.wait()
    finally:
        first.kill()
        first.wait()
    assert home.subjects("accepted") == [f"letter {number}" for number in range(30)]
