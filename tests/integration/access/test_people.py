"""Identity, newcomers, leavers, protection and the brake, against the sandbox."""

from __future__ import annotations

import pytest

from tests.integration.access.world import LOGISTICS, NUMBERS, SALES, World, staff
from tests.unit.access.making import row

TO_SALES = {"group": "Sales", "department": SALES}
IVAN, PETR, OLGA, ANNA, OLEG = NUMBERS.values()


def forget_ids(world: World) -> None:
    for number in NUMBERS.values():
        world.portal.call("user.update", {"ID": number, "XML_ID": ""})


def test_who_is_found_by_e_mail_gets_the_external_id(world: World):
    forget_ids(world)
    outcome = world.work(world.settings(TO_SALES), staff(ivan=["Sales"]))
    assert SALES in world.departments(IVAN)
    assert world.user(IVAN)["XML_ID"] == "guid-ivan"
    assert [change.what for change in outcome.changes].count("learned") == 5
    assert world.work(world.settings(TO_SALES), staff(ivan=["Sales"])).changes == []


def test_without_learn_they_are_only_remembered_and_found_under_another_e_mail(world: World):
    forget_ids(world)
    settings = world.settings(TO_SALES, learn=False)
    world.work(settings, staff(ivan=["Sales"], petr=["Sales"]))
    assert world.user(IVAN)["XML_ID"] == ""
    renamed = [row("ivan", "Sales", mail="i.ivanov@acme.ru"), *staff(petr=["Sales"])[1:]]
    outcome = world.work(settings, renamed)
    assert (outcome.grants, outcome.revokes, outcome.unmatched) == (0, 0, ())


def test_an_external_id_of_another_system_is_never_overwritten(world: World):
    world.portal.call("user.update", {"ID": IVAN, "XML_ID": "1C-77"})
    world.work(world.settings(TO_SALES), staff(ivan=["Sales"]))
    assert world.user(IVAN)["XML_ID"] == "1C-77"
    assert SALES in world.departments(IVAN)


def test_strangers_are_reported_and_not_invited(world: World):
    rows = [*staff(), row("stranger", "Sales")]
    outcome = world.work(world.settings(TO_SALES), rows)
    assert [each.person.email for each in outcome.unmatched] == ["stranger@acme.ru"]
    assert "invite: true" in outcome.unmatched[0].why.ru
    assert world.sandbox.calls("user.add") == []


def test_strangers_are_invited_once_when_told_and_keep_being_ours(world: World):
    settings, rows = world.settings(TO_SALES, invite=True), [*staff(ivan=["Sales"]), row("stranger", "Sales")]
    outcome = world.work(settings, rows)
    new = int(world.sandbox.users(SALES)[-1]["ID"])
    assert world.user(new)["XML_ID"] == "guid-stranger"
    assert ("access.invited", f"main #{new}", "not in Bitrix24 yet") in world.audit()
    assert outcome.grants == 2
    again = world.work(settings, rows)
    assert (again.grants, again.changes) == (0, [])
    assert len(world.sandbox.calls("user.add")) == 1
    world.portal.call("user.update", {"ID": new, "UF_DEPARTMENT": [SALES, LOGISTICS]})
    world.work(settings, [*staff(ivan=["Sales"]), row("stranger")])
    assert world.departments(new) == [LOGISTICS]


def test_nobody_is_invited_without_a_department(world: World):
    settings = world.settings({"group": "Sales", "workgroup": 1}, invite=True)
    outcome = world.work(settings, [*staff(), row("stranger", "Sales")])
    assert "without a department" in outcome.problems[0].en
    assert world.sandbox.calls("user.add") == []


def test_a_leaver_is_dismissed_only_when_told(world: World):
    rows = [row("ivan", "Sales", active=False), *staff(petr=["Sales"])[1:]]
    world.work(world.settings(TO_SALES), rows)
    assert world.user(IVAN)["ACTIVE"] is True
    outcome = world.work(world.settings(TO_SALES, dismiss=True), rows)
    assert world.user(IVAN)["ACTIVE"] is False
    assert [change.what for change in outcome.changes] == ["dismissed"]
    assert ("access.dismissed", f"main #{IVAN} dismissed", 'left "ivan@acme.ru" → dismissed') in world.audit()
    assert world.work(world.settings(TO_SALES, dismiss=True), rows).changes == []


