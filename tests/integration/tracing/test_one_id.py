from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.integration.house.crowd import post
from tests.integration.house.waiting import until
from tests.integration.soak.fast_house import FastHouse, fast_house
from tests.integration.soak.time_machine import FastClock
from tests.log_net import NET

SEND = "imconnector.send.messages"
REPLIED = "imconnector.send.status.delivery"


@pytest.fixture
def house(tmp_path: Path, redis_server: services.Redis) -> Iterator[FastHouse]:
    """Its clock runs a little faster, so that pauses are short."""
    with fast_house(tmp_path, f"sqlite:///{tmp_path / 'house.db'}", redis_server, FastClock(factor=20.0)) as running:
        yield running


def say(house: FastHouse, conversation: str, text: str = "good day") -> None:
    assert post(house.url, "site", house.standin("site").say(conversation, text)).ok


def settled(house: FastHouse, deliveries: int) -> None:
    """Wait until so many messages are done and nothing waits."""

    def done() -> bool:
        counts = house.journal.counts()
        return len(messages(house)) == deliveries and not counts["waiting"] and not counts["parked"]

    until(done, what=f"{deliveries} messages are done", seconds=40)


def messages(house: FastHouse) -> list[dict[str, Any]]:
    """Deliveries of clients' messages."""
    rows = house.journal.list(destination="portal:main", limit=1000)
    return [row for row in rows if row["event"]["kind"] == "message.received"]


def logged(event: str) -> list[dict[str, Any]]:
    """The lines of one event since the test began, as every process logs them."""
    lines = [json.loads(line) for line in "".join(NET.caught).splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event and line["level"] != "debug"]


def carried(house: FastHouse, trace: str) -> str:
    """The id of the request that the ledger names for the message of this trace."""
    (row,) = [row for row in house.journal.trace(trace)["ledger"] if row["what"] == SEND]
    return str(row["request_id"])


def test_one_message_has_one_id_in_journal_log_and_portal(house: FastHouse):
    say(house, "700")
    settled(house, 1)
    (delivery,) = messages(house)
    request = carried(house, delivery["trace"])
    (call,) = [line for line in house.journal.trace(delivery["trace"])["story"] if line["kind"] == "call"]
    (line,) = [line for line in logged("portal_call") if line["method"] == SEND]
    (seen,) = [row for row in house.sandbox.calls(SEND) if row["status"] == 200]
    assert len(request) == 32
    assert (call["request"], line["request"], seen["request"]) == (request, request, request)
    assert line["trace"] == delivery["trace"]


def test_a_failed_try_and_the_one_that_succeeded_are_told_apart(house: FastHouse):
    house.sandbox.fault("fail", method=SEND, status=400, code="NOT_ACTIVE_LINE", description="not yet")
    say(house, "700")
    settled(house, 1)
    (delivery,) = messages(house)
    tries = [line for line in house.journal.trace(delivery["trace"])["story"] if line["kind"] == "call"]
    seen = [row["request"] for row in house.sandbox.calls(SEND)]
    (failed,) = [line for line in logged("portal_call_failed") if line["method"] == SEND]
    assert [line["request"] for line in tries] == seen
    assert [line["outcome"] for line in tries] == ["bitrix24.line_not_active", "ok"]
    assert failed["request"] == seen[0]
    assert carried(house, delivery["trace"]) == seen[1]


def test_many_messages_that_share_a_request_share_its_id(house: FastHouse):
    conversations = [str(number) for number in range(800, 880)]
    for _ in range(40):
        house.connector.portals["main"].budget.spend()  # so that there is little room and calls are packed
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda conversation: say(house, conversation), conversations))
    settled(house, len(conversations))
    seen = {row["request"] for row in house.sandbox.calls("*", limit=5000) if row["status"] == 200}
    told = {line["request"] for line in logged("portal_call")}
    by_request: dict[str, int] = {}
    for delivery in messages(house):
        request = carried(house, delivery["trace"])
        by_request[request] = by_request.get(request, 0) + 1
    assert max(by_request.values()) > 1
    assert set(by_request) <= seen & told
    assert set(by_request) == {row["request"] for row in house.sandbox.calls(SEND, limit=5000) if row["status"] == 200}


def test_a_reply_and_its_mark_can_be_followed_too(house: FastHouse):
    say(house, "700")
    settled(house, 1)
    house.sandbox.say("site.700", "good day to you")
    until(lambda: house.sandbox.calls(REPLIED), what="the mark is set")
    (seen,) = house.sandbox.calls(REPLIED)
    until(lambda: REPLIED in {line["method"] for line in logged("portal_call")}, what="the mark is logged")
    (line,) = [line for line in logged("portal_call") if line["method"] == REPLIED]
    story = until(lambda: _story_with(house, REPLIED), what="the mark is in the story")
    assert line["request"] == seen["request"] == story["request"]
    assert line["trace"] == story["trace"]


def _story_with(house: FastHouse, what: str) -> dict[str, Any]:
    rows = house.journal.list(destination="portal:main", limit=100)
    found = [
        {**line, "trace": row["trace"]}
        for row in rows
        for line in house.journal.trace(row["trace"])["story"]
        if line["kind"] == "call" and line["what"] == what
    ]
    return found[0] if found else {}
