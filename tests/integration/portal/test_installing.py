"""Installed, removed, installed again; strangers change nothing (facts/bitrix24-platform.md §4.6-4.8, §5.8)."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from sqlalchemy import text

from connector.handlers.portals import EVENTS
from connector.sandbox import SandboxServer
from tests.integration.portal.world import FIRST, SECOND, World


def page_of(sandbox: SandboxServer, grant: dict[str, Any], **changes: str) -> tuple[dict[str, str], dict[str, str]]:
    """Query and form of an installation page with this pair in it."""
    form = {
        "AUTH_ID": grant["access_token"],
        "AUTH_EXPIRES": "3600",
        "REFRESH_ID": grant["refresh_token"],
        "SERVER_ENDPOINT": grant["server_endpoint"],
        "APPLICATION_TOKEN": grant["application_token"],
        "member_id": grant["member_id"],
        "PLACEMENT": "DEFAULT",
    }
    return {"DOMAIN": sandbox.url.partition("://")[2], "PROTOCOL": "0"}, form | changes


def post_page(world: World, query: dict[str, str], form: dict[str, str]) -> int:
    status = requests.post(f"{world.url}/bitrix24/install", params=query, data=form, timeout=20).status_code
    world.work()
    return status


def post_event(world: World, form: dict[str, str]) -> int:
    status = requests.post(f"{world.url}/bitrix24/install", data=form, timeout=20).status_code
    world.work()
    return status


@pytest.mark.parametrize("mode", ["page", "event"])
def test_an_installation_is_adopted_registered_bound_and_connected(world: World, mode: str):
    assert world.install(mode=mode)["installed"]
    kept = world.kept()
    assert (kept.state, kept.grant.client_id, kept.application_tokens) == ("active", "local.first", (world.token(),))
    assert world.handlers() == sorted(EVENTS)
    assert [status["line"] for status in world.sandbox.state()["statuses"] if status["active"]] == [1]


def test_a_removal_keeps_the_data(world: World):
    world.install()
    world.sandbox.uninstall(clean=False)
    world.work()
    kept = world.kept()
    assert (kept.state, kept.grant.access_token, kept.application_tokens) == ("uninstalled", "", ())
    assert world.connector.journal.recall("line", "shop")


@pytest.mark.parametrize("clean", [{"data[CLEAN]": "0"}, {"data[CLEAN]": ""}, {"data[LANGUAGE_ID]": "ru"}, {}])
def test_only_a_ticked_box_erases(world: World, clean: dict[str, str]):
    world.install()
    assert world.tell("ONAPPUNINSTALL", world.token(), **clean) == 200
    assert world.kept().state == "uninstalled"
    assert world.connector.journal.recall("line", "shop")


def test_a_ticked_box_erases_after_an_export(world: World):
    world.install()
    line = world.connector.journal.recall("line", "shop")
    world.sandbox.uninstall(clean=True)
    world.work()
    assert world.kept().state == "uninstalled"
    assert world.connector.journal.recall("line", "shop") is None
    with world.connector.journal.store.reading() as db:
        exported = db.execute(text("SELECT detail FROM audit WHERE what = 'links.exported'")).scalars().all()
    assert line["connector"] in "".join(exported)


def test_installed_again_the_new_token_counts_and_the_old_one_does_not(world: World):
    world.install()
    former = world.token()
    world.sandbox.uninstall()
    world.work()
    world.install()
    assert world.kept().application_tokens == (world.token(),)
    assert former != world.token()
    assert world.tell("ONCRMDEALADD", world.token()) == 200
    assert world.tell("ONCRMDEALADD", former) == 403
    assert world.handlers() == sorted(EVENTS)


@pytest.mark.parametrize("event", ["ONIMCONNECTORMESSAGEADD", "ONAPPUNINSTALL", "ONIMCONNECTORLINEDELETE"])
@pytest.mark.parametrize("token", ["", "x", "0" * 32])
def test_an_event_with_a_wrong_token_is_refused_and_leaves_nothing(world: World, event: str, token: str):
    world.install()
    before = world.envelopes()
    assert world.tell(event, token, **{"data[CLEAN]": "1"}) == 403
    assert world.envelopes() == before
    assert world.kept().state == "active"


def test_tokens_of_another_application_install_nothing(world: World):
    world.install()
    before = world.kept()
    world.sandbox.add_app("local.stranger", "s" * 20)
    grant = world.sandbox.grant(client_id="local.stranger")
    assert post_page(world, *page_of(world.sandbox, grant)) == 403
    assert world.kept() == before


def test_tokens_of_another_bitrix24_install_nothing(world: World):
    world.install()
    before = world.kept()
    with SandboxServer(burst=0, member_id="f" * 32, **FIRST) as other:
        grant = other.grant()
        mine = world.sandbox.url.partition("://")[2]
        assert post_page(world, *page_of(other, grant)) == 403
        assert post_page(world, {"DOMAIN": mine}, page_of(other, grant)[1]) == 403
        forged = page_of(other, grant, member_id=world.kept().grant.member_id)
        assert post_page(world, *forged) == 403
    assert world.kept() == before


@pytest.mark.parametrize("installed", [True, False])
def test_invented_tokens_install_nothing(world: World, installed: bool):
    if installed:
        world.install()
    before = world.connector.journal.installation("main")
    grant = world.sandbox.grant() if not installed else {**_grant_of(world), "application_token": "forged"}
    forged = page_of(world.sandbox, grant, AUTH_ID="a" * 70, REFRESH_ID="b" * 70)
    assert post_page(world, *forged) == 403
    assert world.connector.journal.installation("main") == before


def test_an_invented_installation_event_changes_nothing_and_says_so(world: World):
    world.install()
    before = world.kept()
    form = {
        "event": "ONAPPINSTALL",
        "auth[access_token]": "a" * 70,
        "auth[refresh_token]": "b" * 70,
        "auth[member_id]": before.grant.member_id,
        "auth[application_token]": world.token(),
        "auth[server_endpoint]": before.grant.server_endpoint,
        "auth[client_endpoint]": "https://evil.example/rest/",
    }
    assert post_event(world, form) == 200
    parked = world.connector.journal.list("deliveries", state="parked")
    assert [row["cause"] for row in parked] == ["portal.grant_unknown"]
    assert world.kept() == before


def test_an_employee_who_opens_the_application_does_not_take_it_over(world: World):
    world.install()
    before = world.kept()
    grant = {**_grant_of(world), **_tokens_of(world, 2)}
    assert post_page(world, *page_of(world.sandbox, grant)) == 403
    assert world.kept() == before


def test_another_administrator_takes_over_after_the_first_left(world: World):
    world.install()
    world.sandbox.fire_user(1)
    world.sandbox.portal.users[2].admin = True
    grant = {**_grant_of(world), **_tokens_of(world, 2)}
    assert post_page(world, *page_of(world.sandbox, grant)) == 200
    assert (world.kept().state, world.kept().grant.user_id) == ("active", "2")
    assert world.handlers() == sorted(EVENTS)


def test_a_payment_makes_us_look_and_only_the_answer_resumes(world: World):
    world.install()
    portal, sandbox = world.connector.portals["main"], world.sandbox
    sandbox.fault("fail", method="profile", status=401, code="PAYMENT_REQUIRED", times=-1)
    with pytest.raises(Exception, match="unpaid"):
        portal.call("profile")
    assert world.kept().state == "suspended"
    asked = len(sandbox.calls("profile"))
    with pytest.raises(Exception, match="suspended"):
        portal.call("profile")
    assert len(sandbox.calls("profile")) == asked
    assert world.tell("ONAPPPAYMENT", "", **{"data[PAYMENT_EXPIRED]": "N"}) == 200
    assert world.kept().state == "suspended"
    sandbox.clear_faults()
    assert portal.call("profile")["ID"] == "1"
    assert world.kept().state == "active"


def _grant_of(world: World) -> dict[str, Any]:
    kept = world.kept()
    return {
        "access_token": kept.grant.access_token,
        "refresh_token": kept.grant.refresh_token,
        "server_endpoint": kept.grant.server_endpoint,
        "member_id": kept.grant.member_id,
        "application_token": world.token(),
    }


def _tokens_of(world: World, user: int) -> dict[str, str]:
    """A pair of another employee for the same installation."""
    portal = world.sandbox.portal
    with portal.lock:
        access, _ = portal.mint(user, FIRST["client_id"])
        return {"access_token": access, "refresh_token": portal.mint_refresh(user, FIRST["client_id"])}


def test_two_applications_of_one_bitrix24_live_side_by_side(world: World):
    world.install(FIRST)
    world.install(SECOND)
    assert [world.kept(name).grant.client_id for name in ("main", "second")] == ["local.first", "local.second"]
    assert world.handlers(FIRST) == world.handlers(SECOND) == sorted(EVENTS)
    # The second is the first to speak: nobody remembers it yet.
    for app, portal in ((SECOND, "portal:second"), (FIRST, "portal:main")):
        before = {row["trace"] for row in world.envelopes()}
        assert world.tell("ONCRMDEALADD", world.token(app)) == 200
        assert [row["account"] for row in world.envelopes() if row["trace"] not in before] == [portal]
    active = {line["connector"].partition("_")[0] for line in world.sandbox.state()["statuses"] if line["active"]}
    assert active == {world.connector.portals[name].connector_prefix.rstrip("_") for name in ("main", "second")}


def test_an_installation_that_nobody_could_verify_at_once_is_not_lost(world: World):
    world.sandbox.fault("reset_before", method="oauth.app.info")
    assert world.install(mode="event")["delivered"]
    assert world.kept().state == "active"
    assert world.connector.journal.installation("second") is None
    parked = world.connector.journal.list("deliveries", state="parked")
    assert [(row["destination"], row["cause"]) for row in parked] == [("portal:second", "portal.other_application")]


def test_one_application_goes_and_the_other_stays(world: World):
    world.install(FIRST)
    world.install(SECOND)
    world.sandbox.uninstall(client_id=SECOND["client_id"], clean=True)
    world.work()
    assert (world.kept("main").state, world.kept("second").state) == ("active", "uninstalled")
    assert world.handlers(FIRST) == sorted(EVENTS)
    assert world.connector.portals["main"].call("profile")["ID"] == "1"
    assert world.connector.journal.recall("line", "shop")
    assert world.connector.journal.recall("line", "desk") is None
    world.install(SECOND)
    assert world.kept("second").state == "active"
    assert world.tell("ONCRMDEALADD", world.token(FIRST)) == 200


def test_reconciling_one_application_leaves_the_handlers_of_the_other(world: World):
    world.install(FIRST)
    world.install(SECOND)
    world.install(FIRST)
    assert world.handlers(FIRST) == world.handlers(SECOND) == sorted(EVENTS)
