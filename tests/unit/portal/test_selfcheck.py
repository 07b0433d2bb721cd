from __future__ import annotations

import re
from datetime import timedelta

import pytest

from connector.domain.provider import Finding
from connector.portal.events import WANTED
from connector.portal.selfcheck import NEEDED, Line
from tests.unit.portal.world import NOW, URL, World, denied, grant, webhook_settings

HANDLER = "https://connector.acme.ru/bitrix24/events"
LINES = (Line(account="shop", slug="telegram", line="3"),)


def healthy(world: World, *, base: str = f"{URL}/rest/", **changes) -> list[Finding]:
    portal = world.portal()
    bound = [{"event": event, "handler": HANDLER + "/"} for event in WANTED]
    answers = {
        "profile": {"ID": "1", "ADMIN": True},
        "server.time": (NOW + timedelta(seconds=2)).isoformat(),
        "scope": [*NEEDED[:-1], "user_brief"],
        "event.get": bound,
        "imconnector.list": {} if world.config.app is None else {portal.connector_id("telegram"): "Telegram"},
        "imconnector.status": {"STATUS": True},
    } | changes
    for method, answer in answers.items():
        failed = isinstance(answer, dict) and "error" in answer
        world.answer(method, answer if failed else {"result": answer}, 403 if failed else 200, base=base)
    return portal.check(LINES, handler_url=HANDLER)


def wrong(findings: list[Finding]) -> list[Finding]:
    for finding in findings:
        assert (finding.state == "ok") == (finding.hint is None)
        for text in (finding.what, finding.hint or finding.what):
            assert re.search("[а-яА-Я]", text.ru)
            assert not re.search(r"\{\w+\}", text.en + text.ru)
    return [finding for finding in findings if finding.state != "ok"]


def test_a_healthy_portal_has_nothing_to_complain_of(world: World):
    findings = healthy(world)
    assert wrong(findings) == []
    assert len(findings) == 8


@pytest.mark.parametrize(
    ("method", "answer", "state", "words"),
    [
        ("profile", {"ADMIN": False}, "warn", "administrator"),
        ("server.time", (NOW - timedelta(seconds=100)).isoformat(), "warn", "NTP"),
        ("server.time", (NOW + timedelta(hours=1)).isoformat(), "bad", "NTP"),
        ("server.time", "yesterday", "warn", "by hand"),
        ("server.time", "2026-05-01T12:00:00", "warn", "by hand"),
        ("scope", ["crm", "im", "user"], "bad", "imopenlines, imconnector"),
        ("scope", [], "bad", "crm"),
        ("event.get", [], "bad", "ONIMCONNECTORMESSAGEADD"),
        ("event.get", [{"event": event, "handler": "https://old/"} for event in WANTED], "bad", "rebind"),
        ("event.get", [{"event": event, "handler": HANDLER} for event in (*WANTED, *WANTED)], "warn", "more than once"),
        ("imconnector.list", [], "bad", "telegram"),
        ("imconnector.status", {"STATUS": False}, "bad", "Contact Center"),
        ("imconnector.status", denied("insufficient_scope"), "bad", "permission"),
    ],
)
def test_each_trouble_is_named_with_what_to_do(world: World, method, answer, state, words):
    found = wrong(healthy(world, **{method: answer}))
    assert [finding.state for finding in found] == [state]
    assert words in str(found[0].hint and found[0].hint.en)


def test_an_account_without_a_line_is_told_to_get_one(world: World):
    healthy(world)
    found = wrong(world.portal().check([Line(account="shop", slug="telegram")]))
    assert "line:" in str(found[0].hint)


def test_a_portal_that_does_not_answer_is_the_only_finding_that_counts(world: World):
    findings = healthy(world, profile=denied("OVERLOAD_LIMIT"))
    assert [finding.state for finding in findings] == ["ok", "bad"]
    assert "support" in str(findings[1].hint)


def test_a_portal_that_is_not_installed_says_so_and_asks_nothing(world: World):
    world.store.drop_installation("main", clean=False)
    findings = world.portal().check()
    assert [finding.state for finding in findings] == ["bad"]
    assert not world.wire.calls


def test_tokens_that_grow_old_are_noticed(world: World):
    world.install(grant=grant(expires_at=NOW - timedelta(days=160)))
    world.token()
    assert "160" in wrong(healthy(world))[0].what.en


def test_a_webhook_is_told_in_the_first_minute_what_it_cannot_do(world: World):
    world.config = webhook_settings()
    findings = healthy(world, base=f"{URL}/rest/1/the-code/")
    assert [finding.state for finding in findings] == ["warn", "ok", "ok", "ok", "ok"]
    assert "OAuth" in str(findings[0].hint)
