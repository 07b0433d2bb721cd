"""Each kind of target against the sandbox: what is granted, what stays, what a second run does."""

from __future__ import annotations

from connector.sync.access import AccessOutcome
from tests.integration.access.world import LOGISTICS, NUMBERS, SALES, SUPPORT, World, staff
from tests.unit.access.making import row

IVAN, PETR, OLGA, ANNA, OLEG = NUMBERS.values()
TO_SALES = {"group": "Sales", "department": SALES}


def nothing_left(outcome: AccessOutcome) -> bool:
    return (outcome.grants, outcome.revokes, outcome.changes, outcome.problems) == (0, 0, [], ())


def test_a_department_is_merged_into_those_that_somebody_has(world: World):
    settings, rows = world.settings(TO_SALES), staff(ivan=["Sales"], petr=["Sales"])
    outcome = world.work(settings, rows)
    assert (outcome.grants, outcome.revokes, outcome.problems) == (2, 0, ())
    assert world.departments(IVAN) == [LOGISTICS, SALES]
    assert world.audit() == [
        ("access.granted", f"main #{number} department:2", 'group "Sales" → department:2') for number in (IVAN, PETR)
    ]
    assert nothing_left(world.work(settings, rows))


def test_a_mover_leaves_the_department_that_we_gave_and_keeps_the_others(world: World):
    settings = world.settings(TO_SALES, {"group": "Support", "department": SUPPORT})
    world.work(settings, staff(ivan=["Sales"], petr=["Sales"]))
    outcome = world.work(settings, staff(ivan=["Support"], petr=["Sales"]))
    assert (outcome.grants, outcome.revokes) == (1, 1)
    assert world.departments(IVAN) == [LOGISTICS, SUPPORT]
    assert world.audit()[-1][0] in ("access.granted", "access.revoked")


def test_what_somebody_put_into_the_profile_meanwhile_is_kept(world: World):
    settings = world.settings(TO_SALES)
    world.work(settings, staff(ivan=["Sales"], petr=["Sales"]))
    world.portal.call("user.update", {"ID": IVAN, "UF_DEPARTMENT": [SALES, SUPPORT]})
    world.work(settings, staff(petr=["Sales"]))
    assert world.departments(IVAN) == [SUPPORT]


def test_nobody_loses_the_last_department(world: World):
    settings = world.settings(TO_SALES)
    world.work(settings, staff(ivan=["Sales"], petr=["Sales"]))
    world.portal.call("user.update", {"ID": IVAN, "UF_DEPARTMENT": [SALES]})
    outcome = world.work(settings, staff(petr=["Sales"]))
    assert world.departments(IVAN) == [SALES]
    assert "last department" in outcome.notes[0].en


def test_heads_stay_in_their_departments(world: World):
    settings = world.settings(TO_SALES)
    world.work(settings, staff(ivan=["Sales"], petr=["Sales"]))
    world.portal.call("department.update", {"ID": SALES, "UF_HEAD": IVAN})
    outcome = world.work(settings, staff(petr=["Sales"]))
    assert SALES in world.departments(IVAN)
    assert "heads a department" in outcome.notes[0].en


def test_a_workgroup_gets_members_and_moderators_and_keeps_its_owner(world: World):
    leads = {"group": "Leads", "workgroup": 1, "role": "moderator"}
    settings = world.settings({"group": "Sales", "workgroup": 1}, leads)
    world.portal.call("sonet_group.user.add", {"GROUP_ID": 1, "USER_ID": [OLEG]})
    rows = staff(ivan=["Sales"], petr=["Sales", "Leads"], oleg=["Leads"])
    world.work(settings, rows)
    assert world.members() == {1: "A", OLEG: "E", IVAN: "K", PETR: "E"}
    assert nothing_left(world.work(settings, rows))
    world.work(settings, staff(petr=["Sales"], ivan=["Sales"]), allow_gone=True)
    assert world.members() == {1: "A", OLEG: "K", IVAN: "K", PETR: "K"}
    world.work(settings, staff(petr=["Sales"]))
    assert world.members() == {1: "A", OLEG: "K", PETR: "K"}


def test_a_queue_keeps_its_order_and_those_whom_we_do_not_manage(world: World):
    world.portal.call("imopenlines.config.update", {"CONFIG_ID": 3, "PARAMS": {"QUEUE": queue("user", OLEG, 2, ANNA)}})
    settings = world.settings({"group": "Support", "queue": 3})
    rows = staff(ivan=["Support"], petr=["Support"], anna=["Support"])
    world.work(settings, rows)
    assert world.queue() == [OLEG, 2, ANNA, IVAN, PETR]
    assert nothing_left(world.work(settings, rows))
    world.work(settings, staff(petr=["Support"]))
    assert world.queue() == [OLEG, 2, ANNA, PETR]


