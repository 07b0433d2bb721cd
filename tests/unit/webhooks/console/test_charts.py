"""Bars as SVG paths."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from webhooks.console.charts import HEIGHT, WIDTH, bars

counts = st.lists(st.integers(-5, 10**12), min_size=1, max_size=48)


def heights(path: str) -> list[float]:
    return [-float(found) for found in re.findall(r"v(-[\d.e+]+)", path)]


def test_the_highest_fills_the_box_and_nothing_has_no_bar():
    chart = bars([0, 5, 10, 0])
    assert heights(chart.bars) == [HEIGHT / 2, HEIGHT]
    assert (chart.last, chart.total, chart.peak, chart.where, chart.empty) == ("", 15, 10, 2, 2)


def test_one_among_thousands_is_seen():
    assert heights(bars([1, 9999, 0]).bars)[0] >= 2


def test_the_last_bar_is_apart():
    chart = bars([3, 3])
    assert heights(chart.bars) == heights(chart.last) == [HEIGHT]


@given(counts)
def test_every_bar_stays_in_the_box_and_in_its_order(values: list[int]):
    chart = bars(values)
    drawn = chart.bars + chart.last
    assert all(0 < height <= HEIGHT for height in heights(drawn))
    lefts = [float(left) for left in re.findall(r"M([\d.e+-]+) ", drawn)]
    assert lefts == sorted(lefts)
    assert all(0 <= left < WIDTH for left in lefts)
    assert len(lefts) == sum(1 for value in values if value > 0)
    assert chart.total == sum(max(0, value) for value in values)


@given(counts)
def test_a_path_has_nothing_but_a_path(values: list[int]):
    assert re.fullmatch(r"[Mvhz\d .e+-]*", bars(values).bars + bars(values).last)
