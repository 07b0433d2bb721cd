"""The steps from nothing to a talking channel, judged over facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.checkup.facts import PLACEHOLDER, Facts
from connector.checkup.rehearsal import Rehearsal
from connector.checkup.steps import next_step, steps
from connector.domain.provider import Finding
from connector.speech import Text

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HINT = Text("do this", "сделайте это")
NOTHING = Facts(public_url="https://bridge.example", portal="main", portal_url="https://acme.bitrix24.ru")
CODES = ("public", "card", "keys", "installation", "account", "line", "test", "answer")


def said(code: str, state: Any = "ok", mend: str = "") -> Finding:
    return Finding(Text(code, code), state, None if state == "ok" else HINT, code, mend)


PUBLIC = (said("public.tls"), said("public.health"))
PORTAL = tuple(said(f"portal.{name}") for name in ("installed", "rest", "scopes", "handlers", "connectors", "line"))
TRIED = Rehearsal(trace="t1", state="done", began=NOW, seconds=0.8, chat_id="12", session_id="34", answered=True)
ALL = replace(
    NOTHING,
    client_id="local.1",
    installed="active",
    account="shop",
    provider=Text("Telegram", "Телеграм"),
    line="3",
    rehearsal=TRIED,
    findings=(*PUBLIC, said("account.telegram"), *PORTAL),
    looked=True,
)


def states(facts: Facts) -> dict[str, str]:
    return {step.code: step.state for step in steps(facts)}


def step(facts: Facts, code: str) -> Any:
    return next(each for each in steps(facts) if each.code == code)


def without(*codes: str, **more: Any) -> Facts:
    """Everything proven, except that these findings were not made."""
    return replace(ALL, findings=tuple(finding for finding in ALL.findings if finding.code not in codes), **more)


def instead(*findings: Finding, **more: Any) -> Facts:
    """Everything proven, except what these findings say."""
    codes = [finding.code for finding in findings]
    facts = without(*codes, **more)
    return replace(facts, findings=(*facts.findings, *findings))


def test_all_is_green_when_all_is_proven():
    assert states(ALL) == dict.fromkeys(CODES, "ok")
    assert next_step(steps(ALL)) is None


def test_of_nothing_only_what_can_be_done_now_is_asked_for():
    assert states(NOTHING) == {
        "public": "wait",
        "card": "later",
        "keys": "bad",
        "installation": "later",
        "account": "bad",
        "line": "later",
        "test": "later",
        "answer": "later",
    }
    assert next_step(steps(NOTHING)).code == "public"  # type: ignore[union-attr]


@pytest.mark.parametrize("code", CODES)
def test_each_step_says_what_it_is_and_what_to_do_in_both_languages(code: str):
    for facts in (NOTHING, ALL, replace(ALL, installed="", findings=()), replace(ALL, findings=(), rehearsal=None)):
        found = step(facts, code)
        assert all(found.title)
        assert all(said.endswith((".", "…")) for said in found.told)
        assert "{" not in found.told.en + found.told.ru


@pytest.mark.parametrize(
    ("code", "facts", "state"),
    [
        ("public", without("public.tls", "public.health", installed=""), "wait"),
        ("public", instead(said("public.tls", "bad")), "bad"),
        ("public", instead(said("public.tls", "warn")), "ok"),  # it ends soon, but it is good
        ("public", instead(said("public.proxies", "warn")), "ok"),  # it is reached
        ("public", replace(ALL, public_url="http://bridge.example"), "bad"),
        ("public", replace(ALL, public_url="http://127.0.0.1:8000", local=True), "ok"),
        ("card", replace(ALL, installed=""), "wait"),
        ("card", replace(ALL, installed="", stuck=HINT), "ok"),  # Bitrix24 came, so the card is right
        ("card", replace(ALL, webhook_only=True, installed=""), "bad"),
        ("keys", replace(ALL, client_id=PLACEHOLDER), "bad"),
        ("keys", replace(ALL, unset=("B24_CLIENT_SECRET",)), "bad"),
        ("installation", replace(ALL, installed=""), "later"),  # opening the application is the step before
        ("installation", replace(ALL, installed="", stuck=HINT), "bad"),
        ("installation", replace(ALL, installed="needs_reauth"), "bad"),
        ("installation", instead(said("portal.scopes", "bad")), "bad"),
        ("installation", instead(said("portal.handlers", "bad")), "bad"),
        ("installation", without("portal.scopes"), "wait"),
        ("account", replace(ALL, account=""), "bad"),
        ("account", instead(said("account.telegram", "bad")), "bad"),
        ("account", without("account.telegram"), "wait"),
        ("account", without("account.telegram", unset=("SHOP_TOKEN",)), "later"),
        ("line", replace(ALL, line=""), "wait"),
        ("line", instead(said("portal.line", "bad")), "bad"),
        ("line", without("portal.line"), "wait"),
        ("test", replace(ALL, rehearsal=None), "wait"),
        ("test", replace(ALL, rehearsal=None, travelled=NOW), "ok"),
        ("test", replace(ALL, rehearsal=replace(TRIED, state="waiting")), "wait"),
        ("test", replace(ALL, rehearsal=replace(TRIED, state="parked", hint=HINT)), "bad"),
        ("answer", replace(ALL, rehearsal=replace(TRIED, answered=False)), "wait"),
        ("answer", replace(ALL, rehearsal=replace(TRIED, answered=False), replied=NOW), "ok"),
    ],
)
def test_a_step_is_green_by_its_own_proof_alone(code: str, facts: Facts, state: str):
    assert step(facts, code).state == state


def test_what_is_wrong_is_told_with_its_hint_and_its_command():
    found = step(instead(said("portal.handlers", "bad", "connector portal rebind main")), "installation")
    assert (found.told, found.mend) == (HINT, "connector portal rebind main")
    assert step(ALL, "installation").mend == ""


def test_behind_nat_the_portal_itself_proves_the_address():
    blind = (said("public.tls"), said("public.health", "warn"))
    assert step(replace(ALL, findings=blind, installed=""), "public").state == "wait"
    assert step(replace(ALL, findings=(*blind, *PORTAL)), "public").state == "ok"


def test_a_channel_that_cannot_be_asked_has_to_be_heard():
    facts = instead(said("account.hook"))
    silent = replace(facts, findings=tuple(f for f in facts.findings if f.code != "account.telegram"))
    assert step(silent, "account").state == "wait"
    assert step(replace(silent, heard=NOW), "account").state == "ok"


def test_a_later_step_keeps_the_proof_that_it_has():
    found = states(replace(ALL, findings=(said("public.tls", "bad"),), line=""))
    assert (found["public"], found["line"], found["test"], found["answer"]) == ("bad", "later", "ok", "ok")
