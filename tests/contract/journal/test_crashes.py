"""Several processes, killed at any moment; databases that go away and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector.errors import PermanentError
from connector.journal import Journal, JournalAway, Vault, open_journal
from tests.conftest import SECRET
from tests.contract.journal.making import MAIN, a_delivery, an_envelope, drained, leased, put
from tests.services import Postgres

ROOT = Path(__file__).parents[3]


@contextmanager
def running(what: str, url: str, module: str = "programs") -> Iterator[subprocess.Popen[str]]:
    """Another process; killed at the end if it still runs."""
    command = [sys.executable, "-m", f"tests.contract.journal.{module}", what, url]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "80"}
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def said(process: subprocess.Popen[str]) -> list[str]:
    """What a process says until it ends; our own log lines left out."""
    return [line for line in process.communicate(timeout=60)[0].splitlines() if " [" not in line]


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line of a process."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_what_was_acknowledged_outlives_a_kill(journal_url: str, journal: Journal) -> None:
    with running("write", journal_url) as writer:
        acknowledged = [line_of(writer) for _ in range(300)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += said(writer)
    kept = {row["dedupe_key"] for row in journal.list("envelopes", limit=100_000)}
    waiting = {row["lane"] for row in journal.list(limit=100_000)}
    assert len(acknowledged) >= 300
    assert set(acknowledged) <= kept
    assert waiting == kept


def test_a_killed_holder_on_this_machine_is_replaced_at_once(journal_url: str, opened: Callable[[], Journal]) -> None:
    with running("hold", journal_url) as holder:
        assert line_of(holder) == "held"
        other = open_journal(journal_url, Vault([SECRET]))
        assert other.lease(MAIN) is None
        with other.lock("refresh:main", ttl=1) as taken:
            assert not taken
        put(other, a_delivery())
        assert other.due_destinations() == []
        holder.send_signal(signal.SIGKILL)
        # Not waited for: a dead process that nobody has reaped yet counts as dead.
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        assert other.due_destinations() == [MAIN]
        assert other.lease(MAIN) is not None
        with other.lock("refresh:main", ttl=1) as taken:
            assert taken
        other.close()


def test_no_wake_is_lost_between_coming_and_leaving(journal_url: str, journal: Journal) -> None:
    with (
        running("chase", journal_url) as one,
        running("chase", journal_url) as two,
        running("chase", journal_url) as three,
    ):
        assert [said(process) for process in (one, two, three)] == [["chased"]] * 3
    left = journal.stats()[MAIN]
    assert (left["waiting"], left["done_last_hour"]) == (0, 75)


def test_two_processes_never_hold_a_lease_at_once(journal_url: str, journal: Journal) -> None:
    with running("contend", journal_url) as one, running("contend", journal_url) as two:
        lines = [*said(one), *said(two)]
    taken = [int(line.split()[1]) for line in lines if line.startswith("take")]
    assert len(taken) > 10
    assert sorted(taken) == list(range(1, len(taken) + 1))
    assert not any(line.startswith("lost") for line in lines)


def test_a_forked_child_and_its_parent_both_go_on(journal_url: str) -> None:
    with running("fork", journal_url) as process:
        assert said(process) == ["forked 0"]
    journal = open_journal(journal_url, Vault([SECRET]))
    assert sorted(drained(journal, leased(journal))) == ["after", "before", "child", "parent"]
    journal.close()


def test_greenlets_share_it(journal_url: str, journal: Journal) -> None:
    with running("greenlets", journal_url, "greenlets") as process:
        assert said(process) == ["accepted 640"]
    assert journal.stats()[MAIN]["waiting"] == 640


@pytest.mark.postgres
def test_a_server_that_crashes_is_away_and_loses_nothing(pg_url: str, postgres_server: Postgres) -> None:
    journal = open_journal(pg_url, Vault([SECRET]))
    put(journal, a_delivery(text="before"))
    lease = leased(journal)
    postgres_server.stop()
    try:
        for attempt in (
            lambda: journal.accept(an_envelope(), []),
            lambda: journal.renew(lease),
            lambda: journal.recall("chat", "x"),
            lambda: journal.claim(lease, lanes=1),
            journal.ping,
        ):
            with pytest.raises(JournalAway):
                attempt()
    finally:
        postgres_server.start()
    put(journal, a_delivery(text="after"))
    assert drained(journal, lease) == ["before", "after"]
    journal.close()


@pytest.mark.postgres
def test_a_server_that_is_away_at_the_start_is_no_reason_not_to_start(postgres_server: Postgres) -> None:
    url = postgres_server.create()
    postgres_server.stop()
    try:
        journal = open_journal(url, Vault([SECRET]))
        with pytest.raises(JournalAway):
            journal.accept(an_envelope(), [])
    finally:
        postgres_server.start()
    put(journal, a_delivery(text="now"))
    assert drained(journal, leased(journal)) == ["now"]
    journal.close()
    postgres_server.drop(url)


def test_a_file_that_cannot_be_made_is_away_until_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.write_text("in the way")
    journal = open_journal(f"sqlite:///{folder}/connector.db", Vault([SECRET]))
    with pytest.raises(JournalAway) as caught:
        journal.accept(an_envelope(), [])
    assert "var" in caught.value.detail
    folder.unlink()
    put(journal, a_delivery(text="now"))
    assert drained(journal, leased(journal)) == ["now"]
    assert (folder / "connector.db").stat().st_mode & 0o077 == 0
    journal.close()


def test_a_damaged_file_is_away_and_not_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "connector.db").write_bytes(b"this is no database at all" * 100)
    journal = open_journal(f"sqlite:///{tmp_path}/connector.db", Vault([SECRET]))
    with pytest.raises(JournalAway) as caught:
        journal.accept(an_envelope(), [])
    assert not isinstance(caught.value, PermanentError)
    journal.close()
