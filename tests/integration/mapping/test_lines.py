"""Rules choose the open line of a new conversation, and never hold it back."""

from __future__ import annotations

import pytest

from tests.integration.mapping.world import World

LINE = """
version: 1
on: message.received
when: event.text | matches('возврат')
line: {line}
"""


def line_of(world: World, conversation: str) -> str:
    return str(world.house.sandbox.chat(f"shop.{conversation}")["line"])


def test_a_new_conversation_goes_to_the_line_of_the_rule_and_stays_there(world: World) -> None:
    world.rules(returns=LINE.format(line=2))
    world.house.say("500", "первая: возврат")  # switches the channel on there
    world.house.say("501", "хочу возврат")
    world.house.say("502", "привет")
    world.house.say("501", "ещё вопрос")
    assert [line_of(world, conversation) for conversation in ("501", "502")] == ["2", "1"]
    assert len(world.house.rows("501")) == 2
    world.house.reply("501", "вернём")
    world.house.pump()
    assert world.house.heard("501") == ["вернём"]


def test_a_line_that_is_not_there_holds_nothing_back(world: World) -> None:
    world.rules(returns=LINE.format(line=77))
    world.house.say("501", "хочу возврат")
    assert line_of(world, "501") == "1"


def test_who_switches_the_channel_off_there_means_it(world: World) -> None:
    world.rules(returns=LINE.format(line=2))
    world.house.say("500", "возврат")
    (connector,) = {row["CONNECTOR"] for method, row in world.portal.writes if method == "imconnector.activate"}
    world.crm("imconnector.activate", CONNECTOR=connector, LINE=2, ACTIVE=0)
    world.house.pump()
    world.house.say("501", "возврат")
    assert line_of(world, "501") == "1"


@pytest.mark.parametrize("line", ["'{{ event.text + 1 }}'", "'{{ event.text }}'"])
def test_a_rule_that_fails_holds_nothing_back_and_is_seen(world: World, line: str) -> None:
    world.rules(returns=LINE.format(line=line))
    world.house.say("501", "хочу возврат")
    assert line_of(world, "501") == "1"
    (parked,) = world.parked()
    assert (parked["cause"], parked["kind"]) == ("mapping.failed", "event.mapped")
