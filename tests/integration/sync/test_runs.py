"""Runs from their beginning to their end: what is written, what is left alone, what parks, what is gone."""

from __future__ import annotations

from connector.errors import PermanentError, TransientError
from connector.speech import Text
from tests.integration.sync.world import SHIPMENTS, World

AWAY = TransientError("source.away", hint=Text("The source is away.", "Источник недоступен."))
WRONG = PermanentError("source.refused", hint=Text("The password is wrong.", "Неверный пароль."))


def test_what_is_new_is_made_and_what_is_the_same_is_left_alone(world: World):
    world.fill(120)
    first = world.run()
    assert first.state == "done"
    assert world.counts(first, "read", "changed", "created", "updated", "parked") == (120, 120, 120, 0, 0)
    assert len(world.items()) == 120
    second = world.run()
    assert world.counts(second, "read", "same", "changed", "created", "updated") == (120, 120, 0, 0, 0)
    assert second.counts["requests"] == 0


def test_only_what_changed_is_written_and_the_rest_costs_nothing(world: World):
    world.fill(120)
    world.run()
    for name in ("000003", "000077"):
        world.script.rows[name]["sum"] = 5000
    run = world.run()
    assert world.counts(run, "changed", "updated", "created") == (2, 2, 0)
    assert run.counts["requests"] == 2  # one look at both, one change of both
    titles = {item["title"] for item in world.items() if "5000" in item["title"]}
    assert titles == {"№ 000003: 5000", "№ 000077: 5000"}


def test_a_first_load_needs_as_few_requests_as_there_can_be(world: World):
    world.fill(120)
    run = world.run()
    assert run.counts["requests"] == 1 + 3  # three looks of fifty in one request, then fifty new ones a request


def test_what_a_full_read_does_not_see_is_gone_and_comes_back_when_it_is_seen_again(world: World):
    world.fill(50)
    world.run()
    kept = world.script.rows.pop("000007")
    run = world.run()
    assert world.counts(run, "gone", "updated") == (1, 1)
    assert [item["title"] for item in world.items() if "gone" in item["title"]] == ["№ 000007 (gone)"]
    assert world.counts(world.run(), "gone", "updated", "changed") == (0, 0, 0)
    world.script.rows["000007"] = kept
    assert world.counts(world.run(), "changed", "updated", "created") == (1, 1, 0)
    assert len(world.items()) == 50


def test_the_brake_holds_when_too_many_would_vanish_and_the_rest_is_written(world: World):
    world.fill(50)
    world.run()
    lost = {name: world.script.rows.pop(name) for name in sorted(world.script.rows)[:20]}
    world.script.rows["000050"]["sum"] = 1
    run = world.run()
    assert run.state == "braked"
    assert run.cause == "sync.brake"
    assert run.hint is not None
    assert "20" in run.hint.en
    assert "--allow-gone" in run.hint.ru
    assert world.counts(run, "gone", "updated") == (0, 1)
    allowed = world.run(allow_gone=True)
    assert allowed.state == "done"
    assert world.counts(allowed, "gone", "updated") == (len(lost), len(lost))


def test_an_empty_source_takes_nothing_away(world: World):
    world.fill(3)
    world.run()
    world.script.rows.clear()
    run = world.run()
    assert (run.state, run.counts["gone"]) == ("braked", 0)
    assert run.hint is not None
    assert "empty" in run.hint.en


def test_a_partial_read_takes_nothing_away(world: World):
    world.fill(20)
    world.run()
    world.script.rows.pop("000001")
    world.script.partial = True
    assert world.counts(world.run(), "gone") == (0,)


def test_rows_without_an_id_take_nothing_away(world: World):
    world.fill(20)
    world.run()
    world.script.rows.pop("000001")
    world.script.broken, world.script.nameless = {"000002"}, True
    run = world.run()
    assert (run.state, run.counts["gone"], run.counts["parked"]) == ("done", 0, 1)
    assert any("no id" in note.en for note in run.notes)
    world.script.broken = set()
    assert world.counts(world.run(), "gone", "updated") == (1, 1)


