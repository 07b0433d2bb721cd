from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector import settings
from connector.bootstrap import build
from connector.cli import cli
from connector.domain.ports import Grant, Installation
from connector.registry import models
from tests.unit.cli.conftest import ENV, Desk

WEBHOOK = 'portals: {main: {url: "http://127.0.0.1:1", webhook: "http://127.0.0.1:1/rest/1/the-code/"}}'


def install(desk: Desk, state: str = "active") -> None:
    grant = Grant(
        access_token="a", refresh_token="r", expires_at=datetime.now(UTC) + timedelta(hours=1), member_id="m",
        client_endpoint="http://127.0.0.1:1/rest/", server_endpoint="http://127.0.0.1:1/rest/",
    )  # fmt: skip
    installation = Installation(portal="main", state="active", grant=grant)
    desk.house.journal.keep_installation(installation)
    if state != "active":
        desk.house.journal.set_state("main", state, "bitrix24.unpaid: told so")  # type: ignore[arg-type]


@pytest.fixture
def by_webhook(config):
    config.write_text(WEBHOOK, encoding="utf-8")
    house = build(settings.load(config, ENV, models()))
    yield Desk(house)
    house.journal.close()


@pytest.mark.parametrize("command", [("check", "--portal"), ("check", "--portal", "main"), ("portal", "check", "main")])
def test_one_portal_is_looked_at_with_the_address_it_uses(desk, command):
    found = desk.json(*command, "--wait", "0", code=1)
    assert {finding["of"] for finding in found["findings"]} == {"portal main", "the public address"}
    assert {finding["code"] for finding in found["findings"]} == {"portal.installed", "public.health"}


def test_every_finding_has_a_stable_code_and_what_is_wrong_a_way_out(desk):
    install(desk)
    told = desk.json("check", "--wait", "0", code=1)
    found = told["findings"]
    assert told["ok"] is False
    assert told["right"] == sum(1 for finding in found if finding["state"] == "ok")
    assert all(finding["code"] for finding in found)
    assert all(finding["hint"] for finding in found if finding["state"] != "ok")
    assert all(finding["mend"] == "" for finding in found if finding["state"] == "ok")
    assert {"machine.redis", "public.health", "portal.rest"} <= {f["code"] for f in found if f["state"] == "bad"}


def test_the_command_that_mends_is_shown_to_people(desk):
    shown = desk.run("check", "--portal", "--wait", "0")
    assert "$ connector portal install main" in shown.stdout
    assert "$ connector run" not in shown.stdout  # its hint names it already


def test_a_stopped_portal_is_told_with_its_reason(desk):
    install(desk, "suspended")
    shown = desk.run("check", "--portal", "main", "--wait", "0", "--lang", "ru")
    assert "приостановлен" in shown.stdout
    assert "suspended" not in shown.stdout
    assert "told so" in shown.stdout
    assert "Оплатите" in shown.stdout


def test_an_unknown_portal_is_told_with_the_known_ones(desk):
    answer = desk.json("check", "--portal", "nobody", code=1)
    assert answer["error"]["hint"].startswith("known here:")


def test_a_webhook_is_told_in_check_and_status(by_webhook):
    shown = by_webhook.run("check", "--portal", "--wait", "0", "--lang", "en")
    assert "! A webhook without an application" in shown.stdout
    assert "webhook alone" in by_webhook.run("status", "--lang", "en").stdout
    (portal,) = by_webhook.json("status", code=1)["portals"]
    assert portal["by"] == "webhook"
    assert "the-code" not in shown.output


def test_our_own_address_is_never_unbound(desk):
    install(desk)
    own = f"{desk.house.settings.public_url}/bitrix24/events"
    answer = desk.json("portal", "unbind", "main", own, code=1)
    assert answer["error"]["cause"] == "portal.own_handler"


def test_the_commands_exist():
    assert {"check", "unbind", "rebind"} <= set(cli.commands["portal"].commands)  # type: ignore[attr-defined]
