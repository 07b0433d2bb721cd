"""``/hooks/<account>``: on disk before the answer, and an answer that explains itself."""

from __future__ import annotations

import io
import json

import pytest

from connector.errors import PermanentError
from connector.metrics import counters
from connector.speech import Text
from tests.unit.webhooks.world import SECRET, World

MESSAGE = {"id": 7, "chat": 5, "text": "hello"}


def post(world: World, body: object, account: str = "shop", **headers: str):
    return world.browser().post(f"/hooks/{account}", data=json.dumps(body), headers={**SECRET, **headers})


def count(account: str, outcome: str, cause: str = "") -> float:
    return counters().envelopes.labels(account, outcome, cause)._value.get()


def test_a_message_is_kept_and_acknowledged_in_the_providers_words(world: World):
    answer = post(world, MESSAGE)

    assert (answer.status_code, answer.data) == (200, b"ok")
    (envelope, (delivery,)) = world.journal.kept[0]
    assert (envelope.account, envelope.state, json.loads(envelope.request.body)) == ("shop", "accepted", MESSAGE)
    assert (delivery.destination, delivery.lane, delivery.position) == ("portal:main", "shop.5", 7)


def test_the_trace_sorts_by_time(world: World, clock):
    post(world, MESSAGE)
    clock.advance(1)
    post(world, {**MESSAGE, "id": 8})

    first, second = (envelope.trace for envelope in world.journal.envelopes)
    assert first < second
    assert all(len(trace) == 26 and set(trace) <= set("0123456789abcdef") for trace in (first, second))


def test_a_repeat_is_acknowledged_and_forgotten(world: World):
    before = count("shop", "repeated")
    assert [post(world, MESSAGE).data for _ in range(2)] == [b"ok", b"ok"]
    assert len(world.journal.kept) == 1
    assert count("shop", "repeated") == before + 1


def test_a_stranger_is_refused_counted_and_not_kept(world: World):
    before = count("shop", "refused", "fake.secret")
    answer = post(world, MESSAGE, **{"X-Secret": "guess"})

    assert answer.status_code == 401
    assert answer.json == {"error": "fake.secret", "hint": "The secret is wrong", "hint_ru": "Неверный секрет"}
    assert world.journal.kept == []
    assert count("shop", "refused", "fake.secret") == before + 1


def test_an_unknown_account_is_404_and_never_becomes_a_label(world: World):
    before = count("", "refused", "account.unknown")
    answer = post(world, MESSAGE, account="ghost")
    assert (answer.status_code, answer.json["error"]) == (404, "account.unknown")
    assert count("", "refused", "account.unknown") == before + 1


def test_what_cannot_be_read_is_kept_parked_and_acknowledged(world: World):
    answer = world.browser().post("/hooks/shop", data=b"{no json", headers=SECRET)

    assert answer.data == b"ok"
    envelope = world.journal.envelopes[0]
    assert (envelope.state, envelope.cause, envelope.request.body) == ("parked", "parse.failed", b"{no json")
    assert envelope.hint is not None
    assert envelope.trace in envelope.hint.en
    assert "JSONDecodeError" in envelope.detail


def test_what_means_nothing_is_kept_as_ignored(world: World):
    post(world, {"kind": "typing"})
    assert [envelope.state for envelope in world.journal.envelopes] == ["ignored"]


@pytest.mark.parametrize("chat", ["a\0b", "\ud800", "x" * 500])
def test_an_event_that_no_database_takes_is_parked_and_harms_nobody(world: World, chat: str):
    post(world, {**MESSAGE, "chat": chat})
    assert [(e.state, e.cause) for e in world.journal.envelopes] == [("parked", "parse.failed")]


def test_an_event_that_the_database_refuses_is_kept_without_it(world: World):
    world.journal.refuses = PermanentError("journal.unwritable", hint=Text("no", "нет"))
    assert post(world, MESSAGE).status_code == 200
    assert [(e.state, e.cause) for e in world.journal.envelopes] == [("parked", "journal.unwritable")]


def test_while_the_database_is_away_the_spool_takes_it(world: World):
    world.journal.away = True
    assert post(world, MESSAGE).data == b"ok"
    assert [envelope.account for envelope, _ in world.spool.lines] == ["shop"]


def test_what_waits_in_the_spool_keeps_its_place_before_newcomers(world: World):
    world.journal.away = True
    post(world, MESSAGE)
    world.journal.away = False
    post(world, {**MESSAGE, "id": 8})
    assert len(world.spool.lines) == 2
    assert world.journal.kept == []


def test_the_parts_of_an_album_wait_for_each_other(world: World, clock):
    post(world, {**MESSAGE, "album": "a1"})
    (delivery,) = world.journal.deliveries
    assert delivery.group == "shop.5:a1"
    assert delivery.due_at is not None
    assert (delivery.due_at - clock()).total_seconds() == 1.5


def test_a_request_without_a_key_of_its_own_is_known_by_its_digest(world: World):
    post(world, {**MESSAGE, "text": "nokey"})
    envelope = world.journal.envelopes[0]
    assert envelope.dedupe_key == envelope.request.digest()


def test_a_greeting_is_answered_and_not_kept(world: World):
    answer = world.browser().get("/hooks/shop?hub.challenge=42")
    assert (answer.status_code, answer.data) == (200, b"hello hub.challenge=42")
    assert world.journal.kept == []


def test_the_request_is_kept_as_it_came(world: World):
    body = b'{"id": 1,  "chat": 2}'
    world.browser().post("/hooks/shop?a=%20b", data=body, headers={**SECRET, "X-Odd": "Ünicode"})
    request = world.journal.envelopes[0].request
    assert (request.method, request.path, request.query, request.body) == ("POST", "/hooks/shop", "a=%20b", body)
    assert request.header("X-SECRET") == SECRET["X-Secret"]
    assert all(name == name.lower() for name in request.headers)


def test_a_body_over_the_limit_is_413_and_says_why(world: World):
    answer = world.browser().post("/hooks/shop", data=b"x" * 4097, headers=SECRET)
    assert (answer.status_code, answer.json["error"]) == (413, "body.too_large")
    assert "4096" in answer.json["hint"]
    assert world.journal.kept == []


def chunked(world: World, body: bytes):
    environ = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    return world.browser().open("/hooks/shop", method="POST", headers=SECRET, environ_overrides=environ)


def test_a_body_of_unknown_length_is_read_up_to_the_limit(world: World):
    assert chunked(world, json.dumps(MESSAGE).encode()).data == b"ok"
    assert chunked(world, b"x" * 5000).status_code == 413


def test_a_body_that_ends_early_is_not_taken_for_whole(world: World):
    environ = {"wsgi.input": io.BytesIO(b'{"id"'), "CONTENT_LENGTH": "100"}
    answer = world.browser().open("/hooks/shop", method="POST", headers=SECRET, environ_overrides=environ)
    assert (answer.status_code, answer.json["error"]) == (400, "body.cut")


def test_other_methods_are_refused(world: World):
    assert world.browser().put("/hooks/shop", data=b"{}", headers=SECRET).status_code == 405


def test_an_unforeseen_error_is_500_with_a_trace_and_no_details(world: World):
    world.journal.refuses = ZeroDivisionError("with the client's text in it")
    answer = post(world, MESSAGE)
    assert answer.status_code == 500
    assert answer.json["error"] == "internal"
    assert len(answer.json["trace"]) == 26
    assert b"client" not in answer.data
