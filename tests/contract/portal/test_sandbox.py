"""Our client against a whole portal: calls, renewals, batches, a move, and trouble of every kind."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest

from connector.errors import PermanentError, Refused, Stopped, TransientError
from connector.portal import WANTED, Line, Ref, authentic, decode_form, must_go_alone
from tests.contract.portal.conftest import House


def test_an_installation_is_adopted_and_calls(house: House):
    portal = house.installed()
    assert portal.call("profile")["ADMIN"] is True
    assert house.store.installation("main").grant.user_id == "1"  # type: ignore[union-attr]


def test_a_forged_pair_is_refused(house: House):
    forged = replace(house.grant(), access_token="f" * 70, refresh_token="f" * 70)
    with pytest.raises(Refused):
        house.portal().adopt(forged)
    assert not house.portal().installed()


def test_an_employee_does_not_take_the_connection_over(house: House):
    portal = house.installed()
    with pytest.raises(Refused) as caught:
        portal.adopt(house.grant(user_id=2))
    assert caught.value.cause == "portal.not_admin"
    assert portal.call("profile")["ID"] == "1"


def test_expired_tokens_are_renewed_one_time_by_many_callers(house: House):
    portal = house.installed()
    house.sandbox.expire_tokens()
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(portal.call("profile")["ID"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == ["1"] * 8
    assert len(house.sandbox.calls("oauth.token")) == 1


def test_a_renewal_whose_answer_was_cut_needs_a_person_only_when_the_token_was_spent(house: House):
    portal = house.installed()
    house.sandbox.expire_tokens()
    house.sandbox.fault("reset_before", method="oauth.token")
    assert portal.call("profile")["ID"] == "1"
    house.sandbox.expire_tokens()
    house.sandbox.fault("reset_after", method="oauth.token")
    with pytest.raises(Stopped) as caught:
        portal.call("profile")
    assert caught.value.state == house.state() == "needs_reauth"
    portal.adopt(house.grant())
    assert portal.call("profile")["ID"] == "1"


def test_a_dismissed_installer_stops_the_portal_until_somebody_else_installs(house: House):
    portal = house.installed()
    house.sandbox.fire_user(1)
    with pytest.raises(Stopped):
        portal.call("profile")
    assert house.state() == "needs_reauth"


def test_a_removed_application_is_noticed(house: House):
    portal = house.installed()
    house.sandbox.uninstall()
    with pytest.raises(Stopped):
        portal.call("profile")
    assert house.state() == "uninstalled"


def test_a_batch_runs_with_references_and_stops_where_told(house: House):
    portal = house.installed()
    name = "Анна & «Co» #1 100% a+b [x]"
    outcomes = portal.batch(
        {
            "add": ("crm.contact.add", {"fields": {"NAME": name, "PHONE": [{"VALUE": "+79001234567"}]}}),
            "get": ("crm.contact.get", {"id": Ref("$result[add]")}),
            "bad": ("crm.contact.get", {"id": 999999}),
            "never": ("profile", {}),
        },
        halt=True,
    )
    assert [outcome.state for outcome in outcomes.values()] == ["ok", "ok", "failed", "not_run"]
    assert outcomes["get"].result["NAME"] == name
    assert isinstance(outcomes["bad"].error, PermanentError)


def test_a_text_that_a_batch_would_rewrite_arrives_whole_alone(house: House):
    portal = house.installed()
    fields = {"fields": {"NAME": "see $result[add] now"}}
    assert must_go_alone(fields)
    number = portal.call("crm.contact.add", fields)
    assert portal.call("crm.contact.get", {"id": number})["NAME"] == "see $result[add] now"


def test_fifty_commands_are_one_request(house: House):
    portal = house.installed()
    before = house.sandbox.counters()["requests"]
    outcomes = portal.batch({str(number): ("profile", {}) for number in range(50)})
    assert {outcome.state for outcome in outcomes.values()} == {"ok"}
    assert house.sandbox.counters()["requests"] == before + 1


def test_a_renamed_portal_is_followed_and_remembered(house: House):
    portal = house.installed()
    moved = f"localhost:{house.sandbox.port}"
    house.sandbox.rename(moved)
    assert portal.call("crm.contact.add", {"fields": {"NAME": "kept"}})
    assert portal.call("profile")["ID"] == "1"
    assert house.store.installation("main").grant.domain == moved  # type: ignore[union-attr]
    assert len(house.sandbox.calls("crm.contact.add")) == 1


@pytest.mark.parametrize(("kind", "ran"), [("reset_before", 0), ("reset_after", 1)])
def test_a_cut_connection_leaves_the_question_open(house: House, kind: str, ran: int):
    portal = house.installed()
    house.sandbox.fault(kind, method="crm.contact.add")
    with pytest.raises(TransientError) as caught:
        portal.call("crm.contact.add", {"fields": {"NAME": "x"}})
    assert caught.value.maybe_done
    assert len(portal.call("crm.contact.list")) == ran


def test_a_portal_that_is_not_there_proves_that_nothing_ran(house: House):
    portal = house.installed()
    house.sandbox.stop()
    with pytest.raises(TransientError) as caught:
        portal.call("profile")
    assert not caught.value.maybe_done
    assert house.state() == "active"


@pytest.mark.parametrize("mode", ["reset", "unavailable", "html"])
def test_an_outage_passes(house: House, mode: str):
    portal = house.installed()
    house.sandbox.set_down(mode)
    with pytest.raises(TransientError) as caught:
        portal.call("profile")
    assert caught.value.maybe_done
    house.sandbox.set_down("")
    assert portal.call("profile")


@pytest.mark.parametrize("status", [401, 503])
def test_an_overload_block_is_met_once(house: House, status: int):
    portal = house.installed()
    house.sandbox.set_overload(status)
    before = house.sandbox.counters()["requests"]
    for _ in range(5):
        with pytest.raises(Stopped) as caught:
            portal.call("profile")
        assert caught.value.state == "blocked"
    assert house.sandbox.counters()["requests"] == before + 1


def test_a_limit_met_pauses_the_budget(house: House):
    portal = house.installed()
    house.sandbox.set_limits(burst=3, per_second=0.1)
    for _ in range(3):
        portal.call("profile")
    with pytest.raises(TransientError) as caught:
        portal.call("profile")
    assert not caught.value.maybe_done
    assert house.budget.pauses == [2.0]


def test_an_operating_limit_stops_one_method(house: House):
    portal = house.installed()
    house.sandbox.set_limits(operating_limit=1, seconds={"crm.contact.list": 0.6})
    for _ in range(2):
        portal.call("crm.contact.list")
    with pytest.raises(TransientError) as caught:
        portal.call("crm.contact.list")
    assert caught.value.retry_after is not None
    assert 1 < caught.value.retry_after <= 600
    assert portal.call("profile")


def test_an_unconnected_line_says_where_to_connect_it(house: House):
    portal = house.installed()
    connector = portal.connector_id("telegram")
    message = {"user": {"id": "1"}, "message": {"id": "1", "text": "x"}, "chat": {"id": "shop.1"}}
    with pytest.raises(TransientError) as caught:
        portal.call("imconnector.send.messages", {"CONNECTOR": connector, "LINE": 1, "MESSAGES": [message]})
    assert re.search("rebind|Contact Center", caught.value.hint.en)


def test_a_webhook_does_what_it_can_and_says_what_it_cannot(house: House):
    portal = house.portal(app=None, webhook=house.sandbox.webhook_url())
    assert portal.call("profile")["ID"] == "1"
    assert portal.batch({"a": ("crm.contact.list", {})})["a"].state == "ok"
    findings = portal.check()
    assert {finding.state for finding in findings} == {"ok", "warn"}
    revoked = house.portal(app=None, webhook=f"{house.sandbox.url}/rest/1/wrong/")
    with pytest.raises(Stopped):
        revoked.call("profile")


def test_the_check_follows_the_set_up_step_by_step(house: House):
    portal = house.installed()
    handler = "https://connector.example.com/bitrix24/events"
    line = Line(account="shop", slug="telegram", line="1")

    def bad() -> list[str]:
        return [finding.what.en for finding in portal.check([line], handler_url=handler) if finding.state == "bad"]

    assert bad() == ["The event handlers are bound", "The connectors are registered"]
    for event in WANTED:
        portal.call("event.bind", {"event": event, "handler": handler})
    icon = {"DATA_IMAGE": "data:image/svg+xml,%3Csvg%2F%3E"}
    connector = portal.connector_id("telegram")
    page = "https://connector.example.com/bitrix24/settings"
    portal.call("imconnector.register", {"ID": connector, "NAME": "T", "ICON": icon, "PLACEMENT_HANDLER": page})
    assert bad() == ["Account shop is connected to open line 1"]
    portal.call("imconnector.activate", {"CONNECTOR": connector, "LINE": 1, "ACTIVE": 1})
    assert bad() == []
    with pytest.raises(PermanentError) as caught:
        portal.call("event.bind", {"event": "ONAPPUNINSTALL", "handler": handler})
    assert caught.value.cause == "bitrix24.handler_already_bound"


def test_a_registration_without_a_name_is_an_error_at_200(house: House):
    with pytest.raises(PermanentError):
        house.installed().call("imconnector.register", {"ID": "c1_x"})


def test_the_application_token_of_the_installation_speaks_for_the_portal(house: House):
    house.installed()
    installation = house.store.installation("main")
    assert installation is not None
    token = installation.application_tokens[0]
    form = f"event=ONX&auth[member_id]={installation.grant.member_id}&auth[application_token]={token}"
    authentic(decode_form(form.encode()), installation)
    with pytest.raises(Refused):
        authentic(decode_form(form.replace(token, "0" * 32).encode()), installation)
