"""Recordings over real SSH connections: only the server that the settings name gets a password."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from pydantic import SecretStr

from connector.domain.provider import Source
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.recordings import bring
from tests.integration.telephony.sftp_server import PASSWORD, SftpServer, sftp_server
from tests.unit.recordings.sounds import MP3, WAV, Recordings

LATE = 7 * 3600.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with sftp_server(tmp_path / "pbx") as made:
        (made.root / "calls" / "2026").mkdir()
        (made.root / "calls" / "2026" / "out 1.WAV").write_bytes(WAV)
        yield made


def place(server: SftpServer, **changes: Any) -> Recordings:
    told = {"url": server.url(), "password": SecretStr(PASSWORD), "host_key": server.fingerprint}
    return Recordings(**told | changes)


def brought(server: SftpServer, path: str = "/2026/out%201.WAV", **changes: Any) -> tuple[str, str, bytes]:
    limit, late = changes.pop("limit", 10**6), changes.pop("late", 0.0)
    url = changes.pop("source", server.url(path))
    mime, name, chunks = bring(
        Source(url=url), place(server, **changes), web=no_web, limit=limit, late=late, pause=lambda seconds: None
    )
    return mime, name, b"".join(chunks)


def no_web(source: Source, limit: int) -> Any:
    raise AssertionError("the web is not asked")


def refusal(server: SftpServer, path: str = "/2026/out%201.WAV", **changes: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        brought(server, path, **changes)
    told = f"{caught.value!r} {caught.value.detail} {caught.value.hint}"
    assert PASSWORD not in told
    assert str(server.port) not in told
    return caught.value


def closed(server: SftpServer) -> bool:
    ends = time.monotonic() + 5
    while server.active() and time.monotonic() < ends:
        time.sleep(0.01)
    return not server.active()


@pytest.mark.parametrize("known", ["fingerprint", "known_hosts"])
def test_a_recording_comes_from_the_server_whose_key_is_known(server: SftpServer, known: str):
    got = brought(server, host_key=getattr(server, known))
    assert got == ("audio/wav", "out 1.wav", WAV)
    assert server.passwords == [PASSWORD]
    assert closed(server)


def test_several_known_keys_may_be_named(server: SftpServer):
    other = paramiko.ECDSAKey.generate()
    keys = f"pbx {other.get_name()} {other.get_base64()}\n# old\n{server.fingerprint}"
    assert brought(server, host_key=keys)[2] == WAV


def test_a_long_recording_comes_whole(server: SftpServer):
    sound = MP3 + bytes(range(256)) * 8000
    (server.root / "calls" / "long.mp3").write_bytes(sound)
    assert brought(server, "/long.mp3", limit=10**7) == ("audio/mpeg", "long.mp3", sound)


def _others() -> dict[str, str]:
    other = paramiko.ECDSAKey.generate()
    return {
        "a fingerprint": "SHA256:" + "A" * 43,
        "a key": f"* {other.get_name()} {other.get_base64()}",
    }


@pytest.mark.parametrize("kind", ["a fingerprint", "a key"])
def test_a_server_with_another_key_is_told_nothing(server: SftpServer, kind: str):
    known = _others()[kind]
    if kind == "a key":
        known = known.replace("*", f"[127.0.0.1]:{server.port}")
    error = refusal(server, host_key=known)
    assert (type(error), error.cause) == (PermanentError, "recording.host_key")
    assert server.fingerprint.split()[1] in error.hint.en
    assert server.passwords == []


@pytest.mark.parametrize("known", ["", "MD5:11:22", "pbx ssh-ed25519", "ssh-ed25519 AAAA!!!", "AAAA"])
def test_no_server_is_trusted_at_first_sight(server: SftpServer, known: str):
    error = refusal(server, host_key=known)
    assert (type(error), error.cause) == (PermanentError, "recording.no_host_key")
    assert "SHA256" in error.hint.ru
    assert server.passwords == []


def test_a_key_opens_the_door_and_its_passphrase_stays_here(server: SftpServer, tmp_path: Path):
    server.key = paramiko.ECDSAKey.generate()
    path = tmp_path / "id_ecdsa"
    server.key.write_private_key_file(str(path), password=PASSWORD)
    assert brought(server, key=str(path))[2] == WAV
    assert server.passwords == []
    assert refusal(server, key=str(path), password=SecretStr("wrong")).cause == "recording.key"
    assert refusal(server, key=str(tmp_path / "none")).cause == "recording.key"


def test_a_wrong_password_or_none_is_a_persons_business(server: SftpServer):
    wrong = refusal(server, password=SecretStr("wrong"))
    assert (type(wrong), wrong.cause) == (PermanentError, "recording.login")
    none = refusal(server, password=None)
    assert (type(none), none.cause) == (PermanentError, "recording.login")
    assert closed(server)


def test_what_is_not_there_yet_is_waited_for(server: SftpServer):
    early, late = refusal(server, "/no.wav"), refusal(server, "/no.wav", late=LATE)
    assert (type(early), type(late)) == (TransientError, PermanentError)
    assert early.cause == late.cause == "recording.not_there"
    (server.root / "calls" / "empty.wav").write_bytes(b"")
    assert refusal(server, "/empty.wav").cause == "recording.empty"
    assert closed(server)


def test_nothing_outside_the_folder_is_read(server: SftpServer):
    (server.root / "secret.wav").write_bytes(WAV)
    (server.root / "calls2").mkdir()
    (server.root / "calls2" / "a.wav").write_bytes(WAV)
    (server.root / "calls" / "link.wav").symlink_to(server.root / "secret.wav")
    for path in ("/../secret.wav", "/%2e%2e/secret.wav", "/link.wav", "2/a.wav", "/2026/../../calls2/a.wav"):
        assert refusal(server, path).cause == "recording.outside", path


def test_another_server_is_not_asked_whatever_the_pbx_says(server: SftpServer, tmp_path: Path):
    with sftp_server(tmp_path / "stranger") as stranger:
        error = refusal(server, source=stranger.url("/2026/out%201.WAV"))
        assert error.cause == "recording.outside"
        assert stranger.passwords == []


def test_a_recording_that_grows_is_not_ready(server: SftpServer):
    path = server.root / "calls" / "2026" / "out 1.WAV"

    def pause(seconds: float) -> None:
        path.write_bytes(WAV + b"more")

    with pytest.raises(TransientError) as waits:
        bring(Source(url=server.url("/2026/out%201.WAV")), place(server), web=no_web, limit=10**6, pause=pause)
    assert waits.value.cause == "recording.growing"


def test_over_the_limit_and_of_the_wrong_kind_it_is_parked(server: SftpServer):
    assert refusal(server, limit=100).cause == "recording.too_large"
    (server.root / "calls" / "a.gsm").write_bytes(b"\xd8\x20\xa2" * 40)
    assert refusal(server, "/a.gsm").cause == "recording.type"
    assert closed(server)


def test_a_server_that_is_away_is_tried_again(server: SftpServer):
    server.stop()
    error = refusal(server, late=LATE)
    assert (type(error), error.cause) == (TransientError, "recording.away")


def test_a_server_that_breaks_off_in_the_middle_is_tried_again(server: SftpServer):
    (server.root / "calls" / "long.wav").write_bytes(WAV + b"\0" * 9_000_000)
    _, _, chunks = bring(
        Source(url=server.url("/long.wav")), place(server), web=no_web, limit=10**7, pause=lambda s: None
    )
    next(iter(chunks))
    server.stop()
    with pytest.raises(TransientError) as lost:
        list(chunks)
    assert lost.value.cause == "recording.away"
