from __future__ import annotations

from connector.demo.counting import Score, Sight

LANE = "shop.700"


def sight(sent=(), kept=(), standing=(), order=()) -> Sight:
    """Message ids of one conversation: what was sent, ``{id: state}`` in the journal, what stands in the portal."""
    return Sight(
        sent=frozenset((LANE, name) for name in sent),
        kept={(LANE, name): state for name, state in dict(kept).items()},
        standing={(LANE, name): list(standing).count(name) for name in standing},
        order={LANE: tuple(order or standing)},
    )


def test_what_stands_in_the_portal_once_is_delivered():
    score = sight(sent="12", kept={"1": "done", "2": "done"}, standing="12").score()
    assert score == Score(sent=2, delivered=2)
    assert score.settled


def test_what_waits_is_neither_delivered_nor_lost():
    score = sight(sent="12", kept={"1": "done", "2": "waiting"}, standing="1").score()
    assert score == Score(sent=2, delivered=1, waiting=1)
    assert not score.settled


def test_what_is_parked_is_told_apart():
    assert sight(kept={"1": "parked"}).score() == Score(sent=1, parked=1)


def test_what_the_journal_calls_done_but_the_portal_does_not_have_is_lost():
    assert sight(sent="1", kept={"1": "done"}).score() == Score(sent=1, lost=1)


def test_what_was_accepted_but_is_in_no_journal_is_lost():
    assert sight(sent="1").score() == Score(sent=1, lost=1)


def test_what_stands_twice_is_doubled():
    assert sight(sent="1", kept={"1": "done"}, standing="11").score() == Score(sent=1, delivered=1, doubled=1)


def test_a_message_seen_in_the_portal_before_it_is_settled_is_delivered():
    assert sight(sent="1", kept={"1": "waiting"}, standing="1").score() == Score(sent=1, delivered=1)


def test_only_the_wanted_messages_are_counted():
    seen = sight(sent="123", kept={"1": "done", "2": "done", "3": "waiting"}, standing="12")
    assert seen.score([(LANE, "2"), (LANE, "3")]) == Score(sent=2, delivered=1, waiting=1)


def test_the_order_of_the_portal_is_compared_with_that_of_the_journal():
    kept = {"1": "done", "2": "done", "3": "waiting"}
    assert sight(kept=kept, standing="12").in_order(LANE)
    assert not sight(kept=kept, standing="12", order="21").in_order(LANE)
    assert not sight(kept=kept, standing="12", order="112").in_order(LANE)
