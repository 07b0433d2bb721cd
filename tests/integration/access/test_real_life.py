"""What goes wrong in real life: two sources for one place, roles that shrink, places that are gone, refusals, names."""

from __future__ import annotations

import pytest

from connector.sync.access.outcome import AccessOutcome
from tests.integration.access.world import NUMBERS, PEOPLE, SALES, SUPPORT, World, staff
from tests.unit.access.making import row

IVAN, PETR, OLGA = NUMBERS["ivan"], NUMBERS["petr"], NUMBERS["olga"]
TO_SALES = {"group": "Sales", "department": SALES}
MEMBERS = {"group": "Sales", "workgroup": 1}
LEADS = {"group": "Leads", "workgroup": 1, "role": "moderator"}
ONE = {"name": "One", "email": "one@acme.ru", "departments": [4]}


def told(outcome: AccessOutcome) -> set[tuple[str, str, int]]:
    return {(change.what, change.target, change.user) for change in outcome.changes}


def test_whom_two_sources_lead_there_stays_until_the_last_of_them_lets_go(world: World):
    first, second = world.settings(TO_SALES, source="first"), world.settings(TO_SALES, source="second")
    both, petr = staff(ivan=["Sales"], petr=["Sales"]), staff(petr=["Sales"])
    world.work(first, both)
    assert told(world.work(second, both)) == set()
    assert told(world.work(first, petr)) == set()
    assert SALES in world.departments(IVAN)
    world.work(second, petr)
    assert SALES not in world.departments(IVAN)


@pytest.mark.parametrize("members_first", [True, False])
def test_a_role_goes_back_to_what_the_other_source_gives_and_then_to_nothing(world: World, members_first: bool):
    leads, members = world.settings(LEADS, source="leads"), world.settings(MEMBERS, source="members")
    led, belongs = staff(ivan=["Leads"], petr=["Leads"]), staff(ivan=["Sales"], petr=["Sales"])
    for settings, rows in [(members, belongs), (leads, led)] if members_first else [(leads, led), (members, belongs)]:
        world.work(settings, rows)
    assert world.members()[IVAN] == "E"
    world.work(leads, staff(petr=["Leads"]))
    world.work(members, belongs)
    assert (world.members()[IVAN], world.members()[PETR]) == ("K", "E")
    world.work(members, staff(petr=["Sales"]))
    assert IVAN not in world.members()


def test_the_protected_keep_their_role_and_the_brake_counts_roles_that_shrink(world: World):
    settings = world.settings(MEMBERS, LEADS, protect=[IVAN])
    world.work(settings, staff(**{name: ["Sales", "Leads"] for name in PEOPLE}))
    outcome = world.work(settings, staff(**{name: ["Sales"] for name in PEOPLE}))
    assert [one.revokes for one in outcome.braked] == [4]
    assert {world.members()[number] for number in NUMBERS.values()} == {"E"}
    world.work(settings, staff(**{name: ["Sales"] for name in PEOPLE}), allow_gone=True)
    assert (world.members()[IVAN], world.members()[PETR]) == ("E", "K")


def test_a_role_that_the_portal_refused_to_take_is_taken_the_next_time(world: World):
    settings = world.settings(MEMBERS, LEADS)
    world.work(settings, staff(ivan=["Sales", "Leads"], petr=["Sales"]))
    world.sandbox.fault("fail", method="sonet_group.user.update", code="ACCESS_DENIED", status=403, times=1)
    less = staff(ivan=["Sales"], petr=["Sales"])
    assert "ACCESS_DENIED" in world.work(settings, less).problems[0].en
    assert world.members()[IVAN] == "E"
    world.work(settings, less)
    assert world.members()[IVAN] == "K"


def test_one_refused_user_does_not_keep_the_others_waiting(world: World):
    world.sandbox.fault("fail", method="user.update", code="ERROR_CORE", status=400, times=1)
    outcome = world.work(world.settings(TO_SALES), staff(ivan=["Sales"], petr=["Sales"]))
    assert (outcome.grants, len(outcome.problems)) == (1, 1)
    assert world.work(world.settings(TO_SALES), staff(ivan=["Sales"], petr=["Sales"])).grants == 1


def test_a_place_that_is_gone_is_told_until_the_settings_forget_it(world: World):
    settings = world.settings(TO_SALES, {"group": "Sales", "department": SUPPORT})
    rows = staff(ivan=["Sales"], petr=["Sales"])
    world.work(settings, rows)
    world.portal.call("department.delete", {"ID": SUPPORT})
    assert "department 3 is not in this Bitrix24" in world.work(settings, rows).problems[0].en
    outcome = world.work(world.settings(TO_SALES), rows)
    assert (outcome.problems, outcome.braked) == ((), ())
    assert world.journal.links_like("access.grant", f"main|department:{SUPPORT}|") == []


def test_a_dismissed_operator_does_not_keep_others_out_of_the_queue(world: World):
    world.portal.call("user.update", {"ID": OLGA, "ACTIVE": "N"})
    world.sandbox.set_line(3, queue=[1, OLGA])
    outcome = world.work(world.settings({"group": "Sales", "queue": 3}), staff(ivan=["Sales"]))
    assert (outcome.problems, world.queue()) == ((), [1, IVAN])


def test_names_in_allow_and_deny_that_mean_nobody_or_several_are_told(world: World):
    world.sandbox.furnish(users=[{"id": 51, **ONE}, {"id": 52, **ONE}])
    allow = [{"person": "one@acme.ru", "department": SALES}, {"person": "nobody@acme.ru", "department": SALES}]
    settings = world.settings(TO_SALES, allow=allow, deny=[{"person": "typo@acme.ru", "department": SALES}])
    outcome = world.work(settings, staff())
    assert outcome.grants == 0
    several, nobody, denied = outcome.problems
    assert "51" in several.ru
    assert "nobody@acme.ru" in nobody.en
    assert "access.deny" in denied.ru


def test_a_dry_run_tells_whose_external_id_would_be_written(world: World):
    world.sandbox.furnish(users=[{"id": 51, **ONE}])
    rows = [*staff(), row("one", "Sales")]
    planned = world.work(world.settings(TO_SALES), rows, dry=True)
    assert ("learned", "", 51) in told(planned)
    assert told(planned) == told(world.work(world.settings(TO_SALES), rows))


def test_an_invitation_that_was_refused_is_no_deed(world: World):
    outcome = world.work(world.settings(TO_SALES, invite=True), [*staff(), row("stranger", "Sales", mail="no address")])
    assert [(change.what, change.state) for change in outcome.changes] == [("invited", "failed")]
