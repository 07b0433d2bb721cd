from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.domain.provider import Source
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.recordings import Brought, Place, bring
from connector.recordings.looking import PAUSE
from connector.recordings.waiting import HOURS
from connector.speech import Text
from tests.unit.recordings.sounds import MP3, WAV, Recordings, folder

TOO_LATE = HOURS * 3600


def no_web(source: Source, limit: int) -> Brought:
    raise AssertionError("the web is not asked")


def brought(
    url: str,
    place: Place | None = None,
    *,
    web: Callable[[Source, int], Brought] = no_web,
    late: float = 0.0,
    limit: int = 10_000,
    pause: Callable[[float], None] = lambda seconds: None,
) -> tuple[str, str, bytes]:
    mime, name, chunks = bring(Source(url=url), place, web=web, limit=limit, late=late, pause=pause)
    return mime, name, b"".join(chunks)


def refusal(*args: Any, **options: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        brought(*args, **options)
    assert "/" not in caught.value.detail
    return caught.value


def on_web(content: bytes = b"", name: str = "", error: Exception | None = None) -> Callable[[Source, int], Brought]:
    def web(source: Source, limit: int) -> Brought:
        if error is not None:
            raise error
        return "application/octet-stream", name, iter([content] if content else [])

    return web


def gone() -> PermanentError:
    return PermanentError("media.gone", hint=Text("gone", "нет"))


def test_a_recording_comes_over_the_web_and_its_content_decides():
    assert brought("https://pbx.example/r/1", web=on_web(MP3, "1.MP3")) == ("audio/mpeg", "1.mp3", MP3)


def test_what_is_not_there_may_come_for_hours_and_then_is_lost():
    early = refusal("https://pbx.example/r/1", web=on_web(error=gone()))
    assert isinstance(early, TransientError)
    assert (early.cause, early.retry_after) == ("recording.not_there", 60.0)
    late = refusal("https://pbx.example/r/1", web=on_web(error=gone()), late=TOO_LATE)
    assert isinstance(late, PermanentError)
    assert "discard" in late.hint.en


def test_an_empty_answer_is_not_ready_yet():
    assert isinstance(refusal("https://pbx.example/r/1", web=on_web()), TransientError)
    assert isinstance(refusal("https://pbx.example/r/1", web=on_web(), late=TOO_LATE), PermanentError)


def test_another_refusal_of_the_web_stays_what_it_is():
    denied = PermanentError("media.denied", hint=Text("denied", "отказ"))
    assert refusal("https://pbx.example/r/1", web=on_web(error=denied)) is denied


@pytest.mark.parametrize("url", ["ftp://pbx/a.wav", "gopher://x", "a.wav", "", "javascript:alert(1)"])
def test_an_unknown_way_is_told(url: str):
    assert refusal(url, web=on_web(WAV)).cause == "recording.scheme"


@pytest.mark.parametrize("url", ["file:///var/spool/a.wav", "sftp://pbx/var/spool/a.wav"])
@pytest.mark.parametrize("place", [None, Recordings(url="https://pbx.example/r/")])
def test_a_file_of_a_pbx_without_a_known_place_is_not_looked_for(url: str, place: Place | None):
    error = refusal(url, place)
    assert (type(error), error.cause) == (PermanentError, "recording.no_place")
    assert "recordings:" in error.hint.ru


def test_a_folder_gives_what_is_in_it(tmp_path: Path):
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026" / "вход 1.WAV").write_bytes(WAV)
    url = (tmp_path / "2026" / "вход 1.WAV").as_uri()
    assert brought(url, folder(tmp_path)) == ("audio/wav", "вход 1.wav", WAV)


def test_nothing_outside_the_folder_is_opened(tmp_path: Path):
    calls, secret = tmp_path / "calls", tmp_path / "secret.wav"
    calls.mkdir()
    secret.write_bytes(WAV)
    (calls / "link.wav").symlink_to(secret)
    (calls / "sub").symlink_to(tmp_path)
    os.mkfifo(calls / "pipe.wav")
    base = calls.as_uri()
    ways = ["../secret.wav", "%2e%2e/secret.wav", "link.wav", "sub/secret.wav", "pipe.wav", "a%00.wav", "."]
    errors = [refusal(f"{base}/{way}", folder(calls)) for way in ways]
    assert {(type(error), error.cause) for error in errors} == {(PermanentError, "recording.outside")}
    sibling = refusal((tmp_path / "calls2" / "a.wav").as_uri(), folder(calls))
    assert sibling.cause == "recording.outside"


def test_a_link_inside_the_folder_is_followed(tmp_path: Path):
    (tmp_path / "a.wav").write_bytes(WAV)
    (tmp_path / "b.wav").symlink_to(tmp_path / "a.wav")
    assert brought((tmp_path / "b.wav").as_uri(), folder(tmp_path))[1:] == ("b.wav", WAV)


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path):
    url = (tmp_path / "sub" / "a.wav").as_uri()
    assert isinstance(refusal(url, folder(tmp_path)), TransientError)
    assert isinstance(refusal(url, folder(tmp_path), late=TOO_LATE), PermanentError)


def test_a_folder_that_is_not_mounted_is_waited_for_however_late(tmp_path: Path):
    away = folder(tmp_path / "mnt")
    error = refusal(f"{away.url}/a.wav", away, late=TOO_LATE)
    assert (type(error), error.cause) == (TransientError, "recording.no_folder")


def test_a_file_that_grows_while_we_look_is_not_ready(tmp_path: Path):
    path, waited = tmp_path / "a.wav", []
    path.write_bytes(WAV)

    def pause(seconds: float) -> None:
        waited.append(seconds)
        path.write_bytes(WAV + b"more")

    error = refusal(path.as_uri(), folder(tmp_path), pause=pause)
    assert (type(error), error.cause, waited) == (TransientError, "recording.growing", [PAUSE])
    assert refusal(path.as_uri(), folder(tmp_path), pause=lambda s: path.write_bytes(WAV), late=TOO_LATE).cause == (
        "recording.growing"
    )


def test_a_file_that_grows_while_it_is_read_is_not_ready(tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(WAV + b"\0" * 100_000)
    _, _, chunks = bring(Source(url=path.as_uri()), folder(tmp_path), web=no_web, limit=10**6, pause=lambda s: None)
    with path.open("ab") as more:
        more.write(b"tail" * 40_000)
    with pytest.raises(TransientError):
        list(chunks)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(WAV + b"\0" * 10_000)
    error = refusal(path.as_uri(), folder(tmp_path))
    assert (type(error), error.cause) == (PermanentError, "recording.too_large")
    assert "limits.media" in error.hint.en


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)
    path.chmod(0)
    assert refusal(path.as_uri(), folder(tmp_path)).cause == "recording.denied"


def test_whoever_stops_reading_leaves_nothing_open(tmp_path: Path):
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)
    before = len(os.listdir("/proc/self/fd"))
    _, _, chunks = bring(Source(url=path.as_uri()), folder(tmp_path), web=no_web, limit=10_000, pause=lambda s: None)
    assert isinstance(chunks, Iterator)
    chunks.close()  # type: ignore[attr-defined]
    del chunks
    assert len(os.listdir("/proc/self/fd")) == before
