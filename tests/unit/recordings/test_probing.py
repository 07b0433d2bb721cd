"""Folders and web servers of recordings, looked at before there is a recording."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.domain.provider import Finding, Source
from connector.errors import PermanentError
from connector.recordings import probed
from connector.recordings.probing import CODE
from connector.speech import Text
from tests.unit.recordings.sounds import WAV, Recordings, folder

SITE = Recordings(url="https://pbx.example/monitor")
SAMPLE = Source(url="https://pbx.example/monitor/none.wav", headers={"Authorization": "Basic YjI0Omh1c2g="})


class Site:
    """A web server that answers (status, type); what is an error is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, str, dict[str, Any]]]()

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        self.asked.append((method, url, options))
        said = self.answers.pop(0)
        if isinstance(said, Exception):
            raise said
        answer = requests.Response()
        (answer.status_code, kind), answer.raw = said, io.BytesIO()
        answer.headers["Content-Type"] = kind
        return answer


def no_sample() -> Source:
    raise AssertionError("the PBX is not asked")


def seen(site: Site) -> Finding:
    found = probed(SITE, site, lambda: SAMPLE)
    told = f"{found.hint}"
    assert "hush" not in told
    assert "YjI0" not in told
    assert found.code == CODE
    return found


def at(path: Path, **options: Any) -> Finding:
    return probed(folder(path), Site(), no_sample, **options)


def test_a_folder_that_can_be_listed_is_fine(tmp_path: Path):
    assert at(tmp_path) == Finding(at(tmp_path).what, "ok", code=CODE)
    (tmp_path / "in 1.wav").write_bytes(WAV)
    assert at(tmp_path).state == "ok"


@pytest.mark.parametrize("name", ["not there", "a file.wav"])
def test_what_is_no_folder_is_told(tmp_path: Path, name: str):
    (tmp_path / "a file.wav").write_bytes(WAV)
    found = at(tmp_path / name)
    assert (found.state, found.code) == ("bad", CODE)
    assert found.hint is not None
    assert "recordings.url" in found.hint.en
    assert "подключите" in found.hint.ru


def test_a_folder_that_may_not_be_read_says_whose_right_is_missing(tmp_path: Path):
    def closed(path: Path) -> AbstractContextManager[Iterator[Any]]:
        raise PermissionError(13, "Permission denied", str(path))

    found = at(tmp_path, scan=closed)
    assert found.state == "bad"
    assert found.hint is not None
    assert "the user that the connector runs as" in found.hint.en


def test_a_folder_that_is_broken_says_how(tmp_path: Path):
    (tmp_path / "round").symlink_to(tmp_path / "round")
    found = at(tmp_path / "round")
    assert found.state == "bad"
    assert found.hint is not None
    assert os.strerror(40) in found.hint.ru


@pytest.mark.parametrize("status", [404, 410])
def test_a_site_without_that_file_lets_us_in(status: int):
    site = Site((status, "text/html"))
    assert seen(site).state == "ok"
    [(method, url, options)] = site.asked
    assert (method, url, options["headers"]) == ("HEAD", SAMPLE.url, SAMPLE.headers)
    assert options["allow_redirects"] is False
    assert max(options["timeout"]) <= 5


def test_a_site_that_knows_no_head_is_asked_once_more_without_reading():
    site = Site((405, ""), (404, ""))
    assert seen(site).state == "ok"
    assert [(method, options["stream"]) for method, _, options in site.asked] == [("HEAD", True), ("GET", True)]


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        ((401, ""), "bad", "recordings.password"),
        ((403, ""), "bad", "403"),
        ((302, ""), "warn", "302"),
        ((200, "text/html; charset=utf-8"), "warn", "web page"),
        ((200, "audio/x-wav"), "ok", ""),
        ((502, "text/html"), "warn", "502"),
        ((405, ""), "warn", "405"),
        (requests.ConnectTimeout("https://b24:hush@pbx.example"), "bad", "firewall"),
        (requests.exceptions.SSLError("hush"), "bad", "certificate"),
        (requests.exceptions.InvalidURL("hush"), "bad", "address"),
    ],
)
def test_a_site_that_would_not_give_recordings_is_told(answer: Any, state: str, said: str):
    found = seen(Site(answer, answer))
    assert found.state == state
    assert said in (found.hint.en if found.hint else "")
    assert found.hint is None or found.hint.en != found.hint.ru


def test_what_the_settings_refuse_is_told_in_their_words():
    def outside() -> Source:
        raise PermanentError("recording.outside", hint=Text("Correct it", "Исправьте"))

    found = probed(SITE, Site(), outside)
    assert (found.state, found.hint) == ("bad", Text("Correct it", "Исправьте"))