def test_a_department_in_a_queue_stays_a_department(world: World):
    entries = [*queue("user", 2), *queue("department", LOGISTICS)]
    world.journal.remember("access.queue", "main|3", entries)
    world.portal.call("imopenlines.config.update", {"CONFIG_ID": 3, "PARAMS": {"QUEUE": entries}})
    world.sandbox.furnish(users=[{"id": 20, "name": "vera", "xml_id": "guid-vera", "departments": [SALES]}])
    world.work(world.settings({"group": "Support", "queue": 3}), [*staff(), row("vera", "Support")])
    assert world.queue() == [2, *NUMBERS.values(), 20]
    world.portal.call("user.update", {"ID": IVAN, "UF_DEPARTMENT": [SALES]})
    assert IVAN not in world.queue()


def test_a_queue_that_is_not_there_is_told(world: World):
    outcome = world.work(world.settings({"group": "Support", "queue": 77}), staff(ivan=["Support"]))
    assert "queue of open line 77" in outcome.problems[0].en
    assert outcome.grants == 0


def test_a_list_field_is_merged_with_what_it_bears(world: World):
    field = world.portal.call("user.userfield.list", {"filter": {"FIELD_NAME": "UF_USR_GROUPS"}})[0]
    sales, support = (int(entry["ID"]) for entry in field["LIST"])
    world.portal.call("user.update", {"ID": IVAN, "UF_USR_GROUPS": [support]})
    settings = world.settings({"group": "Sales", "field": "UF_USR_GROUPS", "option": "sales"})
    rows = staff(ivan=["Sales"], petr=["Sales"])
    world.work(settings, rows)
    assert [int(value) for value in world.user(IVAN)["UF_USR_GROUPS"]] == [support, sales]
    assert nothing_left(world.work(settings, rows))
    world.work(settings, staff(petr=["Sales"]))
    assert [int(value) for value in world.user(IVAN)["UF_USR_GROUPS"]] == [support]


def test_an_entry_that_the_list_has_not_is_told(world: World):
    settings = world.settings({"group": "Sales", "field": "UF_USR_GROUPS", "option": "Marketing"})
    outcome = world.work(settings, staff(ivan=["Sales"]))
    assert "no such entry" in outcome.problems[0].en
    assert (outcome.grants, outcome.changes) == (0, [])


def test_departments_and_fields_of_one_person_travel_in_one_command(world: World):
    settings = world.settings(TO_SALES, {"group": "Sales", "field": "UF_USR_GROUPS", "option": "Sales"})
    outcome = world.work(settings, staff(ivan=["Sales"], petr=["Sales"]))
    assert outcome.grants == 4
    assert len(world.sandbox.calls("user.update")) == 2


def test_console_roles_are_ours_alone(world: World):
    settings = world.settings({"group": "Ops", "console": "operator"}, {"group": "Admins", "console": "admin"})
    world.work(settings, staff(ivan=["Ops", "Admins"], petr=["Ops"]))
    assert role_of(world) == "admin"
    world.work(settings, staff(ivan=["Ops"], petr=["Ops"]))
    assert role_of(world) == "operator"
    world.work(settings, staff(petr=["Ops"]))
    assert role_of(world) is None


def test_of_two_sources_the_higher_role_counts_until_it_ends(world: World):
    one = world.settings({"group": "Ops", "console": "viewer"})
    other = world.settings({"group": "Admins", "console": "admin"}, source="contractors")
    world.work(one, staff(ivan=["Ops"], petr=["Ops"]))
    world.work(other, staff(ivan=["Admins"], petr=["Admins"]))
    assert role_of(world) == "admin"
    world.work(other, staff(petr=["Admins"]))
    assert role_of(world) == "viewer"


def test_a_target_that_is_not_there_is_told_and_the_others_go_on(world: World):
    settings = world.settings({"group": "Sales", "department": 99}, {"group": "Sales", "workgroup": 99}, TO_SALES)
    outcome = world.work(settings, staff(ivan=["Sales"]))
    assert {text.en.partition(" is not")[0] for text in outcome.problems} == {"department 99", "workgroup 99"}
    assert SALES in world.departments(IVAN)


def test_two_sources_lead_into_one_department_and_only_the_last_one_takes_out(world: World):
    one, other = world.settings(TO_SALES), world.settings(TO_SALES, source="contractors")
    rows = staff(ivan=["Sales"], petr=["Sales"])
    world.work(one, rows)
    world.portal.call("user.update", {"ID": IVAN, "UF_DEPARTMENT": [LOGISTICS]})
    world.work(other, rows)
    assert world.departments(IVAN) == [LOGISTICS, SALES]
    world.work(one, staff(petr=["Sales"]))
    assert world.departments(IVAN) == [LOGISTICS, SALES]
    world.work(other, staff(petr=["Sales"]))
    assert world.departments(IVAN) == [LOGISTICS]


def role_of(world: World) -> str | None:
    return (world.journal.recall("access.console", f"main.{IVAN}") or {}).get("role")


def queue(kind: str, *numbers: int) -> list[dict[str, str]]:
    return [{"ENTITY_TYPE": kind, "ENTITY_ID": str(number)} for number in numbers]
