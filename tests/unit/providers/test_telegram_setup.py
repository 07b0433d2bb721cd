from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from connector.domain.effects import Send
from connector.domain.events import ConversationBlocked, Ignored, MessageReceived
from connector.domain.provider import Outgoing
from connector.domain.request import Reply
from connector.errors import PermanentError
from connector.providers.telegram import PROVIDER, inbound, setup
from connector.providers.telegram.settings import TelegramSettings
from connector.providers.telegram.standin import TelegramStandIn
from tests.contract.providers.recorded import Wire

HOOK = "https://connector.example/hooks/shop"
RAW: dict[str, Any] = {
    "account": "shop",
    "provider": "telegram",
    "portal": "main",
    "token": "100000001:token_of-the-test",
    "secret": "secret_of-the-test",
}


def account(**changes: Any) -> TelegramSettings:
    return TelegramSettings.model_validate(RAW | changes)


def stand(**changes: Any) -> tuple[TelegramSettings, TelegramStandIn, Wire]:
    settings = account(**changes)
    standin = TelegramStandIn(settings)
    return settings, standin, Wire(standin.handle)


@pytest.mark.parametrize(
    "changes",
    [
        {"token": "not a token"},
        {"token": "1:a/b"},
        {"token": ""},
        {"secret": ""},
        {"secret": "со словами"},
        {"secret": "a" * 257},
        {"secret": "with space"},
        {"api_url": "api.telegram.org"},
        {"api_url": "https://api.telegram.org/?x=1"},
        {"colour": "blue"},
    ],
)
def test_settings_that_cannot_work_are_refused_without_telling_the_secret(changes: dict[str, str]):
    with pytest.raises(ValidationError) as refusal:
        account(**changes)
    secrets = [value for name, value in changes.items() if name in ("token", "secret") and value]
    assert not any(secret in str(refusal.value) for secret in [*secrets, "token_of-the-test", "secret_of-the-test"])


def test_the_secret_is_required():
    with pytest.raises(ValidationError):
        TelegramSettings.model_validate({name: value for name, value in RAW.items() if name != "secret"})


def test_the_official_address_is_the_default_and_a_slash_does_not_matter():
    assert account().method_url("getMe") == "https://api.telegram.org/bot100000001:token_of-the-test/getMe"
    assert account(api_url="http://127.0.0.1:81/x/").method_url("a").startswith("http://127.0.0.1:81/x/bot")
    assert account(api_url="").api_url == "https://api.telegram.org"


def test_a_new_account_is_connected_with_its_secret_and_the_kinds_we_read():
    settings, standin, wire = stand()
    standin.secret = "another"
    assert {finding.state for finding in setup.connect(settings, HOOK, wire)} == {"ok"}
    assert standin.webhook["url"] == HOOK
    assert set(standin.webhook["allowed_updates"]) == set(inbound.UPDATES)
    assert standin.secret == "secret_of-the-test"
    inbound.verify(standin.say("5", "да"), settings)


@pytest.mark.parametrize(
    ("url", "words"), [("https://other.example/", "stop the program"), ("", "has no address to post to yet")]
)
def test_a_webhook_that_leads_elsewhere_or_nowhere_is_bad(url: str, words: str):
    settings, standin, wire = stand()
    standin.webhook["url"] = url
    findings = setup.check(settings, HOOK, wire)
    assert [finding.state for finding in findings] == ["ok", "bad", "ok", "ok", "ok"]
    hint = findings[1].hint
    assert hint
    assert words in hint.en
    assert all("`connector account connect shop`" in said for said in hint)


@pytest.mark.parametrize(
    ("info", "place", "state"),
    [
        ({"allowed_updates": ["message"]}, 2, "bad"),
        ({"last_error_message": "Wrong response from the webhook: 401 Unauthorized"}, 3, "warn"),
        ({"pending_update_count": 101}, 4, "warn"),
        ({"pending_update_count": 100}, 4, "ok"),
    ],
)
def test_what_telegram_complains_of_is_found(info: dict[str, Any], place: int, state: str):
    settings, standin, wire = stand()
    standin.webhook |= {"url": HOOK} | info
    finding = setup.check(settings, HOOK, wire)[place]
    assert finding.state == state
    assert (finding.hint is None) == (state == "ok")


def test_a_wrong_token_is_found_and_not_raised():
    settings, standin, _ = stand()
    stranger = account(token="100000002:other")
    for findings in (
        setup.check(stranger, HOOK, Wire(standin.handle)),
        setup.connect(stranger, HOOK, Wire(standin.handle)),
    ):
        assert [finding.state for finding in findings] == ["bad"]
        assert findings[0].hint is not None
        assert "@BotFather" in findings[0].hint.ru
    assert settings.token != stranger.token


def test_groups_are_conversations_only_when_asked_for():
    _, standin, _ = stand()
    update = json.loads(standin.say("5", "всем привет").body)
    update["message"]["chat"] = {"id": -42, "type": "supergroup", "title": "Отдел"}
    request = standin.say("5", "")
    body = json.dumps(update).encode()
    request = replace(request, body=body)
    (ignored,) = inbound.parse(request, account())
    (taken,) = inbound.parse(request, account(groups=True))
    assert ignored == Ignored(what="message.in_supergroup")
    assert isinstance(taken, MessageReceived)
    assert (taken.conversation, taken.client.id) == ("-42", "5")


def test_an_anonymous_member_of_a_group_is_known_by_the_chat():
    _, standin, _ = stand()
    update = json.loads(standin.say("5", "привет").body)
    update["message"] |= {"chat": {"id": -42, "type": "group", "title": "Отдел"}}
    del update["message"]["from"]
    request = standin.say("5", "")
    request = replace(request, body=json.dumps(update).encode())
    (taken,) = inbound.parse(request, account(groups=True))
    assert isinstance(taken, MessageReceived)
    assert (taken.client.id, taken.client.first_name) == ("-42", "Отдел")


def test_an_update_that_is_not_as_documented_raises_and_is_kept_by_the_caller():
    _, standin, _ = stand()
    request = standin.say("5", "")
    for body in (b'{"update_id": 1, "message": 5}', b'{"message": {}}', b'{"update_id": "x", "message": {}}'):
        with pytest.raises((KeyError, TypeError, ValueError)):
            inbound.parse(replace(request, body=body), account())


def test_the_stand_in_refuses_a_client_who_blocked_the_bot():
    settings, standin, wire = stand()
    (event,) = inbound.parse(standin.block("5"), settings)
    assert isinstance(event, ConversationBlocked)
    assert PROVIDER.channel is not None
    outgoing = Outgoing(command=Send(account="shop", conversation="5", text="да"))
    with pytest.raises(PermanentError) as refusal:
        PROVIDER.channel.send(outgoing, settings, wire)
    assert refusal.value.cause == "telegram.blocked"
    standin.unblock("5")
    assert PROVIDER.channel.send(outgoing, settings, wire).ids


def test_the_stand_in_knows_no_other_token_method_or_file():
    _, standin, wire = stand()
    request = standin.say("5", "")
    for path, status in (
        ("/bot100000001:wrong/getMe", 401),
        ("/elsewhere/getMe", 404),
        ("/bot100000001:token_of-the-test/flyToTheMoon", 404),
        ("/file/bot100000001:token_of-the-test/no", 404),
        ("/file/bot100000001:wrong/no", 404),
    ):
        reply: Reply = standin.handle(replace(request, path=path))
        assert reply.status == status
    assert wire.seen == []
