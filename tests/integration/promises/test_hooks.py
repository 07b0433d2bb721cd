from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from connector.domain.request import Request
from tests.integration.house.house import House
from tests.integration.house.talk import Talk, Talks
from tests.integration.house.waiting import until

Spoil = Callable[[Talk], Request]


def without_credentials(request: Request) -> Request:
    kept = {name: value for name, value in request.headers.items() if name == "content-type"}
    return replace(request, headers=kept)


def with_body(talk: Talk, body: bytes) -> Request:
    return replace(talk.words("never shown"), body=body)


def with_type(talk: Talk, content_type: str) -> Request:
    request = talk.words("never shown")
    return replace(request, headers={**request.headers, "content-type": content_type})


def forged(talk: Talk) -> Request:
    return talk.house.standin(talk.account).forge(talk.name, "never shown")


def counted(house: House, account: str, outcome: str) -> float:
    """Requests of an account with an outcome, over all web processes."""
    parts = ("connector_envelopes_total{", f'account="{account}"', f'outcome="{outcome}"')
    return sum(value for name, value in house.metrics().items() if all(part in name for part in parts))


REFUSED: dict[str, tuple[str, Spoil, int, str]] = {
    "forged telegram": ("shop", forged, 401, "telegram.secret"),
    "forged generic": ("site", forged, 401, "generic.signature"),
    "unsigned telegram": ("shop", lambda talk: without_credentials(talk.words("x")), 401, "telegram.secret"),
    "unsigned generic": ("site", lambda talk: without_credentials(talk.words("x")), 401, "generic.unsigned"),
    "too large": ("shop", lambda talk: with_body(talk, b'{"x": "' + b"a" * 1024 * 1024 + b'"}'), 413, "body.too_large"),
    "not UTF-8": ("shop", lambda talk: with_body(talk, b'{"update_id": "\xff\xfe"}'), 400, "body.encoding"),
    "not JSON": ("shop", lambda talk: with_body(talk, b"update_id=1"), 400, "body.json"),
    "nested deeply": ("shop", lambda talk: with_body(talk, b'{"a":' * 5000 + b"1" + b"}" * 5000), 400, "body.depth"),
    "nested a little too deeply": (
        "shop",
        lambda talk: with_body(talk, b'{"a":' * 70 + b"1" + b"}" * 70),
        400,
        "body.depth",
    ),
    "of another content type": ("shop", lambda talk: with_type(talk, "text/plain"), 415, "body.content_type"),
    "by another method": ("shop", lambda talk: replace(talk.words("x"), method="GET", body=b""), 405, "body.method"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_bad_request_is_told_why_and_counted_and_leaves_nothing(house: House, talks: Talks, case: str):
    account, spoil, status, cause = REFUSED[case]
    talk = talks.new(account)
    before = counted(house, account, "refused")
    answer = talk.post(spoil(talk))
    assert (answer.status_code, answer.json()["error"]) == (status, cause)
    assert answer.json()["hint"]
    assert answer.json()["hint_ru"] != answer.json()["hint"]
    assert counted(house, account, "refused") == before + 1
    assert talk.rows() == []
    assert talk.deliveries("waiting") == []


def test_an_account_that_is_not_configured_is_not_found(talks: Talks):
    talk = talks.new()
    answer = replace(talk, account="nobody").post(talk.words("never shown"))
    assert (answer.status_code, answer.json()["error"]) == (404, "account.unknown")


@pytest.mark.parametrize("account", ["shop", "site"])
def test_the_same_request_five_times_at_once_is_one_message(house: House, talks: Talks, account: str):
    talk = talks.new(account)
    request = talk.words("once")
    before = counted(house, account, "accepted"), counted(house, account, "repeated")
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(talk.post, [request] * 5))
    assert [answer.status_code for answer in answers] == [200] * 5
    talk.say("then another")
    talk.settles("once", "then another")
    assert (counted(house, account, "accepted"), counted(house, account, "repeated")) == (before[0] + 2, before[1] + 4)
    assert len([row for row in talk.deliveries("done") if row["kind"] == "message.received"]) == 2


def test_a_kind_that_means_nothing_is_taken_and_kept_as_ignored(house: House, talks: Talks):
    talk = talks.new("shop")
    poll = json.dumps({"update_id": 1_000_000 + int(talk.name), "poll": {"id": "1", "question": "?"}}).encode()
    before = counted(house, "shop", "ignored")
    assert talk.post(with_body(talk, poll)).status_code == 200
    assert counted(house, "shop", "ignored") == before + 1
    kept = house.journal.list("envelopes", state="ignored", account="shop", limit=1)[0]
    assert house.journal.show(kept["trace"])["body"] == poll.decode()
    until(lambda: not talk.deliveries("waiting"), what="nothing waits")
    assert talk.rows() == []
