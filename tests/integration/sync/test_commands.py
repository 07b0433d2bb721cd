"""``connector sync``: what a person reads, what a program reads, and how it leaves."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from connector.cli import cli
from connector.cli.shape import Tools
from tests.integration.sync.world import SHIPMENTS, World

WHY = ("--why", "a test", "--who", "ops")


def told(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["sync", *arguments], obj=Tools(connector=lambda: world.connector))


def document(world: World, *arguments: str, code: int = 0) -> Any:
    result = told(world, *arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_a_run_before_ones_eyes(world: World):
    world.fill(5)
    result = told(world, "run", "shipments")
    assert result.exit_code == 0
    assert "Run 1: done. Read 5: new 5" in result.output
    found = document(world, "run", "shipments")
    assert (found["state"], found["counts"]["same"]) == ("done", 5)


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(world: World):
    world.fill(3)
    world.script.broken = {"000002"}
    result = told(world, "run", "shipments", "--dry-run")
    assert "create" in result.output
    assert "The weight is no number" in result.output
    found = document(world, "run", "shipments", "--dry-run")
    assert found["fates"] == {"000001": "created", "000002": "parked", "000003": "created"}
    assert (world.writes(), world.connector.journal.runs_of("shipments")) == (0, [])


def test_what_the_brake_holds_leaves_with_one_until_a_person_allows_it(world: World):
    world.fill(20)
    told(world, "run", "shipments")
    for name in sorted(world.script.rows)[:9]:
        del world.script.rows[name]
    assert told(world, "run", "shipments", "--dry-run").exit_code == 1
    result = told(world, "run", "shipments")
    assert result.exit_code == 1
    assert "connector sync run shipments --allow-gone" in result.output
    assert document(world, "list", code=1)[0]["state"] == "braked"
    assert told(world, "run", "shipments", "--allow-gone").exit_code == 0
    assert told(world, "list").exit_code == 0


def test_a_dry_run_of_what_is_allowed_to_go_reads_all_as_the_run_does(world: World):
    world.script.changes = True
    world.fill(20)
    world.run()
    for name in sorted(world.script.rows)[:9]:
        del world.script.rows[name]
    assert document(world, "run", "shipments", "--dry-run", "--allow-gone")["missing"] == 9
    assert document(world, "run", "shipments", "--allow-gone")["counts"]["gone"] == 9


def test_the_runs_and_rows_of_a_source(world: World):
    world.fill(4)
    world.script.broken = {"000002"}
    assert "connector sync rows shipments" in told(world, "run", "shipments").output
    (run,) = world.connector.journal.runs_of("shipments")
    assert document(world, "status", "shipments")[0]["id"] == run.id
    assert [row["record"] for row in document(world, "rows", "shipments")] == ["000002"]
    assert "connector sync retry" not in told(world, "rows", "shipments").output  # its source has to mend it
    assert len(document(world, "rows", "shipments", "--run", str(run.id))) == 4
    assert "000001" in told(world, "rows", "shipments", "--state", "done").output


def test_parked_rows_are_tried_again_or_let_be(world: World):
    world.fill(3)
    for name in ("000001", "000002"):
        world.script.rows[name].pop("sum")
    world.run()
    assert 'connector sync retry shipments 000001 --why "…"' in told(world, "rows", "shipments").output
    assert document(world, "discard", "shipments", "000001", *WHY)["discarded"] == 1
    assert document(world, "retry", "shipments", *WHY)["retried"] == 1
    (retrying,) = world.connector.journal.open_runs()
    assert (retrying.trigger, retrying.who) == ("retry", "ops")
    assert told(world, "retry", "shipments", "000001", *WHY).exit_code == 1


def test_nobody_lets_all_parked_rows_be_by_naming_none(world: World):
    world.fill(2)
    world.script.rows["000001"].pop("sum")
    world.run()
    assert told(world, "discard", "shipments", *WHY).exit_code == 2
    assert [row["record"] for row in document(world, "rows", "shipments")] == ["000001"]
    assert document(world, "discard", "shipments", "--cause", "mapping.failed", *WHY)["discarded"] == 1


def test_a_row_that_the_portal_refuses_is_told_with_the_words_of_the_portal(world: World):
    world.fill(1)
    world.house.sandbox.fault("fail", method="crm.item.add", status=400, code="NO_SUCH_PLACE", times=1)
    told(world, "run", "shipments")
    shown = told(world, "rows", "shipments").output
    assert "NO_SUCH_PLACE" in shown


def test_a_row_that_is_written_anew_is_not_told_as_one_of_which_nothing_was_to_be_written(world: World):
    world.fill(3)
    told(world, "run", "shipments")
    world.rules(SHIPMENTS.replace("№ {{", "No. {{"))
    assert "Read 3: new 0, updated 3, nothing to write 0," in told(world, "run", "shipments", "--full").output
    assert "Read 3: new 0, updated 0, nothing to write 3," in told(world, "run", "shipments", "--full").output


def test_pausing_resuming_and_cancelling(world: World):
    assert document(world, "pause", "shipments", *WHY) == {"paused": "shipments"}
    assert "paused" in told(world, "list").output
    assert document(world, "resume", "shipments", *WHY) == {"resumed": "shipments"}
    refused = told(world, "cancel", "shipments", *WHY)
    assert refused.exit_code == 1
    run = world.begin()
    assert document(world, "cancel", "shipments", *WHY) == {"run": run.id}
    assert world.portion().state == "over"
    audited = {entry.what for entry in world.connector.journal.audits(limit=20)}
    assert {"sync.paused", "sync.resumed", "sync.cancelled"} <= audited


def test_a_mirror_that_is_forgotten_is_found_again_in_the_portal(world: World):
    world.script.changes = True
    world.fill(6)
    world.run()
    assert document(world, "forget", "shipments", *WHY) == {"forgotten": 6}
    assert world.connector.journal.mirror_counts("shipments")["live"] == 0
    run = world.run()
    assert world.counts(run, "read", "created", "unchanged") == (6, 0, 6)
    world.begin()
    assert told(world, "forget", "shipments", *WHY).exit_code == 1


def test_a_source_that_is_not_there_is_said_so_with_those_that_are(world: World):
    for command in ("run", "status", "rows"):
        result = told(world, command, "orders")
        assert result.exit_code == 1
        assert "shipments" in result.stderr


def test_a_row_that_its_source_has_to_mend_is_not_tried_again_and_that_is_said(world: World):
    world.fill(2)
    world.script.broken = {"000002"}
    world.run()
    result = told(world, "retry", "shipments", "000002", *WHY)
    assert result.exit_code == 1
    assert "mended in the source" in result.stderr
