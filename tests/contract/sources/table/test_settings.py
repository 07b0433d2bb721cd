from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connector.providers.table.settings import TableSettings

KEY = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"
SFTP = {"location": "sftp://robot@203.0.113.7:2222/out/*.csv", "password": "secret", "host_key": KEY}


def settings(**said: Any) -> TableSettings:
    return TableSettings(**{"source": "orders", "provider": "table", "portal": "main", "location": "/out", **said})


def test_an_address_has_its_parts():
    address = settings(**SFTP).address
    assert (address.scheme, address.user, address.host, address.port) == ("sftp", "robot", "203.0.113.7", 2222)
    assert address.path == "/out/*.csv"
    spaced = settings(location="file:///out/all%20files/*.csv").address
    assert (spaced.scheme, spaced.path) == ("file", "/out/all files/*.csv")
    assert settings(location="s3://bucket/out/*.csv").address.host == "bucket"


def test_what_nobody_says_is_found_or_cautious():
    told = settings()
    assert (told.settle, told.holds, told.format, told.header) == (timedelta(seconds=30), "log", "", 1)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"location": "ftp://host/out/*.csv"}, "where the files lie"),
        ({"location": "https:///x.csv"}, "where the files lie"),
        ({"location": "https://me:secret@host/x.csv"}, "without a password"),
        ({**SFTP, "location": "sftp://robot:secret@host/x.csv"}, "without a password"),
        ({**SFTP, "host_key": ""}, "ssh-keyscan -p 2222 203.0.113.7"),
        ({**SFTP, "host_key": "trust me"}, "the key of the SFTP server"),
        ({**SFTP, "password": ""}, "a password or a private key"),
        ({**SFTP, "location": "sftp://203.0.113.7/out/"}, "a password or a private key"),
        ({"location": "http://host/x.csv", "token": "secret"}, "https:// where"),
        ({"encoding": "cp9999"}, "the name of an encoding"),
        ({"separator": ";;"}, "one sign"),
        ({"dates": ["dd.mm.yyyy"]}, "forms of dates"),
        ({"dates": ["%d.%Q"]}, "forms of dates"),
        ({"rename": {"a": "x", "b": "x"}}, "different new names"),
    ],
)
def test_a_mistake_says_what_to_write(said: dict[str, Any], words: str):
    with pytest.raises(ValidationError) as caught:
        settings(**said)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_secrets_are_not_shown():
    told = settings(**{**SFTP, "token": "secret-token", "private_key": "secret-key"})
    assert "secret" not in repr(told)