def test_a_tombstone_is_gone_without_a_full_read(world: World):
    world.script.changes = True
    world.fill(10)
    world.run()
    world.script.gone = {"000004"}
    del world.script.rows["000004"]
    assert world.counts(world.run(), "gone", "updated", "read") == (1, 1, 1)
    assert [item["title"] for item in world.items() if "gone" in item["title"]] == ["№ 000004 (gone)"]


def test_a_row_that_cannot_be_read_parks_and_stops_nobody(world: World):
    world.fill(10)
    world.script.broken = {"000002"}
    run = world.run()
    assert (run.state, run.counts["created"], run.counts["parked"]) == ("done", 9, 1)
    (parked,) = world.connector.journal.mirror_rows("shipments", state="parked")
    assert (parked.record, parked.cause) == ("000002", "source.broken")
    assert parked.hint is not None
    assert "Вес — не число" in parked.hint.ru
    world.script.broken = set()
    assert world.counts(world.run(), "created", "parked") == (1, 0)


def test_a_row_that_rules_fail_on_parks_and_is_retried_when_they_are_mended(world: World):
    world.fill(5)
    world.script.rows["000003"].pop("sum")
    run = world.run()
    assert (run.counts["created"], run.counts["parked"]) == (4, 1)
    (parked,) = world.connector.journal.mirror_rows("shipments", state="parked")
    assert parked.cause == "mapping.failed"
    world.rules(SHIPMENTS.replace("{{ record.sum }}", "{{ record.sum | default(0) }}"))
    assert world.counts(world.run(), "created", "updated", "unchanged", "parked") == (1, 0, 4, 0)


def test_a_source_that_is_away_is_read_on_where_it_was(world: World):
    world.settings(page=10)
    world.fill(30)
    world.begin()
    world.portion(seconds=0)
    world.script.trouble = [AWAY]
    run = world.connector.journal.open_run("shipments")
    assert run is not None
    went = world.portion()
    assert went.state == "later"
    assert went.run is not None
    assert (went.run.cause, went.run.attempts) == ("source.away", 1)
    world.house.clock.add(minutes=5)
    assert world.portion().state == "over"
    assert world.counts(run, "read", "created") == (30, 30)


def test_a_source_that_refuses_fails_the_run_and_says_why(world: World):
    world.fill(3)
    world.script.trouble = [WRONG]
    run = world.run()
    assert (run.state, run.cause) == ("failed", "source.refused")
    assert world.run().state == "done"


def test_a_mirror_that_is_lost_is_rebuilt_and_nothing_is_made_twice(world: World):
    world.fill(70)
    world.run()
    with world.connector.journal.store.writing() as db:
        for table in ("records", "ledger", "links"):
            db.exec_driver_sql(f"DELETE FROM {table}")
    run = world.run(full=True)
    assert world.counts(run, "created", "updated", "unchanged") == (0, 0, 70)
    assert len(world.items()) == 70


def test_a_run_is_cancelled_between_two_rounds(world: World):
    world.fill(10)
    run = world.begin()
    world.connector.journal.note_source("shipments", wants="cancel")
    assert world.portion().state == "over"
    found = world.connector.journal.run_of(run.id)
    assert found is not None
    assert found.state == "cancelled"
    assert world.counts(world.run(), "created") == (10,)


def test_one_run_of_a_source_at_a_time(world: World):
    world.begin()
    assert world.connector.journal.begin_run("shipments", trigger="person") is None


def test_two_records_of_one_client_make_one_contact(world: World):
    world.rules("""
on: record.shipments
crm:
  contact:
    match: [phone]
    set: {NAME: "{{ record.client }}", PHONE: "{{ record.phone }}"}
  item:
    type: 1036
    external: {system: wms, id: "{{ record.number }}"}
    match: [external]
    set: {TITLE: "№ {{ record.number }}"}
""")
    world.fill(40, phone="+79001112233", client="Иван")
    run = world.run()
    assert (run.state, run.counts["created"], run.counts["parked"]) == ("done", 40, 0)
    found = world.connector.portals["main"].call("crm.item.list", {"entityTypeId": 3, "filter": {"=name": "Иван"}})
    assert len(found["items"]) == 1
    assert {item["contactId"] for item in world.items()} == {found["items"][0]["id"]}
