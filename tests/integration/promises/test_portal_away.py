from __future__ import annotations

import pytest

from tests.integration.house.house import House
from tests.integration.house.talk import Talk, Talks
from tests.integration.house.waiting import until

SEND = "imconnector.send.messages"


def head(talk: Talk) -> tuple[int, str]:
    """How often the conversation's first waiting message was tried, and why it waits."""
    rows = talk.deliveries("waiting")
    return (rows[-1]["attempts"], rows[-1]["cause"]) if rows else (0, "")


def tried_again(talks: list[Talk], cause: str) -> None:
    """Wait until each conversation was tried once more and waits because of ``cause``."""
    before = {talk: head(talk)[0] for talk in talks}

    def tried(talk: Talk) -> bool:
        attempts, why = head(talk)
        return attempts > before[talk] and why.startswith(cause)

    until(lambda: all(tried(talk) for talk in talks), what=f"all wait because of {cause}")


def test_a_portal_that_refuses_then_overloads_then_breaks_gets_everything_in_order_when_it_is_back(
    house: House, talks: Talks
):
    crowd = [talks.new("shop"), talks.new("site"), talks.new("shop")]
    for talk in crowd:
        talk.say("before")
        talk.sees("before")
    house.sandbox.stop()
    for talk in crowd:
        talk.say("while it refuses connections")
    tried_again(crowd, "network.")
    house.sandbox.set_down("unavailable")
    house.sandbox.start()
    for talk in crowd:
        talk.say("while it answers 503")
    tried_again(crowd, "bitrix24.")
    house.sandbox.set_down("html")
    for talk in crowd:
        talk.say("while it answers a page")
    tried_again(crowd, "bitrix24.")
    house.sandbox.set_down("")
    texts = ["before", "while it refuses connections", "while it answers 503", "while it answers a page"]
    for talk in crowd:
        talk.settles(*texts, seconds=45)


def test_a_connection_cut_after_a_first_message_was_stored_doubles_nothing(house: House, talks: Talks):
    talk = talks.new()
    house.sandbox.fault("reset_after", method=SEND)
    talk.say("first")
    talk.say("second")
    talk.settles("first", "second")
    assert house.sandbox.faults() == []


def test_a_connection_cut_after_a_later_message_was_stored_doubles_nothing(house: House, talks: Talks):
    talk = talks.new()
    talk.say("first")
    talk.sees("first")
    house.sandbox.fault("reset_after", method=SEND)
    talk.say("second")
    talk.say("third")
    talk.settles("first", "second", "third")
    assert house.sandbox.faults() == []


@pytest.mark.parametrize("earlier", [[], ["first"]])
def test_a_connection_cut_before_a_message_was_stored_loses_nothing(house: House, talks: Talks, earlier: list[str]):
    talk = talks.new()
    for text in earlier:
        talk.say(text)
        talk.sees(text)
    house.sandbox.fault("reset_before", method=SEND)
    talk.say("next")
    talk.settles(*earlier, "next")
    assert house.sandbox.faults() == []
