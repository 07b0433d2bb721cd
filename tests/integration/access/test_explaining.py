"""Why somebody is in a target: every kind of answer, against the sandbox, in both languages."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from connector.cli.shape import House, Tools
from connector.cli.sync_access import explain
from connector.domain.access import BY_HAND
from connector.errors import PermanentError
from tests.integration.access.world import NUMBERS, SALES, World, staff
from tests.unit.access.making import row

IVAN = NUMBERS["ivan"]
TARGETS = ({"group": "Sales*", "department": SALES}, {"group": "Support", "queue": 3})
RULES: dict[str, Any] = {
    "allow": [{"person": "olga@acme.ru", "department": SALES, "why": "stands in for Petrov"}],
    "deny": [{"person": "petr@acme.ru", "department": SALES}],
}


@pytest.fixture
def settings(world: World) -> Any:
    return world.settings(*TARGETS, **RULES)


def words(told: Any) -> str:
    assert all(line.en and line.ru for line in told.lines)
    return "\n".join(line.en for line in told.lines)


def test_the_whole_chain_of_somebody_whom_a_group_led_there(world: World, settings: Any):
    rows = staff(ivan=["Sales West", "Other"])
    before = world.explain(settings, rows, "ivan@acme.ru", f"department:{SALES}")
    assert (before.wished, before.there, before.next) == (True, False, "grant")
    world.work(settings, rows)
    told = world.explain(settings, rows, "IVAN@acme.ru", f"department {SALES}")
    assert (told.wished, told.there, told.next) == (True, True, "")
    for part in ("found by the external id", "Other, Sales West", "group «Sales West» leads to", "we put them there"):
        assert part in words(told)


def test_allow_and_deny_are_named(world: World, settings: Any):
    rows = staff(petr=["Sales"])
    assert "allowed by name (olga@acme.ru: stands in for Petrov)" in words(
        world.explain(settings, rows, "guid-olga", f"department:{SALES}")
    )
    denied = world.explain(settings, rows, f"#{NUMBERS['petr']}", f"department:{SALES}")
    assert "denied by name" in words(denied)
    assert not denied.wished


def test_of_the_denied_it_is_told_what_would_lead_them_there(world: World, settings: Any):
    told = words(world.explain(settings, staff(petr=["Sales"]), f"#{NUMBERS['petr']}", f"department:{SALES}"))
    assert "group «Sales» would lead to department 2" in told
    assert "nothing leads" not in told


def test_each_group_is_told_without_the_role_that_another_gives(world: World):
    leads = {"group": "Leads", "workgroup": 1, "role": "moderator"}
    settings = world.settings({"group": "Sales", "workgroup": 1}, leads)
    told = words(world.explain(settings, staff(ivan=["Sales", "Leads"]), "ivan@acme.ru", "workgroup:1"))
    assert "group «Sales» leads to workgroup 1\n" in told
    assert "belongs there as moderator" in told
    world.work(settings, staff(ivan=["Sales", "Leads"], petr=["Sales", "Leads"]))
    told = words(world.explain(settings, staff(ivan=["Sales"], petr=["Sales"]), "ivan@acme.ru", "workgroup:1"))
    assert "the brake holds" in told


def test_somebody_who_cannot_be_told_apart_is_in_the_source_all_the_same(world: World, settings: Any):
    twin = row("twin", "Sales", mail="new@acme.ru")
    world.sandbox.furnish(users=[{"id": 51, "name": "New", "email": "new@acme.ru", "departments": [4]}])
    told = words(world.explain(settings, [twin, row("other", mail="new@acme.ru")], "#51", f"department:{SALES}"))
    assert "claimed by several people" in told
    assert "is not in the source" not in told


def test_a_source_that_was_never_read_explains_nobody(world: World, settings: Any):
    with pytest.raises(PermanentError) as refused:
        world.explain(settings, [], "ivan@acme.ru", f"department:{SALES}")
    assert refused.value.cause == "access.unread"


def test_of_nobody_s_groups_leading_there_those_that_do_are_named(world: World, settings: Any):
    told = world.explain(settings, staff(ivan=["Other"], anna=["Support"]), "ivan@acme.ru", "queue:3")
    assert "nothing leads to queue of open line 3" in words(told)
    assert "the groups that lead here: Support" in words(told)
    assert "is not there now" in words(told)


def test_somebody_who_is_there_by_hand(world: World, settings: Any):
    world.portal.call("user.update", {"ID": IVAN, "UF_DEPARTMENT": [SALES]})
    told = world.explain(settings, staff(), "ivan@acme.ru", f"department:{SALES}")
    assert (told.wished, told.there, told.next) == (False, True, "")
    assert "put there by somebody else" in words(told)


def test_the_brake_and_protection_are_told(world: World):
    settings = world.settings(*TARGETS, protect=["anna@acme.ru"])
    world.work(settings, staff(**{name: ["Sales"] for name in NUMBERS}))
    few = staff(oleg=["Sales"])
    assert "the brake holds" in words(world.explain(settings, few, "ivan@acme.ru", f"department:{SALES}"))
    assert "access.protect" in words(world.explain(settings, few, "anna@acme.ru", f"department:{SALES}"))


def test_somebody_without_a_user_and_a_leaver(world: World, settings: Any):
    rows = [*staff()[1:], row("stranger", "Sales"), row("ivan", "Sales", active=False)]
    told = world.explain(settings, rows, "stranger@acme.ru", f"department:{SALES}")
    assert "has no user" in words(told)
    assert "no longer active" in words(world.explain(settings, rows, "ivan@acme.ru", f"department:{SALES}"))


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_what_rest_cannot_do_is_said_with_what_to_do_by_hand(world: World, settings: Any, name: str):
    with pytest.raises(PermanentError) as refused:
        world.explain(settings, staff(), "ivan@acme.ru", f"{name}:Managers")
    assert refused.value.hint == BY_HAND[name][1]


@pytest.mark.parametrize(("person", "target"), [("nobody@acme.ru", "queue:3"), ("ivan@acme.ru", "kitchen")])
def test_whom_and_what_nobody_knows(world: World, settings: Any, person: str, target: str):
    with pytest.raises(PermanentError):
        world.explain(settings, staff(), person, target)


def command(world: World, *arguments: str, **sources: Any) -> Any:
    """The command as it is mounted: below a group that turns errors into messages."""
    rows = staff(ivan=["Sales"])
    journal = SimpleNamespace(mirror_rows=lambda source, **_: rows)
    for name in ("links_like", "recall"):
        setattr(journal, name, getattr(world.journal, name))
    house = SimpleNamespace(settings=SimpleNamespace(sources=sources), journal=journal, portals={"main": world.portal})
    group = House(commands=[explain])
    return CliRunner().invoke(group, ["explain", *arguments], obj=Tools(connector=lambda: house))


def test_the_command_answers_people_and_programs(world: World, settings: Any):
    said = command(world, "ivan@acme.ru", f"department:{SALES}", "--lang", "ru", staff=settings)
    assert said.exit_code == 0, said.output
    assert "должен быть там" in said.output
    assert "группа «Sales» ведёт сюда" in said.output
    told = json.loads(command(world, "ivan@acme.ru", "queue:3", "--json", "--lang", "en", staff=settings).stdout)
    assert (told["wished"], told["target"]) == (False, "queue:3")
    assert any("nothing leads" in line for line in told["lines"])


def test_the_command_asks_for_a_source_when_there_are_several(world: World, settings: Any):
    other = world.settings(source="contractors")
    both = {"staff": settings, "contractors": other}
    assert "--source" in command(world, "ivan@acme.ru", "queue:3", "--lang", "en", **both).output
    assert command(world, "ivan@acme.ru", "queue:3", "--source", "staff", **both).exit_code == 0
    unknown = command(world, "ivan@acme.ru", "queue:3", "--source", "x", "--lang", "en", **both)
    assert (unknown.exit_code, "contractors, staff" in unknown.output) == (1, True)
    assert command(world, "ivan@acme.ru", "queue:3").exit_code == 1
