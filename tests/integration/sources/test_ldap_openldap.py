"""A real OpenLDAP: encryption, rights and limits, 3,000 people in 200 nested groups."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.domain.sources import Desk, Record, Start
from connector.errors import ConnectorError, PermanentError, TransientError
from connector.providers.ldap import PROVIDER
from connector.providers.ldap.settings import LdapSettings
from tests.integration.sources import slapd as house
from tests.integration.sources.slapd import Slapd, company, company_groups, group_dn, person_dn, slapd
from tests.services import free_port


@pytest.fixture(scope="module")
def acme() -> Iterator[Slapd]:
    with slapd(company()) as server:
        yield server


@pytest.fixture
def small() -> Iterator[Slapd]:
    with slapd(company(people=30, groups=10)) as server:
        yield server


class Source:
    """The source at a server; ``given`` are its settings besides."""

    def __init__(self, server: Slapd, folder: Path, **given: Any) -> None:
        whole = {"bind_dn": house.READER, "password": house.PASSWORD, "base": house.BASE, "url": server.url, **given}
        whole = {"people": {"id": "entryUUID"}, "groups": {}, **whole}
        self.settings = LdapSettings.model_validate({"source": "staff", "provider": "ldap", "portal": "main", **whole})
        http: Any = None
        self.desk = Desk(settings=self.settings, http=http, folder=folder, clock=lambda: datetime.now(UTC))

    def read(self, bookmark: Any = None) -> tuple[Start, dict[str, Record], Any]:
        """A whole run: its start, the people by their names in the directory, the bookmark."""
        assert PROVIDER.source is not None
        with PROVIDER.source.open(self.desk) as reader:
            start = reader.begin(bookmark)
            page = reader.page(start.position, 1000)
            records = [*page.records]
            while not page.ended:
                page = reader.page(page.position, 1000)
                records += page.records
            return start, {record.values["dn"]: record for record in records}, page.bookmark

    def fails(self) -> ConnectorError:
        """The error of a run."""
        with pytest.raises(ConnectorError) as raised:
            self.read()
        assert house.PASSWORD not in f"{raised.value} {raised.value.hint}"
        return raised.value


def test_everybody_is_read_with_the_groups_of_their_groups(acme: Slapd, tmp_path: Path) -> None:
    start, people, _ = Source(acme, tmp_path).read()
    assert (start.full, start.total, len(people)) == (True, 3000, 3000)
    for number in (0, 7, 199, 200, 1234, 2999):
        values = people[person_dn(number)].values
        assert values["groups"] == company_groups(number)
        assert (values["email"], values["name"]) == (f"p{number:05}@acme.test", f"Сотрудник {number}")


@pytest.mark.parametrize("way", ["tls", "starttls"])
def test_the_way_is_encrypted_and_the_certificate_verified(acme: Slapd, tmp_path: Path, way: str) -> None:
    asked = {"url": acme.tls_url} if way == "tls" else {"starttls": True}
    assert len(Source(acme, tmp_path, ca_file=str(acme.ca), **asked).read()[1]) == 3000
    strange = Source(acme, tmp_path, **asked).fails()
    assert isinstance(strange, PermanentError)
    assert strange.cause == "ldap.certificate"


def test_a_certificate_of_another_name_is_refused(acme: Slapd, tmp_path: Path) -> None:
    assert Source(acme, tmp_path, url=acme.nameless_url, ca_file=str(acme.ca)).fails().cause == "ldap.certificate"


def test_membership_may_be_read_from_the_people(small: Slapd, tmp_path: Path) -> None:
    with small.admin() as admin:
        for number in range(10):  # the overlay writes memberOf of what is changed while it runs
            dn = group_dn(f"g{number:03}")
            admin.search(dn, "(objectClass=*)", "BASE", attributes=["member"])
            members = admin.response[0]["attributes"]["member"]
            admin.modify(dn, {"member": [("MODIFY_REPLACE", members)]})
    _, people, _ = Source(small, tmp_path, groups={"member": "memberOf"}).read()
    assert people[person_dn(17)].values["groups"] == company_groups(17, 10)


def test_a_reader_who_is_given_a_part_is_told_and_the_part_counts_for_nothing(acme: Slapd, tmp_path: Path) -> None:
    error = Source(acme, tmp_path, bind_dn=house.LIMITED).fails()
    assert isinstance(error, PermanentError)
    assert error.cause == "ldap.size_limit"
    assert "olcLimits" in error.hint.ru
    assert not list(tmp_path.iterdir())


def test_mistakes_of_the_settings_are_told_apart(acme: Slapd, tmp_path: Path) -> None:
    assert Source(acme, tmp_path, password="wrong").fails().cause == "ldap.login"
    assert Source(acme, tmp_path, base="dc=other").fails().cause == "ldap.base"
    assert Source(acme, tmp_path, people={"id": "objectGUID", "filter": "(uid=*)"}).fails().cause == "ldap.no_ids"
    assert Source(acme, tmp_path, people={"id": "uid", "filter": "(&(uid=*)(mail))"}).fails().cause == "ldap.filter"
    assert Source(acme, tmp_path, ca_file="/nowhere", url=acme.tls_url).fails().cause == "ldap.ca_file"
    assert Source(acme, tmp_path, url=acme.tls_url.replace("ldaps", "ldap")).fails().cause == "ldap.lost"


def test_a_server_that_is_away_or_silent_is_asked_again_later(small: Slapd, tmp_path: Path) -> None:
    nobody = Source(small, tmp_path, url=f"ldap://127.0.0.1:{free_port()}").fails()
    assert isinstance(nobody, TransientError)
    assert nobody.cause == "ldap.away"
    small.pause()
    try:
        silent = Source(small, tmp_path, timeout=1).fails()
    finally:
        small.go_on()
    assert isinstance(silent, TransientError)
    assert silent.cause == "ldap.lost"


def test_a_move_a_leaver_and_a_renamed_group_are_seen(small: Slapd, tmp_path: Path) -> None:
    source = Source(small, tmp_path)
    source.read()
    small.remove(person_dn(3))
    small.change(group_dn("g004"), {"member": [person_dn(5)]})
    with small.admin() as admin:
        admin.modify_dn(group_dn("g009"), "cn=Директора")
    start, people, _ = source.read()
    assert (start.full, len(people)) == (True, 29)
    assert person_dn(3) not in people
    assert people[person_dn(4)].values["groups"] == []
    assert people[person_dn(5)].values["groups"] == ["g000", "g001", "g002", "g003", "g004", "g005"]
    # Without an overlay of its own OpenLDAP leaves the old DN of a renamed group in other groups.
    assert people[person_dn(9)].values["groups"] == ["Директора"]


def test_with_changes_only_who_changed_is_read_until_a_group_changes(small: Slapd, tmp_path: Path) -> None:
    source = Source(small, tmp_path, changes=True, overlap=0)
    _, _, bookmark = source.read()
    time.sleep(1.1)  # times of a directory are whole seconds
    small.change(person_dn(7), {"title": ["Кладовщик"]})
    _, _, bookmark = source.read(bookmark)
    start, people, bookmark = source.read(bookmark)
    assert not start.full
    assert [each.values["title"] for each in people.values()] == ["Кладовщик"]
    small.change(group_dn("g000"), {"member": [person_dn(0)]})
    start, people, _ = source.read(bookmark)
    assert (start.full, start.total) == (True, 30)
    assert people[person_dn(1)].values["groups"] == ["g001"]


def test_the_check_tells_what_a_run_would_find(small: Slapd, tmp_path: Path) -> None:
    assert PROVIDER.source is not None
    assert PROVIDER.source.check is not None
    good = PROVIDER.source.check(Source(small, tmp_path, url=small.tls_url, ca_file=str(small.ca)).desk)
    assert [(each.code, each.state) for each in good] == [
        ("ldap.login", "ok"),
        ("ldap.read", "ok"),
        ("ldap.ids", "ok"),
        ("ldap.email", "ok"),
        ("ldap.first", "ok"),
    ]
    (bad,) = PROVIDER.source.check(Source(small, tmp_path, password="wrong").desk)
    assert (bad.code, bad.state) == ("ldap.login", "bad")


@pytest.mark.slow
def test_memory_stays_flat_however_many_people_there_are(tmp_path: Path) -> None:
    def grown(people: int) -> int:
        with slapd(company(people=people, groups=200)) as server:
            return _peak_kib(server, tmp_path / str(people), people)

    assert grown(12_000) - grown(2_000) < 6 * 1024


def _peak_kib(server: Slapd, folder: Path, people: int) -> int:
    script = Path(__file__).with_name("ldap_peak.py")
    done = subprocess.run(
        [sys.executable, str(script), server.url, str(folder)], capture_output=True, text=True, check=True
    )
    count, peak = map(int, done.stdout.split())
    assert count == people
    return peak
