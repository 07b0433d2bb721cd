from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from connector.delivery.retry import LONGEST_PAUSE, check_age, pause
from connector.errors import PermanentError

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RECORDING = "call.recording_due"


def longest(kind: str) -> float:
    return max(pause(attempts, kind=kind, chance=random.Random(attempts)) for attempts in range(60))


def test_a_recording_is_looked_for_every_quarter_of_an_hour_in_the_end():
    assert 720 <= longest(RECORDING) <= 1080
    assert longest("message.received") <= LONGEST_PAUSE * 1.2


def test_a_mail_server_is_asked_about_a_letter_every_quarter_of_an_hour_in_the_end():
    pauses = [pause(tried, 120.0, kind="reply.written", letter=True, chance=random.Random(1)) for tried in range(30)]
    assert pauses[0] == 120.0
    assert pauses == sorted(pauses)
    assert 720 <= pauses[-1] <= 1080


def test_nobody_is_asked_sooner_than_they_said():
    assert pause(0, 60.0, kind=RECORDING) == 60.0
    assert pause(20, 60.0, kind=RECORDING) >= 720


def too_late(kind: str, **age: float) -> PermanentError | None:
    try:
        check_age(kind, NOW - timedelta(**age), NOW, message_hours=24.0)
    except PermanentError as error:
        return error
    return None


@pytest.mark.parametrize("kind", [RECORDING, "call.transcript_due"])
def test_what_belongs_to_a_call_is_tried_for_a_week(kind: str):
    assert too_late(kind, days=6.9) is None
    error = too_late(kind, days=7.1)
    assert error is not None
    assert "168" in error.hint.en


def test_talk_is_too_late_after_a_day_and_the_rest_after_three():
    assert too_late("message.received", hours=23) is None
    assert too_late("message.received", hours=25) is not None
    assert too_late("record.changed", days=2.9) is None
    assert too_late("record.changed", days=3.1) is not None
