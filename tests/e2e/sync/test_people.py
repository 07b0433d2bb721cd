"""A real directory with nested groups leads people to departments, a workgroup, a queue and a field of the portal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.journal import Run
from tests.e2e.sync.town import Town, town
from tests.integration.house.house import House
from tests.integration.sources import slapd as directory
from tests.integration.sources.slapd import Slapd, group, group_dn, person, person_dn, slapd

pytestmark = pytest.mark.e2e
SALES, SUPPORT, LOGISTICS = 2, 3, 4
FIRST = 100  # the portal's user of person 0; person 1 is the next one
LINE, STRANGERS = 3, [2, 1]  # the queue that is led, and who was in it before, in their order
PEOPLE = 16
GROUPS = {
    "b24-sales": [*range(8)],
    "b24-sales-north": [8, 9],  # in b24-sales
    "b24-support": [10, 11, 12, 13],
    "b24-vip": [0],
}
ACCESS = {
    "person": {"external_id": "id", "email": "email", "name": "name", "active": "active"},
    "targets": [
        {"group": "b24-sales", "department": SALES},
        {"group": "b24-sales", "workgroup": 1},
        {"group": "b24-support", "department": SUPPORT},
        {"group": "b24-support", "queue": LINE},
        {"group": "b24-vip", "field": "UF_USR_GROUPS", "option": "VIP"},
    ],
}
CONTENTS = {
    "departments": [{"NAME": "Sales"}, {"NAME": "Support"}, {"NAME": "Logistics"}],
    "users": [
        {"id": FIRST + n, "name": f"Person {n}", "email": f"P{n:05}@Acme.test", "departments": [LOGISTICS]}
        for n in range(PEOPLE)
    ],
    "groups": [{"NAME": "Tenders", "OWNER_ID": 1}],
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Office:
    """The directory, the house and where people are in the portal."""

    town: Town
    acme: Slapd

    def lead(self, state: str = "done", deed: str = "run") -> Run:
        """A run, and how it must end."""
        run = self.town.run("staff", deed)
        assert run.state == state, (run.state, run.cause, run.hint, run.notes)
        return run

    def in_department(self, number: int) -> list[int]:
        """The people of a department, by their numbers in the directory."""
        users = self.town.house.sandbox.users(department=number)
        return sorted(int(user["ID"]) - FIRST for user in users if int(user["ID"]) >= FIRST)

    def in_workgroup(self) -> list[int]:
        """Those of the workgroup."""
        members = self.town.house.sandbox.groups()[0]["MEMBERS"]
        return sorted(int(user) - FIRST for user in members if int(user) >= FIRST)

    def queue(self) -> list[int]:
        """The line's operators in their order, as the portal numbers them."""
        found = self.asks("imopenlines.config.get", CONFIG_ID=LINE, WITH_QUEUE="Y")
        return [int(user) for user in found["QUEUE"]]

    def vips(self) -> list[int]:
        """Who has something in the field."""
        held = [user for user in self.town.house.sandbox.users() if user.get("UF_USR_GROUPS")]
        return [int(user["ID"]) - FIRST for user in held]

    def members(self, name: str, people: Sequence[int], *nested: str) -> None:
        """Who is in a group from now on."""
        dns = [*map(person_dn, people), *map(group_dn, nested)]
        self.acme.change(group_dn(name), {"member": dns})

    def renamed(self, name: str, other: str) -> None:
        """A group has another name from now on."""
        with self.acme.admin() as connection:
            connection.modify_dn(group_dn(name), f"cn={other}")

    def asks(self, method: str, **params: Any) -> Any:
        """A person with a webhook asks the portal."""
        url = f"{self.town.house.sandbox.webhook_url()}{method}.json"
        answer = requests.post(url, json=params, timeout=20)
        assert answer.ok, answer.text
        return answer.json()["result"]

    def why(self, person: int, target: str) -> dict[str, Any]:
        """What the command line says."""
        return dict(self.town.house.cli("sync", "explain", f"p{person:05}@acme.test", target))


