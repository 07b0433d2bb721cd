"""One letter that cannot be read stops nobody: it is left after three tries, is parked, and the next ones come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.providers.mail import frames
from tests.integration.mail.imap_home import Home, letter, now, served
from tests.integration.mail.imap_way import Way, way
from tests.mail.dovecot import Dovecot
from tests.mail.fixtures import SUPPORT
from tests.services import until

POISON = 3


@pytest.fixture
def road(mailboxes: Dovecot) -> Iterator[Way]:
    with way(mailboxes.imap_port) as made:
        yield made


@pytest.fixture
def home(road: Way, tmp_path: Path) -> Home:
    return Home(tmp_path, ("127.0.0.1", road.port))


def whole(line: str) -> bool:
    return f"UID FETCH {POISON} (BODY.PEEK[])" in line


WAYS = {
    "the connection dies": b"",
    "the server refuses": b"{tag} NO [SERVERBUG] Internal error\r\n",
    "it says nothing of it": b"{tag} OK Fetch completed\r\n",
    "it says NIL": b"* 3 FETCH (UID 3 BODY[] NIL)\r\n{tag} OK Fetch completed\r\n",
    "nobody can read the answer": b'* 3 FETCH (UID 3 BODY[] "x" FLAGS\r\n{tag} OK Fetch completed\r\n',
}


@pytest.mark.parametrize("answer", WAYS.values(), ids=WAYS)
def test_a_letter_that_the_server_does_not_give_is_parked_and_the_others_come(
    home: Home, road: Way, mailboxes: Dovecot, answer: bytes
):
    road.spoil = lambda line: answer if whole(line) else None
    with served(home):
        until(home.connected, "no connection")
        for number in range(1, 7):
            mailboxes.append(SUPPORT, "INBOX", letter(number))
        until(lambda: home.count() == 6, "letters are missing")
    (broken,) = home.digests("parked")
    assert broken["where"]["uid"] == POISON
    assert broken["where"]["folder"] == "INBOX"
    assert home.subjects("accepted") == [f"letter {number}" for number in (1, 2, 4, 5, 6)]
    assert road.fetched().count(POISON) == 3
    assert all(road.fetched().count(uid) == 1 for uid in (4, 5, 6))


def test_a_letter_whose_very_size_kills_the_connection_is_left_alone_too(home: Home, road: Way, mailboxes: Dovecot):
    with served(home):
        until(home.connected, "no connection")
    for number in range(1, 7):
        mailboxes.append(SUPPORT, "INBOX", letter(number))
    road.spoil = lambda line: Way.CUT if "RFC822.SIZE" in line and str(POISON) in numbers(line) else None
    with served(home):
        until(lambda: home.count() == 6, "letters are missing")
    assert [digest["where"]["uid"] for digest in home.digests("parked")] == [POISON]


def numbers(line: str) -> list[str]:
    return line.split(" ")[3].split(",")


def test_two_in_a_row_are_two(home: Home, road: Way, mailboxes: Dovecot):
    road.spoil = lambda line: Way.CUT if any(f"UID FETCH {uid} (BODY.PEEK[]" in line for uid in (3, 4)) else None
    with served(home):
        until(home.connected, "no connection")
        for number in range(1, 7):
            mailboxes.append(SUPPORT, "INBOX", letter(number))
        until(lambda: home.count() == 6, "letters are missing", patience=60)
    assert [digest["where"]["uid"] for digest in home.digests("parked")] == [3, 4]


def test_a_server_that_gives_no_letter_at_all_for_a_while_makes_none_of_them_broken(
    home: Home, road: Way, mailboxes: Dovecot
):
    refused = b"{tag} NO [UNAVAILABLE] Storage is away\r\n"
    with served(home):
        until(home.connected, "no connection")
        for number in range(1, 4):
            mailboxes.append(SUPPORT, "INBOX", letter(number))
        until(lambda: home.count() == 3, "letters are missing")
        road.spoil = lambda line: refused if "BODY.PEEK" in line else None
        for number in range(4, 7):
            mailboxes.append(SUPPORT, "INBOX", letter(number))
        asked = len(road.said)
        until(lambda: sum("BODY.PEEK" in line for line in road.said[asked:]) > 8, "it is not tried", patience=60)
        road.spoil = lambda line: None
        until(lambda: home.count() == 6, "letters are missing")
    assert home.digests("parked") == []


def test_a_listener_that_dies_with_the_letter_leaves_it_alone_too(home: Home, mailboxes: Dovecot):
    with served(home):
        until(home.connected, "no connection")
    for number in range(1, 4):
        mailboxes.append(SUPPORT, "INBOX", letter(number))
    mark = {**home.mark(), "trying": 1, "tries": 3}  # as three processes left it that were killed by its size
    home.real.remember("stream.mark", "support/INBOX", mark)
    with served(home):
        until(lambda: home.count() == 3, "letters are missing")
    assert [digest["where"]["uid"] for digest in home.digests("parked")] == [1]
    assert "tries" not in home.mark()


def test_a_letter_that_our_own_reading_stumbles_over_is_kept_as_it_is():
    kept = {}

    def store(name: str, mime: str, data: bytes) -> str:
        if name != "letter.eml":
            raise RecursionError("no end")
        kept[name] = data
        return "key"

    frame = frames.whole(letter(1), store, where={"folder": "INBOX", "uidvalidity": 1, "uid": 1}, received=now())
    assert b'"raw":"key"' in frame
    assert b"RecursionError" in frame
    assert kept["letter.eml"] == letter(1)
