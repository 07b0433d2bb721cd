from __future__ import annotations

from typing import Any

import pytest
import requests
from pydantic import SecretStr

from connector.domain.ports import Installation
from connector.errors import PermanentError, Refused, Stopped, TransientError
from connector.settings import AppSettings
from tests.unit.portal.world import (
    APP_INFO_URL,
    CLIENT_ID,
    NOW,
    REST,
    World,
    denied,
    grant,
    info,
    settings,
    webhook_settings,
)


def kept(world: World) -> Installation:
    installation = world.store.installation("main")
    assert installation is not None
    return installation


def bare(world: World) -> None:
    world.store.drop_installation("main", clean=True)


def test_a_verified_pair_is_kept_with_the_servers_word(world: World):
    bare(world)
    world.app_info(info(user_id=7))
    portal = world.portal()
    portal.adopt(grant(client_endpoint="https://evil.com/rest/", user_id="1", application_token="app-1"))
    installation = kept(world)
    assert (installation.state, installation.grant.client_endpoint, installation.grant.user_id) == ("active", REST, "7")
    assert installation.application_tokens == ("app-1",)
    assert portal.installed()


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"client_id": "local.other"}, "portal.other_application"),
        ({"member_id": "member-2"}, "portal.member_mismatch"),
        ({"member_id": ""}, "portal.member_mismatch"),
        ({"domain": "evil.com", "client_endpoint": "https://evil.com/rest/"}, "portal.other_host"),
        ({"client_endpoint": "http://acme.bitrix24.ru/rest/"}, "portal.no_endpoint"),
        ({"client_endpoint": "https://127.0.0.1/rest/"}, "portal.no_endpoint"),
    ],
)
def test_a_pair_of_somebody_else_is_refused(world: World, changes, cause):
    bare(world)
    world.app_info(info(**changes))
    with pytest.raises(Refused) as caught:
        world.portal().adopt(grant())
    assert (caught.value.status, caught.value.cause) == (403, cause)
    assert world.store.installation("main") is None


@pytest.mark.parametrize(
    ("code", "status"),
    [("invalid_client", 400), ("NO_AUTH_FOUND", 401), ("NOT_INSTALLED", 401), ("expired_token", 401)],
)
def test_a_forged_token_is_refused(world: World, code, status):
    bare(world)
    world.app_info(denied(code), status)
    with pytest.raises(Refused) as caught:
        world.portal().adopt(grant())
    assert caught.value.status == 403


def test_an_authorization_server_that_is_away_decides_nothing(world: World):
    bare(world)
    world.wire.get(APP_INFO_URL, body=requests.ConnectionError("away"))
    world.app_info("<html>", 502)
    for _ in range(2):
        with pytest.raises(TransientError):
            world.portal().adopt(grant())


@pytest.mark.parametrize(
    "server", ["https://evil.com/rest/", "http://127.0.0.1/rest/", "https://evilbitrix.info/rest/"]
)
def test_no_call_goes_to_a_host_that_the_payload_names(world: World, server):
    bare(world)
    with pytest.raises(Refused) as caught:
        world.portal().adopt(grant(server_endpoint=server))
    assert caught.value.cause == "portal.auth_host"
    assert not world.wire.calls


def test_a_known_portal_may_have_moved(world: World):
    new = "https://renamed.bitrix24.ru/rest/"
    world.app_info(info(domain="renamed.bitrix24.ru", client_endpoint=new))
    world.portal().adopt(grant(access_token="access-5"))
    assert kept(world).grant.client_endpoint == new


def test_another_portal_does_not_overwrite_a_known_one(world: World):
    world.app_info(info(member_id="member-2"))
    with pytest.raises(Refused) as caught:
        world.portal().adopt(grant(member_id="member-2"))
    assert caught.value.cause == "portal.other_portal"


def test_one_application_of_one_bitrix24_is_one_portal(world: World):
    world.config = settings(name="second")
    world.app_info()
    with pytest.raises(Refused) as caught:
        world.portal().adopt(grant())
    assert caught.value.cause == "portal.taken"
    assert "main" in caught.value.hint.ru


def test_two_applications_of_one_bitrix24_are_two_portals(world: World):
    world.install(grant=grant(client_id=CLIENT_ID))
    world.config = settings(
        name="second", app=AppSettings(client_id="local.2", client_secret=SecretStr("another-secret"))
    )
    world.app_info(info(client_id="local.2"))
    world.portal().adopt(grant(access_token="access-2", application_token="app-2"))
    second = world.store.installation("second")
    assert second is not None
    assert (second.grant.client_id, second.application_tokens) == ("local.2", ("app-2",))
    assert kept(world).application_tokens == ("app",)
    assert sorted(world.store.portals_of("member-1")) == ["main", "second"]


