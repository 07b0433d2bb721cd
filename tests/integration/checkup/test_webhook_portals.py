"""A portal with a webhook and no application: what works, what is refused, and how it stands (trap 15)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from connector import registry
from connector.bootstrap import Connector, build
from connector.checkup import examined
from connector.errors import PermanentError, SettingsError, Stopped
from connector.sandbox import SandboxServer
from tests.services import Redis

KEY = "0123456789abcdef0123456789abcdef"
GENERIC = {"provider": "generic", "secret": "whsec_" + "a2tr" * 8, "deliver_url": "http://127.0.0.1:9/in"}
APP_ONLY = [
    "imconnector.send.messages",
    "event.bind",
    "Event.Get",
    "events",
    "event.offline.get",
    "placement.bind",
    "app.option.get",
    "messageservice.sender.add",
    "crm.activity.configurable.add",
    "entity.item.get",
    "biconnector.source.add",
]


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(burst=0, operating_limit=0.0) as server:
        yield server


@pytest.fixture
def start(
    tmp_path: Path, redis_server: Redis, journal_url: str, sandbox: SandboxServer
) -> Iterator[Callable[..., Connector]]:
    """One more process: the house built anew on the same database."""
    with ExitStack() as stack:

        def build_one(webhook: str = "", **accounts: dict[str, object]) -> Connector:
            told = {
                "portals": {"main": {"url": sandbox.url, "webhook": webhook or sandbox.webhook_url()}},
                "accounts": accounts,
            }
            path = tmp_path / "connector.yaml"
            path.write_text(yaml.safe_dump(told))
            env = {"CONNECTOR_SECRET_KEY": KEY, "DATABASE_URL": journal_url, "REDIS_URL": redis_server.url}
            house = build(registry.settings(path, env))
            stack.callback(house.journal.close)
            return house

        yield build_one


def test_the_crm_users_pages_batches_and_bulk_work(start, sandbox):
    portal = start().portals["main"]
    sandbox.seed("contact", 120)
    assert portal.call("crm.contact.add", {"fields": {"NAME": "Анна"}}) == 121
    assert portal.call("user.current")["ID"] == "1"
    page = portal.page("crm.contact.list", {"order": {"ID": "ASC"}})
    assert (len(page.result), page.total, page.next) == (50, 121, 50)
    outcomes = portal.batch({"who": ("profile", {}), "row": ("crm.contact.get", {"id": 7})})
    assert [outcome.state for outcome in outcomes.values()] == ["ok", "ok"]
    with portal.bulk() as bulk:
        ids = {row["ID"] for page in bulk.rows("crm.contact.list", {"select": ["ID"]}) for row in page}
        (moved,) = bulk.calls("crm.contact.update", [{"id": 121, "fields": {"NAME": "Вера"}}])
    assert (len(ids), moved.state) == (121, "ok")


@pytest.mark.parametrize("method", APP_ONLY)
def test_what_needs_an_application_is_refused_before_any_request(start, sandbox, method):
    portal = start().portals["main"]
    with pytest.raises(PermanentError) as caught:
        portal.call(method)
    assert caught.value.cause == "bitrix24.needs_application"
    assert method in caught.value.hint.en
    assert sandbox.calls() == []


def test_in_a_batch_only_the_commands_that_need_an_application_stay_behind(start, sandbox):
    portal = start().portals["main"]
    commands = {"bind": ("event.bind", {"event": "x"}), "who": ("profile", {})}
    outcomes = portal.batch(commands)
    assert [(key, outcome.state) for key, outcome in outcomes.items()] == [("bind", "failed"), ("who", "ok")]
    assert isinstance(outcomes["bind"].error, PermanentError)
    before = len(sandbox.calls())
    chained = portal.batch(commands, halt=True)
    assert {outcome.state for outcome in chained.values()} == {"failed"}
    assert len(sandbox.calls()) == before


def test_telephony_is_asked_of_the_portal(start, sandbox):
    assert start().portals["main"].call("telephony.externalLine.get") == []
    assert [row["method"] for row in sandbox.calls()] == ["telephony.externalline.get"]


def test_a_revoked_webhook_stops_every_process_and_outlives_a_restart(start, sandbox):
    wrong = f"{sandbox.url}/rest/1/wrong/"
    first, other = start(wrong), start(wrong)
    with pytest.raises(Stopped):
        first.portals["main"].call("profile")
    asked = len(sandbox.calls())
    for house in (first, other, start(wrong)):
        with pytest.raises(Stopped):
            house.portals["main"].call("profile")
        installation = house.portals["main"].installation()
        assert (installation and installation.state) == "needs_reauth"
    assert len(sandbox.calls()) == asked


def test_a_new_webhook_starts_afresh_and_the_old_one_is_not_forgiven(start, sandbox):
    wrong = f"{sandbox.url}/rest/1/wrong/"
    with pytest.raises(Stopped):
        start(wrong).portals["main"].call("profile")
    assert start().portals["main"].call("profile")["ID"] == "1"


def test_the_state_of_a_webhook_leaves_the_installation_of_an_application_alone(start, sandbox):
    wrong = start(f"{sandbox.url}/rest/1/wrong/")
    with pytest.raises(Stopped):
        wrong.portals["main"].call("profile")
    assert wrong.journal.installation("main") is None
    assert wrong.journal.portals_of(sandbox.portal.config.member_id) == []


def test_the_check_says_at_once_what_works_and_what_does_not(start):
    found = {finding.code: finding for finding in examined(start(), "main", wait=5)}
    assert found["portal.webhook"].state == "warn"
    assert "open lines" in str(found["portal.webhook"].hint and found["portal.webhook"].hint.en)
    assert {code for code, finding in found.items() if finding.state != "ok"} == {"portal.webhook"}
    assert "portal.arrival" not in found


def test_a_revoked_webhook_is_told_with_its_state(start, sandbox):
    house = start(f"{sandbox.url}/rest/1/wrong/")
    with pytest.raises(Stopped):
        house.portals["main"].call("profile")
    found = {finding.code: finding for finding in examined(house, "main", wait=0)}
    assert "must be authorised again" in found["portal.state"].what.en


def test_an_account_that_carries_messages_is_refused_with_its_place_and_a_hint(start):
    with pytest.raises(SettingsError) as caught:
        start(shop={**GENERIC, "portal": "main"})
    told = str(caught.value)
    assert "connector.yaml:" in told
    assert "accounts.shop.portal" in told
    assert "portals.main" in told
    assert "sandboxwebhookcode" not in told
