"""An Asterisk in ``connector.yaml``."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connector.domain.values import File
from connector.errors import PermanentError
from connector.providers.asterisk.listening import EVENTS
from connector.providers.asterisk.outbound import recording
from connector.providers.asterisk.settings import below
from tests.unit.providers.asterisk_files import FOLDER, account

PLACE = {"url": "https://pbx.example/monitor", "username": "b24", "password": "hush"}


def located(ref: str, **place: object) -> str:
    return recording(File(ref=ref), account(recordings={**PLACE, **place}), None).url


def test_the_port_follows_the_kind_of_connection():
    assert account().address == ("pbx.example", 5038)
    assert account(tls=True).address == ("pbx.example", 5039)
    assert account(tls=True, port=5040).address == ("pbx.example", 5040)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret", ""),
        ("secret", "  \n"),
        ("secret", "a\r\nAction: Command"),
        ("username", ""),
        ("username", "x\r\ny"),
        ("extensions", "("),
        ("channel", "PJSIP/101"),
        ("dial", "101"),
        ("ring_seconds", 31),
        ("recordings", {"url": "ftp://pbx/monitor"}),
        ("recordings", {"url": "file://pbx/monitor"}),
        ("recordings", {"url": "sftp://b24:hush@pbx/monitor"}),
        ("cdr", {"url": "sftp://pbx/Master.csv"}),
        ("cdr", {"url": "file:///Master.csv", "zone": "Mars/Olympus"}),
        ("verify", False),
    ],
)
def test_what_cannot_be_right_is_refused_without_showing_it(name, value):
    with pytest.raises(ValidationError) as mistake:
        account(**{name: value})
    assert "hush" not in str(mistake.value)


def test_an_empty_secret_is_refused_with_where_to_find_one():
    with pytest.raises(ValidationError) as mistake:
        account(secret=" ")
    expected, hint = mistake.value.errors()[0]["ctx"]["error"].args
    assert "manager.conf" in hint.en
    assert "manager.conf" in hint.ru
    assert expected.en != expected.ru


def test_secrets_are_seen_nowhere():
    ours = account(recordings=PLACE, cdr=PLACE)
    for text in (repr(ours), str(ours), str(ours.model_dump()), ours.model_dump_json()):
        assert "hush" not in text
        assert "the-secret-of" not in text


def test_a_recording_lies_below_the_place_of_the_account():
    base = "https://pbx.example/monitor"
    assert located("/var/spool/asterisk/monitor/2026/02/02/in 1.wav") == f"{base}/2026/02/02/in%201.wav"
    assert located("/data/rec/a.wav", folder="/data/rec") == f"{base}/a.wav"
    assert located("a.wav", url="sftp://b24@pbx/rec/", host_key="SHA256:x") == "sftp://b24@pbx/rec/a.wav"
    source = recording(File(ref="a.wav"), account(recordings=PLACE), None)
    assert source.headers == {"Authorization": "Basic YjI0Omh1c2g="}
    assert source.name == "a.wav"


def test_the_bare_name_in_a_cdr_of_freepbx_is_found_in_the_folder_of_its_day():
    name = "in-74951234567-79161234567-20260202-120000-1770000000.1.wav"
    assert located(name).endswith(f"/2026/02/02/{name}")


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.wav", "/var/spool/asterisk/monitor/../../x.wav", "/", ""])
def test_a_path_that_leads_elsewhere_is_not_followed(path):
    assert below(path, "/var/spool/asterisk/monitor") == ""
    with pytest.raises(PermanentError) as refused:
        located(path)
    assert refused.value.cause == "recording.outside"


def test_without_a_place_it_says_what_to_write():
    with pytest.raises(PermanentError) as refused:
        recording(File(ref="a.wav"), account(recordings=None), None)
    assert "recordings:" in refused.value.hint.en


def test_the_papers_ask_for_the_rights_that_listening_needs():
    papers = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert f"read = {EVENTS}\n" in papers
    assert {"originate", "reporting"} <= set(papers.partition("write = ")[2].splitlines()[0].split(","))
