from __future__ import annotations

import pytest
from hypothesis import settings

from tests.unit.bbcode.timing import reads_in_time


def square(text: str) -> int:
    return sum(text.count("a", n) for n in range(0, len(text), 8))


def line(text: str) -> int:
    return sum(1 for _ in text for _ in "ten times.")


def test_a_reader_whose_time_grows_as_the_square_is_caught():
    reads_in_time(line, "a", length=100_000, seconds=5)
    with pytest.raises(AssertionError):
        reads_in_time(square, "a", length=100_000, seconds=60)
    with pytest.raises(AssertionError):
        reads_in_time(line, "a", length=100_000, seconds=0.001)


def test_no_law_fails_because_the_machine_is_busy():
    assert settings.default is not None
    assert settings.default.deadline is None