def company() -> Iterator[str]:
    """People and groups, in LDIF."""
    yield from (person(number) for number in range(PEOPLE))
    for name, people in GROUPS.items():
        dns = [*map(person_dn, people), *([group_dn("b24-sales-north")] if name == "b24-sales" else [])]
        yield group(name, dns)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("people")
    with slapd(company()) as acme:
        staff = {
            "provider": "ldap",
            "url": acme.url,
            "starttls": True,
            "ca_file": str(acme.ca),
            "bind_dn": directory.READER,
            "password": directory.PASSWORD,
            "base": directory.BASE,
            "people": {"id": "entryUUID"},
            "groups": {"only": ["b24-*"]},
            "access": ACCESS,
        }
        with town("sqlite", folder, {"staff": staff}, "", contents=CONTENTS) as made:
            made.house.sandbox.set_line(LINE, queue=STRANGERS)
            found = Office(town=made, acme=acme)
            field = {"FIELD_NAME": "UF_USR_GROUPS", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y"}
            found.asks("user.userfield.add", fields={**field, "LIST": [{"VALUE": "VIP"}]})
            yield found


@pytest.fixture
def house(office: Office) -> House:
    return office.town.house


def test_people_follow_the_directory_and_the_brake_holds_where_too_many_would_leave(house: House, office: Office):
    office.lead()
    sales, support = [*range(10)], [10, 11, 12, 13]
    assert (office.in_department(SALES), office.in_department(SUPPORT)) == (sales, support)
    assert office.in_department(LOGISTICS) == [*range(PEOPLE)]
    assert (office.in_workgroup(), office.vips()) == (sales, [0])
    assert office.queue() == [*STRANGERS, *(FIRST + number for number in support)]
    audited = len(granted(house))
    office.lead()
    assert len(granted(house)) == audited

    moved(office)
    renamed(office)
    thinned_out(office)


def moved(office: Office) -> None:
    """One goes from sales to support, and one is not in the directory any more."""
    office.members("b24-sales", range(7), "b24-sales-north")
    office.members("b24-support", [7, 10, 11, 12, 13])
    office.acme.remove(person_dn(13))
    office.lead()
    assert (office.in_department(SALES), office.in_department(SUPPORT)) == ([*range(7), 8, 9], [7, 10, 11, 12])
    assert office.in_workgroup() == [*range(7), 8, 9]
    assert office.queue() == [*STRANGERS, *(FIRST + number for number in (10, 11, 12, 7))]
    assert office.in_department(LOGISTICS) == [*range(PEOPLE)]


def renamed(office: Office) -> None:
    """Nobody is put out of the queue because its group has another name."""
    office.renamed("b24-support", "b24-helpdesk")
    before = office.queue()
    run = office.lead("braked")
    assert run.hint is not None
    assert "b24-helpdesk" in run.hint.en
    assert (office.queue(), office.in_department(SUPPORT)) == (before, [7, 10, 11, 12])
    office.renamed("b24-helpdesk", "b24-support")


def thinned_out(office: Office) -> None:
    """Six of nine have vanished from a group: nobody is taken out, newcomers come in, until a person allows it."""
    before = office.queue()
    office.members("b24-sales", [0, 14], "b24-sales-north")
    run = office.lead("braked")
    everybody, rest = [*range(7), 8, 9, 14], [0, 8, 9, 14]
    assert (office.in_department(SALES), office.in_workgroup()) == (everybody, everybody)
    assert run.hint is not None
    assert "b24-helpdesk" not in run.hint.en
    assert "--allow-gone" in run.hint.ru
    assert [alarm["kind"] for alarm in office.town.console.source("staff")["alarms"]] == ["shrinking"]
    told = office.why(8, f"department:{SALES}")
    assert told["wished"]
    assert "b24-sales" in " ".join(told["lines"])
    told = office.why(3, f"department:{SALES}")
    assert not told["wished"]
    assert "brake" in " ".join(told["lines"])
    assert office.town.house.cli("sync", "run", "staff", "--allow-gone")["state"] == "done"
    assert (office.in_department(SALES), office.in_workgroup()) == (rest, rest)
    assert (office.in_department(LOGISTICS), office.queue()) == ([*range(PEOPLE)], before)


def granted(house: House) -> list[str]:
    return [note.target for note in house.journal.audits(limit=500) if note.what.startswith("access.")]
