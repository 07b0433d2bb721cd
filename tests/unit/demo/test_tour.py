from __future__ import annotations

import pytest

from connector.demo.counting import Sight
from connector.demo.tour import PROOFS, Facts, Tour
from connector.demo.words import STEPS

MINE, CHAT = "my-webchat.v1", 1701


def facts(
    *, kept=(), standing=(), opened=(), stories=0, replies=(), talks=0, shipments=0, down=False, order=None
) -> Facts:
    """The visitor wrote ``kept``; of these ``standing`` have reached the portal."""
    return Facts(
        sight=Sight(
            sent=frozenset(),
            kept={(MINE, name): "done" if name in standing else "waiting" for name in kept},
            standing={(MINE, name): list(standing).count(name) for name in standing},
            order={MINE: tuple(order or standing)},
        ),
        lanes=frozenset({MINE}),
        chats=frozenset({CHAT}),
        opened=frozenset(opened),
        stories=stories,
        replies=tuple(replies),
        talks=talks,
        shipments=shipments,
        down=down,
    )


FILE = {"files": 1, "sending": False}


def walked(*looks: Facts) -> list[str]:
    tour = Tour()
    for look in looks:
        tour.look(look)
    return tour.done


def test_nothing_is_ticked_off_by_itself():
    assert walked(facts()) == []


def test_the_whole_tour_is_walked_by_what_is_observed():
    before = facts(kept="1", standing="1", opened=[CHAT], stories=1, replies=[FILE])
    read = facts(kept="1", standing="1", opened=[CHAT], stories=2, replies=[FILE])
    down = facts(kept="123", standing="1", opened=[CHAT], stories=2, replies=[FILE], talks=1, shipments=3, down=True)
    back = facts(kept="123", standing="123", opened=[CHAT], stories=2, replies=[FILE], talks=1, shipments=3)
    assert walked(facts(), before, read, down) == ["write", "desk", "file", "story", "call", "stock", "down"]
    assert walked(facts(), before, read, down, back) == list(PROOFS)


@pytest.mark.parametrize(
    ("look", "missing"),
    [
        (facts(kept="1", standing="1", opened=[9]), "desk"),
        (facts(kept="1", standing="1", opened=[CHAT], replies=[{"files": 0, "sending": False}]), "file"),
        (facts(kept="1", standing="1", opened=[CHAT], replies=[{"files": 1, "sending": True}]), "file"),
    ],
    ids=["another chat is open", "an answer without a file", "a file on its way"],
)
def test_a_step_waits_for_its_proof(look: Facts, missing: str):
    assert missing not in walked(look)


def test_a_story_read_before_its_step_does_not_count():
    early = facts(kept="1", standing="1", opened=[CHAT], stories=3, replies=[FILE])
    assert walked(early, early) == ["write", "desk", "file"]


def test_both_messages_must_have_waited_for_the_portal():
    ready = facts(kept="1", standing="1", opened=[CHAT], stories=1, replies=[FILE])
    read = facts(kept="1", standing="1", opened=[CHAT], stories=2, replies=[FILE])
    one = facts(kept="12", standing="1", opened=[CHAT], stories=2, replies=[FILE], talks=1, shipments=3, down=True)
    assert walked(ready, read, one)[-1] == "stock"


def test_a_call_counts_once_its_recording_is_in_the_portal():
    ready = facts(kept="1", standing="1", opened=[CHAT], stories=1, replies=[FILE])
    read = facts(kept="1", standing="1", opened=[CHAT], stories=2, replies=[FILE])
    assert walked(ready, read, read)[-1] == "story"


def test_the_warehouse_counts_once_its_shipments_are_in_the_portal():
    ready = facts(kept="1", standing="1", opened=[CHAT], stories=1, replies=[FILE], talks=1)
    read = facts(kept="1", standing="1", opened=[CHAT], stories=2, replies=[FILE], talks=1)
    assert walked(ready, read, read)[-1] == "call"


@pytest.mark.parametrize(("standing", "order"), [("12", "12"), ("1233", "1233"), ("123", "132")])
def test_late_doubled_or_shuffled_messages_leave_the_last_proof_open(standing: str, order: str):
    ready = facts(kept="1", standing="1", opened=[CHAT], stories=1, replies=[FILE])
    read = facts(kept="1", standing="1", opened=[CHAT], stories=2, replies=[FILE])
    down = facts(kept="123", standing="1", opened=[CHAT], stories=2, replies=[FILE], talks=1, shipments=3, down=True)
    back = facts(
        kept="123", standing=standing, order=order, opened=[CHAT], stories=2, replies=[FILE], talks=1, shipments=3
    )
    assert walked(ready, read, down, back)[-1] == "down"


def test_the_page_tells_every_step_and_one_more_to_go_on_with():
    assert list(STEPS) == [*PROOFS, "next"]
