"""Turns of writers at one SQLite file."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connector.journal import JournalAway
from connector.journal.turns import Turns


def test_one_at_a_time(tmp_path: Path) -> None:
    processes = [Turns(tmp_path / "x.db") for _ in range(3)]
    inside: list[int] = []

    def work(number: int) -> None:
        with processes[number % 3].turn(20):
            inside.append(number)
            assert inside == [number]
            time.sleep(0.001)
            inside.clear()

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(work, range(60)))


@pytest.mark.parametrize("same_process", [True, False])
def test_who_waits_too_long_is_told_and_may_come_again(tmp_path: Path, same_process: bool) -> None:
    mine = Turns(tmp_path / "x.db")
    other = mine if same_process else Turns(tmp_path / "x.db")
    with mine.turn(1), pytest.raises(JournalAway), other.turn(0.05):
        pass
    with other.turn(1):
        assert True


def test_a_busy_writer_does_not_starve_another(tmp_path: Path) -> None:
    busy, other = Turns(tmp_path / "x.db"), Turns(tmp_path / "x.db")
    over, taken = threading.Event(), [0]

    def hog() -> None:
        while not over.is_set():
            with busy.turn(20):
                taken[0] += 1
                time.sleep(0.001)

    thread = threading.Thread(target=hog)
    thread.start()
    while taken[0] == 0:
        time.sleep(0.001)
    before = taken[0]
    for _ in range(20):
        with other.turn(20):
            pass
    over.set()
    thread.join()
    assert taken[0] - before <= 60


def test_files_are_given_back_and_taken_again(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "x.db")
    for _ in range(2):
        with turns.turn(1):
            pass
        turns.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.db.lock", "x.db.turn"]
