"""Comments, to-dos and notices (facts/bitrix24-telephony-crm.md §2.5, §2.6; bitrix24-openlines.md §4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.caller import Caller

DEADLINE = "2026-02-03T15:00:00+00:00"


@pytest.fixture
def deal(app: Caller) -> int:
    return int(app.result("crm.item.add", entityTypeId=2, fields={"title": "x"})["item"]["id"])


def comment(app: Caller, deal: int, text: str = "[b]Hi[/b]") -> int:
    number: int = app.result(
        "crm.timeline.comment.add", fields={"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": text}
    )
    return number


def test_a_comment_is_put_read_and_rewritten(app: Caller, deal: int) -> None:
    number = comment(app, deal)
    row = app.result("crm.timeline.comment.get", id=number)
    assert (row["ENTITY_ID"], row["ENTITY_TYPE"], row["AUTHOR_ID"], row["FILES"]) == (str(deal), "deal", "1", [])
    assert app.result("crm.timeline.comment.update", id=number, fields={"COMMENT": "Bye"}) == number
    comment(app, deal, "Second")
    filters = {"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}
    rows = app.result("crm.timeline.comment.list", filter=filters, order={"ID": "DESC"}, select=["ID", "COMMENT"])
    assert [row["COMMENT"] for row in rows] == ["Second", "Bye"]
    assert app.result("crm.timeline.comment.list", filter=filters | {"ENTITY_ID": 99}) == []


def test_a_comment_is_an_event(app: Caller, deal: int) -> None:
    app.result("event.bind", event="onCrmTimelineCommentAdd", event_type="offline")
    number = comment(app, deal)
    (event,) = app.result("event.offline.get")["events"]
    assert event["EVENT_DATA"]["FIELDS"] == {"ID": number}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("add", {}, "100"),
        ("add", {"FIELDS": {"ENTITY_ID": 1}}, "100"),
        ("add", {"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "deal"}}, "100"),
        ("add", {"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": " "}}, "INVALID_ARG_VALUE"),
        ("add", {"fields": {"ENTITY_ID": 99, "ENTITY_TYPE": "deal", "COMMENT": "x"}}, "OWNER_NOT_FOUND"),
        ("add", {"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "dynamic_130", "COMMENT": "x"}}, "OWNER_NOT_FOUND"),
        ("update", {"id": 99, "fields": {"COMMENT": "x"}}, "NOT_FOUND"),
        ("get", {"id": 99}, ""),
        ("get", {}, ""),
        ("list", {"filter": {"ENTITY_TYPE": "deal"}}, ""),
    ],
)
def test_a_wrong_comment_is_refused(app: Caller, deal: int, method: str, params: dict[str, Any], code: str) -> None:
    status, body = app.call(f"crm.timeline.comment.{method}", **params)
    assert (status, body["error"]) == (400, code)


def test_a_to_do_is_an_activity_of_its_owner(app: Caller, deal: int) -> None:
    asked = {"ownerTypeId": 2, "ownerId": deal, "deadline": DEADLINE}
    made = app.result("crm.activity.todo.add", **asked, title="Call", description="back", responsibleId=2, colorId="3")
    filters = {"BINDINGS": [{"OWNER_TYPE_ID": 2, "OWNER_ID": deal}], "PROVIDER_ID": "CRM_TODO"}
    (row,) = app.result("crm.activity.list", filter=filters)
    assert (int(row["ID"]), row["SUBJECT"], row["RESPONSIBLE_ID"], row["COMPLETED"]) == (made["id"], "Call", "2", "N")
    assert row["DEADLINE"] == "2026-02-03T18:00:00+03:00"
    changed = app.result("crm.activity.todo.update", id=made["id"], **asked, title="Write")
    assert (changed, app.result("crm.activity.get", id=made["id"])["DESCRIPTION"]) == (made, "back")
    app.result("crm.activity.update", id=made["id"], fields={"COMPLETED": "Y"})
    status, body = app.call("crm.activity.todo.update", id=made["id"], **asked)
    assert (status, body["error"]) == (400, "CAN_NOT_UPDATE_COMPLETED_TODO")


@pytest.mark.parametrize(
    ("method", "change", "code"),
    [
        ("add", {"deadline": None}, "100"),
        ("add", {"deadline": "soon"}, "WRONG_DATETIME_FORMAT"),
        ("add", {"ownerId": 99}, "OWNER_NOT_FOUND"),
        ("add", {"ownerTypeId": 130}, "OWNER_NOT_FOUND"),
        ("update", {}, "100"),
        ("update", {"id": 99}, "NOT_FOUND"),
    ],
)
def test_a_wrong_to_do_is_refused(app: Caller, deal: int, method: str, change: dict[str, Any], code: str) -> None:
    asked = {"ownerTypeId": 2, "ownerId": deal, "deadline": DEADLINE} | change
    status, body = app.call(f"crm.activity.todo.{method}", **asked)
    assert (status, body["error"]) == (400, code)


def letter(deal: int, **more: Any) -> dict[str, Any]:
    anna = [{"VALUE": "anna@example.com"}]
    return {"OWNER_TYPE_ID": 2, "OWNER_ID": deal, "TYPE_ID": 4, "SUBJECT": "x", "COMMUNICATIONS": anna} | more


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"OWNER_ID": 99}, "build binding"),
        ({"TYPE_ID": 3}, "TYPE_ID"),
        ({"SUBJECT": ""}, "SUBJECT"),
        ({"COMMUNICATIONS": []}, "COMMUNICATIONS"),
        ({"COMMUNICATIONS": [{"VALUE": "+79001112233", "TYPE": "PHONE"}]}, "COMMUNICATIONS"),
    ],
)
def test_a_wrong_letter_is_refused_in_words_without_a_code(
    app: Caller, deal: int, change: dict[str, Any], words: str
) -> None:
    status, body = app.call("crm.activity.add", fields=letter(deal, **change))
    assert (status, body["error"]) == (400, "")
    assert words in body["error_description"]


@pytest.mark.parametrize(("direction", "done", "sent"), [(1, "Y", None), (2, "N", None), (2, "Y", "Y")])
def test_only_a_completed_letter_of_ours_is_sent(
    app: Caller, deal: int, direction: int, done: str, sent: str | None
) -> None:
    number = app.result("crm.activity.add", fields=letter(deal, DIRECTION=direction, COMPLETED=done))
    row = app.result("crm.activity.get", id=number)
    assert (dict(row["SETTINGS"] or {}).get("SENT"), row["COMMUNICATIONS"][0]["ENTITY_ID"]) == (sent, str(deal))


def test_activities_are_found_by_their_origin(app: Caller, deal: int) -> None:
    number = app.result("crm.activity.add", fields=letter(deal, ORIGINATOR_ID="wms", ORIGIN_ID="42"))
    found = app.result("crm.activity.list", filter={"ORIGINATOR_ID": "wms", "ORIGIN_ID": "42"}, select=["ID"])
    assert found == [{"ID": str(number)}]


def test_a_notice_of_the_same_tag_takes_the_place_of_the_old_one(app: Caller) -> None:
    for text in ("one", "two"):
        app.result("im.notify.system.add", USER_ID=2, MESSAGE=text, TAG="connector|7")
    app.result("im.notify.personal.add", USER_ID=2, MESSAGE="three", TAG="other")
    app.result("im.notify", USER_ID=1, MESSAGE="four", TYPE="SYSTEM", TAG="connector|7")
    told = [(notice["user_id"], notice["text"], notice["kind"]) for notice in app.server.notices()]
    assert told == [(2, "two", "system"), (2, "three", "user"), (1, "four", "system")]


def test_a_notice_to_nobody(app: Caller) -> None:
    assert app.result("im.notify.system.add", USER_ID=99, MESSAGE="x") is False
    assert app.call("im.notify.system.add", MESSAGE="x")[1]["error"] == "USER_ID_EMPTY"
    assert app.call("im.notify.system.add", USER_ID=1)[1]["error"] == "MESSAGE_EMPTY"
    big = [{"MESSAGE": "x" * 60_001}]
    assert app.call("im.notify.system.add", USER_ID=1, MESSAGE="x", ATTACH=big)[1]["error"] == "ATTACH_OVERSIZE"
