"""A worker that is killed in mid-work leaves its flag in Redis; the work behind it waits seconds, not its time."""

from __future__ import annotations

import os
import signal

from tests.integration.house.house import House
from tests.integration.house.talk import Talks
from tests.integration.house.waiting import until

FLAG = "wake:portal:main"


def test_the_flag_of_a_killed_worker_holds_nothing_back(house: House, talks: Talks):
    talk = talks.new()
    talk.say("before")
    talk.settles("before")
    redis = house.redis.client()
    house.sandbox.fault("slow", method="imconnector.send.messages", times=1, seconds=1.5)
    talk.say("in mid-work")
    until(lambda: house.journal.stats()["portal:main"]["leased"], what="a pump is at work")
    for child in house.services["worker"].children():
        os.kill(child, signal.SIGKILL)
    redis.set(FLAG, "at work")  # never to end by itself: the test is about the sweep, not about patience
    talk.say("after")
    talk.settles("before", "in mid-work", "after", seconds=30)
