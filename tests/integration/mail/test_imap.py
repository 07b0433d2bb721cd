"""A mailbox is read from a real server: what is new comes at once, once, and changes nothing there."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

from tests.integration.mail.imap_home import Home, letter, now, served
from tests.integration.mail.imap_way import way
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT
from tests.services import until


def days_ago(days: int) -> datetime:
    return now() - timedelta(days=days)


def test_a_new_letter_is_told_by_the_server_long_before_it_would_be_asked(mailboxes: Dovecot, tmp_path: Path):
    mailboxes.append(SUPPORT, "INBOX", letter("before us"))
    home = Home(tmp_path, mailboxes, poll=600)
    with served(home):
        until(home.connected, "no connection")
        time.sleep(1.5)  # it idles
        for number in range(3):
            mailboxes.deliver(SUPPORT, letter(number))
            until(lambda number=number: home.count() == number + 1, "the letter does not come", patience=10)
    assert home.subjects() == ["letter 0", "letter 1", "letter 2"]


def test_letters_of_one_moment_all_come(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes, poll=600)
    with served(home):
        until(home.connected, "no connection")
        for number in range(40):
            mailboxes.append(SUPPORT, "INBOX", letter(number))
        until(lambda: home.count() == 40, "letters are missing", patience=10)
    assert home.subjects() == [f"letter {number}" for number in range(40)]


def test_folders_are_read_side_by_side_also_those_with_russian_names(mailboxes: Dovecot, tmp_path: Path):
    for folder in ("Заявки", "Продажи/Опт"):
        mailboxes.append(SUPPORT, folder, letter("old"))
    home = Home(tmp_path, mailboxes, folders=["INBOX", "Заявки", "Продажи/Опт"])
    with served(home):
        until(lambda: all(home.mark(name) for name in ("INBOX", "Заявки", "Продажи/Опт")), "not all are open")
        mailboxes.append(SUPPORT, "Заявки", letter("request"))
        mailboxes.append(SUPPORT, "Продажи/Опт", letter("order"))
        mailboxes.append(SUPPORT, "INBOX", letter("question"))
        until(lambda: home.count() == 3, "letters are missing", patience=10)
    assert sorted(digest["where"]["folder"] for digest in home.digests()) == ["INBOX", "Заявки", "Продажи/Опт"]


def test_one_letter_in_two_folders_is_one_letter(mailboxes: Dovecot, tmp_path: Path):
    mailboxes.append(SUPPORT, "Заявки", letter("old"))
    home = Home(tmp_path, mailboxes, folders=["INBOX", "Заявки"])
    with served(home):
        until(lambda: home.mark("INBOX") and home.mark("Заявки"), "not all are open")
        mailboxes.append(SUPPORT, "INBOX", letter("twice"))
        mailboxes.append(SUPPORT, "Заявки", letter("twice"))
        until(lambda: home.mark("INBOX")["uid"] == 1 and home.mark("Заявки")["uid"] == 2, "not read")
    assert home.subjects() == ["letter twice"]


def test_letters_that_somebody_has_read_come_too_and_no_flag_changes(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes)
    with served(home):
        until(home.connected, "no connection")
        mailboxes.append(SUPPORT, "INBOX", letter("seen"), flags=[b"\\Seen", b"\\Flagged"])
        mailboxes.append(SUPPORT, "INBOX", letter("unseen"))
        until(lambda: home.count() == 2, "letters are missing", patience=10)
    assert mailboxes.flags(SUPPORT) == [{b"\\Seen", b"\\Flagged"}, set()]


def test_letters_are_marked_as_read_only_where_that_is_wanted(mailboxes: Dovecot, tmp_path: Path):
    home = Home(tmp_path, mailboxes, mark_seen=True)
    with served(home):
        until(home.connected, "no connection")
        mailboxes.append(SUPPORT, "INBOX", letter(1))
        until(lambda: mailboxes.flags(SUPPORT) == [{b"\\Seen"}], "it is not marked")
    assert home.count() == 1


def test_old_letters_are_brought_for_as_many_days_as_are_wanted(mailboxes: Dovecot, tmp_path: Path):
    for age in (400, 40, 3, 1, 300):  # the last one was moved here
        mailboxes.append(SUPPORT, "INBOX", letter(age), at=days_ago(age))
    home = Home(tmp_path, mailboxes, since=30)
    with served(home):
        until(lambda: home.count() == 2, "letters are missing", patience=10)
        mailboxes.append(SUPPORT, "INBOX", letter("moved here now"), at=days_ago(500))
        until(lambda: home.count() == 3, "letters are missing", patience=10)
    assert home.subjects() == ["letter 3", "letter 1", "letter moved here now"]


def test_a_server_without_idle_is_polled(mailboxes: Dovecot, tmp_path: Path):
    with way(mailboxes.imap_port) as road:
        road.change = lambda data: data.replace(b" IDLE", b"")
        home = Home(tmp_path, ("127.0.0.1", road.port), poll=1)
        with served(home):
            until(home.connected, "no connection")
            mailboxes.append(SUPPORT, "INBOX", letter(1))
            until(lambda: home.count() == 1, "the letter does not come", patience=5)
        assert not any("IDLE" in line for line in road.said)


def test_a_server_that_offers_idle_and_refuses_it_is_polled(mailboxes: Dovecot, tmp_path: Path):
    with way(mailboxes.imap_port) as road:
        road.spoil = lambda line: b"{tag} NO not today\r\n" if line.endswith(" IDLE") else None
        home = Home(tmp_path, ("127.0.0.1", road.port), poll=1)
        with served(home):
            until(home.connected, "no connection")
            mailboxes.append(SUPPORT, "INBOX", letter(1))
            until(lambda: home.count() == 1, "the letter does not come", patience=5)
        assert sum(line.endswith(" IDLE") for line in road.said) == 1


def test_idle_is_begun_anew_before_networks_forget_it_and_each_time_the_stream_is_heard_of(
    mailboxes: Dovecot, tmp_path: Path
):
    with way(mailboxes.imap_port) as road:
        home = Home(tmp_path, ("127.0.0.1", road.port), poll=1)
        with served(home):
            until(lambda: sum(line.endswith(" IDLE") for line in road.said) >= 3, "it idles once", patience=10)
            assert sum("LOGIN" in line for line in road.said) == 1
            first = home.link()["heard"]
            until(lambda: home.link()["heard"] > first, "nobody hears of it", patience=20)


def test_it_ends_soon_although_the_server_says_nothing_any_more(mailboxes: Dovecot, tmp_path: Path):
    with way(mailboxes.imap_port) as road:
        home = Home(tmp_path, ("127.0.0.1", road.port), poll=1)
        with served(home):
            until(home.connected, "no connection")
            road.spoil = lambda line: b"* OK wait\r\n" if "SEARCH" in line else None
            asked = len(road.said)
            until(lambda: any("SEARCH" in line for line in road.said[asked:]), "it does not ask")
            began = time.monotonic()
        assert time.monotonic() - began < 15


def test_nothing_of_letters_and_passwords_is_in_the_log(mailboxes: Dovecot, tmp_path: Path, capsys):
    home = Home(tmp_path, mailboxes)
    with served(home):
        until(home.connected, "no connection")
        mailboxes.append(SUPPORT, "INBOX", letter(1))
        until(lambda: home.count() == 1, "the letter does not come")
    told = "".join(capsys.readouterr())
    assert "Здравствуйте" not in told
    assert "anna@client.test" not in told
    assert "secret" not in told
