"""Signing in, what refusals mean, and what a person is told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connector.errors import PermanentError, TransientError
from connector.providers.http_json import PROVIDER
from connector.providers.http_json.settings import HttpJsonSettings
from tests.contract.sources.http_json.api import Asked, Reply
from tests.contract.sources.http_json.conftest import Shop

FINAL = [
    (Reply(status=401), "denied"),
    (Reply(status=403, told={"message": "no"}), "denied"),
    (Reply(status=404), "missing"),
    (Reply(status=400, told={"error": {"message": "bad since"}}), "refused"),
    (Reply(status=302, headers={"Location": "https://login.example.com/?key=1"}), "moved"),
    (Reply(raw=b"<!DOCTYPE html>"), "page"),
    (Reply(raw=b"ok"), "no_json"),
    (Reply(raw=b'{"a": NaN}'), "no_json"),
    (Reply(told={"data": {"items": {"id": 1}}}), "shape"),
    (Reply(told={"error": "x"}), "shape"),
    (Reply(raw=b"[" + b"1," * 600_000 + b"1]"), "large"),
]


def page(shop: Shop, **more):
    with shop.reader(**more) as reader:
        return reader.page(reader.begin(None).position, 100)


@pytest.mark.parametrize(("said", "cause"), FINAL, ids=[cause for _, cause in FINAL])
def test_what_repeating_does_not_help_says_what_to_do(shop: Shop, said: Reply, cause: str):
    shop.api.meanwhile = lambda asked: said
    with pytest.raises(PermanentError) as caught:
        page(shop, auth={"bearer": "hidden"}, largest=1)
    assert caught.value.cause == f"http_json.{cause}"
    assert caught.value.hint.en != caught.value.hint.ru
    assert "hidden" not in str(caught.value)
    assert "key=1" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "cause", "wait"),
    [
        (Reply(status=429, headers={"Retry-After": "7"}), "busy", 7),
        (Reply(status=503), "busy", None),
        (Reply(status=500), "down", None),
        (Reply(cut=True), "unreachable", None),
        (Reply(raw=b'{"data": {"items": [{"id": 1}'), "unreachable", None),
    ],
)
def test_what_passes_is_asked_again(shop: Shop, said: Reply, cause: str, wait: float | None):
    shop.fill(5)
    shop.api.meanwhile = lambda asked: said
    with pytest.raises(TransientError) as caught:
        page(shop)
    assert (caught.value.cause, caught.value.retry_after) == (f"http_json.{cause}", wait)


def test_an_empty_list_may_be_null(shop: Shop):
    shop.api.meanwhile = lambda asked: Reply(told={"data": {"items": None}})
    assert page(shop).ended


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"basic": {"user": "Обмен", "password": "п"}}, "Basic 0J7QsdC80LXQvTrQvw=="),
        ({"bearer": "abc"}, "Bearer abc"),
    ],
)
def test_each_request_proves_who_asks(shop: Shop, auth: dict, header: str):
    page(shop, auth=auth, headers={"X-Api-Key": "k"})
    assert shop.api.asked[0].headers["authorization"] == header
    assert shop.api.asked[0].headers["x-api-key"] == "k"


class Shopkeeper:
    """Sells tokens, each good for so many requests."""

    def __init__(self, good_for: int) -> None:
        self.sold, self.left, self.good_for = 0, 0, good_for

    def __call__(self, asked: Asked) -> Reply | None:
        if asked.method == "POST":
            self.sold, self.left = self.sold + 1, self.good_for
            return Reply(told={"access_token": f"t{self.sold}", "expires_in": 3600})
        self.left -= 1
        good = asked.headers.get("authorization") == f"Bearer t{self.sold}" and self.left >= 0
        return None if good else Reply(status=401)


def oauth(shop: Shop, **more: str) -> dict:
    client = {"token_url": f"{shop.api.url}/token", "client_id": "us", "client_secret": "hidden", "scope": "read"}
    return {"auth": {"oauth": {**client, **more}}}


def test_a_token_is_bought_once_and_anew_when_it_is_refused(shop: Shop):
    shop.fill(9)
    keeper = shop.api.meanwhile = Shopkeeper(good_for=2)
    with shop.reader("by_cursor", **oauth(shop)) as reader:
        position, ids, ended = reader.begin(None).position, [], False
        while not ended:
            read = reader.page(position, 100)
            ids, position, ended = ids + [row.id for row in read.records], read.position, read.ended
    assert (len(ids), keeper.sold) == (9, 2)
    form = shop.api.asked[0].form
    assert (form["grant_type"], form["client_secret"], form["scope"]) == ("client_credentials", "hidden", "read")


def test_a_token_that_is_refused_at_once_is_not_bought_for_ever(shop: Shop):
    keeper = shop.api.meanwhile = Shopkeeper(good_for=0)
    with pytest.raises(PermanentError, match=r"http_json\.denied"):
        page(shop, **oauth(shop, style="basic"))
    assert keeper.sold == 2
    assert "client_secret" not in shop.api.asked[0].form


@pytest.mark.parametrize(
    ("said", "error", "cause"),
    [
        (Reply(status=401, told={"error": "invalid_client"}), PermanentError, "oauth"),
        (Reply(status=200, told=[]), PermanentError, "oauth"),
        (Reply(status=503), TransientError, "oauth_away"),
        (Reply(status=400, told={"error": "temporarily_unavailable"}), TransientError, "oauth_away"),
    ],
)
def test_a_refused_client_is_said_so(shop: Shop, said: Reply, error: type[Exception], cause: str):
    shop.api.meanwhile = lambda asked: said
    with pytest.raises(error, match=rf"http_json\.{cause}:") as caught:
        page(shop, **oauth(shop))
    assert "hidden" not in str(caught.value)


def test_check_tells_of_the_rows_and_of_what_will_not_be_seen(shop: Shop):
    check = PROVIDER.source.check
    assert [each.state for each in check(shop.desk())] == ["warn"]
    shop.fill(2)
    found = check(shop.desk("by_page", changed={"param": "since", "column": "updated"}))
    assert [each.state for each in found] == ["ok", "warn", "warn"]
    assert "id, at" in found[0].what.en
    assert [each.state for each in check(shop.desk(records="items"))] == ["bad"]
    assert [each.state for each in check(shop.desk(id="number"))] == ["bad"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://erp.acme.ru/api"},
        {"url": "https://user:password@erp.acme.ru/api"},
        {"pages": {"by": "cursor"}},
        {"pages": {"by": "offset", "size": 1}},
        {"auth": {"bearer": "a", "basic": {"user": "u", "password": "p"}}},
        {"changed": {"param": "since", "format": "iso8601"}},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict):
    given = {"source": "s", "provider": "http_json", "portal": "main", "url": "https://erp.acme.ru/api"}
    assert HttpJsonSettings(**given)
    secret = {"params": {"k": "hidden"}, "auth": {"bearer": "hidden"}}
    assert "hidden" not in repr(HttpJsonSettings.model_validate({**given, **secret}))
    with pytest.raises(ValidationError):
        HttpJsonSettings(**{**given, **wrong})
