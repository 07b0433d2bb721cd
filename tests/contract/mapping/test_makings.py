"""To-dos, comments, tasks and notifications against a whole portal: once per event, changed when the rules changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connector.errors import PermanentError
from mappings.outcome import Making, Outcome
from tests.contract.mapping.conftest import Crm
from tests.unit.handlers.walking import phone, wish

CONTACT = 3
DUE = datetime(2026, 9, 1, 15, tzinfo=UTC)
ANNA = wish(match=(phone("+79001112233"),), set={"NAME": "Анна", "PHONE": "+79001112233"})


def said(kind: Any, tags: tuple[str, ...] = (), name: str = "r", **fields: Any) -> Outcome:
    on = "contact" if kind in ("activity", "timeline") else ""
    return Outcome(
        version="v1", wishes=(ANNA,), tags=tags, makings=(Making(kind=kind, name=name, on=on, fields=fields),)
    )


def contact(crm: Crm) -> int:
    [found] = crm.items(CONTACT)
    return int(found["id"])


def comments(crm: Crm) -> list[str]:
    filters = {"ENTITY_ID": contact(crm), "ENTITY_TYPE": "contact"}
    return [row["COMMENT"] for row in crm.call("crm.timeline.comment.list", filter=filters)]


def todos(crm: Crm) -> list[Any]:
    filters = {"OWNER_TYPE_ID": CONTACT, "OWNER_ID": contact(crm), "PROVIDER_ID": "CRM_TODO"}
    return list(crm.call("crm.activity.list", filter=filters))


def tasks(crm: Crm) -> list[Any]:
    select = ["ID", "TITLE", "TAGS", "UF_CRM_TASK", "RESPONSIBLE_ID", "DEADLINE", "DESCRIPTION"]
    return list(crm.call("tasks.task.list", select=select)["tasks"])


def test_a_comment_is_made_once_and_rewritten_when_the_rules_say_something_else(crm: Crm) -> None:
    crm.message(said("timeline", text="Ждёт ответа"))
    assert crm.walk.writes(crm.message(said("timeline", text="Ждёт ответа"))) == []
    assert comments(crm) == ["Ждёт ответа"]
    crm.message(said("timeline", text="Ждёт ответа второй день"))
    assert comments(crm) == ["Ждёт ответа второй день"]
    crm.message(said("timeline", text="Ждёт ответа"), "56")
    assert len(comments(crm)) == 2


def test_a_todo_is_made_once_and_changed_when_the_rules_say_something_else(crm: Crm) -> None:
    call_back = said("activity", title="Перезвонить", text="Клиент ждёт", deadline=DUE, owner=1)
    crm.message(call_back)
    [todo] = todos(crm)
    assert todo["SUBJECT"] == "Перезвонить"
    assert crm.walk.writes(crm.message(call_back)) == []
    crm.message(said("activity", title="Перезвонить сегодня", deadline=DUE, owner=1))
    assert [row["SUBJECT"] for row in todos(crm)] == ["Перезвонить сегодня"]


def test_a_todo_always_has_a_deadline(crm: Crm) -> None:
    crm.message(said("activity", title="Перезвонить"))
    [todo] = todos(crm)
    assert todo["DEADLINE"]


def test_a_completed_todo_stays_completed(crm: Crm) -> None:
    crm.message(said("activity", title="Перезвонить", deadline=DUE))
    [todo] = todos(crm)
    crm.call("crm.activity.update", id=todo["ID"], fields={"COMPLETED": "Y"})
    crm.message(said("activity", title="Перезвонить ещё раз", deadline=DUE))
    assert [row["SUBJECT"] for row in todos(crm)] == ["Перезвонить"]


def test_a_task_bears_the_tags_and_belongs_to_the_rows_of_the_event(crm: Crm) -> None:
    crm.message(said("task", ("жалоба",), title="Разобраться", text="Срочно", owner=2, deadline=DUE))
    [task] = tasks(crm)
    assert (task["title"], task["responsibleId"]) == ("Разобраться", "2")
    assert [tag["title"] for tag in task["tags"].values()] == ["жалоба"]
    assert task["ufCrmTask"] == [f"C_{contact(crm)}"]
    crm.message(said("task", ("жалоба",), title="Разобраться сегодня", text="Срочно", owner=2, deadline=DUE))
    assert [row["title"] for row in tasks(crm)] == ["Разобраться сегодня"]


def test_a_task_is_for_whoever_is_responsible_for_the_row_else_a_person_is_asked(crm: Crm) -> None:
    crm.message(said("timeline", text="x"))
    crm.message(said("task", title="Разобраться"), "56")
    assert [row["responsibleId"] for row in tasks(crm)] == ["1"]
    alone = Outcome(version="v1", makings=(Making(kind="task", name="night", fields={"title": "x"}),))
    with pytest.raises(PermanentError) as parked:
        crm.message(alone, "57")
    assert parked.value.cause == "mapping.no_owner"
    assert "night" in parked.value.hint.en


def test_each_person_is_notified_once_and_the_words_are_replaced(crm: Crm) -> None:
    crm.message(said("notify", users=[1, 2, 1], text="Жалоба"))
    crm.message(said("notify", users=[1, 2], text="Жалоба"))
    assert sorted((row["user_id"], row["text"]) for row in crm.sandbox.notices()) == [(1, "Жалоба"), (2, "Жалоба")]
    crm.message(said("notify", users=[1, 2], text="Жалоба VIP"))
    assert sorted((row["user_id"], row["text"]) for row in crm.sandbox.notices()) == [
        (1, "Жалоба VIP"),
        (2, "Жалоба VIP"),
    ]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("timeline", {"text": "Ждёт"}),
        ("activity", {"title": "Перезвонить", "deadline": DUE}),
        ("task", {"title": "Разобраться", "owner": 1}),
    ],
)
def test_a_lost_answer_is_looked_up_before_it_is_made_again(crm: Crm, kind: str, fields: dict[str, Any]) -> None:
    crm.message(said("notify", users=[1], text="x"), "50")
    crm.walk.cut_after = 3
    with pytest.raises(Exception, match="cut"):
        crm.message(said(kind, **fields))
    assert crm.walk.calls[-1][0].endswith(".add")
    crm.message(said(kind, **fields))
    crm.message(said(kind, **fields))
    added = [method for method, _ in crm.walk.calls if method == crm.walk.calls[-1][0] or method.endswith("k.add")]
    assert len(comments(crm)) + len(todos(crm)) + len(tasks(crm)) == 1, added


def test_what_has_nobody_to_bear_it_is_left_out_and_told(crm: Crm) -> None:
    making = Making(kind="timeline", name="night", on="deal", fields={"text": "x"})
    crm.message(Outcome(version="v1", makings=(making,)))
    assert "night" in crm.walk.told
    assert "deal" in crm.walk.told
