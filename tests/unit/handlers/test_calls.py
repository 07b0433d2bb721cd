"""A call told in pieces becomes one call in Bitrix24, whatever happens to the pieces on their way."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.handlers.pieces import CALLS, Told, is_so
from tests.unit.handlers.telephone import Line

each = pytest.mark.parametrize("told", CALLS.values(), ids=list(CALLS))


@each
def test_a_call_in_order_becomes_what_it_was(told: Told):
    is_so(Line().tell(*told.pieces).settle(), told)


@each
@given(chance=st.randoms(use_true_random=False))
def test_no_order_and_no_repeat_of_the_pieces_changes_it(told: Told, chance: random.Random):
    pieces = [*told.pieces, *chance.sample(told.pieces, len(told.pieces) // 2)]
    chance.shuffle(pieces)
    is_so(Line().tell(*pieces).settle(), told)


@each
@given(chance=st.randoms(use_true_random=False), cuts=st.lists(st.integers(0, 4), max_size=12))
def test_an_answer_lost_anywhere_neither_doubles_nor_loses_it(told: Told, chance: random.Random, cuts: list[int]):
    line = Line(cuts=list(cuts)).tell(*told.pieces)
    line.cuts = [cut for cut in cuts if cut] or line.cuts
    is_so(line.settle(), told)
