"""The visitor's telephone in every state that its owner and the company can bring it to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.demo.exchange import Exchange
from connector.demo.handset import Handset, Patience
from connector.demo.live_call import Outgoing
from connector.demo.people import PHONE
from tests.services import until

COLLEAGUES = {"101": "Анна Смирнова", "102": "Борис Кузнецов"}


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    with Exchange(tmp_path) as exchange:
        yield exchange


@pytest.fixture
def handset(exchange: Exchange) -> Handset:
    return Handset(exchange, "Мария Орлова", COLLEAGUES)


def seen(handset: Handset) -> tuple[str, str]:
    screen = handset.screen()
    return screen["state"], screen["who"]


def clicked(exchange: Exchange, handset: Handset, phone: str = PHONE) -> Outgoing:
    """Анна clicked a number at the desk, and the PBX placed the call."""
    call = exchange.dials("101", phone, "b24-7c1d")
    handset.called(call)
    return call


def test_the_owner_calls_an_operator_answers_and_the_owner_hangs_up(handset: Handset):
    assert seen(handset) == ("idle", "")
    assert handset.press("call")
    assert seen(handset) == ("calling", "")
    assert not handset.press("answer")  # as nobody
    assert handset.press("answer", "102")
    assert seen(handset) == ("talking", "Борис Кузнецов")
    assert handset.screen()["since"] > 0
    assert handset.press("hang_up")
    assert seen(handset) == ("over", "Борис Кузнецов")
    assert handset.screen()["talk"] >= 1


def test_one_call_at_a_time_and_another_when_it_is_over(handset: Handset):
    assert handset.press("call")
    assert not handset.press("call")
    assert handset.press("hang_up")
    assert not handset.press("hang_up")
    assert (seen(handset)[0], handset.screen()["talk"]) == ("over", 0)
    assert handset.press("call")


def test_what_no_telephone_has_is_refused(handset: Handset):
    with pytest.raises(KeyError):
        handset.press("__init__")


def test_a_click_at_the_desk_rings_here_and_is_answered_or_declined(exchange: Exchange, handset: Handset):
    first = clicked(exchange, handset)
    assert seen(handset) == ("called", "Анна Смирнова")
    assert handset.press("answer")
    assert (seen(handset), first.employee) == (("talking", "Анна Смирнова"), "101")
    handset.press("hang_up")
    second = clicked(exchange, handset)
    assert handset.press("hang_up")
    assert (second.over, second.talk, seen(handset)[0]) == (True, 0, "over")


def test_who_talks_is_busy_for_others(exchange: Exchange, handset: Handset):
    handset.press("call")
    handset.press("answer", "101")
    assert clicked(exchange, handset).over
    assert seen(handset) == ("talking", "Анна Смирнова")


def test_at_other_numbers_nobody_answers(exchange: Exchange):
    handset = Handset(exchange, "Мария Орлова", COLLEAGUES, Patience(away=0.05))
    call = clicked(exchange, handset, "79990000000")
    assert seen(handset) == ("idle", "")
    until(lambda: call.over, "nobody answered")
    assert call.talk == 0


def test_a_telephone_that_rings_for_long_or_is_forgotten_is_hung_up(exchange: Exchange):
    handset = Handset(exchange, "Мария Орлова", COLLEAGUES, Patience(rings=0.05, talks=0.1))
    handset.press("call")
    until(lambda: seen(handset)[0] == "over", "the ringing ended")
    handset = Handset(exchange, "Мария Орлова", COLLEAGUES, Patience(talks=0.05))
    handset.press("call")
    handset.press("answer", "101")
    until(lambda: seen(handset)[0] == "over", "the talk ended")
    assert handset.screen()["talk"] >= 1
