"""Recorded dialogues with mail servers (``providers/mail/fixtures/*.imap``), played back word by word.

``C:`` is what we say, without its tag, ``S:`` what the server says, with ``$`` for the tag; ``| `` are the lines of a
literal, whose length ``{*}`` stands for. At the end the server goes away.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connector.domain.events import dump
from connector.domain.request import Request
from connector.errors import TransientError
from connector.providers.mail import PROVIDER
from tests.contract.providers.recorded import FOLDERS, RECEIVED_AT, account, meaning

DIALOGUES = sorted((FOLDERS / "mail" / "fixtures").glob("*.imap"))


class Kept:
    """A house that keeps in memory what it is told."""

    http = None

    def __init__(self, mark: dict[str, Any]) -> None:
        self.frames: list[bytes] = []
        self.marks = {"INBOX": mark}
        self.files: dict[str, bytes] = {}

    def keep(self, frame: bytes, *, at: Any = None) -> None:
        self.frames.append(frame)

    def store(self, name: str, mime: str, data: bytes) -> str:
        key = f"key{len(self.files)}"
        self.files[key] = data
        return key

    def mark(self, name: str) -> Any:
        return self.marks.get(name)

    def set_mark(self, name: str, value: Any) -> None:
        self.marks[name] = value

    def open_calls(self) -> Sequence[str]:
        return ()

    def heard(self) -> None: ...

    def last_heard(self) -> None: ...

    def stopped(self) -> bool:
        return False


def spoken(path: Path) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The mark that the dialogue begins with, and its lines as ``(who, line)``."""
    mark, lines = {}, []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("mark: "):
            mark = json.loads(line[6:])
        elif not line.startswith("#"):
            lines.append((line[:2], line[3:] if line[1:2] == ":" else line[2:]))
    return mark, lines


def said(lines: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    """What is said at once by each side: literals measured and put together."""
    at = 0
    while at < len(lines):
        who, line = lines[at]
        at += 1
        literal = []
        while at < len(lines) and lines[at][0] == "| ":
            literal.append(lines[at][1] + "\r\n")
            at += 1
        data = "".join(literal).encode()
        yield who, line.replace("{*}", f"{{{len(data)}}}").encode() + b"\r\n" + data


@contextmanager
def playing(lines: list[tuple[str, str]], wrong: list[str]) -> Iterator[int]:
    """A server on the loopback that holds this dialogue with whoever comes, once."""
    server = socket.create_server(("127.0.0.1", 0))

    def play() -> None:
        stream, _ = server.accept()
        tag = b""
        with stream, stream.makefile("rb") as heard:
            for who, data in said(lines):
                if who == "S:":
                    stream.sendall(data.replace(b"$", tag, 1) if data.startswith(b"$") else data)
                    continue
                line = heard.readline()
                bare = line if line in (data, b"") else line.partition(b" ")[2]
                tag = tag if bare == line else line.partition(b" ")[0]
                if bare != data:
                    wrong.append(f"{line!r} instead of {data!r}")
                    return

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    thread.join(20)
    server.close()


@pytest.mark.parametrize("path", DIALOGUES, ids=[path.stem for path in DIALOGUES])
def test_a_recorded_dialogue_is_held_word_by_word_and_means_what_its_file_says(path: Path):
    mark, lines = spoken(path)
    house, wrong, settings = Kept(mark), [], account(PROVIDER)
    assert PROVIDER.channel is not None
    assert PROVIDER.channel.listen is not None
    with playing(lines, wrong) as port:
        here = settings.model_copy(update={"imap": settings.imap.model_copy(update={"port": port})})
        with pytest.raises(TransientError):
            PROVIDER.channel.listen(here, house)
    assert wrong == []
    events = [event for frame in house.frames for event in PROVIDER.channel.parse(request(frame), settings)]
    assert [json.loads(dump(event)) for event in events] == meaning(path)
    assert len({PROVIDER.channel.dedupe_key(request(frame), settings) for frame in house.frames}) == len(house.frames)


def request(frame: bytes) -> Request:
    return Request(method="STREAM", path="/listen/support", headers={}, body=frame, received_at=RECEIVED_AT)


def test_dialogues_are_recorded():
    assert len(DIALOGUES) >= 2
