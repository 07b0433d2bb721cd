from __future__ import annotations

import json

import pytest
import requests
import structlog

from connector.errors import PermanentError, Stopped, TransientError
from tests.unit.portal.world import REST, URL, World, denied, info, webhook_settings


def test_a_renamed_portal_is_followed_with_the_same_body(world: World):
    new = "https://renamed.bitrix24.ru/rest/"
    world.wire.post(f"{REST}x.y.json", status=302, headers={"Location": f"{new}x.y.json"}, body="<h1>Moved</h1>")
    world.app_info(info(domain="renamed.bitrix24.ru", client_endpoint=new))
    world.answer("x.y", {"result": "ok"}, base=new)
    portal = world.portal()
    assert portal.call("x.y", {"a": 1}) == "ok"
    assert world.sent("x.y") == [{"a": 1, "auth": "access-1"}] * 2
    assert portal.call("x.y") == "ok"
    assert world.store.installation("main").grant.client_endpoint == new  # type: ignore[union-attr]
    assert len([call for call in world.wire.calls if call.request.url == f"{REST}x.y.json"]) == 1


@pytest.mark.parametrize(
    ("location", "member", "domain"),
    [
        ("https://evil.com/rest/x.y.json", "member-1", "acme.bitrix24.ru"),
        ("https://evil.com/rest/x.y.json", "member-2", "evil.com"),
        ("http://renamed.bitrix24.ru/rest/x.y.json", "member-1", "renamed.bitrix24.ru"),
        ("http://127.0.0.1:6379/rest/", "member-1", "127.0.0.1:6379"),
        (f"{URL}/auth/", "member-1", "acme.bitrix24.ru"),
        ("", "member-1", "acme.bitrix24.ru"),
    ],
)
def test_a_redirect_to_anybody_else_is_not_followed(world: World, location, member, domain):
    world.wire.post(f"{REST}x.y.json", status=302, headers={"Location": location})
    world.app_info(info(domain=domain, member_id=member))
    with pytest.raises(Stopped) as caught:
        world.portal().call("x.y")
    assert caught.value.state == "unreachable"
    assert len(world.sent("x.y")) == 1
    assert world.store.installation("main").grant.client_endpoint == REST  # type: ignore[union-attr]


def test_a_webhook_calls_without_an_installation(world: World):
    world.config = webhook_settings()
    world.answer("crm.deal.get", {"result": 1}, base=f"{URL}/rest/1/the-code/")
    portal = world.portal()
    assert portal.installed()
    assert portal.call("crm.deal.get", {"id": 1}) == 1
    assert world.sent("crm.deal.get") == [{"id": 1}]
    assert portal.refresh_if_near_expiry() is False


@pytest.mark.parametrize("method", ["imconnector.register", "event.bind", "placement.bind", "EVENT.GET"])
def test_a_webhook_says_at_once_what_needs_an_application(world: World, method):
    world.config = webhook_settings()
    with pytest.raises(PermanentError) as caught:
        world.portal().call(method)
    assert method in caught.value.hint.en
    assert "client_id" in caught.value.hint.ru
    assert not world.wire.calls


def test_a_revoked_webhook_stops_the_portal(world: World):
    world.config = webhook_settings()
    world.answer("crm.deal.get", denied("INVALID_CREDENTIALS"), 401, base=f"{URL}/rest/1/the-code/")
    portal = world.portal()
    for _ in range(3):
        with pytest.raises(Stopped):
            portal.call("crm.deal.get")
    assert len(world.wire.calls) == 1


def test_secrets_are_in_no_error_and_no_log(world: World):
    world.config = webhook_settings()
    world.wire.post(f"{URL}/rest/1/the-code/x.y.json", body=requests.ConnectionError(f"url {URL}/rest/1/the-code/"))
    with structlog.testing.capture_logs() as logs, pytest.raises(TransientError) as caught:
        world.portal().call("x.y")
    told = f"{caught.value!r}{caught.value.detail}{caught.value.__cause__}{caught.value.__context__}{json.dumps(logs)}"
    assert "the-code" not in told
    assert logs
