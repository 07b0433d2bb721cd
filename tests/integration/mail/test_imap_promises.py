"""Nothing missed and nothing doubled, whatever dies: the server, the way to it, the listener, the journal."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.mail.imap_home import Home, letter, now, served
from tests.integration.mail.imap_way import way
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT
from tests.services import until

ROOT = Path(__file__).parents[3]


def filling(mailboxes: Dovecot, many: int, *, folder: str = "INBOX") -> threading.Thread:
    """Letters that come while we do something else; each is delivered, however often the server is away."""

    def fill() -> None:
        for number in range(many):
            while True:
                try:
                    mailboxes.append(SUPPORT, folder, letter(f"{folder} {number}"))
                    break
                except Exception:
                    time.sleep(0.05)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    return thread


def test_a_server_that_is_killed_and_restarted_loses_and_doubles_nothing(mailboxes: Dovecot, tmp_path: Path):
    home, chance = Home(tmp_path, mailboxes), random.Random(7)
    with served(home):
        until(home.connected, "no connection")
        coming = filling(mailboxes, 150)
        for _ in range(4):
            time.sleep(chance.uniform(0.3, 1.0))
            mailboxes.restart(kill=chance.random() < 0.5)
        coming.join(60)
        theirs = Counter(told(raw) for raw in mailboxes.letters(SUPPORT))
        until(lambda: home.count() >= len(theirs), "letters are missing")
        time.sleep(1)
    assert Counter(home.subjects("accepted")).keys() == theirs.keys()
    assert home.count() == len(theirs)


def told(raw: bytes) -> str:
    return raw.split(b"Subject: ")[1].split(b"\r\n")[0].decode()


def test_a_way_that_is_cut_again_and_again_loses_and_doubles_nothing(mailboxes: Dovecot, tmp_path: Path):
    with way(mailboxes.imap_port) as road:
        home, chance = Home(tmp_path, ("127.0.0.1", road.port)), random.Random(11)
        with served(home):
            until(home.connected, "no connection")
            coming = filling(mailboxes, 200)
            while coming.is_alive():
                time.sleep(chance.uniform(0.05, 0.4))
                road.cut()
            until(lambda: home.count() == 200, "letters are missing")
    assert home.subjects("accepted") == [f"letter INBOX {number}" for number in range(200)]


@pytest.mark.slow
def test_a_listener_that_is_killed_at_random_loses_and_doubles_nothing(mailboxes: Dovecot, tmp_path: Path):
    home, chance, many = Home(tmp_path, mailboxes), random.Random(13), 120
    with served(home):
        until(home.connected, "no connection")
    coming = filling(mailboxes, many)
    for _ in range(4):
        command = [sys.executable, "-m", "tests.integration.mail.imap_home", str(tmp_path), str(mailboxes.imap_port)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = home.count()
        until(lambda before=before: home.count() > before or before == many, "it brings nothing", patience=60)
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.wait()
    coming.join(60)
    with served(home):
        until(lambda: home.mark()["uid"] == many, "letters are missing")
    assert sorted(home.subjects("accepted")) == sorted(f"letter INBOX {number}" for number in range(many))


def test_letters_that_came_while_nobody_listened_come_when_somebody_does(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes)
    with served(home):
        until(home.connected, "no connection")
    for number in range(5):
        mailboxes.append(SUPPORT, "INBOX", letter(number))
    with served(home):
        until(lambda: home.count() == 5, "letters are missing")
    assert home.subjects() == [f"letter {number}" for number in range(5)]


def test_letters_that_are_numbered_anew_come_once_and_those_of_the_meantime_too(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes)
    mailboxes.append(SUPPORT, "INBOX", letter("of last year"), at=now().replace(year=now().year - 1))
    with served(home):
        until(home.connected, "no connection")
        for number in range(5):
            mailboxes.append(SUPPORT, "INBOX", letter(number))
        until(lambda: home.count() == 5, "letters are missing")
    mailboxes.append(SUPPORT, "INBOX", letter("meanwhile"))
    mailboxes.reset_uidvalidity(SUPPORT)
    with served(home):
        until(lambda: home.count() == 6, "letters are missing")
        mailboxes.append(SUPPORT, "INBOX", letter("after"))
        until(lambda: home.count() == 7, "letters are missing")
        assert home.mark()["uidvalidity"] == mailboxes.uidvalidity(SUPPORT)
    assert home.subjects() == [*(f"letter {number}" for number in range(5)), "letter meanwhile", "letter after"]


def test_while_the_database_is_away_letters_wait_in_the_spool_and_are_read_once(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes)
    with served(home):
        until(home.connected, "no connection")
        home.journal.away = True
        for number in range(3):
            mailboxes.append(SUPPORT, "INBOX", letter(number))
        until(lambda: home.spool.pending(), "nothing is kept")
        time.sleep(1)
        home.journal.away = False
        mailboxes.append(SUPPORT, "INBOX", letter(3))
        until(lambda: home.mark().get("uid") == 4, "it is not read")
    assert home.count() == 0
    home.spool.drain(home.real.accept)
    assert home.subjects() == [f"letter {number}" for number in range(4)]
