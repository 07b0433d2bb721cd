"""Mistakes in the account of a telephone system say what would be right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector import settings
from connector.registry import models

KEY = {"CONNECTOR_SECRET_KEY": "k" * 40, "CONNECTOR_PUBLIC_URL": "https://bridge.example.com"}
OFFICE = {"provider": "asterisk", "portal": "main", "host": "127.0.0.1", "username": "u", "secret": "the-secret-of-ami"}


def mistake(folder: Path, **account: Any) -> tuple[str, str, str]:
    """Where the only mistake is, what was expected there and the hint, in Russian."""
    portal = {"url": "https://acme.bitrix24.ru", "app": {"client_id": "local.1", "client_secret": "s3cret"}}
    path = folder / "connector.yaml"
    path.write_text(json.dumps({"portals": {"main": portal}, "accounts": {"office": {**OFFICE, **account}}}))
    with pytest.raises(settings.SettingsMistakesError) as caught:
        settings.load(path, KEY, models())
    [one] = caught.value.mistakes
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
