"""One renewal at a time across real processes, whatever happens to them (facts/bitrix24-platform.md §4.4)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import select

from connector.domain.ports import Grant
from connector.errors import Stopped
from connector.journal import Journal, Vault, open_journal
from connector.journal.schema import locks
from connector.portal import Portal
from connector.sandbox import SandboxServer
from tests.conftest import SECRET
from tests.integration.portal.callers import portal_at
from tests.services import until

ROOT = Path(__file__).parents[3]


class Caller:
    """A process of its own; ``owes`` is how many answers it has not given."""

    def __init__(self) -> None:
        self.owes = 0
        command = [sys.executable, "-m", "tests.integration.portal.callers", SECRET]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str = "profile") -> None:
        """Begin a call; :meth:`heard` tells how it went."""
        pipe = _pipe(self.process.stdin)
        pipe.write(f"{line}\n")
        pipe.flush()
        self.owes += 1

    def heard(self) -> str:
        """The next line, stripped of what the log says."""
        for line in _pipe(self.process.stdout):
            if not line[:4].isdigit():
                self.owes -= 1
                return line.strip()
        return ""

    def kill(self) -> None:
        """SIGKILL, at whatever line it is."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(burst=0) as server:
        yield server


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    opened = open_journal(journal_url, Vault([SECRET]))
    yield opened
    opened.close()


@pytest.fixture
def portal(sandbox: SandboxServer, journal: Journal) -> Portal:
    """Installed, and the access token is over."""
    made = portal_at(sandbox.url, journal)
    made.adopt(grant_of(sandbox))
    sandbox.expire_tokens()
    return made


@pytest.fixture(scope="module")
def idle() -> Iterator[list[Caller]]:
    """Processes that wait for the next test."""
    waiting: list[Caller] = []
    yield waiting
    for caller in waiting:
        caller.kill()


@pytest.fixture
def start(sandbox: SandboxServer, journal_url: str, idle: list[Caller]) -> Iterator[Callable[[], Caller]]:
    started: list[Caller] = []

    def begin() -> Caller:
        caller = idle.pop() if idle else Caller()
        started.append(caller)
        caller.ask(f"{sandbox.url} {journal_url}")
        assert caller.heard() == "ready"
        return caller

    yield begin
    for caller in started:
        if caller.owes:
            caller.kill()
        else:
            idle.append(caller)


def grant_of(sandbox: SandboxServer) -> Grant:
    given = sandbox.grant()
    named = {name: given[name] for name in ("access_token", "refresh_token", "client_endpoint", "server_endpoint")}
    expires_at = datetime.fromtimestamp(given["expires"], UTC)
    return Grant(**named, expires_at=expires_at, member_id=given["member_id"])


def renewals(sandbox: SandboxServer, error: str = "") -> int:
    return sum(1 for row in sandbox.calls("oauth.token") if row["error"] == error)


def state(journal: Journal) -> str:
    kept = journal.installation("main")
    return kept.state if kept else ""


def held(journal: Journal) -> bool:
    with journal.store.reading() as db:
        return bool(db.execute(select(locks.c.holder).where(locks.c.name == "refresh:main")).scalar())


def test_two_processes_at_the_same_instant_renew_once(
    sandbox: SandboxServer, journal: Journal, portal: Portal, start: Callable[[], Caller]
):
    callers = [start(), start()]
    sandbox.fault("slow", method="oauth.token", seconds=0.5, times=-1)
    for caller in callers:
        caller.ask()
    assert [caller.heard() for caller in callers] == ["ok", "ok"]
    assert renewals(sandbox) == len(sandbox.calls("oauth.token")) == 1
    assert state(journal) == "active"


def test_a_process_killed_in_the_middle_holds_nobody_up(
    sandbox: SandboxServer, journal: Journal, portal: Portal, start: Callable[[], Caller]
):
    first, second = start(), start()
    sandbox.fault("slow", method="oauth.token", seconds=4.0, times=1)
    first.ask()
    until(lambda: held(journal), "the first has the lock")
    second.ask()
    time.sleep(0.5)
    first.kill()
    killed = time.monotonic()
    assert second.heard() == "ok"
    # The lock outlives its holder by nothing on the same machine; by its 30 seconds only when a machine is lost.
    assert time.monotonic() - killed < 10
    assert renewals(sandbox) == 1
    assert state(journal) == "active"
    # The dead one's request reaches the server late, with a refresh token that is spent: the new pair is not hurt.
    until(lambda: renewals(sandbox, "invalid_grant") == 1, "the late request was refused")
    second.ask()
    assert second.heard() == "ok"


def test_an_answer_cut_before_the_server_heard_is_asked_again(sandbox: SandboxServer, journal: Journal, portal: Portal):
    sandbox.fault("reset_before", method="oauth.token")
    assert portal.call("profile")["ID"] == "1"
    assert (renewals(sandbox, "CUT"), renewals(sandbox)) == (1, 1)
    assert state(journal) == "active"


def test_an_answer_lost_with_the_new_pair_in_it_needs_a_person_and_an_adoption_mends(
    sandbox: SandboxServer, journal: Journal, portal: Portal, start: Callable[[], Caller]
):
    sandbox.fault("reset_after", method="oauth.token")
    with pytest.raises(Stopped):
        portal.call("profile")
    assert (renewals(sandbox, "CUT"), renewals(sandbox, "invalid_grant")) == (1, 1)
    assert state(journal) == "needs_reauth"
    asked = sandbox.counters()["requests"]
    other = start()
    other.ask()
    assert other.heard() == "portal.needs_reauth"
    assert sandbox.counters()["requests"] == asked
    portal.adopt(grant_of(sandbox))
    other.ask()
    assert other.heard() == "ok"


def test_an_overloaded_portal_is_left_alone_by_every_process(
    sandbox: SandboxServer, journal: Journal, portal: Portal, start: Callable[[], Caller]
):
    callers = [start(), start()]
    sandbox.set_overload(503)
    with pytest.raises(Stopped):
        portal.call("profile")
    asked = sandbox.counters()["requests"]
    for _ in range(3):
        for caller in callers:
            caller.ask()
            assert caller.heard() == "portal.blocked"
    assert sandbox.counters()["requests"] == asked
    journal.let_probe("main")
    threads = [threading.Thread(target=caller.ask) for caller in callers]
    for thread in threads:
        thread.start()
    assert sorted(caller.heard() for caller in callers) == ["bitrix24.overload_block", "portal.blocked"]
    assert sandbox.counters()["requests"] == asked + 1
