from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connector.domain.sources import Desk
from connector.errors import PermanentError
from connector.providers.ldap.setup import check
from connector.speech import Text
from tests.contract.sources.ldap.directory import NOW, FakeDirectory, entry, settings


def _findings(folder: Path, directory: FakeDirectory | Exception, **given: Any) -> dict[str, tuple[str, str]]:
    @contextmanager
    def connect(_: Any) -> Iterator[FakeDirectory]:
        if isinstance(directory, Exception):
            raise directory
        yield directory

    http: Any = None
    found = check(Desk(settings=settings(groups=None, **given), http=http, folder=folder, clock=lambda: NOW), connect)
    return {each.code: (each.state, each.hint.ru if each.hint else each.what.ru) for each in found}


def test_a_directory_that_is_right_is_said_with_its_first_person(tmp_path: Path) -> None:
    anna = entry("uid=anna,dc=acme", uid="anna", mail="anna@acme.test", displayName="Анна")
    found = _findings(tmp_path, FakeDirectory([anna]))
    assert {state for state, _ in found.values()} == {"ok"}
    assert "Анна" in found["ldap.first"][1]
    assert not list(tmp_path.iterdir())


def test_a_directory_that_lets_nobody_in_is_bad(tmp_path: Path) -> None:
    error = PermanentError("ldap.login", hint=Text("check the password", "проверьте пароль"))
    assert _findings(tmp_path, error) == {"ldap.login": ("bad", "проверьте пароль")}


def test_people_without_ids_or_mail_are_told_beforehand(tmp_path: Path) -> None:
    people = [entry("cn=Nobody,dc=acme"), entry("cn=Anna,dc=acme", uid="anna")]
    found = _findings(tmp_path, FakeDirectory(people))
    assert found["ldap.ids"][0] == found["ldap.email"][0] == "warn"
    assert "cn=Nobody" in found["ldap.ids"][1]


def test_a_directory_that_shows_nobody_is_bad(tmp_path: Path) -> None:
    assert _findings(tmp_path, FakeDirectory())["ldap.read"][0] == "bad"


def test_a_plain_connection_is_mentioned(tmp_path: Path) -> None:
    anna = entry("uid=anna,dc=acme", uid="anna", mail="a@acme.test")
    found = _findings(tmp_path, FakeDirectory([anna]), url="ldap://localhost")
    assert found["ldap.login"][0] == "ok"
    assert "не шифруется" in found["ldap.login"][1]
