"""A demo that cannot start says what to do."""

from __future__ import annotations

import errno
import fcntl
import signal
import socket
from pathlib import Path

import pytest

from connector.demo.main import _LEAVE, NO_PORT, NO_SUCH_PORT, _leave, main


@pytest.mark.parametrize(
    ("language", "told"), [("en", "is taken by another program"), ("ru", "занят другой программой")]
)
def test_a_port_that_is_taken_is_told_before_anything_starts(
    language: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(once=False, language=language, port=taken.getsockname()[1]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert told in shown
    assert "--port" in shown
    assert "Errno" not in shown
    assert not list(tmp_path.iterdir())


def test_a_port_of_the_administrator_is_told_with_another():
    for words in NO_PORT[errno.EACCES].with_(port=80):
        assert "80" in words
        assert "--port 8080" in words
    assert all("{" not in words for words in NO_SUCH_PORT.with_(port=80, why="x"))


@pytest.mark.parametrize(("language", "told"), [("en", "a folder of your own"), ("ru", "в своей папке")])
def test_a_folder_that_cannot_be_written_is_told(
    language: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "var").write_text("a file where the folder should be")
    monkeypatch.chdir(tmp_path)
    assert main(once=True, language=language) == 1
    assert told in " ".join(capsys.readouterr().out.split())


def test_a_second_demo_leaves_the_first_one_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    first = tmp_path / "var" / "demo" / "connector.yaml"
    first.parent.mkdir(parents=True)
    first.touch()
    with (tmp_path / "var" / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(once=True, language="en") == 1
    assert "runs in" in " ".join(capsys.readouterr().out.split())
    assert first.exists()


def test_who_presses_ctrl_c_twice_still_leaves_nothing_running():
    before = {number: signal.getsignal(number) for number in _LEAVE}
    try:
        with pytest.raises(KeyboardInterrupt):
            _leave(signal.SIGINT, None)
        assert {signal.getsignal(number) for number in _LEAVE} == {signal.SIG_IGN}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
