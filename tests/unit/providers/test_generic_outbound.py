from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from standardwebhooks import Webhook

from connector.domain.effects import Acknowledge, Delete, Edit
from connector.domain.request import Reply
from connector.domain.values import File
from connector.errors import PermanentError, Stopped, TransientError
from connector.providers import standard_webhooks
from connector.providers.generic import inbound, outbound, setup
from tests.contract.providers.recorded import upload
from tests.unit.providers.receiving import OTHER, SECRET, Receiver, account


def test_a_webhook_id_is_stable_has_no_dots_and_tells_keys_apart():
    assert standard_webhooks.webhook_id("out:main:1.5:0") == standard_webhooks.webhook_id("out:main:1.5:0")
    assert len({standard_webhooks.webhook_id(key) for key in ("a.b", "a_b", "", "")}) == 4
    assert "." not in standard_webhooks.webhook_id("a.b") + standard_webhooks.webhook_id("")


def test_a_repeat_reaches_the_client_once_with_the_same_id():
    receiver = Receiver()
    first, second = receiver.send("да", "out:1"), receiver.send("да", "out:1")
    assert first == second
    assert receiver.standin.heard("7") == ["да"]
    assert receiver.standin.counts == {"message.created": 1, "repeats": 1}


def test_while_secrets_are_rotated_a_reply_bears_all_signatures():
    receiver = Receiver(secret=[SECRET, OTHER])
    receiver.send("да")
    sent = receiver.wire.seen[0]
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(sent.body, dict(sent.headers))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("plain", "да (https://a.example/)"),
        ("markdown", "[да](https://a.example/)"),
        ("html", '<a href="https://a.example/">да</a>'),
        ("bbcode", "[url=https://a.example/]да[/url]"),
    ],
)
def test_replies_are_written_in_the_format_of_the_account(form: str, text: str):
    receiver = Receiver(deliver_format=form)
    receiver.send("[url=https://a.example/]да[/url][user=5][/user]")
    message = receiver.bodies()[0]["data"]["message"]
    assert (message["text"], message["format"]) == (text, form)


def test_a_delivery_says_what_where_and_with_which_files():
    receiver = Receiver()
    receiver.send("вот", "k", upload("a.pdf", b"12345"))
    (body,) = receiver.bodies()
    assert body["type"] == "message.created"
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
    assert body["data"] == {
        "account": "app",
        "conversation": "7",
        "message": {
            "id": standard_webhooks.webhook_id("k"),
            "text": "вот",
            "format": "plain",
            "files": [
                {
                    "url": "https://connector.example/media/a.pdf",
                    "name": "a.pdf",
                    "type": "application/pdf",
                    "size": 5,
                    "kind": "document",
                }
            ],
            "reply_to": "m1",
        },
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b'{"id": "x-1"}', "x-1"),
        (b'{"id": 17}', "17"),
        (b"", None),
        (b"[1]", None),
        (b'{"id": true}', None),
        (b'{"id": "%s"}' % (b"x" * 101), None),
    ],
)
def test_the_id_is_the_receivers_or_else_our_own(said: bytes, expected: str | None):
    receiver = Receiver()
    receiver.standin.answers.append(Reply(status=201, body=said))
    assert receiver.send("да", "k").ids == (expected or standard_webhooks.webhook_id("k"),)


def test_edits_deletions_and_presses_leave_too():
    receiver = Receiver()
    ids = receiver.send("да", "k").ids + receiver.send("нет", "l").ids
    receiver.do(Edit(account="app", conversation="7", message_ids=ids, text="[b]ну[/b]"))
    assert receiver.standin.heard("7") == ["ну", "нет"]
    receiver.do(Delete(account="app", conversation="7", message_ids=ids), "d")
    receiver.do(Acknowledge(account="app", conversation="7", press_id="p1"))
    assert receiver.standin.heard("7") == []
    types = [body["type"] for body in receiver.bodies()]
    assert types == [*["message.created"] * 2, "message.updated", *["message.deleted"] * 2, "button.acknowledged"]
    assert len({request.headers["webhook-id"] for request in receiver.wire.seen}) == 6


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, "generic.signature"),
        (403, "generic.signature"),
        (404, "generic.address"),
        (413, "generic.too_large"),
        (400, "generic.rejected"),
        (422, "generic.rejected"),
        (301, "generic.rejected"),
    ],
)
def test_what_will_not_pass_is_for_a_person(status: int, cause: str):
    receiver = Receiver()
    receiver.standin.answers.append(Reply(status=status))
    with pytest.raises(PermanentError) as failure:
        receiver.send("да")
    assert (failure.value.cause, failure.value.detail) == (cause, str(status))


@pytest.mark.parametrize(
    ("status", "headers", "wait", "maybe_done"),
    [
        (429, {"retry-after": "7"}, 7.0, False),
        (429, {}, None, False),
        (502, {}, None, False),
        (503, {"retry-after": "120"}, 120.0, False),
        (504, {}, None, False),
        (500, {}, None, True),
        (409, {"retry-after": "1"}, 1.0, False),
    ],
)
def test_a_busy_receiver_is_tried_again(status: int, headers: dict[str, str], wait: float | None, maybe_done: bool):
    receiver = Receiver()
    receiver.standin.answers.append(Reply(status=status, headers=headers))
    with pytest.raises(TransientError) as failure:
        receiver.send("да", "k")
    assert (failure.value.retry_after, failure.value.maybe_done) == (wait, maybe_done)


def test_gone_stops_the_account():
    receiver = Receiver()
    receiver.standin.answers.append(Reply(status=410))
    with pytest.raises(Stopped) as failure:
        receiver.send("да")
    assert failure.value.state == "suspended"


@pytest.mark.parametrize("ref", ["file:///etc/passwd", "ftp://a.example/x", "nonsense", ""])
def test_a_file_that_is_not_on_the_web_is_not_looked_for(ref: str):
    with pytest.raises(PermanentError):
        outbound.locate(File(ref=ref), account(), Receiver().wire)


def test_a_receiver_that_refuses_and_a_rotation_are_found():
    receiver = Receiver(secret=[SECRET, OTHER])
    receiver.standin.secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    states = [finding.state for finding in setup.check(receiver.settings, "https://c.example/hooks/app", receiver.wire)]
    assert states == ["bad", "warn", "ok"]


def test_the_stand_in_verifies_every_delivery():
    receiver = Receiver()
    receiver.send("да", "k")
    sent = receiver.wire.seen[0]
    for wrong in (
        replace(sent, body=sent.body + b" "),
        replace(sent, headers={**sent.headers, "webhook-signature": "v1"}),
    ):
        assert receiver.standin.handle(wrong).status == 401


def test_the_stand_in_knows_only_its_own_messages():
    receiver = Receiver()
    with pytest.raises(PermanentError):
        receiver.do(Edit(account="app", conversation="7", message_ids=("nobody",), text="да"))


def test_a_client_takes_a_message_back():
    receiver = Receiver()
    said = receiver.standin.say("7", "да")
    request = receiver.standin.take_back(said)
    inbound.verify(request, receiver.settings)
    (event,) = inbound.parse(request, receiver.settings)
    (message,) = inbound.parse(said, receiver.settings)
    assert event.kind == "message.deleted"
    assert event.message_ids == (message.message_id,)  # type: ignore[union-attr]
