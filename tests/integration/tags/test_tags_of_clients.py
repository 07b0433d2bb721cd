"""Tags of contacts, kept in step with a source that can be written, against the sandbox."""

from __future__ import annotations

import pytest

from connector.errors import PermanentError
from tests.integration.tags.world import FIELD, World, told


def test_tags_of_the_source_come_to_the_portal_and_those_of_the_portal_go_back(world: World) -> None:
    world.client("anna", "Опт", "VIP")
    world.client("boris")
    world.tag("boris", "Розница")
    outcome = world.sync()
    assert world.tags("anna") == ["VIP", "Опт"]
    assert world.source("boris") == ["Розница"]
    assert world.provenance("anna") == {"vip": "source", "опт": "source"}
    assert world.provenance("boris") == {"розница": "portal"}
    assert (outcome.looked, outcome.portal, outcome.source, outcome.added, outcome.failed) == (2, 1, 1, 2, 0)


@pytest.mark.parametrize("merge", ["source", "portal", "union"])
def test_a_second_run_changes_nothing_and_writes_nothing(world: World, merge: str) -> None:
    world.client("anna", "Опт", "VIP")
    world.tag("anna", "Розница")
    world.sync(merge=merge)
    before, link = world.counted("crm.item.update"), world.provenance("anna")
    for read in (False, True):  # the mirror may be behind what we wrote back
        outcome = world.sync(merge=merge, read=read)
        assert (outcome.portal, outcome.source) == (0, 0)
    assert world.counted("crm.item.update") == before
    assert (world.tags("anna"), world.provenance("anna")) == (["VIP", "Опт", "Розница"], link)
    assert world.source("anna") == ["VIP", "Опт", "Розница"]


def test_what_either_side_took_away_goes_by_the_policy(world: World) -> None:
    for record in ("source", "portal", "union"):
        world.client(record, "a", "b", "c")
    for merge in ("source", "portal", "union"):
        world.sync(merge=merge)
    for record in ("source", "portal", "union"):
        world.give(record, "a", "b")
        world.tag(record, "b", "c", "d")
    kept = {merge: dict(world.rows) for merge in ("source", "portal", "union")}
    for merge, after in (("source", ["a", "b", "d"]), ("portal", ["b", "c", "d"]), ("union", ["a", "b", "c", "d"])):
        world.rows = {merge: kept[merge][merge]}
        outcome = world.sync(merge=merge)
        assert (world.tags(merge), world.source(merge)) == (after, after)
        assert outcome.looked == 1


def test_of_a_source_that_is_only_read_the_run_says_so_and_goes_on(world: World) -> None:
    world.client("anna", "a")
    world.tag("anna", "b")
    outcome = world.sync(writable=False)
    assert world.tags("anna") == ["a", "b"]
    assert world.source("anna") == ["a"]
    assert ["tags.back" in note.ru for note in outcome.notes] == [True]
    assert world.sync(back=False, writable=False).notes == []


def test_options_are_only_ever_added_and_are_found_by_what_they_stand_for(world: World) -> None:
    world.client("anna", "Опт")
    world.sync()
    (number,) = world.options()
    field = world.field()
    renamed = [{"ID": number, "VALUE": "Оптовики", "XML_ID": "Опт"}]
    world.portal.call("crm.contact.userfield.update", {"id": field["ID"], "fields": {"LIST": renamed}})
    world.client("boris", "опт")
    world.give("anna")
    world.sync(allow_gone=True)
    assert world.options() == {number: "Оптовики"}
    assert world.tags("boris") == ["Оптовики"]
    assert world.tags("anna") == []
    assert world.source("boris") == ["опт"]  # it is the same tag, so nothing is written back


def test_many_records_with_the_same_new_tags_make_each_option_once(world: World) -> None:
    for number in range(120):
        world.client(f"c{number:03}", "Общий", f"Свой {number % 7}")
    world.sync()
    assert sorted(world.options().values()) == sorted(["Общий", *(f"Свой {number}" for number in range(7))])
    assert world.tags("c008") == ["Общий", "Свой 1"]


def test_rows_are_read_in_few_requests(world: World) -> None:
    for number in range(120):
        world.client(f"c{number:03}", "Общий")
    world.sync()
    before = world.counted("crm.item.list")
    world.sync()
    assert world.counted("crm.item.list") - before == 3


