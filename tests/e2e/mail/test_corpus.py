"""Five hundred letters in a real mailbox, a listener that is killed and a server that is restarted: none is missed,
none doubled, and threads are right."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.listening.streams import MARK
from tests.e2e.mail.office import ACCOUNT, LINE
from tests.e2e.mail.trouble import Postman
from tests.integration.house.processes import Service, processes
from tests.integration.house.waiting import until
from tests.integration.promises.one_process import OneProcess, one_process
from tests.mail.corpus import ADDRESS, ALIASES, FOLDERS, Case, letters, links, shuffled, waves
from tests.mail.corpus.judging import judged, said, table
from tests.mail.dovecot import Dovecot, dovecot
from tests.services import Redis

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]
SECONDS = 24.0  # in which all letters come
SEED = 11


@dataclass(frozen=True, kw_only=True)
class Room:
    """The house whose mailbox is read by a process of its own."""

    house: OneProcess
    mailboxes: Dovecot
    listener: Service

    def read(self) -> bool:
        """Whether every folder was read to its end; what is due is done meanwhile."""
        self.house.pump()
        return all(self._read(folder) for folder in FOLDERS)

    def done(self) -> None:
        """All that is due is done, however much."""
        while self.house.connector.journal.due_destinations():
            self.house.pump()

    def wrong(self, cases: Sequence[Case]) -> list[str]:
        """What is not as it should be, by all that operators see and what is held."""
        sandbox, journal = self.house.sandbox, self.house.connector.journal
        told = said(sandbox.chat(row["id"]) for row in sandbox.chats())
        parked = journal.list(kind="deliveries", state="parked", limit=500)
        others = [f"parked: {row['cause']}" for row in parked if row["cause"] != "mail.spam"]
        return [*judged(cases, told, [str(row) for row in parked]), *others]

    def _read(self, folder: str) -> bool:
        mark = self.house.connector.journal.recall(MARK, f"{ACCOUNT}/{folder}")
        with self.mailboxes.client(ADDRESS) as imap:
            told = imap.folder_status(folder, ["UIDNEXT", "UIDVALIDITY"])
        at_end = {"uidvalidity": told[b"UIDVALIDITY"], "uid": told[b"UIDNEXT"] - 1}
        return mark is not None and {name: mark[name] for name in at_end} == at_end


@pytest.fixture
def room(tmp_path: Path, redis_server: Redis) -> Iterator[Room]:
    with dovecot(ADDRESS) as mailboxes:
        with mailboxes.client(ADDRESS) as imap:
            for folder in {*FOLDERS} - {"INBOX"}:
                imap.create_folder(folder)
        server = {"host": "127.0.0.1", "port": mailboxes.imap_port, "security": "starttls", "ca": str(mailboxes.ca)}
        imap_settings = {**server, "password": mailboxes.password(ADDRESS), "folders": [*FOLDERS], "poll": 2}
        account = {
            "provider": "mail",
            "portal": "main",
            "line": LINE,
            "address": ADDRESS,
            "aliases": [*ALIASES],
            "imap": imap_settings,
            "smtp": {"host": "127.0.0.1", "port": 1, "security": "none"},
        }
        url = f"sqlite:///{tmp_path / 'journal.db'}"
        with one_process(tmp_path, redis_server, url, {ACCOUNT: account}) as house:
            for kind, key, value in links(ACCOUNT):
                house.connector.journal.remember(kind, key, value)
            command = {"listen": [sys.executable, "-m", "jobs.listen"]}
            mark = house.env["CONNECTOR_CONFIG"]
            with processes(command, house.env, tmp_path, mark=mark) as ours:
                made = Room(house=house, mailboxes=mailboxes, listener=ours["listen"])
                until(made.read, what="the listener has begun")
                yield made


def test_five_hundred_letters_arrive_once_and_in_their_threads_whatever_dies(
    room: Room, record_property: Callable[[str, object], None]
):
    cases, chance, done = shuffled(letters(), SEED), random.Random(SEED), Counter()
    for wave in waves(cases):
        seconds = SECONDS * len(wave) / len(cases)
        postman = Postman(room.mailboxes, ADDRESS, wave, room.listener, chance, seconds=seconds)
        postman.start()
        until(lambda p=postman: not p.is_alive() and room.read(), seconds=100, what="all letters are read", every=0.3)
        assert postman.failure is None, postman.failure
        room.done()
        done += postman.done
    room.mailboxes.reset_uidvalidity(ADDRESS)
    until(room.read, seconds=60, what="the folders that were numbered anew are read", every=0.3)
    room.done()
    wrong = room.wrong(cases)
    record_property("table", f"{dict(done)}, then another UIDVALIDITY\n{table(cases, wrong)}")
    assert not wrong, "\n".join([*wrong, room.listener.tail()])
    assert done["listener killed"] >= 4
