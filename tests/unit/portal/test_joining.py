"""Several calls as one, and its answer dealt out again (facts/bitrix24-openlines.md §1.7)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import TransientError
from connector.portal.joining import carries_files, dealt, items_of, joined, may_join

SEND = "imconnector.send.messages"


def call(*ids: str, **more: Any) -> dict[str, Any]:
    user, chat = more.pop("user", {"id": "u"}), more.pop("chat", {"id": "c"})
    items = [{"user": user, "chat": chat, "message": {"id": name, "text": "x"}} for name in ids]
    return {"CONNECTOR": "c1", "LINE": "1", "MESSAGES": items} | more


def answer(rows: Any) -> dict[str, Any]:
    return {"SUCCESS": True, "DATA": {"RESULT": rows}}


def test_messages_are_counted_and_anything_else_is_one() -> None:
    assert items_of(SEND, call("1", "2", "3")) == 3
    assert items_of(SEND.upper(), call("1", "2")) == 2
    assert items_of("imconnector.delete.messages", call("1", "2")) == 2
    assert items_of(SEND, {}) == items_of(SEND, {"MESSAGES": []}) == 1
    assert items_of("crm.lead.add", call("1", "2")) == 1


@pytest.mark.parametrize(
    "other",
    [
        call("2", LINE="2"),
        call("2", CONNECTOR="c2"),
        call("2", user={"id": "u", "name": "Anna"}),
        call("2", chat={"id": "d"}),
        call("2", MORE="1"),
        {**call("2"), "MESSAGES": [{**call("2")["MESSAGES"][0], "message": {"id": "2", "files": [{"url": "x"}]}}]},
    ],
    ids=["line", "connector", "user", "chat", "another parameter", "files"],
)
def test_only_text_of_one_client_in_one_chat_is_joined(other: dict[str, Any]) -> None:
    assert may_join("MESSAGES", call("1"), call("2"))
    assert not may_join("MESSAGES", call("1"), other)
    assert not may_join("MESSAGES", other, call("1"))


def test_files_are_seen_where_they_are() -> None:
    assert not carries_files(call("1"))
    assert carries_files({"MESSAGES": [*call("1")["MESSAGES"], {"message": {"files": [{"url": "x"}]}}]})
    assert not carries_files({"MESSAGES": "odd"})


def test_a_joined_call_does_the_same_in_the_same_order() -> None:
    calls = [call("1"), call("2", "3"), call("4")]
    assert joined("MESSAGES", calls) == call("1", "2", "3", "4")
    assert calls == [call("1"), call("2", "3"), call("4")]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.booleans())
def test_each_part_gets_its_own_rows_as_if_it_had_come_alone(counts: list[int], as_map: bool) -> None:
    rows = [{"SUCCESS": True, "number": number} for number in range(sum(counts))]
    wire: Any = {str(number): row for number, row in enumerate(rows)} if as_map else rows
    parts = dealt(answer(wire), counts)
    assert [len(part["DATA"]["RESULT"]) for part in parts] == counts
    assert [row for part in parts for row in part["DATA"]["RESULT"]] == rows
    assert all(part["SUCCESS"] for part in parts)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.integers(0, 14))
def test_a_part_without_all_its_rows_is_in_doubt(counts: list[int], came: int) -> None:
    parts = dealt(answer([{"SUCCESS": True}] * came), counts)
    for number, part in enumerate(parts):
        if came > sum(counts) or sum(counts[: number + 1]) > came:
            assert isinstance(part, TransientError)
            assert part.maybe_done
        else:
            assert part["DATA"]["RESULT"] == [{"SUCCESS": True}] * counts[number]


@pytest.mark.parametrize(
    "odd", [None, [], True, {}, {"DATA": []}, answer(None), answer("x"), answer({"a": {}}), answer([None])]
)
def test_an_answer_of_another_shape_proves_nothing(odd: Any) -> None:
    [first, second] = dealt(odd, [1, 1])
    assert isinstance(first, TransientError)
    assert isinstance(second, TransientError)


def test_a_row_that_is_missing_in_between_is_the_doubt_of_its_own_part() -> None:
    parts = dealt(answer({"0": {"SUCCESS": True}, "2": {"SUCCESS": True}}), [1, 1, 1])
    assert [isinstance(part, TransientError) for part in parts] == [False, True, False]
