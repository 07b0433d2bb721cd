"""A mailbox with thousands of letters, and letters of any size, read in a small room."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.integration.house.waiting import until as patiently
from tests.integration.mail.imap_home import Home, letter, served
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT
from tests.services import until

MIB = 1024 * 1024
MANY = 1500


def rss() -> float:
    """MiB of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def fill(mailboxes: Dovecot, many: int) -> None:
    """Put letters into INBOX quicker than a mail server would: as the files that Dovecot finds there."""
    new = mailboxes.folder / "mail" / SUPPORT / "Maildir" / "new"
    owner = new.stat()
    for number in range(many):
        path = new / f"{int(time.time())}.M{number:06}P1.tests"
        path.write_bytes(letter(f"{number:05}", size=4000))
        os.chown(path, owner.st_uid, owner.st_gid)


@pytest.mark.slow
def test_a_thousand_letters_and_more_are_read_in_flat_memory(mailboxes: Dovecot, tmp_path: Path, capsys):
    mailboxes.letters(SUPPORT)  # makes the folder
    fill(mailboxes, MANY)
    home = Home(tmp_path, mailboxes, since=1)
    began = time.monotonic()
    with served(home):
        patiently(lambda: home.mark().get("uid", 0) >= 300, what="it begins", seconds=60, every=0.2)
        early = rss()
        patiently(lambda: home.mark().get("uid", 0) == MANY, what="all letters are read", seconds=90, every=0.2)
        late = rss()
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{MANY} letters in {took:.1f} s; RSS {early:.0f} MiB after 300, {late:.0f} MiB in the end")
    assert home.count() == MANY
    assert late - early < 30


def test_of_a_letter_of_two_hundred_megabytes_only_the_headers_are_read(mailboxes: Dovecot, tmp_path: Path):
    mailboxes.letters(SUPPORT)
    home = Home(tmp_path, mailboxes)
    with served(home):
        until(home.connected, "no connection")
        before = rss()
        new = mailboxes.folder / "mail" / SUPPORT / "Maildir" / "new"
        path = new.parent / "tmp" / f"{int(time.time())}.M1P1.tests"
        path.write_bytes(letter("huge"))
        os.truncate(path, 200 * MIB)
        os.chown(path, new.stat().st_uid, new.stat().st_gid)
        path.rename(new / path.name)
        until(lambda: home.count() == 1, "the letter does not come", patience=60)
        mailboxes.append(SUPPORT, "INBOX", letter("after"))
        until(lambda: home.count() == 2, "letters are missing", patience=60)
        assert rss() - before < 50
    huge, after = home.digests("accepted")
    assert huge["cut"]
    assert huge["size"] >= 200 * MIB
    assert home.subjects() == ["letter huge", "letter after"]
    assert after["raw"]


def test_a_letter_of_the_largest_size_is_read_whole_and_one_above_it_is_not(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes, largest=100_000)
    with served(home):
        until(home.connected, "no connection")
        mailboxes.append(SUPPORT, "INBOX", letter("fits", size=90_000))
        mailboxes.append(SUPPORT, "INBOX", letter("large", size=110_000))
        until(lambda: home.count() == 2, "letters are missing", patience=10)
    assert [(digest["cut"], bool(digest["raw"])) for digest in home.digests()] == [(False, True), (True, False)]


def test_a_letter_of_25_megabytes_is_kept_whole(mailboxes: Dovecot, tmp_path: Path):
    raw = letter("whole", size=25 * MIB)
    home = Home(tmp_path, mailboxes)
    with served(home):
        until(home.connected, "no connection")
        mailboxes.append(SUPPORT, "INBOX", raw)
        until(lambda: home.count() == 1, "the letter does not come", patience=60)
    (digest,) = home.digests()
    assert home.media.read(digest["raw"]) == raw
