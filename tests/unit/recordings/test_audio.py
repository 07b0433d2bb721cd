from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import PermanentError
from connector.media import sniff
from connector.recordings.audio import checked
from connector.recordings.waiting import NotReady
from tests.unit.recordings.sounds import MP3, NO_SOUND, WAV


@pytest.mark.parametrize(
    ("name", "content", "mime", "named"),
    [
        ("out-101.WAV", WAV, "audio/wav", "out-101.wav"),
        ("2026/a.wav49", WAV, "audio/wav", "2026/a.wav"),
        ("recording.mp3", WAV, "audio/wav", "recording.wav"),
        ("call.MP3", MP3, "audio/mpeg", "call.mp3"),
        ("", MP3, "audio/mpeg", "recording.mp3"),
        ("getrecord.php", MP3, "audio/mpeg", "getrecord.php.mp3"),
        ("a.mp3", b"\xff\xfa\x90\x64" + MP3, "audio/mpeg", "a.mp3"),
        ("a.mp3", b"\xff\xf2\x90\x64" + MP3, "audio/mpeg", "a.mp3"),
        ("a.mp3", b"\xff\xe3\x90\x64" + MP3, "audio/mpeg", "a.mp3"),
    ],
)
def test_the_content_tells_the_kind_and_the_name_follows(name: str, content: bytes, mime: str, named: str):
    told, called, chunks = checked(name, iter([content]))
    assert (told, called, b"".join(chunks)) == (mime, named, content)
    assert sniff(content) == mime


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"OggS\0\x02" + b"\0" * 60, "Ogg"),
        (b"<html><body>Sign in, please, to hear it</body></html>", "a text, not sound"),
        (b'{"status": "error", "message": "Wrong sign, and more words"}', "a text"),
        (b"\xff\xf1\x50\x80" + b"\0" * 60, "something else"),
        (b"\xff\xfd\x90\x64" + b"\0" * 60, "something else"),
        (b"RIFF\0\0\0\0AVI LIST" + b"\0" * 60, "something else"),
        (b"\x7f\x7f\x7f" * 30, "something else"),
        (b"\xff", "something else"),
    ],
)
def test_what_bitrix24_never_takes_parks_and_says_what_to_set_on_the_pbx(content: bytes, kind: str):
    with pytest.raises(PermanentError) as parked:
        checked("x.wav", iter([content]))
    assert parked.value.cause == "recording.type"
    assert kind in parked.value.hint.en
    assert "MixMonitor" in parked.value.hint.ru


@pytest.mark.parametrize("content", [b"", NO_SOUND, NO_SOUND[:20]])
def test_a_file_without_sound_is_not_ready(content: bytes):
    with pytest.raises(NotReady) as waits:
        checked("x.wav", iter([content] if content else []))
    assert waits.value.cause == "recording.empty"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_however_it_arrives_not_a_byte_is_lost(sizes: list[int]):
    pieces, rest = [], WAV
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    mime, _, chunks = checked("x", iter([*pieces, rest]))
    assert (mime, b"".join(chunks)) == ("audio/wav", WAV)


def test_what_is_refused_is_closed():
    closed: list[bool] = []

    def ogg() -> Iterator[bytes]:
        try:
            yield b"OggS" * 20
        finally:
            closed.append(True)

    with pytest.raises(PermanentError):
        checked("x.ogg", ogg())
    assert closed == [True]
