from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.ports import Installation
from connector.errors import Refused
from connector.portal.install import TOKENS_KEPT, authentic, grant_from_event, grant_from_page, merged_tokens
from tests.unit.portal.world import NOW, REST, SERVER, grant

QUERY = {"DOMAIN": "Acme.bitrix24.ru", "PROTOCOL": "1", "LANG": "ru", "APP_SID": "session-of-a-page"}
PAGE = {
    "AUTH_ID": "access",
    "AUTH_EXPIRES": "1800",
    "REFRESH_ID": "refresh",
    "SERVER_ENDPOINT": SERVER,
    "APPLICATION_TOKEN": "app",
    "APPLICATION_SCOPE": "crm",
    "member_id": "member-1",
    "status": "L",
    "PLACEMENT": "DEFAULT",
}
AUTH = {
    "access_token": "access",
    "refresh_token": "refresh",
    "expires_in": "3600",
    "domain": "acme.bitrix24.ru",
    "client_endpoint": REST,
    "server_endpoint": SERVER,
    "member_id": "member-1",
    "application_token": "app",
    "user_id": "5",
}
INSTALLATION = Installation(portal="main", state="active", grant=grant(), application_tokens=("app", "webhook-app"))


def test_a_page_brings_a_pair():
    made = grant_from_page(QUERY, PAGE, NOW)
    assert (made.access_token, made.refresh_token, made.application_token) == ("access", "refresh", "app")
    assert made.client_endpoint == REST
    assert made.expires_at == NOW + timedelta(seconds=1800)


def test_the_page_session_is_never_taken_for_the_application_token():
    older = {key: value for key, value in PAGE.items() if key not in ("APPLICATION_TOKEN", "SERVER_ENDPOINT")}
    made = grant_from_page(QUERY, older | {"APP_SID": "session-of-a-page"}, NOW)
    assert (made.application_token, made.server_endpoint) == ("", "")
    assert "session-of-a-page" not in repr(vars(made))


@pytest.mark.parametrize("name", ["AUTH_ID", "REFRESH_ID", "member_id"])
def test_an_incomplete_page_is_refused(name):
    with pytest.raises(Refused) as caught:
        grant_from_page(QUERY, PAGE | {name: ""}, NOW)
    assert (caught.value.status, caught.value.detail) == (400, name)


@pytest.mark.parametrize("domain", ["", "evil.com/x", "a b", "user@evil.com", "evil.com:x", "evil.com?x", "-x", ["a"]])
def test_a_domain_that_is_no_host_is_refused(domain):
    with pytest.raises(Refused):
        grant_from_page(QUERY | {"DOMAIN": domain}, PAGE, NOW)


@pytest.mark.parametrize(
    ("domain", "endpoint"), [("127.0.0.1:8100", "http://127.0.0.1:8100/rest/"), ("acme.ru", "https://acme.ru/rest/")]
)
def test_plain_http_is_for_this_machine_only(domain, endpoint):
    assert grant_from_page({"DOMAIN": domain, "PROTOCOL": "0"}, PAGE, NOW).client_endpoint == endpoint


@pytest.mark.parametrize("expires", ["", "soon", "-5", "9" * 40, None, ["1"]])
def test_a_strange_lifetime_is_at_most_a_day(expires):
    made = grant_from_page(QUERY, PAGE | {"AUTH_EXPIRES": expires}, NOW)
    assert NOW < made.expires_at <= NOW + timedelta(days=1)


def test_an_install_event_brings_a_pair():
    made = grant_from_event({"event": "ONAPPINSTALL", "auth": AUTH}, NOW)
    assert (made.access_token, made.refresh_token, made.user_id) == ("access", "refresh", "5")
    assert (made.client_endpoint, made.domain) == (REST, "acme.bitrix24.ru")


@pytest.mark.parametrize(
    "auth", [None, "x", [], AUTH | {"refresh_token": ""}, AUTH | {"client_endpoint": "", "domain": ""}]
)
def test_an_event_without_a_pair_is_refused(auth):
    with pytest.raises(Refused):
        grant_from_event({"auth": auth}, NOW)


def auth(**changes: Any) -> dict[str, Any]:
    return {"auth": {"member_id": "member-1", "application_token": "app"} | changes}


@pytest.mark.parametrize("token", ["app", "webhook-app"])
def test_every_valid_application_token_is_heard(token):
    authentic(auth(application_token=token), INSTALLATION)


def test_a_page_speaks_with_its_application_token():
    authentic({"member_id": "member-1", "APPLICATION_TOKEN": "app"}, INSTALLATION)


@pytest.mark.parametrize(
    "form",
    [
        {},
        auth(application_token="ap"),
        auth(application_token=""),
        auth(application_token=["app"]),
        auth(member_id="member-2"),
        auth(member_id=""),
        {"auth": "app"},
        auth(application_token="приложение"),
    ],
)
def test_a_stranger_is_refused(form):
    with pytest.raises(Refused) as caught:
        authentic(form, INSTALLATION)
    assert caught.value.status == 403
    assert "app" not in caught.value.detail


def test_an_installation_without_tokens_hears_nobody():
    with pytest.raises(Refused):
        authentic(auth(application_token=""), replace(INSTALLATION, application_tokens=("",)))


def test_tokens_are_added_and_bounded():
    assert merged_tokens(("a", "b"), "a") == ("b", "a")
    assert merged_tokens(("a",), "") == ("a",)
    many = tuple(str(number) for number in range(30))
    assert merged_tokens(many, "new")[-1] == "new"
    assert len(merged_tokens(many, "new")) == TOKENS_KEPT
