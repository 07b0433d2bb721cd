"""``connector check`` looks at the place of recordings: real SSH connections, a real folder."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest
import requests
from pydantic import SecretStr

from connector.checkup.telephony import phone_findings
from connector.domain.provider import Finding, Source
from connector.domain.values import File
from connector.recordings import probed, probing
from tests.integration.telephony.sftp_server import PASSWORD, SftpServer, sftp_server
from tests.integration.telephony.stage import Stage
from tests.integration.telephony.test_checkup import House
from tests.unit.providers.asterisk_files import account
from tests.unit.recordings.sounds import Recordings


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with sftp_server(tmp_path / "pbx") as made:
        yield made


def seen(server: SftpServer, **changes: Any) -> Finding:
    told = {"url": server.url(), "password": SecretStr(PASSWORD), "host_key": server.fingerprint}
    found = probed(Recordings(**told | changes), NoWeb(), no_sample)
    assert PASSWORD not in f"{found}"
    assert found.code == probing.CODE
    return found


class NoWeb:
    def request(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("the web is not asked")


def no_sample() -> Source:
    raise AssertionError("the PBX is not asked")


@pytest.mark.parametrize("url", ["", "/", "/."])
def test_a_server_that_lets_us_into_the_folder_is_fine(server: SftpServer, url: str):
    found = seen(server, url=server.url(url))
    assert (found.state, found.hint) == ("ok", None)
    ends = time.monotonic() + 5
    while server.active() and time.monotonic() < ends:
        time.sleep(0.01)
    assert not server.active()


def test_another_key_of_the_server_is_told_and_gets_no_password(server: SftpServer):
    other = paramiko.ECDSAKey.generate()
    found = seen(server, host_key=f"* {other.get_name()} {other.get_base64()}")
    assert found.state == "bad"
    assert found.hint is not None
    assert "SHA256:" in found.hint.ru
    assert server.passwords == []


def test_a_wrong_password_and_an_unreadable_key_are_told_apart(server: SftpServer, tmp_path: Path):
    wrong = seen(server, password=SecretStr("guess"))
    unread = seen(server, key=str(tmp_path / "no such key"))
    assert (wrong.state, unread.state) == ("bad", "bad")
    assert wrong.hint is not None
    assert unread.hint is not None
    assert "recordings.password" in wrong.hint.en
    assert "private key" in unread.hint.en


@pytest.mark.parametrize("path", ["/not-there", "/file.wav"])
def test_a_path_that_is_no_folder_there_is_told_as_such(server: SftpServer, path: str):
    (server.root / "calls" / "file.wav").write_bytes(b"x")
    found = seen(server, url=server.url(path))
    assert found.state == "bad"
    assert found.hint is not None
    assert "let in" in found.hint.en


def test_a_server_that_says_nothing_is_given_up_after_seconds():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"sftp://b24@127.0.0.1:{mute.getsockname()[1]}/calls"
        place, began = Recordings(url=url, password=SecretStr("x"), host_key="SHA256:x"), time.monotonic()
        found = probed(place, NoWeb(), no_sample)
        assert time.monotonic() - began < probing.WAIT + 20
    assert found.state == "bad"
    assert found.hint is not None
    assert "firewall" in found.hint.en


@pytest.mark.parametrize(("folder", "state"), [("monitor", "ok"), ("elsewhere", "bad")])
def test_the_check_of_an_account_tells_of_its_folder(stage: Stage, tmp_path: Path, folder: str, state: str):
    (tmp_path / "monitor").mkdir()
    house = with_place(stage, url=(tmp_path / folder).as_uri())
    assert house.found(probing.CODE).state == state


def test_an_account_that_says_no_place_is_not_told_of_one(stage: Stage):
    assert [found for found in phone_findings(House(stage), "office") if found.code == probing.CODE] == []  # type: ignore[arg-type]


def test_a_web_server_is_asked_as_for_a_recording(stage: Stage):
    asked: list[File] = []

    def recording(file: File, settings: Any, http: Any) -> Source:
        asked.append(file)
        return Source(url="https://[", headers={"Authorization": "Basic x"})

    house = with_place(stage, recording=recording, url="https://pbx.example/monitor", username="b24")
    assert house.found(probing.CODE).state == "bad"
    assert [file.ref for file in asked] == ["connector-check.wav"]


def with_place(stage: Stage, recording: Any = lambda *_: Source(url="kept:none"), **place: Any) -> House:
    """The stage's account, which says where its recordings lie."""
    house = House(stage)
    office = house.accounts["office"]
    assert office.provider.telephony is not None
    telephony = replace(office.provider.telephony, recording=recording)
    said = account(recordings=place).model_copy(update={"account": "office", "portal": "main"})
    provider = replace(office.provider, telephony=telephony)
    house.accounts["office"] = replace(office, settings=said, provider=provider, http=requests.Session())
    return house
