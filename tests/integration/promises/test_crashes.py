from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.integration.house.crowd import Conversation, Crowd
from tests.integration.house.house import House, running_house
from tests.integration.house.monkey import DEEDS, Monkey
from tests.integration.house.operators import Operators
from tests.integration.house.talk import Talk
from tests.integration.house.tally import Tally, every, tally
from tests.integration.house.waiting import until

MESSAGES, CONVERSATIONS, REPLIES = 300, 40, 100
SECONDS = 26.0  # of traffic
# Seconds that an answer of the portal and of a provider takes, so that kills find calls under way.
SLOW_PORTAL, SLOW_PROVIDER = 0.4, 0.2
FEWER = {deed: (times + 1) // 3 for deed, times in DEEDS.items()}


def conversations(chance: random.Random) -> list[Conversation]:
    """Half of them at each account; between them they have all the messages to say."""
    crowd = [Conversation(("shop", "site")[n % 2], str(4000 + n), []) for n in range(CONVERSATIONS)]
    for number in range(MESSAGES):
        talking = crowd[number] if number < CONVERSATIONS else chance.choice(crowd)
        talking.texts.append(f"message {number}")
    return crowd


def idle(house: House) -> bool:
    """Nothing waits; nothing may be parked."""
    counts = house.journal.counts()
    assert counts["parked_envelopes"] == 0
    assert not counts["parked"], house.journal.list(state="parked")
    return not counts["waiting"]


def webhooks_repeated(house: House) -> int:
    """How many webhooks the generic provider got under an id that it had taken before."""
    counts: dict[str, int] = vars(house.standin("site"))["counts"]
    return counts["repeats"]


def told(house: House, crowd: Crowd, operators: Operators, monkey: Monkey, found: Tally) -> dict[str, Any]:
    return {
        "killed": ", ".join(f"{name} {times}" for name, times in sorted(monkey.done.items())),
        "starts": ", ".join(f"{name} {service.starts}" for name, service in house.services.items()),
        "messages said / lost / doubled": f"{MESSAGES} / {len(found.lost())} / {len(found.doubled())}",
        "chats that are not exactly as said": len(found.disordered()),
        "requests repeated by the providers": sum(known.repeats for known in crowd.conversations),
        "replies taken / lost / overtaken": f"{REPLIES} / {len(found.unheard())} / {len(found.overtaken())}",
        "replies that met a dead web, said again": operators.again,
        "replies doubled: telegram / generic": f"{len(found.heard_twice('shop'))} / {len(found.heard_twice('site'))}",
        "replies flagged as perhaps sent twice": len(found.flagged),
        "webhooks repeated under their own id": webhooks_repeated(house),
    }


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("kind", "deeds"), [("sqlite", DEEDS), pytest.param("postgresql", FEWER, marks=pytest.mark.postgres)]
)
def test_nothing_is_lost_doubled_or_overtaken_while_processes_are_killed(
    kind: str, deeds: Mapping[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    seed = int(os.environ.get("CRASH_SEED") or random.SystemRandom().randrange(1_000_000))
    chance, began = random.Random(seed), time.monotonic()
    with running_house(kind, tmp_path) as house:
        house.sandbox.fault("slow", method="imconnector.send.messages", times=-1, seconds=SLOW_PORTAL)
        house.stage.delay = SLOW_PROVIDER
        crowd = Crowd(
            house.url, lambda a, name, text: Talk(house, a, name).words(text), conversations(chance), SECONDS, chance
        )
        operators = Operators(house, random.Random(seed + 1), REPLIES, SECONDS)
        monkey = Monkey(house, random.Random(seed + 2), seconds=SECONDS, deeds=deeds)
        for part in (crowd, operators, monkey):
            part.start()
        for part in (monkey, crowd, operators):
            part.finish(150)
        talked = time.monotonic()
        until(lambda: idle(house), seconds=90, what="nothing waits any more", every=0.2)
        found = tally(house, crowd.conversations, operators.taken)
        rows = told(house, crowd, operators, monkey, found)
        times = f"{talked - began:.0f}, {time.monotonic() - began:.0f}"
        with capsys.disabled():
            print(f"\n  {'database, seed':<46} {kind}, {seed}")
            print("\n".join(f"  {name:<46} {value}" for name, value in rows.items()))
            print(f"  {'seconds until all was said, until all was done':<46} {times}")
        assert monkey.kills == sum(deeds.values()) - deeds["Redis flushed"]
        assert len(house.sandbox.chats()) == CONVERSATIONS
        assert len(every(found.taken)) == REPLIES
        assert (found.lost(), found.doubled(), found.disordered()) == ([], [], [])
        assert (found.unheard(), found.overtaken(), sorted(found.unproven)) == ([], [], [])
        assert found.heard_twice("site") == []
        assert set(found.heard_twice("shop")) <= found.flagged
