from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import PermanentError
from tests.contract.sources.ldap.directory import Bench, FakeDirectory, entry, settings

PEOPLE = "ou=People,dc=acme,dc=test"
GROUPS = "ou=Groups,dc=acme,dc=test"


def _person(uid: str, **more: object):
    return entry(f"uid={uid},{PEOPLE}", uid=uid, cn=uid, modifyTimestamp="20261129100000Z", **more)


def _group(name: str, *members: str, **more: object):
    return entry(f"cn={name},{GROUPS}", cn=name, member=list(members), **more)


def _read(folder: Path, directory: FakeDirectory, **given: object) -> dict[str, list[str]]:
    return Bench(folder, directory, settings(**given)).read().groups


def _p(uid: str) -> str:
    return f"uid={uid},{PEOPLE}"


def _g(name: str) -> str:
    return f"cn={name},{GROUPS}"


def _sid(rid: int) -> bytes:
    parts = b"".join(part.to_bytes(4, "little") for part in (21, 1, 2, 3, rid))
    return b"\x01\x05" + (5).to_bytes(6, "big") + parts


def test_a_person_is_in_the_groups_that_their_groups_are_in(tmp_path: Path) -> None:
    groups = [_group("team", _p("anna")), _group("dept", _g("team")), _group("all", _g("dept"), _p("boris"))]
    directory = FakeDirectory([_person("anna"), _person("boris"), _person("vera")], groups)
    assert _read(tmp_path, directory) == {"anna": ["all", "dept", "team"], "boris": ["all"], "vera": []}
    assert _read(tmp_path, directory, groups={"nested": False})["anna"] == ["team"]


def test_groups_that_are_in_one_another_are_all_of_them(tmp_path: Path) -> None:
    circle = [_group("a", _g("b"), _p("anna")), _group("b", _g("c")), _group("c", _g("a"), _p("boris")), _group("d")]
    found = _read(tmp_path, FakeDirectory([_person("anna"), _person("boris")], circle))
    assert found == {"anna": ["a", "b", "c"], "boris": ["a", "b", "c"]}


def test_a_dn_is_the_same_however_it_is_written(tmp_path: Path) -> None:
    people = [entry("CN=Иванов\\, Анна,OU=People,DC=acme,DC=test", uid="anna")]
    spelled = ["cn=иванов\\2C анна, ou=people, dc=ACME, dc=test", "uid=stranger,dc=else"]
    assert _read(tmp_path, FakeDirectory(people, [_group("team", *spelled)])) == {"anna": ["team"]}


def test_members_that_are_told_in_ranges_are_all_read(tmp_path: Path) -> None:
    people = [_person(f"p{number:03}") for number in range(35)]
    groups = [_group("all", *(each.dn for each in people)), _group("few", people[0].dn)]
    found = _read(tmp_path, FakeDirectory(people, groups, window=10))
    assert len(found) == 35
    assert all("all" in told for told in found.values())


def test_the_primary_group_of_active_directory_counts(tmp_path: Path) -> None:
    users = _group("Domain Users", objectSid=_sid(513))
    staff = _group("Staff", _g("Domain Users"), objectSid=_sid(1105))
    anna, boris = _person("anna", objectSid=_sid(1200), primaryGroupID=513), _person("boris", objectSid=_sid(1201))
    found = _read(tmp_path, FakeDirectory([anna, boris], [users, staff]))
    assert found == {"anna": ["Domain Users", "Staff"], "boris": []}


def test_posix_groups_name_users_and_the_number_of_the_first_group(tmp_path: Path) -> None:
    groups = [entry(_g("ops"), cn="ops", memberUid=["Anna"], gidNumber=10), entry(_g("dev"), cn="dev", gidNumber=20)]
    people = [_person("anna", gidNumber=20), _person("boris", gidNumber=99)]
    found = _read(tmp_path, FakeDirectory(people, groups), groups={"member": "memberUid"})
    assert found == {"anna": ["dev", "ops"], "boris": []}


def test_membership_may_stand_in_the_people(tmp_path: Path) -> None:
    groups = [entry(_g("team"), cn="team", memberOf=[_g("all")]), entry(_g("all"), cn="all")]
    people = [_person("anna", memberOf=[_g("team"), "cn=Elsewhere,dc=x"]), _person("boris")]
    found = _read(tmp_path, FakeDirectory(people, groups), groups={"member": "memberOf"})
    assert found == {"anna": ["all", "team"], "boris": []}


def test_a_unique_member_may_end_with_a_bit_string(tmp_path: Path) -> None:
    group = entry(_g("team"), cn="team", uniqueMember=[f"{_p('anna')}#'0101'B"])
    found = _read(tmp_path, FakeDirectory([_person("anna")], [group]), groups={"member": "uniqueMember"})
    assert found == {"anna": ["team"]}


def test_only_named_groups_are_told_and_the_others_are_gone_through(tmp_path: Path) -> None:
    groups = [_group("b24-sales", _g("hidden")), _group("hidden", _p("anna"))]
    bench = Bench(
        tmp_path, FakeDirectory([_person("anna")], groups), settings(groups={"only": ["B24-*"], "also": ["dn", "id"]})
    )
    (anna,) = bench.read().records
    told = {name: anna.values[name] for name in ("groups", "group_dns", "group_ids")}
    assert told == {"groups": ["b24-sales"], "group_dns": [_g("b24-sales")], "group_ids": [_g("b24-sales")]}


def test_no_groups_at_all_is_said_and_takes_nobody_out_of_any(tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as none:
        _read(tmp_path, FakeDirectory([_person("anna")], []))
    assert none.value.cause == "ldap.no_groups"
    with pytest.raises(PermanentError) as empty:
        _read(tmp_path, FakeDirectory([_person("anna")], [_group("team", objectSid=_sid(1100))]))
    assert empty.value.cause == "ldap.no_members"
    assert "groups.member" in empty.value.hint.ru


def test_a_source_without_groups_has_no_such_column(tmp_path: Path) -> None:
    directory = FakeDirectory([_person("anna")], [_group("team")])
    (anna,) = Bench(tmp_path, directory, settings(groups=None)).read().records
    assert "groups" not in anna.values
    assert len(directory.searches) == 1
