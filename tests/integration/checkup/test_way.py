"""The way from nothing to a talking channel: what is observed of a real house, and ``connector init`` on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connector.checkup import connect_account
from connector.checkup.observed import look, observe, pair_of
from connector.checkup.rehearsal import last_rehearsal, rehearse
from connector.checkup.steps import Step, steps
from connector.cli import cli
from connector.demo.house import until
from connector.repair import Deed
from tests.integration.checkup.way import Way, a_way
from tests.services import Redis

DEED = Deed(who="anna", why="a test")


@pytest.fixture
def way(tmp_path: Path, redis_server: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    with a_way(tmp_path, redis_server.url) as made:
        for name, value in made.env.items():
            monkeypatch.setenv(name, value)
        yield made


def seen(way: Way, account: str = "shop") -> dict[str, Step]:
    house = way.connector
    return {step.code: step for step in steps(observe(house, "main", account, list(look(house, "main", account))))}


def states(way: Way, account: str = "shop") -> str:
    """The states of all steps in order: ``+`` proven, ``-`` wrong, ``?`` to do, ``.`` later."""
    marks = {"ok": "+", "bad": "-", "wait": "?", "later": "."}
    return "".join(marks[step.state] for step in seen(way, account).values())


def init(way: Way, code: int) -> Any:
    answer = CliRunner().invoke(cli, ["init", "--json"])
    assert answer.exit_code == code, answer.output
    return json.loads(answer.stdout)


def talked(way: Way, account: str) -> None:
    """A test message, and an operator's answer."""
    rehearse(way.connector, account, DEED)
    way.settled()
    way.sandbox.say(way.chat(account)["id"], "it works", operator=1)
    way.settled()
    until("the answer came", lambda: (tried := last_rehearsal(way.connector, account)) and tried.answered)


def test_each_step_turns_green_when_it_really_happened(way: Way):
    assert states(way) == "+?+.-..."
    way.install()
    way.settled()
    assert states(way) == "++++-..."
    connect_account(way.connector, "shop", DEED)
    assert states(way) == "+++++?.."
    way.choose("shop")
    way.settled()
    until("the line is active", lambda: states(way) == "++++++?.")
    rehearse(way.connector, "shop", DEED)
    way.settled()
    assert states(way) == "+++++++?"
    talked(way, "shop")
    assert states(way) == "++++++++"


def test_a_test_message_to_no_line_is_parked_with_what_to_do(way: Way):
    way.install()
    way.settled()
    rehearse(way.connector, "app", DEED)
    way.settled()
    found = seen(way, "app")["test"]
    assert (found.state, "no open line" in found.told.en) == ("bad", True)


def test_trying_it_again_and_on_another_line_makes_no_second_client(way: Way):
    way.install()
    way.settled()
    for line in (1, 1, 2):
        way.choose("shop", line=line)
        way.settled()
        until("the line is active", lambda: seen(way)["line"].state == "ok")
        talked(way, "shop")
    chats = [chat for chat in way.sandbox.chats() if chat["external"] == "shop.~test~"]
    assert sorted(chat["line"] for chat in chats) == [1, 2]
    assert len({chat["client"]["id"] for chat in chats}) == 1
    assert way.host.standins["shop"].heard("~test~") == []
    assert way.connector.journal.counts()["parked"] == {}


def test_lines_greetings_go_to_nobody(way: Way):
    way.sandbox.set_line(1, welcome="Welcome!")
    way.install()
    way.settled()
    way.choose("shop")
    way.settled()
    rehearse(way.connector, "shop", DEED)
    way.settled()
    tried = last_rehearsal(way.connector, "shop")
    assert tried is not None
    assert (tried.state, tried.answered) == ("done", False)
    assert way.connector.journal.counts()["parked"] == {}


def test_init_tells_the_same_and_leaves_with_0_when_all_is_green(way: Way):
    first = init(way, 1)
    assert first["now"] == "card"
    way.install()
    way.settled()
    for name in ("app", "shop"):
        connect_account(way.connector, name, DEED)
    way.choose("app")
    way.settled()
    until("the line is active", lambda: seen(way, "app")["line"].state == "ok")
    talked(way, "app")
    told = init(way, 0)
    assert told["now"] is None
    assert {step["state"] for step in told["steps"]} == {"ok"}
    assert told["written"] == []


def test_the_pair_that_is_meant(way: Way):
    assert pair_of(way.connector) == ("main", "app")
    assert pair_of(way.connector, "main", "shop") == ("main", "shop")
    assert pair_of(way.connector, "nowhere", "nobody") == ("main", "app")
