from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook

from connector.bootstrap import Connector, build
from connector.domain.request import Request
from connector.errors import ConnectorError
from connector.journal import open_journal
from tests import services
from tests.integration.house.crowd import post
from tests.integration.house.waiting import until
from tests.integration.soak.fast_house import FastHouse, fast_house
from tests.integration.soak.time_machine import FastClock
from tests.log_net import NET

SEND = "imconnector.send.messages"
WORDS = "planted words, nobody's business"
CLIENT = {
    "id": "client-1",
    "first_name": "Zinaida",
    "last_name": "Plantagenet",
    "phone": "+79001112233",
    "email": "planted.person@example.org",
}
GOSSIP = f"Client Zinaida Plantagenet ({CLIENT['phone']}, {CLIENT['email']}) said: {WORDS}"


class Ear:
    """Everything that is logged from now on; what was heard is searched at the end."""

    def heard(self) -> str:
        return "".join(NET.caught)

    def hears(self, event: str) -> None:
        until(lambda: f'"{event}"' in self.heard(), what=f"a log line {event}")


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Fails the test when anything of the above was logged."""
    ear = Ear()
    yield ear
    assert NET.look() == []


@pytest.fixture
def house(tmp_path: Path, redis_server: services.Redis) -> Iterator[FastHouse]:
    with fast_house(tmp_path, f"sqlite:///{tmp_path / 'house.db'}", redis_server, FastClock(factor=60.0)) as running:
        yield running


def request(house: FastHouse, number: int, text: str = WORDS, **more: Any) -> Request:
    """A webhook of our client, signed; ``more`` replaces parts of its message."""
    model = house.standin("site").say("700", text)
    body = json.loads(model.body)
    body["data"] |= {"client": CLIENT, "message": {"id": f"in-{number}", "text": text, **more}}
    raw, webhook_id = json.dumps(body), f"msg_planted_{number}"
    secret: str = vars(house.standin("site"))["secret"]
    signature = Webhook(secret).sign(webhook_id, model.received_at, raw)
    headers = {**model.headers, "webhook-id": webhook_id, "webhook-signature": signature}
    return replace(model, headers=headers, body=raw.encode())


def say(house: FastHouse, number: int, **more: Any) -> requests.Response:
    return post(house.url, "site", request(house, number, **more))


def settled(house: FastHouse) -> bool:
    return not house.journal.counts()["waiting"]


REFUSALS: Mapping[str, Mapping[str, Any]] = {
    "a business error": {"status": 400, "code": "ERROR_ARGUMENT", "description": GOSSIP},
    "an unknown code": {"status": 400, "code": "CLIENT_ZINAIDA", "description": GOSSIP},
    "a server error": {"status": 500, "description": GOSSIP},
    "a page": {"status": 502, "body": f"<html>{GOSSIP}</html>"},
    "an operating limit": {"status": 429, "code": "OPERATION_TIME_LIMIT", "description": GOSSIP},
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_portal_that_quotes_the_client_is_not_quoted_in_the_log(house: FastHouse, ear: Ear, what: str):
    house.sandbox.fault("fail", method=SEND, **REFUSALS[what])
    assert say(house, 1).ok
    until(lambda: ear.heard().count(SEND) and not house.sandbox.faults(), what="the fault was met")
    until(lambda: settled(house), what="nothing waits")
    ear.hears("portal_call_failed")


def test_requests_that_are_wrong_or_forged_are_not_quoted(house: FastHouse, ear: Ear):
    assert say(house, 1, files=[{"url": {"not": GOSSIP}}]).ok
    assert post(house.url, "site", house.standin("site").forge("700", GOSSIP)).status_code == 401
    assert requests.post(f"{house.url}/bitrix24/events?auth=deadbeef&x={GOSSIP}", data={"event": GOSSIP}).status_code
    ear.hears("parse.failed")
    ear.hears("hook.refused")
    ear.hears("request.refused")


def test_tokens_that_expire_and_a_grant_that_is_refused_are_not_told(house: FastHouse, ear: Ear):
    assert say(house, 1).ok
    until(lambda: settled(house), what="the first one arrived")
    house.sandbox.expire_tokens()
    assert say(house, 2).ok
    ear.hears("portal_tokens_renewed")
    until(lambda: settled(house), what="the second one arrived")
    house.sandbox.expire_tokens(refresh=True)
    assert say(house, 3).ok
    ear.hears("portal_stopped")


def test_a_provider_that_quotes_the_operator_is_not_quoted(house: FastHouse, ear: Ear):
    assert say(house, 1).ok
    until(lambda: house.sandbox.chats(), what="the chat is there")
    house.standin("site").refuse_next()
    house.sandbox.say("site.700", f"To {GOSSIP}")
    ear.hears("delivery.parked")
    until(lambda: settled(house), what="nothing waits")


def test_a_bug_whose_text_holds_a_whole_message_is_told_without_it(house: FastHouse, ear: Ear):
    portal = house.connector.portals["main"]
    call: Callable[..., Any] = portal.call

    def breaks(method: str, params: Mapping[str, Any], **more: Any) -> Any:
        if method == SEND:
            raise RuntimeError(f"cannot send {dict(params)!r}")
        return call(method, params, **more)

    vars(portal)["call"] = breaks
    assert say(house, 1).ok
    ear.hears("effect.bug")
    ear.hears("delivery.parked")
    assert "cannot send" in ear.heard()


def with_password(house: FastHouse, folder: Path) -> Connector:
    """The same house with a password in the URL of a Redis that is not there."""
    port = services.free_port()
    url = f"redis://:planted-password@127.0.0.1:{port}/0"
    return build(house.connector.settings.model_copy(update={"redis_url": url, "var": folder / "other"}))


def test_a_database_and_a_redis_that_are_away_do_not_tell_their_passwords(house: FastHouse, ear: Ear, tmp_path: Path):
    connector = with_password(house, tmp_path)
    connector.portals["main"].budget.spend()
    ear.hears("budget_private")
    connector.journal.close()
    url = f"postgresql://planted:planted-password@127.0.0.1:{services.free_port()}/nobody"
    with pytest.raises(ConnectorError) as away:
        open_journal(url, house.connector.vault).counts()
    assert "planted-password" not in f"{away.value} {away.value.detail} {away.value.hint}"
