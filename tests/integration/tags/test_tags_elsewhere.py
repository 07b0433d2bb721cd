"""Tags of tasks, workgroups and items of smart processes; runs over the whole mirror, cut off anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.handlers.judging import NO_RULES
from connector.journal import Run
from connector.journal.sync_model import NewRow
from connector.sync import tags
from tests.integration.tags.world import World, rules


def _task(world: World, *borne: str) -> int:
    fields = {"TITLE": "Позвонить", "RESPONSIBLE_ID": 1, "TAGS": list(borne)}
    return int(world.portal.call("tasks.task.add", {"fields": fields})["task"]["id"])


def _task_tags(world: World, number: int) -> list[str]:
    told = world.portal.call("tasks.task.get", {"taskId": number, "select": ["ID", "TAGS"]})["task"]["tags"]
    return sorted(row["title"] for row in told.values()) if told else []


def test_tags_of_tasks_are_kept_in_step(world: World) -> None:
    number = _task(world, "срочно")
    world.rows = {"t1": {"tags": ["склад"], "task": str(number)}, "t2": {"tags": ["x"], "task": None}}
    outcome = world.sync(task="task")
    assert _task_tags(world, number) == ["склад", "срочно"]
    assert world.source("t1") == ["склад", "срочно"]
    assert outcome.unplaced == 1
    world.give("t1")
    world.sync(task="task", allow_gone=True)
    assert _task_tags(world, number) == []
    assert world.sync(task="task").changes == []


def test_tags_of_workgroups_are_words_without_commas(world: World) -> None:
    (number,) = world.sandbox.furnish(groups=[{"NAME": "Тендеры", "KEYWORDS": "старое, b2b", "OWNER_ID": 1}])["groups"]
    world.rows = {"g": {"tags": ["новое", "раз, два"], "group": number}}
    outcome = world.sync(workgroup="group")
    assert ["раз, два" in note.ru for note in outcome.notes] == [True]
    (row,) = [row for row in world.sandbox.groups() if row["ID"] == str(number)]
    assert sorted(word.strip() for word in row["KEYWORDS"].split(",")) == ["b2b", "новое", "старое"]
    assert world.source("g") == ["b2b", "новое", "раз, два", "старое"]
    assert world.sync(workgroup="group").changes == []


def test_a_number_that_is_none_is_a_problem(world: World) -> None:
    world.rows = {"t": {"tags": ["a"], "task": "семь"}}
    assert "семь" in world.sync(task="task").problems[0][1].ru


def test_items_of_a_smart_process_bear_tags_too(world: World) -> None:
    world.sandbox.furnish(types=[{"entityTypeId": 1036, "title": "Отгрузки"}])
    (kind,) = world.portal.call("crm.type.list", {"filter": {"entityTypeId": 1036}})["types"]
    name = f"UF_CRM_{kind['id']}_TAGS"
    fields = {"title": "№ 7", "xmlId": "wms:7"}
    added = world.portal.call("crm.item.add", {"entityTypeId": 1036, "fields": fields})
    world.rows = {"7": {"tags": ["хрупкое"], "number": "7"}}
    find = {"entity": "item", "type": 1036, "by": "external", "system": "wms", "column": "number"}
    world.sync(find=find, field=name)
    (item,) = world.sandbox.items(type=1036)
    assert int(item["id"]) == int(added["item"]["id"])
    assert len(item[name]) == 1
    assert world.sync(find=find, field=name).changes == []


def test_a_run_that_dies_between_portal_and_source_is_done_again(world: World) -> None:
    world.client("anna", "a")
    world.sync()
    world.give("anna", "a", "s")
    world.tag("anna", "p")
    world.dies = True
    with pytest.raises(RuntimeError):
        world.sync()
    assert world.tags("anna") == ["a", "p", "s"]  # where the source wins, what it has is given back
    world.dies = False
    world.sync()
    assert world.source("anna") == world.tags("anna") == ["a", "p", "s"]
    assert world.sync().changes == []


def test_a_portal_that_fails_in_the_middle_is_gone_on_with(world: World) -> None:
    for number in range(60):
        world.client(f"c{number:02}", "a")
    world.sync()
    for number in range(60):
        world.give(f"c{number:02}", "a", "b")
    update = {"entityTypeId": 3, "id": world.clients["c30"]}
    world.portal.call("crm.item.delete", update)
    outcome = world.sync()
    assert (outcome.missing, outcome.portal) == (1, 59)


def _run(world: World, count: int) -> Run:
    journal = world.journal
    run = journal.begin_run("segments", trigger="person")
    assert run is not None
    lease = journal.lease("source:segments", ttl=60)
    assert lease is not None
    rows = [
        NewRow(record=f"r{number:05}", hash=f"h{number}", values={"tags": ["a"], "code": f"K-{number}"})
        for number in range(count)
    ]
    journal.keep_page(lease, run, changed=rows, seen=[], counts={})
    journal.leave(lease, force=True)
    return run


def test_a_run_goes_through_the_whole_mirror_and_on_from_where_it_stopped(world: World) -> None:
    run = _run(world, 5)
    for number in range(5):
        fields = {"name": f"r{number}", "originatorId": "erp", "originId": f"K-{number}"}
        world.portal.call("crm.item.add", {"entityTypeId": 3, "fields": fields})
    find = {"entity": "contact", "by": "external", "system": "erp", "column": "code"}
    portions = []
    after = ""

    def work(after: str, **how: Any) -> tags.TagsOutcome:
        asked = iter([False, True])
        return tags.work(
            world.portal,
            world.journal,
            world.settings(find=find, back=False),
            rules=replace(rules(), mappings=NO_RULES),
            clock=lambda: datetime.now(UTC),
            run=run,
            stop=lambda: next(asked),
            after=after,
            together=2,
            **how,
        )

    while True:
        outcome = work(after)
        portions.append((outcome.after, outcome.portal, outcome.finished))
        if outcome.finished:
            break
        after = outcome.after
    assert portions == [("r00001", 2, False), ("r00003", 2, False), ("r00004", 1, True)]
    assert [outcome.finished for outcome in (work("r00004"), work("r00004", dry=True))] == [True, True]


def test_a_source_without_tags_has_nothing_to_do(world: World) -> None:
    settings = world.settings().model_copy(update={"tags": None})
    run = _run(world, 1)
    outcome = tags.work(
        world.portal,
        world.journal,
        settings,
        rules=rules(),
        clock=lambda: datetime.now(UTC),
        run=run,
        stop=lambda: False,
    )
    assert outcome.finished
    assert outcome.looked == 0
