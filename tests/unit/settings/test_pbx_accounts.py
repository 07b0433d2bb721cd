"""Mistakes in the account of a telephone system say what would be right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connector import settings
from connector.registry import models

KEY = {"CONNECTOR_SECRET_KEY": "k" * 40, "CONNECTOR_PUBLIC_URL": "https://bridge.example.com"}
OFFICE = {"provider": "asterisk", "portal": "main", "host": "127.0.0.1", "username": "u", "secret": "the-secret-of-ami"}
SFTP = {"url": "sftp://b24@pbx.example:2222/var/spool/asterisk/monitor"}
KNOWN = {"host_key": "SHA256:2Z6YcJbN1tYrP0x9mE8wq4sVhK7uD3aFgLoQiRnXvCk"}
CLOUD = {"provider": "pbx", "portal": "main", "secret": "whsec_" + "YWFh" * 16}


def mistakes(folder: Path, account: dict[str, Any]) -> Sequence[settings.Mistake]:
    """All that is wrong with the account."""
    portal = {"url": "https://acme.bitrix24.ru", "app": {"client_id": "local.1", "client_secret": "s3cret"}}
    path = folder / "connector.yaml"
    path.write_text(json.dumps({"portals": {"main": portal}, "accounts": {"office": account}}))
    with pytest.raises(settings.SettingsMistakesError) as caught:
        settings.load(path, KEY, models())
    return caught.value.mistakes


def mistake(folder: Path, **account: Any) -> tuple[str, str, str]:
    """Where the only mistake is, what was expected there and the hint, in Russian."""
    [one] = mistakes(folder, {**OFFICE, **account})
    return one.path.removeprefix("accounts.office."), one.expected.ru, one.hint.ru


@pytest.mark.parametrize(
    ("name", "value", "where", "shown"),
    [
        ("hours", {"mon": "9-18"}, "hours", "mon-fri 9:00-18:00"),
        ("hours", "9-26", "hours", "пн-пт 9:00-18:00"),
        ("lines", ["74951234567"], "lines", '{"+74951234567": {"name": "Sales"}}'),
        ("lines", {"74951234567": "Sales"}, "lines.74951234567", '{"+74951234567": {"name": "Sales"}}'),
        ("lines", {"74951234567": {"nmae": "Sales"}}, "lines.74951234567.nmae", "«name»"),
        ("recordings", "/var/spool", "recordings", '{"url": "file:///var/spool/asterisk/monitor"}'),
        ("cdr", True, "cdr", '{"url": "file:///var/log/asterisk/cdr-csv/Master.csv"}'),
        ("lines", {"sales": {}}, "lines.sales", '"+74951234567"'),
        ("lines", {"12": {}}, "lines.12", '"+74951234567"'),
        ("lines", {"1" * 51: {}}, f"lines.{'1' * 51}", '"+74951234567"'),
        ("lines", {"٧٤٩٥": {}}, "lines.٧٤٩٥", '"+74951234567"'),
        ("recordings", SFTP | {"key": "/k"}, "recordings.host_key", "`ssh-keyscan -p 2222 pbx.example | ssh-keygen"),
        ("recordings", SFTP | {"key": "/k", "host_key": "MD5:16:27:ac"}, "recordings.host_key", "ssh-keyscan"),
        ("recordings", SFTP | KNOWN, "recordings.key", "password"),
        ("recordings", SFTP | KNOWN | {"key": " "}, "recordings.key", "password"),
        ("recordings", SFTP | KNOWN | {"password": ""}, "recordings.password", "key"),
        ("recordings", SFTP | KNOWN | {"password": "${NOBODY_SET_IT}"}, "recordings.password", "NOBODY_SET_IT_FILE"),
        ("recordings", {"url": "ftp://pbx/monitor"}, "recordings.url", "file:///var/spool/asterisk/monitor"),
        ("route_token", "guess me", "route_token", "openssl rand -hex 24"),
        ("route_token", "", "route_token", "openssl rand -hex 24"),
    ],
)
def test_a_mistake_shows_what_would_be_right(tmp_path: Path, name: str, value: Any, where: str, shown: str):
    path, _, hint = mistake(tmp_path, **{name: value})
    assert path == where
    assert shown in hint


def test_a_token_that_is_too_short_is_not_shown(tmp_path: Path):
    assert "guess me" not in " ".join(mistake(tmp_path, route_token="guess me"))


def read(provider: str, **told: Any) -> Any:
    """The account's settings, from what is right."""
    raw = {**(OFFICE if provider == "asterisk" else CLOUD), "account": "office", **told}
    return models()[provider].model_validate(raw)


@pytest.mark.parametrize("number", ["74951234567", "+7 (495) 123-45-67", "8-800-100", "112", "1" * 50])
def test_a_line_is_a_number_as_any_pbx_writes_it(number: str):
    assert list(read("asterisk", lines={number: {}}).lines) == [number]


@pytest.mark.parametrize("office", [OFFICE, CLOUD])
def test_all_that_a_server_of_recordings_lacks_is_told_at_once_in_both_languages(tmp_path: Path, office: Any):
    found = mistakes(tmp_path, office | {"recordings": SFTP})
    assert [one.path for one in found] == ["accounts.office.recordings.key", "accounts.office.recordings.host_key"]
    for one in found:
        assert one.found == ""
        assert one.expected.en != one.expected.ru
        assert one.hint.en != one.hint.ru


@pytest.mark.parametrize("known", [KNOWN["host_key"], "256 SHA256:abc pbx (ED25519)", "pbx ssh-ed25519 AAAAC3NzaC1"])
def test_a_server_that_is_known_is_taken_with_a_key_or_a_password(known: str):
    for way in ({"key": "/etc/connector/pbx"}, {"password": "hush"}):
        place = {**SFTP, "host_key": known, **way}
        assert [read(slug, recordings=place).recordings.host_key for slug in ("asterisk", "pbx")] == [known, known]


@pytest.mark.parametrize("url", ["file:///srv/recordings", "https://pbx.example/monitor"])
def test_what_is_no_ssh_needs_neither_key_nor_password(url: str):
    assert read("asterisk", recordings={"url": url}).recordings.url == url
