"""The authorisation server (facts/bitrix24-platform.md §2.2, §4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller


def token_url(app: Caller) -> str:
    """As a client derives it: ``server_endpoint`` without ``/rest/`` plus ``/oauth/token/``."""
    return app.grant["server_endpoint"].removesuffix("/rest/") + "/oauth/token/"


def refresh(app: Caller, verb: str = "get", **change: str) -> requests.Response:
    given = {
        "grant_type": "refresh_token",
        "client_id": "local.sandbox",
        "client_secret": "sandbox-secret",
        "refresh_token": app.grant["refresh_token"],
        **change,
    }
    kind = "params" if verb == "get" else "data"
    return requests.request(verb, token_url(app), **{kind: {key: value for key, value in given.items() if value}})


@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_refresh_token_works_once_and_brings_the_next(app: Caller, verb: str) -> None:
    first = refresh(app, verb)
    assert first.status_code == 200
    pair = first.json()
    assert pair["refresh_token"] != app.grant["refresh_token"]
    assert pair["client_endpoint"] == app.grant["client_endpoint"]
    # By the docs ``domain`` is the authorisation server's: it is no portal.
    assert pair["domain"] != urlsplit(pair["client_endpoint"]).netloc
    used = refresh(app, verb)
    assert (used.status_code, used.json()["error"]) == (400, "invalid_grant")
    assert refresh(app, verb, refresh_token=pair["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"client_id": "local.nobody"}, 200, "wrong_client"),
        ({"client_secret": "guess"}, 400, "invalid_client"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "invalid_request"),
    ],
)
def test_refusals_have_their_codes_and_odd_statuses(
    app: Caller, change: dict[str, str], status: int, code: str
) -> None:
    answer = refresh(app, **change)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_tokens_live_as_long_as_they_say(app: Caller) -> None:
    clock = {"now": 1_800_000_000.0}
    with SandboxServer(burst=0, token_ttl=2, clock=lambda: clock["now"]) as server:
        own = Caller(server)
        assert own.call("profile")[0] == 200
        clock["now"] += 3
        status, body = own.call("profile")
        assert (status, body["error"]) == (401, "expired_token")
        pair = refresh(own).json()
        assert pair["expires_in"] == 2
        own.grant["access_token"] = pair["access_token"]
        assert own.call("profile")[0] == 200


def test_every_token_can_be_made_to_expire(app: Caller) -> None:
    app.server.expire_tokens()
    assert app.call("profile")[1]["error"] == "expired_token"
    assert refresh(app).status_code == 200
    app.server.expire_tokens(refresh=True)
    assert refresh(app).json()["error"] == "invalid_grant"


def test_the_auth_servers_app_info_knows_the_installation(app: Caller) -> None:
    url = app.grant["server_endpoint"] + "app.info"
    info = requests.get(url, params={"auth": app.grant["access_token"]}).json()["result"]
    assert (info["client_id"], info["user_id"]) == ("local.sandbox", 1)
    install = info["install"]
    assert (install["member_id"], install["installed"], install["status"]) == (app.grant["member_id"], True, "L")
    assert app.grant["client_endpoint"] == install["client_endpoint"]
    for token, status, code in (("ab" * 35, 400, "invalid_client"), ("no", 401, "NO_AUTH_FOUND")):
        answer = requests.get(url, params={"auth": token})
        assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_a_removed_application_is_known_to_nobody(app: Caller) -> None:
    app.server.uninstall()
    assert app.call("profile")[1]["error"] == "APPLICATION_NOT_FOUND"
    info = requests.get(app.grant["server_endpoint"] + "app.info", params={"auth": app.grant["access_token"]})
    assert (info.status_code, info.json()["error"]) == (401, "NOT_INSTALLED")
    assert refresh(app).json()["error"] == "invalid_client"


def test_a_dismissed_employees_token_is_worth_nothing(app: Caller) -> None:
    app.server.fire_user(1)
    status, body = app.call("profile")
    assert (status, body["error"]) == (401, "authorization_error")


def test_a_code_is_exchanged_once(app: Caller) -> None:
    with SandboxServer(burst=0, redirect_uri="http://app.test/back") as server:
        server.grant()
        answer = requests.get(
            f"{server.url}/oauth/authorize/", params={"client_id": "local.sandbox", "state": "s"}, allow_redirects=False
        )
        back: dict[str, Any] = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
        assert (answer.status_code, back["state"], back["domain"]) == (302, "s", f"127.0.0.1:{server.port}")
        given = {
            "grant_type": "authorization_code",
            "client_id": "local.sandbox",
            "client_secret": "sandbox-secret",
            "code": back["code"],
        }
        url = f"http://{back['server_domain']}/oauth/token/"
        assert requests.get(url, params=given).json()["access_token"]
        assert requests.get(url, params=given).json()["error"] == "invalid_grant"


def test_a_renamed_portal_redirects_and_its_new_address_works(app: Caller) -> None:
    new = f"localhost:{app.server.port}"
    app.server.rename(new)
    answer = app.http.post(
        app.grant["client_endpoint"] + "profile", json={"auth": app.grant["access_token"]}, allow_redirects=False
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, f"http://{new}/rest/profile")
    assert "<html>" in answer.text
    assert app.http.post(answer.headers["Location"], json={"auth": app.grant["access_token"]}).status_code == 200
    assert refresh(app).json()["client_endpoint"] == f"http://{new}/rest/"


def test_a_portal_may_be_renamed_again_and_again(app: Caller) -> None:
    first = f"127.0.0.1:{app.server.port}"
    for name in ("second.test", "third.test"):
        app.server.rename(name)
    for old in (first, "second.test"):
        answer = requests.post(f"{app.server.url}/rest/profile", headers={"Host": old}, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (302, "http://third.test/rest/profile")
    app.server.rename(first)
    assert app.call("profile")[0] == 200
    assert refresh(app).json()["client_endpoint"] == f"http://{first}/rest/"
    answer = requests.post(f"{app.server.url}/rest/profile", headers={"Host": "third.test"}, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"http://{first}/rest/profile")
