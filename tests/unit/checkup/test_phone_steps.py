"""The steps from nothing to the first call, judged over facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connector.checkup.facts import Facts
from connector.checkup.steps import next_step, steps
from connector.listening.health import NOBODY
from connector.speech import Text
from connector.telephony.health import Pbx
from tests.unit.checkup.test_steps import HINT, NOTHING, NOW, PORTAL, PUBLIC, said, states, step

LISTENED = Pbx(name="office", state="connected")
HOOKS = Pbx(name="cloud")
ALL = replace(
    NOTHING,
    client_id="local.1",
    installed="active",
    account="office",
    provider=Text("Asterisk", "Asterisk"),
    phone=LISTENED,
    called=True,
    findings=(*PUBLIC, *PORTAL, said("asterisk.login"), said("telephony.lines")),
    looked=True,
)


def test_the_way_to_a_telephone_system_ends_with_a_call() -> None:
    assert states(ALL) == dict.fromkeys(("public", "card", "keys", "installation", "account", "lines", "call"), "ok")
    assert next_step(steps(ALL)) is None


def test_a_call_is_waited_for_last() -> None:
    facts = replace(ALL, called=False)
    assert states(facts)["call"] == "wait"
    now = next_step(steps(facts))
    assert now is not None
    assert now.code == "call"


def test_a_stream_that_nobody_reads_is_wrong_and_says_how(clock: Any) -> None:
    problem = Text("Start `connector listen`", "Запустите `connector listen`")
    facts = replace(ALL, phone=replace(LISTENED, state=NOBODY, problems=(problem,)), called=False)
    assert (step(facts, "account").state, step(facts, "account").told) == ("bad", problem)
    assert states(facts)["call"] == "later"


def test_a_stream_that_is_just_coming_is_waited_for() -> None:
    assert states(replace(ALL, phone=replace(LISTENED, state="connecting")))["account"] == "wait"


@pytest.mark.parametrize(("heard", "state"), [(None, "wait"), (NOW, "ok")])
def test_a_pbx_that_calls_us_is_proven_by_its_first_request(heard: Any, state: str) -> None:
    facts = replace(ALL, phone=HOOKS, heard=heard)
    assert states(facts)["account"] == state


def test_what_the_pbx_itself_refuses_is_told_first() -> None:
    facts = replace(ALL, findings=(*ALL.findings, said("asterisk.login", "bad", "mend it")))
    assert (step(facts, "account").told, step(facts, "account").mend) == (HINT, "mend it")


def test_trouble_of_the_portal_is_no_trouble_of_the_pbx() -> None:
    facts = replace(ALL, findings=(*ALL.findings, said("portal.licence", "bad"), said("telephony.extensions", "bad")))
    assert states(facts)["account"] == "ok"


def test_lines_that_bitrix24_does_not_know_are_wrong() -> None:
    other = tuple(found for found in ALL.findings if found.code != "telephony.lines")
    assert states(replace(ALL, findings=other))["lines"] == "wait"
    facts = replace(ALL, findings=(*other, said("telephony.lines", "warn", "connector portal rebind main")))
    assert (step(facts, "lines").state, step(facts, "lines").mend) == ("bad", "connector portal rebind main")


def test_without_a_portal_nothing_of_it_is_wrong_yet() -> None:
    facts: Facts = replace(ALL, installed="", findings=PUBLIC, called=False)
    assert states(facts)["lines"] == "later"
