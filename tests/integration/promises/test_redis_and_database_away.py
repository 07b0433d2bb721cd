from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.journal.spool import Spool
from tests.integration.house.house import House
from tests.integration.house.talk import Talks
from tests.integration.house.waiting import until


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Each of the two shared houses."""
    name = {"sqlite": "sqlite_house", "postgresql": "postgres_house"}[request.param]
    running: House = request.getfixturevalue(name)
    yield running
    running.sandbox.clear_faults()


def spooled(house: House) -> float:
    """Requests that went to the spool so far."""
    return sum(value for name, value in house.metrics().items() if 'outcome="spooled"' in name)


def pending(house: House) -> bool:
    """Something lies in the spool."""
    return Spool(house.folder / "var" / "spool").pending()


def test_without_redis_requests_are_taken_and_delivered(house: House, talks: Talks):
    talk = talks.new()
    talk.say("before")
    talk.sees("before")
    house.redis.stop()
    try:
        assert all(talk.post(talk.words(f"without {n}")).status_code == 200 for n in range(5))
    finally:
        house.redis.start()
    talk.say("after")
    talk.reply("an answer")
    talk.hears("an answer", seconds=30)
    talk.settles("before", *(f"without {n}" for n in range(5)), "after", seconds=30)


def test_without_its_database_the_spool_takes_over_and_empties_itself(house: House, talks: Talks):
    shop, site = talks.new("shop"), talks.new("site")
    for talk in (shop, site):
        talk.say("before")
        talk.sees("before")
    taken_before = spooled(house)
    with house.database.away():
        repeated = shop.words("without 0")
        answers = [shop.post(repeated), shop.post(repeated)]
        answers += [talk.post(talk.words(f"without {n}")) for n in (1, 2) for talk in (shop, site)]
        assert [answer.status_code for answer in answers] == [200] * len(answers)
        shop.reply("an answer while it is away")
        assert house.sandbox.settle()
        assert house.sandbox.events()[-1]["status"] == 200
        assert spooled(house) >= taken_before + len(answers) + 1
        assert pending(house)
    for talk in (shop, site):
        talk.say("after")
    shop.settles("before", "without 0", "without 1", "without 2", "after", seconds=40)
    site.settles("before", "without 1", "without 2", "after", seconds=40)
    shop.hears("an answer while it is away", seconds=40)
    until(lambda: not pending(house), what="the spool is empty")
