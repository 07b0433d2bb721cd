"""``/contact_center/``: channels and lines for a person, and a connector's slider in a frame."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import Caller


@pytest.fixture
def shop() -> Iterator[Caller]:
    with SandboxServer(burst=0) as server:
        app = Caller(server)
        app.connect()
        yield app


def page(shop: Caller, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{shop.server.url}{path}", headers=headers, timeout=10, allow_redirects=False)


def test_every_channel_is_shown_on_every_line(shop: Caller):
    answer = page(shop, "/contact_center/?lang=en")
    assert answer.status_code == 200
    assert answer.text.count('class="chat"') == len(shop.server.portal.lines)
    assert answer.text.count("not connected") == len(shop.server.portal.lines) - 1
    assert "form-action http" not in answer.headers["Content-Security-Policy"]


def test_a_chosen_one_is_posted_into_a_frame_of_its_own_page_only(shop: Caller):
    answer = page(shop, "/contact_center/?ID=acme_chat&LINE=1")
    assert "SETTING_CONNECTOR" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "frame-src http" in policy


@pytest.mark.parametrize("asked", ["ID=nobody&LINE=1", "ID=acme_chat&LINE=99"])
def test_what_is_not_there_is_said(shop: Caller, asked: str):
    assert page(shop, f"/contact_center/?{asked}").status_code == 404


def test_only_this_machine_may_look(shop: Caller):
    assert page(shop, "/contact_center/", Host="evil.example").status_code == 403


@pytest.mark.parametrize(("dialog", "there"), [("chat1701", "/desk#1701"), ("//evil.example", "/desk"), ("", "/desk")])
def test_a_chat_is_opened_on_the_desk(shop: Caller, dialog: str, there: str):
    answer = page(shop, f"/online/?IM_DIALOG={dialog}")
    assert (answer.status_code, answer.headers["Location"]) == (302, there)
