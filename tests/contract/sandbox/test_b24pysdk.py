"""The official SDK at the sandbox: it calls, pages, batches, refreshes and sees the right errors.

Two things in the SDK are fixed: REST URLs begin with ``https://`` and the authorisation server is one public host.
The first is met by a TLS door (``tls_front.py``); the second by the SDK's own seam, an application class whose OAuth
requester is a subclass that asks the sandbox's authorisation server instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from b24pysdk import errors
from b24pysdk.api.requesters import BitrixOAuthRequester
from b24pysdk.api.responses import BitrixAppInfoResponse
from b24pysdk.credentials import BitrixApp, BitrixToken, BitrixWebhook, OAuthEventData
from b24pysdk.credentials.auth import RenewedOAuth
from b24pysdk.errors.oauth import BitrixOAuthInvalidClient, BitrixOAuthInvalidGrant, BitrixOauthWrongClient

from connector.sandbox import SandboxServer
from tests.contract.sandbox.caller import ICON, Caller, item
from tests.contract.sandbox.listener import Listener
from tests.contract.sandbox.tls_front import Front, tls_front


class LocalRequester(BitrixOAuthRequester):
    """Asks the sandbox where the SDK would ask the public authorisation server."""

    def __init__(self, app: Any, base: str) -> None:
        super().__init__(app)
        self._base = base

    def _get(self, url: str, params: dict[str, Any]) -> Any:
        return super()._get(url=self._base + urlsplit(url).path, params=params)


class LocalApp(BitrixApp):
    def __init__(self, server: SandboxServer, **credentials: str) -> None:
        super().__init__(**{"client_id": "local.sandbox", "client_secret": "sandbox-secret", **credentials})
        self._base = f"{server.url}/oauth-server"

    def refresh_oauth_token(self, refresh_token: str, **_: Any) -> RenewedOAuth:
        return RenewedOAuth.from_dict(LocalRequester(self, self._base).refresh_oauth_token(refresh_token))

    def get_app_info(self, auth_token: str, **_: Any) -> BitrixAppInfoResponse:
        return BitrixAppInfoResponse.from_dict(LocalRequester(self, self._base).get_app_info(auth_token))


@pytest.fixture
def front(sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    with tls_front(sandbox.app, tmp_path) as door:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(door.certificate))
        yield door


@pytest.fixture
def token(sandbox: SandboxServer, front: Front) -> BitrixToken:
    grant = sandbox.grant()
    return BitrixToken(
        domain=front.domain,
        auth_token=grant["access_token"],
        refresh_token=grant["refresh_token"],
        bitrix_app=LocalApp(sandbox),
    )


@pytest.fixture
def webhook(sandbox: SandboxServer, front: Front) -> BitrixWebhook:
    config = sandbox.portal.config
    return BitrixWebhook(domain=front.domain, webhook_token=f"{config.webhook_user}/{config.webhook_code}")


def test_it_calls_with_a_token_and_with_a_webhook(token: BitrixToken, webhook: BitrixWebhook) -> None:
    for credential in (token, webhook):
        answer = credential.get_client().profile().response
        assert (answer.result["ID"], answer.result["ADMIN"]) == ("1", True)
        assert isinstance(answer.time.date_start, datetime)


def test_it_reads_every_page(sandbox: SandboxServer, webhook: BitrixWebhook) -> None:
    sandbox.seed("contact", 120)
    rows = webhook.get_client().crm.contact.list(select=["ID"]).as_list().result
    assert sorted(int(row["ID"]) for row in rows) == list(range(1, 121))


def test_it_reads_every_page_the_fast_way(sandbox: SandboxServer, webhook: BitrixWebhook) -> None:
    sandbox.seed("lead", 120)
    rows = list(webhook.get_client().crm.lead.list(select=["ID"]).as_list_fast().result)
    assert [int(row["ID"]) for row in rows] == list(range(1, 121))


def test_it_batches_and_tells_failures_from_results(token: BitrixToken) -> None:
    answer = token.call_batch({"a": ("crm.contact.add", {"fields": {"NAME": "Ann & Co"}}), "b": ("no.such", {})})[
        "result"
    ]
    assert set(answer["result"]) == {"a"}
    assert answer["result_error"]["b"]["error"] == "ERROR_METHOD_NOT_FOUND"
    row = token.get_client().crm.contact.get(bitrix_id=answer["result"]["a"]).result
    assert row["NAME"] == "Ann & Co"


def test_it_splits_more_than_fifty_commands(sandbox: SandboxServer, token: BitrixToken) -> None:
    commands = [("crm.contact.add", {"fields": {"NAME": str(number)}}) for number in range(120)]
    answer = token.call_batches(commands)["result"]
    assert len(answer["result"]) == 120
    assert sandbox.state()["crm"]["contact"] == 120
    assert len(sandbox.calls(method="batch")) == 3


def test_it_refreshes_an_expired_token_by_itself_and_keeps_the_new_pair(
    sandbox: SandboxServer, token: BitrixToken
) -> None:
    old = (token.auth_token, token.refresh_token)
    sandbox.expire_tokens()
    assert token.get_client().profile().result["ID"] == "1"
    assert token.auth_token != old[0]
    assert token.refresh_token != old[1]
    with pytest.raises(BitrixOAuthInvalidGrant):
        LocalApp(sandbox).refresh_oauth_token(str(old[1]))


@pytest.mark.parametrize(
    ("credentials", "error"),
    [({"client_id": "local.nobody"}, BitrixOauthWrongClient), ({"client_secret": "x"}, BitrixOAuthInvalidClient)],
)
def test_it_sees_the_authorisation_servers_refusals(
    sandbox: SandboxServer, credentials: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        LocalApp(sandbox, **credentials).refresh_oauth_token(sandbox.grant()["refresh_token"])


def test_it_reads_the_installation(sandbox: SandboxServer, token: BitrixToken) -> None:
    info = token.get_app_info().result
    assert (info.client_id, info.install.member_id) == ("local.sandbox", sandbox.portal.config.member_id)
    assert info.install.installed is True


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 503, "code": "OVERLOAD_LIMIT"}, errors.BitrixAPIOverloadLimit),
        ({"status": 429, "code": "OPERATION_TIME_LIMIT"}, errors.BitrixAPIOperationTimeLimit),
        ({"status": 500, "code": "INTERNAL_SERVER_ERROR"}, errors.BitrixAPIInternalServerError),
        ({"status": 500, "body": "<html>"}, errors.BitrixResponse500JSONDecodeError),
    ],
)
def test_scripted_faults_become_its_errors(
    sandbox: SandboxServer, webhook: BitrixWebhook, fault: dict[str, Any], error: type[Exception]
) -> None:
    sandbox.fault("fail", method="profile", times=-1, **fault)
    with pytest.raises(error):
        webhook.call_method("profile", max_retries=1)


def test_refusals_of_methods_become_its_errors(webhook: BitrixWebhook, token: BitrixToken) -> None:
    with pytest.raises(errors.BitrixAPIWrongAuthType):
        webhook.call_method("imconnector.list")
    with pytest.raises(errors.BitrixAPINotFound):
        webhook.call_method("no.such")
    with pytest.raises(errors.BitrixAPIBadRequest):
        token.call_method("crm.contact.get", {"id": 999})
    token.auth_token = "ab" * 35
    with pytest.raises(errors.BitrixAPIInvalidToken):
        token.call_method("profile")


def test_it_registers_a_connector_and_sends_a_message(sandbox: SandboxServer, token: BitrixToken) -> None:
    register = {"ID": "sdk_chat", "NAME": "SDK", "ICON": ICON, "PLACEMENT_HANDLER": "https://app.test/settings"}
    token.call_method("imconnector.register", register)
    token.call_method("imconnector.activate", {"CONNECTOR": "sdk_chat", "LINE": 1, "ACTIVE": 1})
    token.call_method("imconnector.send.messages", {"CONNECTOR": "sdk_chat", "LINE": 1, "MESSAGES": [item()]})
    assert [row["text"] for row in sandbox.messages("c1")] == ["Hello"]


def test_it_understands_an_event(app: Caller, listener: Listener) -> None:
    app.result("event.bind", event="OnCrmLeadAdd", handler=f"{listener.url}/e")
    number = app.result("crm.lead.add", fields={"TITLE": "T"})
    assert app.server.settle()
    event = OAuthEventData.from_dict(listener.events()[0].form)
    assert (event.event, event.data) == ("ONCRMLEADADD", {"FIELDS": {"ID": str(number)}})
    assert event.auth.member_id == app.grant["member_id"]


def test_it_tags_a_contact_plans_a_call_and_sets_a_task(sandbox: SandboxServer, webhook: BitrixWebhook) -> None:
    client = webhook.get_client()
    options = [{"VALUE": "VIP", "XML_ID": "vip"}]
    field = {"FIELD_NAME": "TAGS", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y", "LIST": options}
    number = client.crm.contact.userfield.add(fields=field).result
    option = int(client.crm.contact.userfield.get(bitrix_id=number).result["LIST"][0]["ID"])
    fields = {"name": "Ann", "fm": [{"typeId": "PHONE", "value": "+79001234567"}], "UF_CRM_TAGS": [option]}
    item = client.crm.item.add(entity_type_id=3, fields=fields, use_original_uf_names=True).result["item"]
    assert item["UF_CRM_TAGS"] == [option]
    listed = client.crm.item.list(entity_type_id=3, filter={"ufCrmTags": option}, select=["id"]).as_list().result
    assert [row["id"] for row in listed] == [item["id"]]
    assert client.crm.duplicate.findbycomm(type="PHONE", values=["89001234567"]).result == {"CONTACT": [item["id"]]}
    assert client.crm.duplicate.findbycomm(type="EMAIL", values=["a@b.ru"]).result == []
    comment = {"ENTITY_ID": item["id"], "ENTITY_TYPE": "contact", "COMMENT": "Hi"}
    assert client.crm.timeline.comment.add(fields=comment).result == 901
    # The SDK's own ``todo.add`` takes a datetime, which its JSON then refuses.
    planned = {"ownerTypeId": 3, "ownerId": item["id"], "deadline": "2026-02-03T15:00:00Z"}
    assert webhook.call_method("crm.activity.todo.add", planned)["result"]["id"]
    task = client.tasks.task.add(fields={"TITLE": "x", "RESPONSIBLE_ID": 2, "TAGS": ["vip"]}).result["task"]
    assert task["responsibleId"] == "2"
    assert client.crm.status.list(filter={"ENTITY_ID": "SOURCE"}).result[0]["STATUS_ID"] == "CALL"
    assert not [row for row in sandbox.calls() if row["error"]]


def test_it_knows_the_refusals(sandbox: SandboxServer, webhook: BitrixWebhook) -> None:
    item = webhook.get_client().crm.item
    with pytest.raises(errors.BitrixAPIError) as missing:
        _ = item.get(bitrix_id=9, entity_type_id=3).result
    with pytest.raises(errors.BitrixAPIError) as wrong:
        _ = item.add(entity_type_id=2, fields={"stageId": "nowhere"}).result
    assert (missing.value.error, wrong.value.error) == ("NOT_FOUND", "CRM_FIELD_ERROR_VALUE_NOT_VALID")
