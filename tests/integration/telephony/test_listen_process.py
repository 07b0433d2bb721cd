"""``python -m jobs.listen`` as it stands: started, stopped, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.journal import Journal, Vault, open_journal
from connector.providers.asterisk.standin import SCENES, AmiServer, Board, Wish, interleaved
from tests.services import Redis, until
from tests.unit.providers.asterisk_files import events

ROOT = Path(__file__).parents[3]
KEY = "0123456789abcdef0123456789abcdef"
PATIENCE = 40.0


class Place:
    """A folder with settings and a journal, and the processes that listen for it."""

    def __init__(self, folder: Path, redis: str, accounts: dict[str, Any]) -> None:
        portal = {"url": "https://acme.bitrix24.ru", "app": {"client_id": "local.1", "client_secret": "s3cret"}}
        given = {"portals": {"main": portal}, "accounts": accounts}
        (folder / "connector.yaml").write_text(json.dumps(given), encoding="utf-8")  # JSON is YAML
        self.folder, self.url = folder, f"sqlite:///{folder / 'journal.db'}"
        self.env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "CONNECTOR_CONFIG": str(folder / "connector.yaml"),
            "CONNECTOR_SECRET_KEY": KEY,
            "CONNECTOR_PUBLIC_URL": "http://127.0.0.1:1",
            "DATABASE_URL": self.url,
            "REDIS_URL": redis,
        }
        self.journal: Journal = open_journal(self.url, Vault([KEY]))
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "listen.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jobs.listen"], cwd=self.folder, env=self.env, stdout=log, stderr=log
            )
        self.running.append(process)
        return process

    def log(self) -> str:
        return (self.folder / "listen.log").read_text(encoding="utf-8")

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind that wait for the portal."""
        return [row for row in self.journal.list(limit=1000) if row["kind"] == kind]

    def state(self) -> str:
        return (self.journal.recall("stream", "office") or {}).get("state", "")

    def close(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()
        self.journal.close()


@pytest.fixture
def place(tmp_path: Path, redis_server: Redis, ami: AmiServer) -> Iterator[Place]:
    made = Place(tmp_path, redis_server.url, {"office": ami.account()})
    yield made
    made.close()


def test_it_listens_until_it_is_told_to_stop_and_then_keeps_what_it_read(place, ami):
    process = place.start()
    assert ami.wait_for_listeners(seconds=PATIENCE), place.log()
    board = Board()
    frames = interleaved([SCENES["answered"](board, Wish(start=at)) for at in range(60)])
    ami.play(frames)
    until(lambda: bool(place.events("call.started")), "the first frames", PATIENCE)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0, place.log()
    assert place.state() == "waiting"
    kept = [(row["lane"], row["kind"]) for row in place.journal.list(limit=5000)][::-1]
    said = [(event.lane, event.kind) for event in events(frames, ami.settings())]
    assert kept
    assert kept == said[: len(kept)], "nothing is left out in the middle"
    assert ami.manners.secret not in place.log()
    assert "79161234567" not in place.log()


def test_a_call_in_which_it_was_killed_is_closed_when_it_is_back(place, ami):
    process = place.start()
    assert ami.wait_for_listeners(seconds=PATIENCE), place.log()
    board = Board()
    gone, going = (SCENES["answered"](board, Wish(client=f"7916000000{n}", start=n)) for n in (1, 2))
    for dialogue in (gone, going):
        ami.play(dialogue.frames[:-4])
        # A pump would have noted that the call is open.
        place.journal.remember("call.open", f"office.{dialogue.meant[0].call}", {"at": "", "call_id": "x"})
    until(lambda: len(place.events("call.answered")) == 2, "both calls", PATIENCE)
    process.kill()
    process.wait()
    until(lambda: not ami.wait_for_listeners(seconds=0.05), "nobody listens", PATIENCE)
    ami.play(gone.frames[-4:])
    place.start()
    assert ami.wait_for_listeners(seconds=PATIENCE), place.log()
    until(lambda: bool(place.events("call.ended")), "the end of the lost one", PATIENCE)
    (lost,) = place.events("call.ended")
    assert lost["lane"] == f"call.office.{gone.meant[0].call}"
    ami.play(going.frames[-4:])
    until(lambda: len(place.events("call.ended")) == 2, "the end of the other", PATIENCE)


def test_without_a_pbx_it_idles(tmp_path, redis_server):
    telegram = {"provider": "telegram", "portal": "main", "line": 1, "token": "123456:abcdefghijklmnop", "secret": "s3"}
    place = Place(tmp_path, redis_server.url, {"shop": telegram})
    try:
        process = place.start()
        until(lambda: "listen.started" in place.log(), "its line", PATIENCE)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        place.close()


def test_wrong_settings_are_told_and_end_it(place):
    (place.folder / "connector.yaml").write_text("accounts: {office: {provider: asterisk}}\n")
    assert place.start().wait(PATIENCE) == 1
    assert "office" in place.log()