@pytest.mark.parametrize("protect", [IVAN, "IVAN@acme.ru", "guid-ivan", f"#{IVAN}"])
def test_nothing_is_taken_from_the_protected(world: World, protect: str | int):
    world.work(world.settings(TO_SALES), staff(ivan=["Sales"], petr=["Sales"]))
    settings = world.settings(TO_SALES, protect=[protect], dismiss=True)
    outcome = world.work(settings, [row("ivan", active=False), *staff(petr=["Sales"])[1:]])
    assert SALES in world.departments(IVAN)
    assert world.user(IVAN)["ACTIVE"] is True
    assert "access.protect" in outcome.notes[0].en


def test_the_user_under_whom_we_work_and_known_administrators_stay(world: World):
    world.sandbox.furnish(users=[{"id": 1, "email": "boss@acme.ru", "xml_id": "guid-boss"}])
    world.journal.remember("portal.admin", f"main.{IVAN}", {"name": "Ivan"})
    boss = row("boss", "Sales")
    world.work(world.settings(TO_SALES), [boss, *staff(ivan=["Sales"], petr=["Sales"])])
    assert SALES in world.departments(1)
    outcome = world.work(world.settings(TO_SALES), [row("boss"), *staff(petr=["Sales"])], allow_gone=True)
    assert SALES in world.departments(1)
    assert SALES in world.departments(IVAN)
    assert len(outcome.notes) == 2


def test_the_brake_holds_until_a_person_has_looked(world: World):
    settings = world.settings(TO_SALES)
    world.work(settings, staff(**{name: ["Sales"] for name in NUMBERS}))
    few = staff(ivan=["Sales"], petr=["Sales"])
    outcome = world.work(settings, few)
    assert (outcome.revokes, [one.revokes for one in outcome.braked]) == (0, [3])
    assert SALES in world.departments(OLEG)
    outcome = world.work(settings, few, allow_gone=True)
    assert (outcome.revokes, outcome.braked) == (3, ())
    assert SALES not in world.departments(OLEG)


def test_a_rename_is_recognised_and_held_until_the_settings_say_the_new_name(world: World):
    everybody = {name: ["Sales"] for name in NUMBERS}
    world.work(world.settings(TO_SALES), staff(**everybody))
    renamed = staff(**{name: ["Sales and Marketing"] for name in NUMBERS})
    for _ in range(2):
        outcome = world.work(world.settings(TO_SALES), renamed)
        assert "looks like a rename" in outcome.braked[0].why.en
        assert SALES in world.departments(IVAN)
    outcome = world.work(world.settings({"group": "Sales and Marketing", "department": SALES}), renamed)
    assert (outcome.grants, outcome.revokes, outcome.braked) == (0, 0, ())


def test_an_empty_source_touches_nobody(world: World):
    world.work(world.settings(TO_SALES), staff(ivan=["Sales"]))
    outcome = world.work(world.settings(TO_SALES), [])
    assert outcome.braked
    assert SALES in world.departments(IVAN)


def test_a_dry_run_tells_the_same_and_writes_nothing(world: World):
    settings = world.settings(TO_SALES, {"group": "Sales", "queue": 3}, invite=True)
    rows = [*staff(ivan=["Sales"]), row("stranger", "Sales")]
    told = world.work(settings, rows, dry=True)
    assert {call["method"] for call in world.sandbox.calls()} & {"user.update", "user.add"} == set()
    assert world.audit() == []
    assert world.journal.links_like("access.grant") == []
    done = world.work(settings, staff(ivan=["Sales"]))
    planned = {(change.what, change.target, change.user) for change in told.changes if change.what == "granted"}
    assert planned == {(change.what, change.target, change.user) for change in done.changes}


def test_an_invitation_that_is_refused_is_told_and_forgotten(world: World):
    settings = world.settings(TO_SALES, invite=True)
    outcome = world.work(settings, [*staff(), row("stranger", "Sales", mail="no address")])
    assert "wrong_email" in outcome.problems[0].en
    assert world.journal.links_like("access.invited") == []


def test_newcomers_do_not_loosen_a_brake_that_holds(world: World):
    settings = world.settings(TO_SALES)
    world.work(settings, staff(ivan=["Sales"], petr=["Sales"]))
    world.sandbox.seed("user", 10)
    newcomers = [row(f"n{n}", "Sales", guid=f"guid-{n}", mail=f"user{n}@example.com") for n in range(1, 11)]
    outcome = world.work(settings, [*staff(oleg=["Sales"]), *newcomers])
    assert (outcome.grants > 5, outcome.revokes, len(outcome.braked)) == (True, 0, 1)
    outcome = world.work(settings, [*staff(oleg=["Sales"]), *newcomers])
    assert (outcome.grants, outcome.revokes, len(outcome.braked)) == (0, 0, 1)
    assert SALES in world.departments(IVAN)
    assert world.work(settings, [*staff(oleg=["Sales"], petr=["Sales"]), *newcomers]).revokes == 1
