from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connector.demo.keeper import WITH_US, Keeper
from tests.services import until

CHILD = "import os, subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
TELL = "open(sys.argv[1], 'a').write(f'{p.pid}\\n'); p.wait()"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def told(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


@pytest.fixture
def children(tmp_path: Path) -> Path:
    return tmp_path / "children"


def test_a_killed_process_takes_its_children_along_and_is_started_again(tmp_path: Path, children: Path):
    command = [sys.executable, "-c", CHILD + TELL, str(children)]
    with Keeper(tmp_path, os.environ, {"worker": command}) as keeper:
        until(lambda: len(told(children)) == 1, "the first start")
        first = keeper.pid("worker")
        assert keeper.kill("worker") == first
        assert keeper.pid("worker") is None
        until(lambda: not alive(told(children)[0]), "the end of the child")
        until(lambda: len(told(children)) == 2, "the second start")
        assert keeper.pid("worker") not in (None, first)
    assert keeper.pid("worker") is None
    until(lambda: not alive(told(children)[1]), "the end of the last child")


def test_what_cannot_be_started_leaves_nothing_running(tmp_path: Path, children: Path):
    command = [sys.executable, "-c", CHILD + TELL, str(children)]
    commands = {"good": command, "no/folder for its log": command}
    keeper = Keeper(tmp_path, os.environ, commands)
    with pytest.raises(FileNotFoundError):
        keeper.__enter__()
    assert keeper.pid("good") is None


@pytest.mark.skipif(not WITH_US, reason="the system cannot tie processes together")
def test_a_demo_that_is_killed_outright_takes_its_processes_along(tmp_path: Path, children: Path):
    command = [sys.executable, "-c", CHILD + TELL, str(children)]
    script = "import os, pathlib, sys, time; from connector.demo.keeper import Keeper; " + (
        f"Keeper(pathlib.Path({str(tmp_path)!r}), os.environ, {{'worker': {command!r}}}).__enter__(); time.sleep(60)"
    )
    demo = subprocess.Popen([sys.executable, "-c", script])
    until(lambda: len(told(children)) == 1, "the start")
    worker = int(Path(f"/proc/{told(children)[0]}/stat").read_text().rpartition(")")[2].split()[1])
    demo.kill()
    demo.wait()
    until(lambda: not alive(worker), "the end of the worker")
    os.kill(told(children)[0], signal.SIGKILL)


def test_what_a_process_says_is_in_its_log_after_every_start(tmp_path: Path):
    command = [sys.executable, "-c", "print('here')"]
    with Keeper(tmp_path, os.environ, {"short": command}):
        log = tmp_path / "short.log"
        until(lambda: log.exists() and log.read_text().count("here") == 2, "it said so twice")
