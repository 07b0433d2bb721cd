from __future__ import annotations

import os
import random
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import services
from tests.integration.house.crowd import Conversation, Crowd
from tests.integration.house.operators import Operators
from tests.integration.house.talk import Talk
from tests.integration.house.tally import Tally, every, tally
from tests.integration.house.waiting import until
from tests.integration.soak.fast_house import FastHouse, fast_house
from tests.integration.soak.time_machine import FastClock
from tests.integration.soak.weather import HOUR, Weather

HOURS = float(os.environ.get("SOAK_HOURS", "10"))
FACTOR = float(os.environ.get("SOAK_FACTOR", "240"))  # simulated seconds per real one
CONVERSATIONS = 40
MESSAGES, REPLIES = int(60 * HOURS), int(20 * HOURS)
CALM_SECONDS = 60.0  # real; until everything is done once the weather is fair


def conversations(chance: random.Random) -> list[Conversation]:
    """Half of them at each account; between them they have all the messages to say."""
    crowd = [Conversation(("site", "yard")[n % 2], str(5000 + n), []) for n in range(CONVERSATIONS)]
    for number in range(MESSAGES):
        talking = crowd[number] if number < CONVERSATIONS else chance.choice(crowd)
        talking.texts.append(f"message {number}")
    return crowd


def idle(house: FastHouse) -> bool:
    """Nothing waits; nothing may be parked."""
    counts = house.journal.counts()
    assert counts["parked_envelopes"] == 0
    assert not counts["parked"], house.journal.list(state="parked")
    assert not counts["waiting"], waiting(house)
    return True


def waiting(house: FastHouse) -> str:
    """What waits, why and how long yet, and how the portal stands."""
    now, kept = datetime.now(UTC), house.journal.installation("main")
    rows = house.journal.list(state="waiting", limit=5)
    heads = [f"{row['lane']} x{row['attempts']} {row['cause']} {row['due_at']}" for row in rows]
    return f"{now}: {heads}; portal {kept.state if kept else '-'} {kept.reason if kept else ''} {house.budget()}"


def told(house: FastHouse, weather: Weather, operators: Operators, found: Tally) -> dict[str, Any]:
    counters, calls = house.sandbox.counters(), house.sandbox.calls("*", limit=100_000)
    renewed = [call for call in calls if call["method"].startswith("oauth.token") and call["status"] == 200]
    return {
        "messages said / lost / doubled": f"{MESSAGES} / {len(found.lost())} / {len(found.doubled())}",
        "chats that are not exactly as said": len(found.disordered()),
        "replies taken / lost / overtaken": f"{REPLIES} / {len(found.unheard())} / {len(found.overtaken())}",
        "replies doubled / flagged / unproven": (
            f"{len(found.heard_twice())} / {len(found.flagged)} / {len(found.unproven)}"
        ),
        "replies that met no 2xx, said again": operators.again,
        "weather": ", ".join(f"{name} {times}" for name, times in sorted(weather.done.items())),
        "faults that no call met": weather.unmet,
        "requests / commands in batches": f"{counters['requests']} / {counters['commands']}",
        "answers that were errors": ", ".join(f"{code} {n}" for code, n in sorted(counters["errors"].items())),
        "refreshes": len(renewed),
        "states kept": ", ".join(f"{name} {times}" for name, times in sorted(house.store.states.items())),
        "attempts": dict(sorted(Counter(row["attempts"] for row in house.journal.list(limit=100_000)).items())),
    }


@pytest.mark.slow
@pytest.mark.timeout(330)
def test_ten_hours_of_bad_weather_lose_double_and_overtake_nothing(
    tmp_path: Path, redis_server: services.Redis, capsys: pytest.CaptureFixture[str]
):
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1_000_000))
    chance, real_seconds = random.Random(seed), HOURS * HOUR / FACTOR
    clock = FastClock(factor=FACTOR)
    with fast_house(tmp_path, f"sqlite:///{tmp_path / 'soak.db'}", redis_server, clock) as house:
        crowd = Crowd(
            house.url,
            lambda a, name, text: Talk(house, a, name).words(text),
            conversations(chance),
            real_seconds,
            chance,
        )
        operators = Operators(house, random.Random(seed + 1), REPLIES, real_seconds)
        weather = Weather(house, random.Random(seed + 2), HOURS)
        for part in (crowd, operators, weather):
            part.start()
        crowd.finish(real_seconds + 60)
        operators.finish(60)
        weather.finish()
        talked = time.time()
        calm = until_idle(house)
        found = tally(house, crowd.conversations, operators.taken)
        rows = told(house, weather, operators, found)
        with capsys.disabled():
            print(f"\n  {'seed; hours; real seconds':<40} {seed}; {HOURS:g}; {talked - clock.start:.0f} + {calm:.0f}")
            print("\n".join(f"  {name:<40} {value}" for name, value in rows.items()))
        assert len(every(found.taken)) == REPLIES
        assert (found.lost(), found.doubled(), found.disordered()) == ([], [], [])
        assert (found.unheard(), found.overtaken(), sorted(found.unproven)) == ([], [], [])
        assert found.heard_twice() == []
        assert house.store.states["blocked bitrix24.overload_block"] == weather.done["overload"] == 1
        assert house.store.states["probes"] in (1, 2)
        assert provoked(house, "QUERY_LIMIT_EXCEEDED") <= weather.ordered["503 query limit"]
        assert house.journal.installation("main").state == "active"


def provoked(house: FastHouse, code: str) -> int:
    """How often the portal answered with an error."""
    return int(house.sandbox.counters()["errors"].get(code, 0))


def until_idle(house: FastHouse) -> float:
    """Real seconds until nothing waits any more."""
    began = time.monotonic()
    until(lambda: idle(house), seconds=CALM_SECONDS, what="nothing waits any more", every=0.2)
    return time.monotonic() - began