def test_values_that_are_no_tags_of_ours_stay_in_the_field(world: World) -> None:
    world.client("anna", "a")
    world.add_options("чужой")
    world.tag("anna", "чужой")
    world.sync(back=False)
    assert world.tags("anna") == ["a", "чужой"]
    world.give("anna")
    world.sync(back=False, allow_gone=True)
    assert world.tags("anna") == ["чужой"]


def test_tags_that_rules_gave_stay_and_go_to_no_source(world: World) -> None:
    world.client("anna", "a")
    world.tag("anna", "жалоба")
    world.journal.remember("tags", f"main.3.{world.clients['anna']}", {"жалоба": ["event-1"]})
    world.sync()
    assert world.tags("anna") == ["a", "жалоба"]
    assert world.source("anna") == ["a"]
    assert world.provenance("anna")["жалоба"] == "rule"
    world.give("anna")
    world.sync(allow_gone=True)
    assert world.tags("anna") == ["жалоба"]


def test_tags_that_are_kept_are_the_portals_own_affair(world: World) -> None:
    world.client("anna", "a", "call-source")
    world.tag("anna", "VIP", "call-monday", "b")
    world.sync(keep=["vip", "call-*"])
    assert world.tags("anna") == ["VIP", "a", "b", "call-monday"]
    assert world.source("anna") == ["a", "b", "call-source"]
    assert world.sync(keep=["vip", "call-*"]).changes == []


def test_a_text_with_separators_stays_one(world: World) -> None:
    world.client("anna")
    world.rows["anna"]["tags"] = "Опт,  VIP ,опт"
    world.tag("anna", "Новый")
    world.sync(split=",")
    assert world.tags("anna") == ["VIP", "Новый", "Опт"]
    assert world.rows["anna"]["tags"] == "Опт, VIP, Новый"


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(world: World) -> None:
    world.client("anna", "a", "b")
    world.tag("anna", "c")
    outcome = world.sync(dry=True)
    assert told(outcome.changes) == [("anna", "portal", ("a", "b"), ()), ("anna", "source", ("c",), ())]
    assert world.tags("anna") == ["c"]
    assert world.source("anna") == ["a", "b"]
    assert world.provenance("anna") == {}
    assert told(world.sync().changes) == told(outcome.changes)


def test_records_without_a_row_and_rows_that_are_gone_are_counted(world: World) -> None:
    number = world.client("anna", "a")
    world.client("boris", "a")
    del world.clients["boris"]
    world.sync()
    world.portal.call("crm.item.delete", {"entityTypeId": 3, "id": number})
    outcome = world.sync()
    assert (outcome.looked, outcome.unplaced, outcome.missing) == (2, 1, 1)


def test_a_row_has_one_record_that_its_tags_come_from(world: World) -> None:
    world.client("anna", "a")
    world.sync()
    world.rows["anya"] = {"tags": ["b"]}
    world.clients["anya"] = world.clients["anna"]
    outcome = world.sync()
    assert [record for record, _ in outcome.problems] == ["anya"]
    assert world.tags("anna") == ["a"]


def test_a_record_without_the_column_is_a_problem_and_the_others_go_on(world: World) -> None:
    world.client("anna", "a")
    world.client("boris")
    del world.rows["boris"]["tags"]
    outcome = world.sync()
    assert [(record, "`tags`" in what.ru) for record, what in outcome.problems] == [("boris", True)]
    assert world.tags("anna") == ["a"]


def test_a_field_of_texts_bears_tags_as_they_are(world: World) -> None:
    made = {"FIELD_NAME": "TAGS", "USER_TYPE_ID": "string", "MULTIPLE": "Y"}
    world.portal.call("crm.contact.userfield.add", {"fields": made})
    world.client("anna", "Опт", "VIP")
    world.sync()
    assert sorted(world.values("anna")) == ["VIP", "Опт"]
    world.give("anna", "VIP")
    world.sync()
    assert world.values("anna") == ["VIP"]


def test_a_field_that_cannot_bear_tags_is_said(world: World) -> None:
    made = {"FIELD_NAME": "TAGS", "USER_TYPE_ID": "string", "MULTIPLE": "N"}
    world.portal.call("crm.contact.userfield.add", {"fields": made})
    world.client("anna", "a")
    with pytest.raises(PermanentError) as raised:
        world.sync()
    assert FIELD in raised.value.hint.ru
