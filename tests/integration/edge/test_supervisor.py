"""The supervisor keeps its processes alive and takes them down."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

from jobs.supervisor import Supervisor
from tests.integration.edge.processes import wait_for


def supervise(supervisor: Supervisor, act) -> int:
    """Run it here while ``act`` does something to it, then send SIGTERM to ourselves."""

    def play() -> None:
        try:
            act()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=play)
    thread.start()
    code = supervisor.run()
    thread.join()
    return code


def sleeper(name: str) -> int:
    time.sleep(60)
    return 0


def stubborn(name: str) -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(name).touch()
    time.sleep(60)
    return 0


def test_a_dead_process_comes_back_and_all_go_in_the_end():
    supervisor = Supervisor(["a", "b"], sleeper)
    seen: list[int] = []

    def act() -> None:
        first = wait_for(lambda: len(supervisor.pids()) == 2 and supervisor.pids(), lambda: "two processes")
        os.kill(first[0], signal.SIGKILL)
        wait_for(lambda: set(supervisor.pids()) - set(first), lambda: "a new process", seconds=20)
        seen.extend(supervisor.pids())

    assert supervise(supervisor, act) == 0
    assert len(seen) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in seen)


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path):
    mark = tmp_path / "started"
    supervisor = Supervisor([str(mark)], stubborn, grace=0.2)
    assert supervise(supervisor, lambda: wait_for(mark.exists, lambda: "it started")) == 1
