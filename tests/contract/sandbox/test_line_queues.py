"""The queue of an open line, written whole (facts/bitrix24-telephony-crm.md §3.6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.sandbox.caller import Caller


@pytest.fixture
def shop(app: Caller) -> Caller:
    app.server.furnish(
        departments=[{"NAME": "Sales"}, {"NAME": "Empty"}],
        users=[{"id": number, "name": f"N{number}", "departments": [2]} for number in (3, 4)],
    )
    return app


def entry(kind: str, number: int) -> dict[str, str]:
    return {"ENTITY_TYPE": kind, "ENTITY_ID": str(number)}


def update(shop: Caller, *entries: Any, line: int = 1) -> Any:
    return shop.result("imopenlines.config.update", CONFIG_ID=line, PARAMS={"QUEUE": list(entries)})


def queue(shop: Caller) -> list[str]:
    told: list[str] = shop.result("imopenlines.config.get", CONFIG_ID=1, WITH_QUEUE="Y")["QUEUE"]
    return told


def test_a_queue_is_written_whole_and_read_as_people(shop: Caller) -> None:
    assert update(shop, entry("user", 2), entry("department", 2), entry("user", 3)) is True
    assert queue(shop) == ["2", "3", "4"]
    assert update(shop, entry("user", 4), entry("user", 1)) is True
    assert queue(shop) == ["4", "1"]
    assert "QUEUE" not in shop.result("imopenlines.config.get", CONFIG_ID=1, WITH_QUEUE="N")


def test_a_department_stands_for_whoever_is_in_it_now(shop: Caller) -> None:
    update(shop, entry("department", 2))
    shop.result("user.update", ID=2, UF_DEPARTMENT=[2])
    shop.result("user.update", ID=4, ACTIVE="N")
    assert queue(shop) == ["2", "3"]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [1, 2],
        [entry("user", 2), "3"],
        [entry("department", 3)],
        [entry("user", 2), entry("department", 99)],
        [entry("user", 99)],
        [{"ENTITY_ID": "2"}],
    ],
)
def test_a_queue_that_cannot_be_taken_is_false_and_nothing_more(shop: Caller, entries: list[Any]) -> None:
    before = queue(shop)
    assert update(shop, *entries) is False
    assert queue(shop) == before


def test_other_settings_leave_the_queue_alone(shop: Caller) -> None:
    asked = {"LINE_NAME": "Shop", "QUEUE_TYPE": "all"}
    assert shop.result("imopenlines.config.update", CONFIG_ID=1, PARAMS=asked) is True
    line = shop.result("imopenlines.config.get", CONFIG_ID=1)
    assert (line["LINE_NAME"], line["QUEUE_TYPE"], line["QUEUE"]) == ("Shop", "all", ["1", "2"])
    (listed,) = shop.result("imopenlines.config.list.get", PARAMS={"filter": {"LINE_NAME": "Shop"}})
    assert "QUEUE" not in listed


def test_who_may_not_and_what_is_not_there(shop: Caller) -> None:
    assert update(shop, entry("user", 2), line=99) is False
    assert shop.call("imopenlines.config.update", PARAMS={})[1]["error"] == "CONFIG_ID_EMPTY"
    shop.grant = shop.server.grant(user_id=2)
    status, body = shop.call("imopenlines.config.update", CONFIG_ID=1, PARAMS={"LINE_NAME": "x"})
    assert (status, body["error"]) == (403, "CONFIG_WRONG_USER_PERMISSION")


def test_the_next_dialog_goes_to_the_new_queue(shop: Caller) -> None:
    shop.connect()
    update(shop, entry("user", 4))
    shop.send({"user": {"id": "u1", "name": "Ann"}, "message": {"id": "m", "text": "x"}, "chat": {"id": "c"}})
    assert shop.server.chats()[0]["session"]["operator"] == 4
