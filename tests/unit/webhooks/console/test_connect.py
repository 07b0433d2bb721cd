"""``/ops/connect``: the way from nothing to a talking channel, for a pair of portal and account."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connector.domain.provider import Finding
from connector.settings import PortalSettings
from connector.speech import Text
from tests.unit.webhooks.console.conftest import Console
from webhooks.console import connect as page_of

GREEN = tuple(
    Finding(Text(code, code), "ok", code=code)
    for code in (
        "public.tls",
        "public.health",
        "portal.installed",
        "portal.rest",
        "portal.scopes",
        "portal.line",
        "account.fake",
    )
)


def shown(console: Console, path: str = "/ops/connect", **who: Any) -> dict[str, str]:
    """``{step: its state in words}``."""
    page = console.signed_in(**who).get(path).text
    heads = re.findall(r'id="head-(\w+)".*?class="pill">([^<]+)<', page, re.DOTALL)
    return dict(heads)


def test_nothing_is_green_without_proof(console: Console):
    found = shown(console, language="en")
    assert list(found) == ["public", "card", "keys", "installation", "account", "line", "test", "answer"]
    assert {state for code, state in found.items() if code != "keys"} <= {"to do", "later", "wrong"}
    assert found["keys"] == "proven"


def test_the_card_shows_what_to_paste(console: Console):
    page = console.signed_in("integrator", "ru").get("/ops/connect").text
    assert "https://edge.example/bitrix24/app" in page
    assert "https://edge.example/bitrix24/install" in page
    assert "<code>imconnector</code>" in page
    assert "каналы в Контакт-центре" in page


@pytest.mark.parametrize("path", ["/ops/connect", "/ops/accounts", "/ops/accounts/shop?look=yes"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_speaks_one_language_is_light_and_lets_no_script_in(console: Console, path: str, language: str):
    browser = console.signed_in(language=language)
    answer = browser.get(path)
    assert bool(re.search("[а-яё]", answer.text.replace("Русский", ""))) is (language == "ru")
    nonce = re.search(r"script-src 'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])
    assert nonce
    assert re.findall(r"<(?:script|style)(?![^>]*nonce=\"" + nonce[1] + ")", answer.text) == []
    assert re.findall(r"\son\w+=|\sstyle=|javascript:", answer.text) == []
    for link in set(re.findall(r'(?:href|src)="(/[^"#]*)"', answer.text)):
        assert browser.get(link.replace("&amp;", "&")).status_code in (200, 303), link
    assert len(answer.data) < 60_000


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_the_wizard_is_for_integrators(console: Console, role: str):
    assert console.signed_in(role).get("/ops/connect").status_code == 403


@pytest.mark.parametrize(
    ("query", "account"),
    [("", "shop"), ("?account=bar", "bar"), ("?portal=main&account=bar", "bar"), ("?account=nobody&portal=x", "shop")],
)
def test_the_wizard_is_for_one_pair(console: Console, query: str, account: str):
    page = console.signed_in().get(f"/ops/connect{query}").text
    assert f"<option selected>{account}</option>" in page


def test_a_portal_with_a_webhook_alone_says_at_once_what_works(console: Console):
    settings = PortalSettings.model_validate(
        {"name": "main", "url": "https://acme.bitrix24.ru", "webhook": "https://acme.bitrix24.ru/rest/1/x/"}
    )
    console.connector.settings.portals["main"] = settings
    browser = console.signed_in()
    page = browser.get("/ops/connect").text
    assert "by a webhook alone" in page
    assert "Does not: open lines" in page
    assert "/rest/1/x" not in page
    assert shown(console)["card"] == "wrong"


def test_what_is_still_being_looked_at_is_said_and_looked_at_again():
    line = next(finding for finding in GREEN if finding.code == "portal.line")
    assert page_of._fresh(GREEN) > page_of._fresh(GREEN[:2])
    assert page_of._fresh([*GREEN, Finding(line.what, "bad", code="portal.scopes")]) == page_of._fresh([])