def test_a_removed_twin_keeps_nobody_out(world: World):
    gone = grant(access_token="", refresh_token="", client_endpoint="", client_id="")
    world.install(state="uninstalled", grant=gone, application_tokens=())
    world.config = settings(name="second")
    world.app_info()
    world.portal().adopt(grant())
    assert world.store.installation("second") is not None


def test_a_renewal_notes_whose_pair_it_is(world: World):
    world.install(grant=grant(expires_at=NOW))
    world.answer("x.y", {"result": 1})
    world.token()
    world.portal().call("x.y")
    assert kept(world).grant.client_id == CLIENT_ID


def test_the_same_user_renews_without_further_questions(world: World):
    world.app_info(info(user_id=1))
    world.portal().adopt(grant(access_token="access-5", application_token="app-2"))
    assert kept(world).grant.access_token == "access-5"
    assert kept(world).application_tokens == ("app", "app-2")


@pytest.mark.parametrize("profile", [{"ID": "9", "ADMIN": False}, {}, [], {"ADMIN": "N"}])
def test_a_visitor_never_replaces_the_installers_pair(world: World, profile):
    world.app_info(info(user_id=9))
    world.answer("profile", {"result": profile})
    with pytest.raises(Refused) as caught:
        world.portal().adopt(grant(access_token="access-5", application_token="forged"))
    assert caught.value.cause == "portal.not_admin"
    assert kept(world).grant.access_token == "access-1"
    assert kept(world).application_tokens == ("app",)


def test_another_administrator_may_take_over_after_the_first_left(world: World):
    world.app_info(info(user_id=9))
    world.answer("profile", {"result": {"ID": "9", "ADMIN": True}})
    world.answer("x.y", denied("authorization_error"), 401)
    portal = world.portal()
    with pytest.raises(Stopped):
        portal.call("x.y")
    assert kept(world).state == "needs_reauth"
    portal.adopt(grant(access_token="access-5"))
    assert world.sent("profile") == [{"auth": "access-5"}]
    assert (kept(world).state, kept(world).grant.user_id) == ("active", "9")


def test_a_portal_in_trouble_does_not_decide_who_is_administrator(world: World):
    world.app_info(info(user_id=9))
    world.answer("profile", denied("QUERY_LIMIT_EXCEEDED"), 503)
    with pytest.raises(TransientError):
        world.portal().adopt(grant())


def test_a_webhook_adopts_nothing(world: World):
    world.config = webhook_settings()
    world.app_info()
    with pytest.raises(PermanentError):
        world.portal().adopt(grant())


def test_a_sealed_pair_waits_and_is_adopted(world: World):
    bare(world)
    world.app_info()
    portal = world.portal()
    sealed = portal.seal_grant(grant(application_token="app-1"))
    assert "access-1" not in sealed
    portal.adopt_sealed(sealed)
    assert kept(world).grant == grant(application_token="app-1", scope="crm,im", status="L", client_id="local.1")


@pytest.mark.parametrize("sealed", ["", "x", "}{", '}1 :"ta_seripxe"{'])
def test_a_seal_that_cannot_be_read_is_parked(world: World, sealed):
    with pytest.raises(PermanentError) as caught:
        world.portal().adopt_sealed(sealed)
    assert caught.value.cause == "portal.grant_unreadable"


def test_a_forgotten_portal_is_not_called(world: World):
    portal = world.portal()
    assert portal.installed()
    portal.forget(clean=False)
    assert not portal.installed()
    with pytest.raises(Stopped):
        portal.call("x.y")


def test_a_code_is_exchanged_for_a_pair(world: World):
    world.token(
        {"access_token": "a", "refresh_token": "r", "member_id": "m", "client_endpoint": REST, "expires_in": 60}
    )
    made: Any = world.portal().exchange("the-code")
    assert (made.access_token, made.client_endpoint) == ("a", REST)
    assert world.renewals()[0]["grant_type"] == ["authorization_code"]


def test_what_an_uninstall_left_behind_binds_nobody(world: World):
    gone = grant(access_token="", refresh_token="", client_endpoint="", user_id="", member_id="member-0")
    world.install(state="uninstalled", grant=gone, application_tokens=())
    world.app_info(info(user_id=4))
    world.portal().adopt(grant(application_token="new"))
    assert (kept(world).grant.member_id, kept(world).application_tokens) == ("member-1", ("new",))


def test_a_portal_installed_again_may_have_moved_meanwhile(world: World):
    gone = grant(access_token="", refresh_token="", client_endpoint="", user_id="")
    world.install(state="uninstalled", grant=gone, application_tokens=())
    new = "https://renamed.bitrix24.ru/rest/"
    world.app_info(info(domain="renamed.bitrix24.ru", client_endpoint=new))
    world.portal().adopt(grant())
    assert (kept(world).state, kept(world).grant.client_endpoint) == ("active", new)
