from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from connector.domain.telephony import Renewal
from connector.errors import PermanentError, TransientError
from connector.speech import Text
from connector.telephony.health import pbxs
from connector.telephony.renewal import renew, renews, subscription_of
from jobs import tasks
from tests.integration.telephony.stage import Stage
from tests.unit.jobs.world import house
from tests.unit.telephony.pbx import pbx

HINT = Text("Make a new key.", "Создайте новый ключ.")


@dataclass
class Office:
    """A PBX that forgets us after an hour; ``raises`` comes first."""

    stage: Stage
    asked: list[tuple[str, str]] = field(default_factory=list)
    raises: list[Exception] = field(default_factory=list)

    def __call__(self, settings: Any, hook_url: str, http: Any, former: str) -> Renewal:
        self.asked.append((hook_url, former))
        if self.raises:
            raise self.raises.pop(0)
        return Renewal(id=f"s{len(self.asked)}", due_at=self.stage.clock() + timedelta(hours=1))


@pytest.fixture
def office(stage: Stage) -> Office:
    made = Office(stage)
    stage.accounts["office"] = pbx(renew=made)
    stage.settings = SimpleNamespace(public_url="https://hub.example/")
    return made


def test_a_subscription_is_made_and_renewed_in_time(stage: Stage, office: Office) -> None:
    assert renew(stage, "office")
    assert not renew(stage, "office")
    stage.clock.advance(3599)
    assert not renew(stage, "office")
    stage.clock.advance(1)
    assert renew(stage, "office")
    assert office.asked == [("https://hub.example/hooks/office", ""), ("https://hub.example/hooks/office", "s1")]
    assert subscription_of(stage, "office").id == "s2"


def test_another_public_address_is_told_at_once(stage: Stage, office: Office) -> None:
    renew(stage, "office")
    stage.settings = SimpleNamespace(public_url="https://new.example")
    assert renew(stage, "office")
    assert office.asked[-1] == ("https://new.example/hooks/office", "s1")


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (TransientError("pbx.busy", hint=HINT), 60),
        (TransientError("pbx.busy", hint=HINT, retry_after=300), 300),
        (PermanentError("pbx.key_refused", hint=HINT), 600),
        (ValueError("no id"), 600),
    ],
)
def test_a_refusal_is_noted_and_tried_again_later(stage: Stage, office: Office, error: Exception, pause: int) -> None:
    renew(stage, "office")
    stage.clock.advance(3600)
    office.raises = [error]
    assert not renew(stage, "office")
    kept = subscription_of(stage, "office")
    assert (kept.id, bool(kept.why), all(kept.hint)) == ("s1", True, True)
    stage.clock.advance(pause - 1)
    assert not renew(stage, "office")
    stage.clock.advance(1)
    assert renew(stage, "office")
    assert subscription_of(stage, "office").why == ""


def test_a_subscription_that_lapsed_is_a_problem(stage: Stage, office: Office) -> None:
    renew(stage, "office")
    stage.clock.advance(3600)
    office.raises = [PermanentError("pbx.key_refused", hint=HINT)]
    renew(stage, "office")
    assert pbxs(stage)[0].problems == ()
    stage.clock.advance(601)
    (problem,) = pbxs(stage)[0].problems
    assert "pbx.key_refused" in problem.en
    assert problem.ru.endswith(HINT.ru)


def test_one_that_never_was_is_a_problem_at_once(stage: Stage, office: Office) -> None:
    office.raises = [PermanentError("pbx.key_refused", hint=HINT)]
    renew(stage, "office")
    assert len(pbxs(stage)[0].problems) == 1


@pytest.mark.parametrize("value", ["x", [], {"due_at": 5, "hint": "x", "again": "never"}])
def test_what_was_kept_wrongly_is_no_subscription(stage: Stage, office: Office, value: Any) -> None:
    stage.journal.remember("subscription", "office", value)
    assert renew(stage, "office")


def test_only_one_process_subscribes_at_a_time(stage: Stage, office: Office) -> None:
    with stage.journal.lock("subscription:office", ttl=60):
        assert not renew(stage, "office")
    assert office.asked == []


def test_the_clock_subscribes_for_those_that_want_it(stage: Stage, office: Office) -> None:
    assert [renews(account) for account in stage.accounts.values()] == [True, False]
    parts = {name: getattr(stage, name) for name in ("journal", "accounts", "clock", "settings")}
    assert tasks.subscribe(house(**parts)) == 1
