"""``/app``: the application inside the portal, in a browser's frame."""

from __future__ import annotations

import html
import re

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller

PAGE = "http://127.0.0.1:9/bitrix24/app"


def opened(server: SandboxServer, **query: str) -> requests.Response:
    return requests.get(f"{server.url}/app", params={"url": PAGE, **query}, timeout=10)


def form_of(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}


def test_the_form_is_bitrix24s_and_goes_into_the_frame(app: Caller):
    answer = opened(app.server, user="2", lang="ru")
    form = form_of(answer.text)
    assert {"AUTH_ID", "REFRESH_ID", "APPLICATION_TOKEN", "member_id", "PLACEMENT", "SERVER_ENDPOINT"} <= set(form)
    assert f'action="{PAGE}?DOMAIN=' in answer.text
    assert "LANG=ru" in answer.text
    profile = requests.post(f"{app.server.url}/rest/profile", json={"auth": form["AUTH_ID"]}, timeout=10).json()
    assert profile["result"]["ID"] == "2"


def test_the_policy_lets_only_that_page_in(app: Caller):
    policy = opened(app.server).headers["Content-Security-Policy"]
    assert "form-action http://127.0.0.1:9;" in policy
    assert "frame-src http://127.0.0.1:9;" in policy
    assert policy.endswith("frame-ancestors 'none'")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/app",
        "http://127.0.0.1.evil.example/",
        "javascript:alert(1)",
        "http://evil.example\\@127.0.0.1/",
        "http://127.0.0.1:9/;script-src",
        "http://127.0.0.1:9/?x=1",
        "http://127.0.0.1:9/'",
    ],
)
def test_tokens_travel_to_this_machine_only(app: Caller, url: str):
    assert opened(app.server, url=url).status_code == 400


def test_an_application_that_is_not_installed_has_no_page(sandbox: SandboxServer):
    assert opened(sandbox).status_code == 404


def test_a_user_who_is_not_there_is_the_administrator(app: Caller):
    assert opened(app.server, user="99").status_code == opened(app.server, user="x").status_code == 200


def test_another_name_of_this_machine_is_refused(app: Caller):
    host = {"Host": "evil.example"}
    assert requests.get(f"{app.server.url}/app", params={"url": PAGE}, headers=host, timeout=10).status_code == 403
