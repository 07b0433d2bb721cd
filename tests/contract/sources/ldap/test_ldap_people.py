from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from connector.errors import PermanentError
from tests.contract.sources.ldap.directory import Bench, FakeDirectory, entry, settings

GUID = UUID("3f79048f-42cd-4c77-8426-835cd9f8a3ad")


def _values(folder: Path, people: dict[str, object] | None = None, **attributes: object) -> dict[str, object]:
    directory = FakeDirectory([entry("uid=anna,dc=acme,dc=test", uid="anna", **attributes)])
    (record,) = Bench(folder, directory, settings(groups=None, people=people or {})).read().records
    return dict(record.values)


def test_one_value_is_plain_several_are_a_list_and_none_is_null(tmp_path: Path) -> None:
    asked = {"attributes": ["mobile", "telephoneNumber", "title"], "lists": ["otherMailbox", "pager"]}
    told = _values(tmp_path, asked, mobile="1", telephoneNumber=["2", "3"], otherMailbox="a@b.test")
    assert told["mobile"] == "1"
    assert told["telephoneNumber"] == ["2", "3"]
    assert told["title"] is None
    assert (told["otherMailbox"], told["pager"]) == (["a@b.test"], [])


def test_the_id_is_the_canonical_text_of_a_binary_guid(tmp_path: Path) -> None:
    directory = FakeDirectory([entry("cn=Anna,dc=acme,dc=test", objectGUID=GUID.bytes_le)])
    (record,) = Bench(tmp_path, directory, settings(groups=None, people={"id": "objectGUID"})).read().records
    assert record.id == record.values["id"] == str(GUID)
    assert record.where == "cn=Anna,dc=acme,dc=test"


def test_mail_name_and_dn_have_columns_of_their_own(tmp_path: Path) -> None:
    told = _values(tmp_path, mail=["Anna@Acme.TEST", "second@acme.test"], displayName="Анна Иванова")
    assert (told["email"], told["name"], told["dn"]) == ("anna@acme.test", "Анна Иванова", "uid=anna,dc=acme,dc=test")


def test_who_has_no_name_is_called_as_the_entry_is(tmp_path: Path) -> None:
    directory = FakeDirectory([entry("CN=Иванов\\, Анна,DC=acme", uid="anna")])
    (record,) = Bench(tmp_path, directory, settings(groups=None)).read().records
    assert record.values["name"] == "Иванов, Анна"


def test_times_are_iso_and_bytes_are_left_out(tmp_path: Path) -> None:
    names = ["whenCreated", "accountExpires", "lastLogon", "jpegPhoto", "blob", "objectSid", "employeeNumber"]
    told = _values(
        tmp_path,
        {"attributes": names},
        whenCreated="20260131120507.5+0300",
        accountExpires=2**63 - 1,
        lastLogon=134_000_000_000_000_000,
        jpegPhoto=b"\xff\xd8",
        blob=b"\x00\x01\x02",
        objectSid=bytes.fromhex("010500000000000515000000010000000200000003000000e8030000"),
        employeeNumber="007",
    )
    assert told["whenCreated"] == "2026-01-31T12:05:07.500000+03:00"
    assert told["accountExpires"] is None
    assert told["lastLogon"] == "2025-08-18T14:13:20+00:00"
    assert (told["jpegPhoto"], told["blob"]) == (None, None)
    assert told["objectSid"] == "S-1-5-21-1-2-3-1000"
    assert told["employeeNumber"] == "007"


@pytest.mark.parametrize(
    ("rule", "attributes", "active"),
    [
        ("auto", {}, True),
        ("auto", {"userAccountControl": 512}, True),
        ("auto", {"userAccountControl": 514}, False),
        ("auto", {"userAccountControl": -2147483134}, False),
        ("auto", {"nsAccountLock": "TRUE"}, False),
        ("auto", {"nsAccountLock": "false"}, True),
        ("auto", {"pwdAccountLockedTime": "000001010000Z"}, False),
        ("auto", {"pwdAccountLockedTime": "20261129100000Z"}, True),
        ("auto", {"loginDisabled": "TRUE"}, False),
        ("nsAccountLock", {"userAccountControl": 514}, True),
        ("all", {"userAccountControl": 514}, True),
        ({"attribute": "employeeType", "is": ["Active", "leave"]}, {"employeeType": "ACTIVE"}, True),
        ({"attribute": "employeeType", "is": ["active"]}, {}, False),
    ],
)
def test_who_was_dismissed_is_not_active(tmp_path: Path, rule: object, attributes: dict, active: bool) -> None:
    assert _values(tmp_path, {"active": rule}, **attributes)["active"] is active


def test_an_entry_without_an_id_is_broken_and_the_others_come(tmp_path: Path) -> None:
    people = [entry("cn=Nobody,dc=acme"), entry("cn=Anna,dc=acme", uid="anna"), entry("cn=Anna 2,dc=acme", uid="anna")]
    reading = Bench(tmp_path, FakeDirectory(people), settings(groups=None)).read()
    assert [record.where for record in reading.records] == ["cn=Anna,dc=acme"]
    assert {broken.where: broken.id for broken in reading.broken} == {
        "cn=Nobody,dc=acme": "",
        "cn=Anna 2,dc=acme": "anna",
    }
    assert all("uid" in broken.why.ru for broken in reading.broken)


def test_an_id_that_nobody_has_is_a_mistake_of_the_settings(tmp_path: Path) -> None:
    directory = FakeDirectory([entry("cn=Anna,dc=acme", uid="anna")])
    with pytest.raises(PermanentError) as raised:
        Bench(tmp_path, directory, settings(groups=None, people={"id": "objectGUID"})).read()
    assert raised.value.cause == "ldap.no_ids"
